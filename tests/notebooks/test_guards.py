"""Every guard passes on every page of the book, and sees the fault that is planted for it."""

import copy
from pathlib import Path

import guards
import pytest
import yaml
from attnbook.cli import find_pages
from bootstrap_cell import TAGS, bootstrap_source
from pages import bibliography_keys, read

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CONFIG = {"repository": {"url": "https://example.org/book"}}
KEYS = {"vaswani2017", "bahdanau2015"}


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *outputs, tags=()):
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)} if tags else {},
        "execution_count": 1,
        "source": source,
        "outputs": list(outputs),
    }


def stream(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def display(**data):
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {kind.replace("_", "/"): text for kind, text in data.items()},
    }


@pytest.fixture
def page():
    """A small page on which no guard finds anything; each test breaks one thing."""
    picture = code("heat_map(weights)", display(image_png="iVBORw0="))
    picture["metadata"]["mystnb"] = {"image": {"alt": "A heat map: the last word looks at the first."}}
    cells = [
        markdown("# Soft look-up\n\nWhy look twice? After this page you can look once {cite:p}`vaswani2017`."),
        code(bootstrap_source(CONFIG), tags=TAGS),
        picture,
        code('claim(f"width {size} holds", 1.0, at_least=0.5)', stream("✓ width 8 holds (at least 0.5)\n")),
        markdown("## What goes wrong\n\n```python\n# a comment, no title\n```\n\n## Exercises"),
        code('@exercise("a.b")\ndef answer(x):\n    ...', stream("not attempted yet\n")),
        markdown("<details><summary>Solution</summary>\n\n```python\nreturn x\n```\n\n</details>"),
        markdown("## Sources\n\n{cite}`vaswani2017, bahdanau2015`"),
    ]
    return {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}}


def every_guard(notebook, source, keys):
    return {
        "executed": guards.executed(notebook),
        "no_errors": guards.no_errors(notebook),
        "small_outputs": guards.small_outputs(notebook),
        "bootstrap": guards.bootstrap(notebook, source),
        "claims_executed": guards.claims_executed(notebook),
        "compared": guards.compared(notebook),
        "alt_texts": guards.alt_texts(notebook),
        "no_machine": guards.no_machine(notebook),
        "no_missing_glyphs": guards.no_missing_glyphs(notebook),
        "plain_python": guards.plain_python(notebook),
        "no_helpers": guards.no_helpers(notebook),
        "clean_metadata": guards.clean_metadata(notebook),
        "order": guards.order(notebook),
        "solutions": guards.solutions(notebook),
        "citations": guards.citations(notebook, keys),
    }


@pytest.mark.parametrize("path", find_pages(BOOK), ids=lambda path: path.stem)
def test_page(path):
    source = bootstrap_source(yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8")))
    keys = bibliography_keys((BOOK / "references.bib").read_text(encoding="utf-8"))
    found = every_guard(read(path), source, keys)
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert guards.table_of_contents(toc, BOOK) == []


def set_source(cell, source):
    cell["source"] = source


LONG = "def helper(x):\n" + "    x += 1\n" * 8
FAULTS = {
    "a cell never run": ("executed", lambda cells: cells[3].update(execution_count=None)),
    "a stored error": (
        "no_errors",
        lambda cells: cells[5]["outputs"].append({"output_type": "error", "ename": "ValueError"}),
    ),
    "a megabyte of output": (
        "small_outputs",
        lambda cells: cells[5]["outputs"].append(stream("x" * 1_000_000)),
    ),
    "another address": ("bootstrap", lambda cells: set_source(cells[1], cells[1]["source"] + "/fork")),
    "a bootstrap cell without its tag": ("bootstrap", lambda cells: cells[1]["metadata"].clear()),
    "a bootstrap cell shown on the site": (
        "bootstrap",
        lambda cells: cells[1]["metadata"].update(tags=["bootstrap"]),
    ),
    "a bootstrap cell too late": ("bootstrap", lambda cells: cells.insert(3, cells.pop(1))),
    "two bootstrap cells": ("bootstrap", lambda cells: cells.insert(4, copy.deepcopy(cells[1]))),
    "a claim without its mark": ("claims_executed", lambda cells: cells[3].update(outputs=[])),
    "another claim's mark": (
        "claims_executed",
        lambda cells: cells[3].update(outputs=[stream("✓ depth 8 holds (at least 0.5)\n")]),
    ),
    "a claim that did not hold": (
        "claims_executed",
        lambda cells: cells[3].update(outputs=[stream("✗ width 8 holds (at least 0.5)\n")]),
    ),
    "no claim": ("claims_executed", lambda cells: set_source(cells[3], "print(1)")),
    "too little compared": (
        "compared",
        lambda cells: [cells[i]["metadata"].update(tags=["nbval-ignore-output"]) for i in (2, 3)],
    ),
    "a picture without alt text": ("alt_texts", lambda cells: cells[2]["metadata"].clear()),
    "a picture with empty alt text": (
        "alt_texts",
        lambda cells: cells[2]["metadata"].update(mystnb={"image": {"alt": " "}}),
    ),
    "a Markdown picture without alt text": ("alt_texts", lambda cells: set_source(cells[7], "![](map.png)")),
    "an HTML picture without alt text": (
        "alt_texts",
        lambda cells: cells[3]["outputs"].append(display(text_html='<img src="a.png" alt="">')),
    ),
    "a frame without a title": (
        "alt_texts",
        lambda cells: cells[3]["outputs"].append(display(text_html="<iframe srcdoc='x'></iframe>")),
    ),
    "an empty box": (
        "no_missing_glyphs",
        lambda cells: cells[2]["outputs"].append({**stream("Glyph 39135 missing from font(s) X."), "name": "stderr"}),
    ),
    "a path": ("no_machine", lambda cells: cells[5]["outputs"].append(stream("saved in /home/ada/map.png"))),
    "a file address": (
        "no_machine",
        lambda cells: cells[5]["outputs"].append(display(text_html="file:///home/x")),
    ),
    "a Windows path": ("no_machine", lambda cells: cells[5]["outputs"].append(stream("C:\\Users\\ada"))),
    "a magic": ("plain_python", lambda cells: set_source(cells[2], "%matplotlib inline")),
    "a shell line": ("plain_python", lambda cells: set_source(cells[2], "!pip install attnbook")),
    "a hidden magic": ("plain_python", lambda cells: set_source(cells[2], 'get_ipython().system("ls")')),
    "a download": ("plain_python", lambda cells: set_source(cells[2], "import urllib.request")),
    "a class": ("no_helpers", lambda cells: set_source(cells[2], "class Model:\n    pass")),
    "a long helper": ("no_helpers", lambda cells: set_source(cells[2], LONG)),
    "a cell's timing": (
        "clean_metadata",
        lambda cells: cells[2]["metadata"].update(execution={"iopub.status.busy": "2026"}),
    ),
    "no question": ("order", lambda cells: set_source(cells[0], cells[0]["source"].replace("?", "."))),
    "no promise": (
        "order",
        lambda cells: set_source(cells[0], cells[0]["source"].replace("After", "Before")),
    ),
    "a second title": ("order", lambda cells: set_source(cells[7], "# Again\n\n" + cells[7]["source"])),
    "a missing section": (
        "order",
        lambda cells: set_source(cells[7], cells[7]["source"].replace("Sources", "Ends")),
    ),
    "sections out of order": ("order", lambda cells: cells.insert(4, cells.pop(7))),
    "no solution": ("solutions", lambda cells: cells.pop(6)),
    "a solution that is not folded": (
        "solutions",
        lambda cells: set_source(cells[6], "```python\nreturn x\n```"),
    ),
    "no exercise": ("solutions", lambda cells: cells.pop(5)),
    "an unknown source": (
        "citations",
        lambda cells: set_source(cells[7], "## Sources\n\n{cite}`nobody1999`"),
    ),
}


def test_sound_page(page):
    assert [text for found in every_guard(page, bootstrap_source(CONFIG), KEYS).values() for text in found] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault(page, fault):
    name, plant = FAULTS[fault]
    plant(page["cells"])
    assert every_guard(page, bootstrap_source(CONFIG), KEYS)[name] != []


def test_every_guard_has_a_planted_fault(page):
    assert {name for name, _ in FAULTS.values()} == set(every_guard(page, "", KEYS))


@pytest.mark.parametrize("kernelspec", [{}, {"name": "conda-env"}])
def test_foreign_kernel(page, kernelspec):
    page["metadata"]["kernelspec"] = kernelspec
    assert guards.clean_metadata(page) != []


def test_page_without_citation(page):
    page["cells"][0]["source"] = page["cells"][7]["source"] = ""
    assert guards.citations(page, KEYS) == ["the page cites nothing"]


def test_machine_name(page):
    page["cells"][5]["outputs"].append(stream("ran on node-17 today"))
    assert guards.no_machine(page, "node-17") != []
    assert guards.no_machine(page, "elsewhere-4") == []


def test_addresses_are_no_paths(page):
    page["cells"][5]["outputs"].append(stream("https://example.org/home/ada and and/or 1/opt/x"))
    assert guards.no_machine(page) == []


def test_bibliography_keys():
    text = "@comment{note,\n@article{vaswani2017,\n title = {A}}\n@InProceedings{x:1-2,\n}"
    assert bibliography_keys(text) == {"vaswani2017", "x:1-2"}


@pytest.mark.parametrize(
    ("chapters", "problem"),
    [
        (["a"], "b is not in _toc.yml"),
        (["a", "b", "c"], "_toc.yml names c, which is no page"),
        (["a", "b", "b"], "b stands 2 times in _toc.yml"),
        (["a", "b"], None),
    ],
)
def test_table_of_contents_fault(tmp_path, chapters, problem):
    for name in ("index.md", "a.ipynb", "b.md", "_ext/notes.md", ".ipynb_checkpoints/a.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    toc = {"root": "index", "parts": [{"caption": "One", "chapters": [{"file": name} for name in chapters]}]}
    assert guards.table_of_contents(toc, tmp_path) == ([problem] if problem else [])
