"""The command line `attnbook data`: list, fetch and verify real datasets."""

import argparse

from attnbook.data.download import fetch, is_intact, local_path
from attnbook.data.registry import DataFile, Dataset, find_dataset, registry


def add_data(commands: argparse._SubParsersAction) -> None:
    """Add `data` to the commands of `attnbook`.

    Args:
        commands: what `add_subparsers` returned.
    """
    data = commands.add_parser("data", help="list, fetch and verify real datasets")
    actions = data.add_subparsers(required=True, metavar="ACTION")
    for name, run, text in (
        ("list", run_list, "show the datasets, their licences, and which are here"),
        ("fetch", run_fetch, "download datasets and check them"),
        ("verify", run_verify, "check the files that are here; needs no network"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("datasets", nargs="*", metavar="DATASET", help="such as multi30k; default: all")
        action.set_defaults(run=run)


def run_list(options: argparse.Namespace, command: str) -> int:
    """Print what the registry says about datasets, and how many of their files are here.

    Args:
        options: The parsed command line.
        command: The command line as it was typed; not used.

    Returns:
        The exit status, 0.
    """
    for dataset in _chosen(options):
        here = sum(local_path(dataset, file).is_file() for file in dataset.files.values())
        size = sum(file.bytes for file in dataset.files.values()) / 1e6
        print(f"{dataset.name}: {dataset.title}")
        print(f"    {len(dataset.files)} files, {size:.1f} MB, {here} of them here")
        print(f"    licence: {dataset.licence}")
        print(f"    cite: {dataset.citation}")
        print(f"    {dataset.homepage}")
    return 0


def run_fetch(options: argparse.Namespace, command: str) -> int:
    """Get the files of datasets and print where each lies.

    Args:
        options: The parsed command line.
        command: The command line as it was typed; not used.

    Returns:
        The exit status, 0.

    Raises:
        DatasetUnavailable: A file cannot be had.
    """
    for dataset in _chosen(options):
        print(f"{dataset.name}: licence {dataset.licence}")
        for name in dataset.files:
            print(f"    {fetch(dataset, name)}", flush=True)
    return 0


def run_verify(options: argparse.Namespace, command: str) -> int:
    """Check the files that are here against the registry.

    Args:
        options: The parsed command line.
        command: The command line as it was typed; not used.

    Returns:
        The exit status: 1 when a file is missing or wrong.
    """
    sound = True
    for dataset in _chosen(options):
        for file in dataset.files.values():
            state = _state(dataset, file)
            sound = sound and state == "sound"
            print(f"{'✓' if state == 'sound' else '✗'} {dataset.name}/{file.name}: {state}")
    return int(not sound)


def _state(dataset: Dataset, file: DataFile) -> str:
    path = local_path(dataset, file)
    if not path.is_file():
        return "not here"
    return "sound" if is_intact(path, file) else f"wrong sha256, at {path}"


def _chosen(options: argparse.Namespace) -> list[Dataset]:
    return [find_dataset(name) for name in options.datasets] or list(registry().values())
