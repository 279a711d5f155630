"""Read what the guards look at: notebooks, their prose and code, the table of contents, the bibliography."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path


def read(path: Path) -> dict:
    """Read a notebook and join the lines of its sources."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def code_cells(notebook: Mapping) -> list[tuple[int, dict]]:
    return [(index, cell) for index, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"]


def prose(notebook: Mapping) -> str:
    """All Markdown of a page, without its fenced code."""
    cells = (cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    return re.sub(r"^(`{3,}|~{3,}).*?^\1", "", "\n\n".join(cells), flags=re.MULTILINE | re.DOTALL)


def trees(notebook: Mapping) -> Iterator[tuple[int, dict, ast.Module]]:
    """The code cells that are plain Python, parsed; `plain_python` names the others."""
    for index, cell in code_cells(notebook):
        try:
            yield index, cell, ast.parse(cell["source"])
        except SyntaxError:
            continue


def texts(output: Mapping) -> Iterator[str]:
    """Everything in an output that a reader could read."""
    yield "".join(output.get("text", ""))
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/") or kind == "image/svg+xml":
            yield "".join(content)


def is_exercise(node: ast.AST) -> bool:
    """Whether a definition carries the decorator `@exercise(...)`."""
    marks = (mark.func for mark in getattr(node, "decorator_list", ()) if isinstance(mark, ast.Call))
    return any("exercise" in (getattr(name, "id", ""), getattr(name, "attr", "")) for name in marks)


def imported(tree: ast.Module) -> set[str]:
    """The first part of each imported module's name."""
    names = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def bibliography_keys(text: str) -> set[str]:
    """The keys of a BibTeX file."""
    return set(re.findall(r"^@(?!comment)\w+\{([^,\s]+),", text, flags=re.MULTILINE))


def is_hidden(path: Path) -> bool:
    return any(part.startswith(("_", ".")) or part == "node_modules" for part in path.parts)


def toc_files(entry: object) -> Iterator[str]:
    """All `root` and `file` entries of a table of contents, at any depth."""
    if isinstance(entry, Mapping):
        for key, value in entry.items():
            if key in {"root", "file"}:
                yield str(value).removesuffix(".ipynb").removesuffix(".md")
            else:
                yield from toc_files(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from toc_files(value)
