"""Files that are written whole or not at all."""

import tempfile
from pathlib import Path


def write_whole(path: str | Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        part = Path(folder, path.name)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
