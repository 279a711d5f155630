"""Real datasets: what there is, as `datasets.toml` says it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class DataFile:
    """One file of a dataset."""

    name: str
    bytes: int
    sha256: str
    """Of this file, also where the address is an archive that holds it."""
    member: str
    """Its path inside an archive."""


@dataclass(frozen=True)
class Dataset:
    """What the registry says about one dataset."""

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    addresses: tuple[str, ...]
    """Asked in this order; one that ends in "/" is a folder, any other an archive (.zip, or .tar with compression)."""
    files: dict[str, DataFile]


def parse_registry(text: str) -> dict[str, Dataset]:
    """Read a registry.

    Args:
        text: TOML, in the form of `datasets.toml`.

    Returns:
        The datasets by name.
    """
    registry = {}
    for name, entry in tomllib.loads(text).items():
        described = {key: entry[key] for key in ("title", "licence", "citation", "homepage")}
        files = {file: DataFile(file, **{"member": file, **facts}) for file, facts in entry["files"].items()}
        registry[name] = Dataset(name, **described, addresses=tuple(entry["addresses"]), files=files)
    return registry


@cache
def registry() -> dict[str, Dataset]:
    """The real datasets that the book knows, by name."""
    return parse_registry(resources.files("attnbook.data.files").joinpath("datasets.toml").read_text(encoding="utf-8"))


def find_dataset(name: str) -> Dataset:
    """Look a dataset up.

    Raises:
        ValueError: there is none of that name; the message lists those there are.
    """
    if name not in registry():
        raise ValueError(f"unknown dataset {name!r}; there are: {', '.join(registry())}")
    return registry()[name]
