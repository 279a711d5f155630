"""`attnbook data`: datasets are listed, fetched and verified."""

import argparse
import hashlib

import pytest
from attnbook.data import command, registry
from attnbook.data.download import DatasetUnavailable

ENTRY = """
[{name}]
title = "Lines"
licence = "free"
citation = "somebody"
homepage = "https://example.org"
addresses = ["http://127.0.0.1:9/"]

[{name}.files]
"a.txt" = {{ bytes = 1500000, sha256 = "{sha256}" }}
"""
CONTENT = b"one\n"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A registry of two datasets, of which the mirror has the first."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    entries = registry.parse_registry("".join(ENTRY.format(name=name, sha256=sha256) for name in ("near", "far")))
    for module in (registry, command):
        monkeypatch.setattr(module, "registry", lambda: entries)
    monkeypatch.setenv("ATTNBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ATTNBOOK_MIRROR", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "*")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "a.txt").write_bytes(CONTENT)
    return tmp_path


def run(*arguments):
    parser = argparse.ArgumentParser()
    command.add_data(parser.add_subparsers(required=True))
    options = parser.parse_args(["data", *arguments])
    return options.run(options, "attnbook data")


def test_list(mirror, capsys):
    assert run("list") == 0
    printed = capsys.readouterr().out
    assert "near: Lines\n    1 files, 1.5 MB, 1 of them here\n    licence: free\n    cite: somebody\n" in printed
    assert "far: Lines\n    1 files, 1.5 MB, 0 of them here\n" in printed


def test_fetch(mirror, capsys):
    assert run("fetch", "near") == 0
    assert capsys.readouterr().out == f"near: licence free\n    {mirror / 'near' / 'a.txt'}\n"
    with pytest.raises(DatasetUnavailable, match=r"far: cannot fetch a\.txt"):
        run("fetch")


def test_verify(mirror, capsys):
    assert run("verify", "near") == 0
    assert capsys.readouterr().out == "✓ near/a.txt: sound\n"
    assert run("verify") == 1
    assert capsys.readouterr().out == "✓ near/a.txt: sound\n✗ far/a.txt: not here\n"
    (mirror / "near" / "a.txt").write_bytes(b"two\n")
    assert run("verify", "near") == 1
    assert capsys.readouterr().out == f"✗ near/a.txt: wrong sha256, at {mirror / 'near' / 'a.txt'}\n"


def test_unknown_dataset(mirror):
    with pytest.raises(ValueError, match="unknown dataset 'middle'; there are: near, far"):
        run("verify", "middle")
