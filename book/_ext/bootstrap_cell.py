"""Write the same bootstrap cell into every page, from the repository address in `_config.yml`.

`python book/_ext/bootstrap_cell.py` inserts or rewrites the cell; `--check` only names the pages that differ.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
# "remove-cell" keeps the cell out of the site: at home and on the page it does nothing.
TAGS = ["bootstrap", "remove-cell"]


def requirement(config: Mapping) -> str:
    """What a page installs in Colab.

    Args:
        config: The parsed `_config.yml`; `repository.url` is the address, written nowhere else.

    Returns:
        A requirement that pip understands.

    Raises:
        ValueError: The configuration holds no https address.
    """
    address = str((config.get("repository") or {}).get("url") or "").rstrip("/")
    if not address.startswith("https://"):
        raise ValueError(f"_config.yml must hold repository.url, an https address; found {address!r}")
    return f"attnbook[book] @ git+{address}"


def bootstrap_source(config: Mapping) -> str:
    """The text of the bootstrap cell, the same on every page; arguments and errors as in `requirement`."""
    return f'import sys\n\nif "google.colab" in sys.modules:\n    %pip install --quiet "{requirement(config)}"'


def is_bootstrap(cell: Mapping) -> bool:
    """Whether a cell carries the tag `bootstrap`."""
    return "bootstrap" in cell["metadata"].get("tags", [])


def with_bootstrap(notebook: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    """Put the bootstrap cell directly after the title cell, and nowhere else.

    Args:
        notebook: A notebook of format 4; it is changed in place.
        source: The text of the cell.

    Returns:
        The same notebook. A cell that was there keeps its execution count.
    """
    found = [cell for cell in notebook.cells if is_bootstrap(cell)]
    cell = found[0] if found else nbformat.v4.new_code_cell(id="bootstrap")
    cell.source = source
    cell.metadata["tags"] = list(TAGS)
    others = [other for other in notebook.cells if not is_bootstrap(other)]
    notebook.cells = [*others[:1], cell, *others[1:]]
    return notebook


def update(pages: Iterable[Path], source: str, *, check: bool = False) -> list[Path]:
    """Rewrite the pages whose bootstrap cell differs.

    Args:
        pages: Paths of notebooks.
        source: The text of the cell.
        check: Only look, write nothing.

    Returns:
        The pages that differed.
    """
    differing = []
    for path in pages:
        notebook = nbformat.read(path, as_version=4)
        before = nbformat.writes(notebook)
        if nbformat.writes(with_bootstrap(notebook, source)) != before:
            differing.append(path)
            if not check:
                nbformat.write(notebook, path)
    return differing


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the tool.

    Args:
        arguments: The command line, without the program's name.
        root: The folder that holds `_config.yml` and `book/`.

    Returns:
        The exit status: 1 when `--check` found a page that differs.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page differs")
    parser.add_argument("--requirement", action="store_true", help="only print what the cell installs")
    options = parser.parse_args(arguments)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    if options.requirement:
        print(requirement(config))
        return 0
    # Here, because --requirement must run where attnbook is not installed yet.
    from attnbook.cli import find_pages

    differing = update(find_pages(root / "book"), bootstrap_source(config), check=options.check)
    for path in differing:
        print(f"{path.relative_to(root)}: the bootstrap cell {'differs' if options.check else 'was written'}")
    return int(options.check and bool(differing))


if __name__ == "__main__":
    sys.exit(main())
