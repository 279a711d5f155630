"""A server that answers a request for a file in good and bad ways, for the tests of downloads."""

import hashlib
import io
import random
import tarfile
import zipfile
from http.server import BaseHTTPRequestHandler

CONTENT = b"one\ntwo\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def tar_gz(*members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def tar_gz_with_link():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("inside/a.txt")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(member)
    return packed.getvalue()


def zipped(*members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


ANSWERS = {
    "/good/a%20%281%29.txt": CONTENT,
    "/wrong/a%20%281%29.txt": CONTENT[:-4] + b"six\n",
    "/good.tar.gz": tar_gz(("inside/b.txt", b"other"), ("inside/a.txt", CONTENT)),
    "/good.zip": zipped(("inside/b.txt", b"other"), ("inside/a.txt", CONTENT)),
    "/outside.tar.gz": tar_gz(("../../outside.txt", b"never written"), ("inside/a.txt", CONTENT)),
    "/link.tar.gz": tar_gz_with_link(),
    "/without.tar.gz": tar_gz(("inside/b.txt", b"other")),
    "/without.zip": zipped(("inside/b.txt", b"other")),
    "/half.tar.gz": tar_gz(("inside/a.txt", random.Random(0).randbytes(30000)))[:9000],
    "/page.zip": b"<html>not an archive</html>",
}


class Handler(BaseHTTPRequestHandler):
    """Answers as the path says."""

    def do_GET(self):
        if self.path.startswith("/status"):
            self.send_error(int(self.path.split("/")[1].removeprefix("status")))
            return
        if self.path.startswith("/silent"):
            self.server.quiet.wait(20)
            return
        cut = self.path.startswith("/cut")
        content = CONTENT if cut else ANSWERS[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:4000] if cut else content)

    def log_message(self, *arguments):
        """Say nothing."""
