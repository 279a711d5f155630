"""The directive `claims-table`: what `attnbook claims` measured, read when the site is built."""

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from attnbook.cli import find_pages, page_name
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
COMMAND = "attnbook claims --seeds 5"
HEADER = ("Claim", "Band", "Least", "Mean", "Most", "Held")
WIDTHS = (46, 18, 9, 9, 9, 9)


def claim_calls(source: str) -> list[ast.Call]:
    """The calls of `claim` in a cell; a cell that is not plain Python has none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [node for node in calls if "claim" in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))]


def printed_claims(notebook: Mapping) -> list[str]:
    """The claims that a notebook's stored outputs show, each as it was printed, without its mark."""
    lines = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and claim_calls("".join(cell["source"])):
            texts = ("".join(output.get("text", "")) for output in cell["outputs"])
            lines += [line for text in texts for line in text.splitlines()]
    return [line.removeprefix("✓ ") for line in lines if line.startswith("✓ ")]


def staleness(results: Mapping, printed: Mapping[str, Sequence[str]]) -> list[str]:
    """Compare the measured claims with the claims on the pages.

    Args:
        results: What `results/claims.json` holds.
        printed: For each page the claims that its stored outputs show.

    Returns:
        One problem a line; empty when the file is up to date and every claim held.
    """
    measured: dict[str, set[str]] = {}
    problems = []
    for entry in results["claims"]:
        measured.setdefault(entry["page"], set()).add(f"{entry['text']} ({entry['band']})")
        if entry["held"] < entry["of"]:
            count = f"{entry['held']} of {entry['of']}"
            problems.append(f"{entry['page']}: held only {count} times: {entry['text']}")
    for page in sorted(set(printed) | set(measured)):
        shown, known = set(printed.get(page, ())), measured.get(page, set())
        problems += [f"{page}: never measured: {claim}" for claim in sorted(shown - known)]
        problems += [f"{page}: no longer on the page: {claim}" for claim in sorted(known - shown)]
    return problems


def number(value: float) -> str:
    """Three significant digits, without the exponent's padding."""
    return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e+")


def row(entry: Mapping) -> tuple[str, ...]:
    """The cells of one claim's row; values that never varied, or are no numbers, are named once."""
    values = entry["measured"]
    held = f"{entry['held']} of {entry['of']}"
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if numbers and len(set(values)) == 1:
        spread = ("", number(values[0]), "")
    elif numbers:
        spread = (number(min(values)), number(sum(values) / len(values)), number(max(values)))
    else:
        spread = ("", ", ".join(sorted({str(value) for value in values})), "")
    return (entry["text"], entry["band"], *spread, held)


class ClaimsTable(SphinxDirective):
    """Show `results/claims.json`: how it was made, then a table a page."""

    def run(self) -> list[nodes.Node]:
        book = Path(self.env.srcdir)
        source = book.parent / "results" / "claims.json"
        self.env.note_dependency(str(source))
        if not source.exists():
            self.warn(f"results/claims.json is missing: run {COMMAND}")
            return []
        results = json.loads(source.read_text(encoding="utf-8"))
        printed = {}
        for path in find_pages(book):
            self.env.note_dependency(str(path))
            printed[page_name(path, book)] = printed_claims(json.loads(path.read_text(encoding="utf-8")))
        for problem in staleness(results, printed):
            self.warn(f"results/claims.json is stale, run {COMMAND}: {problem}")
        pages = [page for page in printed if any(entry["page"] == page for entry in results["claims"])]
        return [self.made(results), *(self.table(results, page) for page in pages)]

    def warn(self, text: str) -> None:
        logger.warning(text, type="claims_table", location=self.get_location())

    def made(self, results: Mapping) -> nodes.Node:
        machine = results["machine"]
        facts = {
            "Command": results["command"],
            "Commit": (results["commit"] or "not known")[:8],
            "Machine": f"{machine['processor']}, {machine['cores']} cores",
            "Versions": f"Python {results['python']}, torch {results['torch']}",
            "Seeds": ", ".join(map(str, results["seeds"])),
            "Devices": ", ".join(results["devices"]),
            "Time": f"{results['seconds']} seconds in all",
        }
        made = nodes.field_list()
        for name, text in facts.items():
            # Literal text keeps the two hyphens of an option.
            shown = nodes.paragraph("", "", nodes.literal("", text) if name == "Command" else nodes.Text(text))
            made += nodes.field("", nodes.field_name("", name), nodes.field_body("", shown))
        return made

    def table(self, results: Mapping, page: str) -> nodes.Node:
        link = addnodes.pending_xref(
            "",
            nodes.inline("", page),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{page}",
            refexplicit=False,
            refwarn=True,
            refdoc=self.env.docname,
        )
        group = nodes.tgroup(cols=len(HEADER))
        group += [nodes.colspec(colwidth=width) for width in WIDTHS]
        group += nodes.thead("", self.table_row(HEADER))
        rows = [self.table_row(row(entry)) for entry in results["claims"] if entry["page"] == page]
        group += nodes.tbody("", *rows)
        return nodes.table("", nodes.title("", "", link), group, classes=["claims-table"])

    @staticmethod
    def table_row(texts: Sequence[str]) -> nodes.Node:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in texts))


def setup(app: Sphinx) -> dict:
    """Make the directive known to Sphinx."""
    app.add_directive("claims-table", ClaimsTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
