"""The command line: `attnbook claims` measures every page's claims; other commands stand with what they serve."""

import argparse
import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from attnbook.data.command import add_data
from attnbook.extras import require
from attnbook.figures.export import add_export
from attnbook.files import write_whole
from attnbook.machine import check_device, origin
from attnbook.recipes.command import add_evaluate, add_train

CELL_SECONDS = 600


def page_name(path: Path, book: Path) -> str:
    """The name of a page in tables and results: its path under the book, without the suffix."""
    return path.relative_to(book).with_suffix("").as_posix()


def find_pages(book: Path, names: Sequence[str] = ()) -> list[Path]:
    """The notebooks of a book.

    Args:
        book: The folder of the pages.
        names: Names such as `qkv/query_key_value`; empty means all.

    Returns:
        The paths, sorted, or in the order of the names.

    Raises:
        ValueError: There is no notebook in the folder, or none of that name.
    """
    hidden = {".ipynb_checkpoints", "_build", "node_modules"}
    pages = {
        page_name(path, book): path
        for path in sorted(book.rglob("*.ipynb"))
        if not hidden & set(path.relative_to(book).parts)
    }
    if not pages:
        raise ValueError(f"no notebook under {book}: start from the repository's root, or say --book FOLDER")
    unknown = [name for name in names if name not in pages]
    if unknown:
        raise ValueError(f"no page named {', '.join(unknown)}; there are: {', '.join(pages)}")
    return [pages[name] for name in names] if names else list(pages.values())


def run_page(path: Path, seed: int, device: str) -> list[dict]:
    """Execute one page in an empty folder and collect its claims; the notebook itself is not written.

    Args:
        path: The notebook.
        seed: Becomes ATTNBOOK_SEED.
        device: Becomes ATTNBOOK_DEVICE.

    Returns:
        What `claim` recorded, one entry a call, in order.

    Raises:
        ImportError: nbclient or ipykernel is not installed.
        RuntimeError: A cell failed, or the page made no claim.
    """
    with require("book"):
        import ipykernel  # noqa: F401 (the kernel that nbclient starts)
        import nbclient
        import nbformat

    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "claims.jsonl")
        variables = {"ATTNBOOK_SEED": str(seed), "ATTNBOOK_DEVICE": device, "ATTNBOOK_CLAIMS": str(record)}
        working = Path(folder, "page")
        working.mkdir()
        client = nbclient.NotebookClient(
            nbformat.read(path, as_version=4),
            timeout=CELL_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(working)}},
        )
        try:
            client.execute(env={**os.environ, **variables})
        except (nbclient.exceptions.CellControlSignal, nbclient.exceptions.DeadKernelError) as error:
            raise RuntimeError(f"{path.name}, seed {seed} on {device}: {error}") from error
        if not record.exists():
            raise RuntimeError(f"{path.name}, seed {seed} on {device}: the page made no claim")
        return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def gather(page: str, runs: Sequence[Sequence[dict]]) -> list[dict]:
    """Put the runs of one page together.

    Args:
        page: The page's name.
        runs: For each run what `run_page` returned.

    Returns:
        One entry a claim: page, text, band, measured (one value a run), held, of. A claim that some run
        did not reach counts as not held there.
    """
    claims: dict[tuple[str, str], dict] = {}
    for record in (record for run in runs for record in run):
        empty = {"page": page, "text": record["text"], "band": record["band"], "measured": [], "held": 0}
        entry = claims.setdefault((record["text"], record["band"]), empty)
        entry["measured"].append(record["measured"])
        entry["held"] += bool(record["held"])
    return [{**entry, "of": max(len(runs), len(entry["measured"]))} for entry in claims.values()]


def print_table(claims: Sequence[dict]) -> None:
    """Print one line a claim, with a mark before those that did not always hold."""
    for entry in claims:
        mark = "✓" if entry["held"] == entry["of"] else "✗"
        held = f"{entry['held']} of {entry['of']}"
        print(f"{mark} {held:>8}  {entry['page']}: {entry['text']} ({entry['band']})")
        if mark == "✗":
            print(f"            measured: {', '.join(map(str, entry['measured']))}")


def run_claims(options: argparse.Namespace, command: str) -> int:
    """Run the pages over seeds and devices and write the result file.

    Args:
        options: The parsed command line.
        command: The command line as it was typed, for the result file.

    Returns:
        The exit status: 1 when a claim did not hold.

    Raises:
        ValueError, ImportError, RuntimeError: See `find_pages`, `check_device` and `run_page`.
    """
    pages = find_pages(options.book, options.pages)
    for device in options.devices:
        check_device(device)
    started = time.monotonic()
    claims, plan = [], [(seed, device) for device in options.devices for seed in range(options.seeds)]
    with ThreadPoolExecutor(options.jobs) as pool:  # a page runs in a process of its own
        for path in pages:
            name, runs = page_name(path, options.book), []
            for (seed, device), run in zip(
                plan, pool.map(partial(run_page, path), *zip(*plan, strict=True)), strict=True
            ):
                runs.append(run)
                print(f"{name}: seed {seed} on {device}, {len(run)} claims", file=sys.stderr, flush=True)
            claims += gather(name, runs)
    result = {
        "experiment": "claims",
        **origin(command),
        "seconds": round(time.monotonic() - started),
        "seeds": list(range(options.seeds)),
        "devices": options.devices,
        "claims": claims,
    }
    write_whole(options.output, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print_table(claims)
    return int(any(entry["held"] < entry["of"] for entry in claims))


def positive(text: str) -> int:
    """A whole number of one or more, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of one or more, not {text!r}")
    return int(text)


def make_parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    parser = argparse.ArgumentParser(prog="attnbook", description="The library behind Attention All in ONE.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    claims = commands.add_parser(
        "claims",
        help="run every page's claims over seeds and devices",
        description="Run every page's claims over seeds and devices, and write what was measured.",
    )
    claims.add_argument("pages", nargs="*", metavar="PAGE", help="such as qkv/query_key_value; default: all")
    claims.add_argument("--book", type=Path, default=Path("book"), help="the folder of the pages")
    claims.add_argument("--seeds", type=positive, default=5, metavar="N", help="run with seeds 0 to N-1")
    claims.add_argument("--devices", nargs="+", default=["cpu"], metavar="DEVICE", help="such as: cpu cuda")
    claims.add_argument("--jobs", type=positive, default=1, metavar="N", help="how many to run at a time; default 1")
    claims.add_argument("--output", type=Path, default=Path("results/claims.json"), help="the result file")
    claims.set_defaults(run=run_claims)
    add_export(commands)
    add_data(commands)
    add_train(commands)
    add_evaluate(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script `attnbook`.

    Args:
        arguments: The command line, without the program's name.

    Returns:
        The exit status: 0 all held, 1 a claim did not hold, 2 the command could not be carried out.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    options = make_parser().parse_args(arguments)
    try:
        return options.run(options, shlex.join(["attnbook", *arguments]))
    except (ValueError, ArithmeticError, ImportError, RuntimeError, OSError) as error:
        print(f"attnbook: {error}", file=sys.stderr)
        return 2
