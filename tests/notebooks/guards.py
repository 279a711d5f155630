"""What a page must be, beyond what nbval compares: each guard takes a notebook and returns its problems.

A notebook is what `pages.read` returns.
"""

import ast
import json
import platform
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bootstrap_cell import TAGS, is_bootstrap
from claims_table import claim_calls, printed_claims
from pages import code_cells, imported, is_exercise, is_hidden, prose, texts, toc_files, trees

OUTPUT_BUDGET = 1_000_000
HELPER_LINES = 8
SECTIONS = ("What goes wrong", "Exercises", "Sources")
MACHINE_PATHS = re.compile(r"(?:file://|(?<![\w.:/]))/(?:home|work|tmp|root|opt|mnt|Users|content)/\w|\b[CD]:\\{1,2}\w")
TIMING_KEYS = {"execution", "ExecuteTime", "papermill"}
FETCHERS = {"urllib", "requests", "httpx", "wget", "pooch", "subprocess"}


def executed(notebook: Mapping) -> list[str]:
    """nbval passes a cell that was never run, uncompared."""
    return [
        f"cell {index} was never run"
        for index, cell in code_cells(notebook)
        if cell["source"].strip() and cell["execution_count"] is None
    ]


def no_errors(notebook: Mapping) -> list[str]:
    return [
        f"cell {index} stores an error: {output['ename']}"
        for index, cell in code_cells(notebook)
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


def small_outputs(notebook: Mapping) -> list[str]:
    outputs = [cell["outputs"] for _, cell in code_cells(notebook)]
    size = len(json.dumps(outputs, ensure_ascii=False).encode())
    return [f"outputs hold {size} bytes, allowed are {OUTPUT_BUDGET}"] if size >= OUTPUT_BUDGET else []


def bootstrap(notebook: Mapping, source: str) -> list[str]:
    """The bootstrap cell stands directly after the title, once, with the one text."""
    places = [index for index, cell in enumerate(notebook["cells"]) if is_bootstrap(cell)]
    if places != [1]:
        return [f"the bootstrap cell must be cell 1 and only that; found it at {places}"]
    cell = notebook["cells"][1]
    if cell["source"] != source or cell["metadata"]["tags"] != TAGS:
        return ["the bootstrap cell differs: run python book/_ext/bootstrap_cell.py"]
    return []


def claims_executed(notebook: Mapping) -> list[str]:
    """Each `claim(...)` has its ✓ line, and there is at least one."""
    problems, found = [], False
    for index, cell in code_cells(notebook):
        printed = printed_claims({"cells": [cell]})
        for call in claim_calls(cell["source"]):
            found = True
            if not any(re.match(claim_pattern(call), line) for line in printed):
                problems.append(f"cell {index}: no ✓ for the claim on its line {call.lineno}")
    return problems if found else ["the page makes no claim"]


def claim_pattern(call: ast.Call) -> str:
    """What a claim prints, as a pattern: its text, with anything where an f-string or a name is filled in."""
    text = call.args[0] if call.args else next(word.value for word in call.keywords if word.arg == "text")
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    constant = (re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in parts)
    return "".join(constant) + r" \(.+\)$"


def compared(notebook: Mapping) -> list[str]:
    """nbval still compares at least two thirds of the code cells."""
    cells = code_cells(notebook)
    ignored = [index for index, cell in cells if "nbval-ignore-output" in cell["metadata"].get("tags", [])]
    return [f"{len(ignored)} of {len(cells)} cells are not compared"] if 3 * len(ignored) > len(cells) else []


def alt_texts(notebook: Mapping) -> list[str]:
    """Every picture says what it shows: in `mystnb.image.alt`, in Markdown's brackets, in HTML's `alt`."""
    problems = []
    for index, cell in enumerate(notebook["cells"]):
        outputs = cell.get("outputs", [])
        kinds = {kind for output in outputs for kind in output.get("data", {})}
        alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        if any(kind.startswith("image/") for kind in kinds) and not alt.strip():
            problems.append(f"cell {index}: a picture without metadata mystnb.image.alt")
        written = cell["source"] if cell["cell_type"] == "markdown" else ""
        if re.search(r"!\[\s*\]\(", written):
            problems.append(f"cell {index}: a Markdown picture without alt text")
        pages = [written, *("".join(output.get("data", {}).get("text/html", "")) for output in outputs)]
        for tag, name in (("img", "alt"), ("iframe", "title")):
            for element in re.findall(rf"<{tag}\b[^>]*>", "\n".join(pages)):
                if not re.search(rf"\b{name}\s*=\s*(\"\s*[^\"\s]|'\s*[^'\s])", element):
                    problems.append(f"cell {index}: an <{tag}> without {name}")
    return problems


def no_machine(notebook: Mapping, machine: str = platform.node()) -> list[str]:
    """No path and no name of the machine that ran the page."""
    # A name without a digit may be a plain word; it would be found in honest prose.
    name = re.escape(machine) if len(machine) > 5 and re.search(r"\d", machine) else r"(?!)"
    pattern = re.compile(rf"{MACHINE_PATHS.pattern}|\b{name}\b")
    return [
        f"cell {index} shows the machine: {found.group()!r}"
        for index, cell in code_cells(notebook)
        for output in cell["outputs"]
        for text in texts(output)
        if (found := pattern.search(text))
    ]


def no_missing_glyphs(notebook: Mapping) -> list[str]:
    """No picture with empty boxes: matplotlib says on the error output which characters its fonts lack."""
    return [
        f"cell {index}: a character is missing from the font"
        for index, cell in code_cells(notebook)
        for output in cell["outputs"]
        if output.get("name") == "stderr" and "missing from font" in "".join(output["text"])
    ]


def plain_python(notebook: Mapping) -> list[str]:
    """No magic, no shell line, no download, outside the bootstrap cell."""
    parsed = {index: tree for index, _, tree in trees(notebook)}
    problems = []
    for index, cell in code_cells(notebook):
        if is_bootstrap(cell):
            continue
        if index not in parsed:
            problems.append(f"cell {index} is not plain Python (a magic or a shell line?)")
            continue
        names = {node.id for node in ast.walk(parsed[index]) if isinstance(node, ast.Name)}
        problems += [f"cell {index} calls get_ipython"] * ("get_ipython" in names)
        problems += [f"cell {index} imports {name}" for name in imported(parsed[index]) & FETCHERS]
    return problems


def no_helpers(notebook: Mapping) -> list[str]:
    """A page calls the library; it defines no class and no long function, exercises excepted."""
    problems = []
    for index, _, tree in trees(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not is_exercise(node):
                problems.append(f"cell {index} defines the class {node.name}")
            if isinstance(node, ast.FunctionDef) and not is_exercise(node):
                length = node.end_lineno - node.lineno + 1
                if length > HELPER_LINES:
                    problems.append(f"cell {index}: {node.name} has {length} lines, not {HELPER_LINES} at most")
    return problems


def clean_metadata(notebook: Mapping) -> list[str]:
    """The kernel is called python3, and nothing is stored that changes with each run."""
    name = notebook["metadata"].get("kernelspec", {}).get("name")
    problems = [] if name == "python3" else [f"the kernel is {name!r}, not 'python3'"]
    if TIMING_KEYS & set(notebook["metadata"]):
        problems.append("the notebook's metadata hold timings")
    timed = [i for i, cell in enumerate(notebook["cells"]) if TIMING_KEYS & set(cell["metadata"])]
    return problems + [f"cell {index} holds timings in its metadata" for index in timed]


def order(notebook: Mapping) -> list[str]:
    """A title with a question and a promise; then the house's sections, in their order."""
    first = notebook["cells"][0]
    problems = []
    if first["cell_type"] != "markdown" or not first["source"].startswith("# "):
        problems.append("the first cell must be Markdown and begin with '# title'")
    for needed in ("?", "After this page you can"):
        problems += [f"the title cell lacks {needed!r}"] * (needed not in first["source"])
    titles = re.findall(r"^# .+", prose(notebook), flags=re.MULTILINE)
    problems += [f"one '# title' is allowed; found {len(titles)}"] * (len(titles) != 1)
    headings = [text.strip() for text in re.findall(r"^## (.+)", prose(notebook), flags=re.MULTILINE)]
    found = [name for text in headings for name in SECTIONS if text.startswith(name)]
    problems += [f"sections are {found}, not {list(SECTIONS)}"] * (found != list(SECTIONS))
    return problems


def solutions(notebook: Mapping) -> list[str]:
    """Each exercise is followed by its solution, folded away; a page has at least one."""
    folded = re.compile(r"<details>.*^```python\n.+?^```.*</details>", flags=re.MULTILINE | re.DOTALL)
    exercises = [i for i, _, tree in trees(notebook) if any(is_exercise(node) for node in ast.walk(tree))]
    after = {index: notebook["cells"][index + 1 : index + 2] for index in exercises}
    problems = [
        f"cell {index}: the Markdown cell after an exercise must hold <details> with a ```python block"
        for index, cells in after.items()
        if not any(cell["cell_type"] == "markdown" and folded.search(cell["source"]) for cell in cells)
    ]
    return problems if exercises else ["the page has no exercise"]


def citations(notebook: Mapping, keys: set[str]) -> list[str]:
    """The page cites, and only what `references.bib` holds."""
    cited = re.findall(r"\{cite(?::[a-z]+)?\}`([^`]+)`", prose(notebook))
    names = {name.strip() for group in cited for name in group.split(",")}
    problems = [f"{name} is not in references.bib" for name in sorted(names - keys)]
    return problems if names else ["the page cites nothing"]


def table_of_contents(toc: Mapping, book: Path) -> list[str]:
    """Every page stands in `_toc.yml` once, and every entry is a page."""
    listed = Counter(toc_files(toc))
    pages = {
        path.relative_to(book).with_suffix("").as_posix()
        for path in book.rglob("*")
        if path.suffix in {".ipynb", ".md"} and not is_hidden(path.relative_to(book))
    }
    problems = [f"{name} stands {count} times in _toc.yml" for name, count in listed.items() if count > 1]
    problems += [f"_toc.yml names {name}, which is no page" for name in sorted(set(listed) - pages)]
    return problems + [f"{name} is not in _toc.yml" for name in sorted(pages - set(listed))]
