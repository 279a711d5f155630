"""Files of real datasets: what is listed, and fetching from a server that may do anything."""

import hashlib
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer

import pytest
from attnbook.data import download
from attnbook.data.download import DatasetUnavailable, fetch
from attnbook.data.registry import find_dataset, parse_registry, registry
from data_server import ANSWERS, CONTENT, SHA256, Handler

ENTRY = """
[tiny]
title = "Lines"
licence = "none"
citation = "none"
homepage = "https://example.org"
addresses = [{addresses}]

[tiny.files]
"a (1).txt" = {{ bytes = 8000, sha256 = "{sha256}", member = "inside/a.txt" }}
"""
FILE = "a (1).txt"


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.quiet = threading.Event()
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.quiet.set()
        running.shutdown()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no mirror, and no proxy before the server of the test."""
    monkeypatch.delenv("ATTNBOOK_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    folder = tmp_path / "cache"
    monkeypatch.setenv("ATTNBOOK_CACHE", str(folder))
    return folder


def tiny(*addresses):
    listed = ", ".join(f'"{address}"' for address in addresses)
    return parse_registry(ENTRY.format(addresses=listed, sha256=SHA256))["tiny"]


def files_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_registry_is_complete_and_safe():
    assert list(registry()) == [
        "multi30k", "tatoeba_cmn_eng", "gold_align", "rt_polarity", "sst2", "yelp_hat", "zh_sentiment"
    ]  # fmt: skip
    for dataset in registry().values():
        assert dataset.title and dataset.licence and dataset.citation and dataset.homepage.startswith("https://")
        assert dataset.files and dataset.addresses[0].endswith("/")
        assert all(address.startswith("https://") for address in dataset.addresses)
        for name, file in dataset.files.items():
            assert name == file.name and not {"/", "\\", ".."} & {name, *name}
            assert len(bytes.fromhex(file.sha256)) == 32 and file.bytes > 0


@pytest.mark.parametrize("place", ["/good/", "/good.tar.gz", "/good.zip", "/outside.tar.gz"])
def test_a_file_comes_into_the_cache_and_stays(server, cache, place):
    path = fetch(tiny(server + place), FILE)
    assert path == cache / "tiny" / FILE
    assert files_in(cache.parent) == {f"cache/tiny/{FILE}": CONTENT}
    assert sorted(item.name for item in (cache / "tiny").iterdir()) == [FILE]
    assert fetch(tiny("http://127.0.0.1:9/"), FILE).read_bytes() == CONTENT  # no address is asked again


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("/status404/", "answered 404"),
        ("/status500/", "answered 500"),
        ("/cut/", "no connection, or it broke off"),
        ("/wrong/", f"what came has sha256 {hashlib.sha256(ANSWERS['/wrong/a%20%281%29.txt']).hexdigest()}"),
        ("/without.tar.gz", "no whole archive with inside/a.txt in it"),
        ("/without.zip", "no whole archive with inside/a.txt in it"),
        ("/link.tar.gz", "no whole archive with inside/a.txt in it"),
        ("/half.tar.gz", "no whole archive with inside/a.txt in it"),
        ("/page.zip", "no whole archive with inside/a.txt in it"),
        ("/cut.zip", "no connection, or it broke off"),
    ],
)
@pytest.mark.parametrize("before", [{}, {f"tiny/{FILE}": b"damaged", "tiny/b.txt": b"other"}], ids=["empty", "used"])
def test_what_is_cut_wrong_or_refused_leaves_the_cache_as_it_was(server, cache, place, reason, before):
    for name, content in before.items():
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_bytes(content)
    with pytest.raises(DatasetUnavailable) as caught:
        fetch(tiny(server + place), FILE)
    message = str(caught.value)
    assert message.startswith(f"tiny: cannot fetch {FILE}\n  {server}{place}: {reason}")
    assert message.endswith(
        f"Check the network and try again, or bring the file with sha256 {SHA256} yourself: "
        f"put it at FOLDER/tiny/{FILE} and set ATTNBOOK_MIRROR=FOLDER"
    )
    assert files_in(cache) == before
    assert not any(path.name.startswith(".part-") for path in cache.rglob("*"))


def test_a_damaged_file_in_the_cache_is_replaced(server, cache):
    (cache / "tiny").mkdir(parents=True)
    (cache / "tiny" / FILE).write_bytes(b"damaged")
    assert fetch(tiny(server + "/good/"), FILE).read_bytes() == CONTENT


def test_addresses_are_asked_in_order_and_all_failures_are_told(server, cache):
    assert fetch(tiny(server + "/status500/", server + "/good.zip"), FILE).read_bytes() == CONTENT
    (cache / "tiny" / FILE).unlink()
    with pytest.raises(DatasetUnavailable, match=r"(?s)status500/: answered 500.*without\.zip: no whole archive"):
        fetch(tiny(server + "/status500/", server + "/without.zip"), FILE)


def test_no_network_and_a_silent_server(server, cache, monkeypatch):
    with pytest.raises(DatasetUnavailable, match=r"127\.0\.0\.1:9/: no connection"):
        fetch(tiny("http://127.0.0.1:9/"), FILE)
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(DatasetUnavailable, match=r"silent/: no connection.*\(ReadTimeout\)"):
        fetch(tiny(server + "/silent/"), FILE)


def test_mirror_is_asked_first(server, cache, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    (mirror / "tiny").mkdir(parents=True)
    (mirror / "tiny" / FILE).write_bytes(CONTENT)
    monkeypatch.setenv("ATTNBOOK_MIRROR", str(mirror))
    assert fetch(tiny("http://127.0.0.1:9/"), FILE) == mirror / "tiny" / FILE
    assert not cache.exists()
    (mirror / "tiny" / FILE).write_bytes(b"another version")
    with pytest.raises(DatasetUnavailable, match=r"the mirror's .* has sha256 .*: put the right file there"):
        fetch(tiny(server + "/good/"), FILE)
    assert (mirror / "tiny" / FILE).read_bytes() == b"another version"


def test_a_mirror_without_the_file_or_without_a_folder(server, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNBOOK_MIRROR", str(tmp_path))
    with pytest.raises(DatasetUnavailable, match=rf"ATTNBOOK_MIRROR={tmp_path}: holds no tiny/a \(1\)\.txt"):
        fetch(tiny(server + "/status404/"), FILE)
    assert fetch(tiny(server + "/good/"), FILE) == cache / "tiny" / FILE
    monkeypatch.setenv("ATTNBOOK_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetUnavailable, match="ATTNBOOK_MIRROR must name a folder; got"):
        fetch(tiny(server + "/good/"), FILE)


def test_a_cache_that_cannot_be_written(server, cache):
    cache.write_text("a file where the folder should be")
    with pytest.raises(DatasetUnavailable, match=r"tiny: cannot keep .*: Not a directory.*ATTNBOOK_CACHE=FOLDER"):
        fetch(tiny(server + "/good/"), FILE)
    assert cache.read_text() == "a file where the folder should be"


FULL_DISK = """
import resource, sys
import pooch, requests
from attnbook.data.download import DatasetUnavailable, fetch
from attnbook.data.registry import parse_registry
dataset = parse_registry(sys.stdin.read())["tiny"]
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    fetch(dataset, "a (1).txt")
except DatasetUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize("place", ["/good/", "/good.tar.gz"])
def test_a_disk_that_is_full_halfway(server, cache, place):
    """The operating system refuses to write past 5,000 of 8,000 bytes."""
    entry = ENTRY.format(addresses=f'"{server}{place}"', sha256=SHA256)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK], input=entry, capture_output=True, text=True, check=True, timeout=120
    )
    assert "tiny: cannot keep a (1).txt at" in done.stdout and "File too large" in done.stdout
    assert "Make room" in done.stdout
    assert files_in(cache) == {}


def test_unknown_names_list_what_there_is(cache):
    with pytest.raises(ValueError, match="unknown dataset 'multi31k'; there are: multi30k, tatoeba_cmn_eng"):
        find_dataset("multi31k")
    with pytest.raises(ValueError, match=r"sst2 has no file 'validation\.tsv'; there are: dev\.tsv, test\.tsv"):
        fetch("sst2", "validation.tsv")


def test_default_cache_is_the_users(cache, monkeypatch):
    monkeypatch.delenv("ATTNBOOK_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    assert download.cache_folder() == cache / "attnbook"


def test_downloads_without_the_extra_say_so(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'pip install "attnbook\[data\]"'):
        fetch(tiny("http://127.0.0.1:9/"), FILE)
