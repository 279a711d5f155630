"""The page "Claims, measured" shows what was measured; the build refuses a stale result file."""

import json
import re

import pytest
from claims_table import printed_claims, row, staleness
from sphinx.cmd.build import build_main

PRINTED = {"qkv/a": ["rows sum to one (at most 1e-06)"], "qkv/b": ["it grows (at least 2)"]}


def entry(page, text, band, measured=(1.0, 2.0), held=2):
    return {"page": page, "text": text, "band": band, "measured": list(measured), "held": held, "of": 2}


@pytest.fixture
def results():
    return {
        "command": "attnbook claims --seeds 2",
        "commit": None,
        "machine": {"processor": "x86_64", "cores": 2},
        "python": "3.11.7",
        "torch": "2.13.0",
        "seconds": 7,
        "seeds": [0, 1],
        "devices": ["cpu"],
        "claims": [
            entry("qkv/a", "rows sum to one", "at most 1e-06", (0.0, 2.5e-7)),
            entry("qkv/b", "it grows", "at least 2", (2.5, 3.5)),
        ],
    }


def test_up_to_date(results):
    assert staleness(results, PRINTED) == []


def new_claim(results, printed):
    printed["qkv/a"].append("masks hold (equals 0)")
    return "qkv/a: never measured: masks hold (equals 0)"


def new_page(results, printed):
    printed["text/c"] = ["it reads (at least 1)"]
    return "text/c: never measured: it reads (at least 1)"


def other_band(results, printed):
    results["claims"][1]["band"] = "at least 1"
    return "qkv/b: never measured: it grows (at least 2)"


def dropped_page(results, printed):
    del printed["qkv/b"]
    return "qkv/b: no longer on the page: it grows (at least 2)"


def not_held(results, printed):
    results["claims"][0]["held"] = 1
    return "qkv/a: held only 1 of 2 times: rows sum to one"


@pytest.mark.parametrize("plant", [new_claim, new_page, other_band, dropped_page, not_held])
def test_planted_fault(results, plant):
    printed = {page: list(claims) for page, claims in PRINTED.items()}
    problem = plant(results, printed)
    assert problem in staleness(results, printed)


def test_printed_claims():
    """Marks in cells that make no claim, such as an exercise's, are not claims; neither is a ✗."""

    def cell(source, text):
        return {"cell_type": "code", "source": source, "outputs": [{"output_type": "stream", "text": text}]}

    cells = [
        cell("claim('a', 1, equals=1)", ["shape 3\n", "✓ a (equals 1)\n", "✗ b (equals 2)\n"]),
        cell("@exercise('x')\ndef f(): ...", "✓ all 3 checks pass\n"),
        cell("%pip install x", "✓ installed\n"),
    ]
    assert printed_claims({"cells": cells}) == ["a (equals 1)"]


def test_row():
    numbers = row(entry("a", "text", "at least 1", (1, 2.00004, 1e-7)))
    assert numbers == ("text", "at least 1", "1e-7", "1", "2", "2 of 2")
    assert row(entry("a", "text", "equals True", (True, True)))[2:5] == ("", "True", "")


def build(folder, results):
    """Build a small site that holds the directive; warnings are errors, as in `make book`."""
    book = folder / "book"
    (book / "qkv").mkdir(parents=True)
    book.joinpath("conf.py").write_text("extensions = ['myst_parser', 'claims_table']\nproject = 'x'\n")
    book.joinpath("index.md").write_text("# Claims\n\n```{claims-table}\n```\n\n```{toctree}\nqkv/a\nqkv/b\n```\n")
    for page, lines in PRINTED.items():
        book.joinpath(f"{page}.md").write_text(f"# Title of {page}\n")
        outputs = [{"output_type": "stream", "text": "".join(f"✓ {line}\n" for line in lines)}]
        cell = {"cell_type": "code", "source": "claim('', 1, equals=1)", "outputs": outputs}
        book.joinpath(f"{page}.ipynb").write_text(json.dumps({"cells": [cell]}))
    if results:
        (folder / "results").mkdir()
        (folder / "results" / "claims.json").write_text(json.dumps(results))
    return build_main(["-q", "-W", "--keep-going", str(book), str(folder / "site")])


def test_built_page(results, tmp_path):
    assert build(tmp_path, results) == 0
    page = (tmp_path / "site" / "index.html").read_text()
    assert re.search(r"<caption>.*Title of qkv/a", page)
    text = re.sub("<[^>]+>", "", page)
    for shown in ("rows sum to one", "1.25e-7", "2 of 2", "attnbook claims --seeds 2", "0, 1"):
        assert shown in text


def test_build_refuses_a_stale_file(results, tmp_path, capsys):
    results["claims"].pop()
    assert build(tmp_path, results) == 1
    assert "qkv/b: never measured: it grows" in capsys.readouterr().err


def test_build_refuses_a_missing_file(tmp_path, capsys):
    assert build(tmp_path, None) == 1
    assert "results/claims.json is missing" in capsys.readouterr().err
