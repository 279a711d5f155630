"""Fetching files of real datasets, and noticing wrong ones.

Two environment variables say where files lie: ATTNBOOK_MIRROR names a folder that is asked first, for
MIRROR/dataset/file; ATTNBOOK_CACHE the folder that keeps what was downloaded, by default the user's cache folder.
"""

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

from attnbook.data.registry import DataFile, Dataset, find_dataset
from attnbook.extras import require

TIMEOUT_SECONDS = 30
BROKEN_ARCHIVE = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, KeyError)


class DatasetUnavailable(RuntimeError):
    """A file of a dataset cannot be had; the message names the set, the address and what to do."""


def cache_folder() -> Path:
    """The folder that keeps downloaded files: ATTNBOOK_CACHE, or `attnbook` in the user's cache folder."""
    chosen = os.environ.get("ATTNBOOK_CACHE")
    if chosen:
        return Path(chosen)
    with require("data"):
        import pooch
    return Path(pooch.os_cache("attnbook"))


def local_path(dataset: Dataset, file: DataFile) -> Path:
    """Where a file lies: in the mirror if that holds it, else its place in the cache, whether it is there or not.

    Raises:
        DatasetUnavailable: ATTNBOOK_MIRROR is set and names no folder.
    """
    mirror = os.environ.get("ATTNBOOK_MIRROR")
    if mirror:
        if not Path(mirror).is_dir():
            raise DatasetUnavailable(f"{dataset.name}: ATTNBOOK_MIRROR must name a folder; got {mirror!r}")
        path = Path(mirror, dataset.name, file.name)
        if path.is_file():
            return path
    return cache_folder() / dataset.name / file.name


def is_intact(path: Path, file: DataFile) -> bool:
    """Whether the file at a path is the one that the registry describes, by its sha256."""
    return _sha256(path) == file.sha256


def fetch(dataset: Dataset | str, name: str) -> Path:
    """Get one file: from the mirror, from the cache, or from its public address into the cache.

    What comes is checked against the registry's sha256 before it is put in its place; a download that is cut, wrong
    or refused leaves the cache as it was.

    Args:
        dataset: from the registry, or its name.
        name: of the file.

    Returns:
        The file's path.

    Raises:
        ValueError: the dataset or the file is unknown.
        DatasetUnavailable: the file cannot be had, or the mirror's copy is not the right one.
        ImportError: the extra "data" is not installed, and the file has to be downloaded.
    """
    dataset = find_dataset(dataset) if isinstance(dataset, str) else dataset
    if name not in dataset.files:
        raise ValueError(f"{dataset.name} has no file {name!r}; there are: {', '.join(dataset.files)}")
    file = dataset.files[name]
    path = local_path(dataset, file)
    try:
        if path.is_file() and is_intact(path, file):
            return path
        mirror = os.environ.get("ATTNBOOK_MIRROR")
        if mirror and path.is_file() and path.is_relative_to(mirror):
            raise DatasetUnavailable(
                f"{dataset.name}: the mirror's {path} has sha256 {_sha256(path)}, not {file.sha256}: "
                "put the right file there, or unset ATTNBOOK_MIRROR"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
            _download(dataset, file, Path(folder)).replace(path)
    except OSError as error:
        raise DatasetUnavailable(
            f"{dataset.name}: cannot keep {name} at {path}: {error.strerror or error}. "
            "Make room and the folder writable, or choose another one with ATTNBOOK_CACHE=FOLDER"
        ) from error
    return path


def _download(dataset: Dataset, file: DataFile, folder: Path) -> Path:
    """Get the right file from the first address that gives it, into an empty folder."""
    with require("data"):
        import pooch
        import requests

    failures = []
    for address in dataset.addresses:
        is_folder = address.endswith("/")
        came, wanted = folder / "came", folder / "wanted"
        try:
            download = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS)
            download(address + quote(file.name) if is_folder else address, str(came), None)
            came.replace(wanted) if is_folder else _extract(came, file.member, wanted)
        except requests.RequestException as error:
            answer = error.response
            came_instead = "no connection, or it broke off" if answer is None else f"answered {answer.status_code}"
            failures.append(f"{address}: {came_instead} ({type(error).__name__})")
        except BROKEN_ARCHIVE as error:
            failures.append(f"{address}: no whole archive with {file.member} in it ({error})")
        else:
            if is_intact(wanted, file):
                return wanted
            failures.append(f"{address}: what came has sha256 {_sha256(wanted)}, not {file.sha256}")
    place, mirror = f"{dataset.name}/{file.name}", os.environ.get("ATTNBOOK_MIRROR")
    if mirror:
        failures.append(f"ATTNBOOK_MIRROR={mirror}: holds no {place}")
    raise DatasetUnavailable(
        f"{dataset.name}: cannot fetch {file.name}\n  " + "\n  ".join(failures) + "\nCheck the network and try again, "
        f"or bring the file with sha256 {file.sha256} yourself: put it at FOLDER/{place} and set ATTNBOOK_MIRROR=FOLDER"
    )


def _extract(archive: Path, member: str, wanted: Path) -> None:
    """Copy one member out of an archive; no path that the archive names is ever written."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened, opened.open(member) as source, wanted.open("wb") as target:
            shutil.copyfileobj(source, target)
        return
    with tarfile.open(archive) as opened:
        source = opened.extractfile(member)
        if source is None:
            raise KeyError(f"{member} is no file")
        with source, wanted.open("wb") as target:
            shutil.copyfileobj(source, target)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
