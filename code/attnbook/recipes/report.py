"""What the command lines of all recipes share: their common arguments, the table, and the result file."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from torch import nn

from attnbook.files import write_whole
from attnbook.machine import origin

Trained = TypeVar("Trained")


class Graded(NamedTuple):
    """A trained model in numbers."""

    seed: int
    history: list[dict[str, float]]
    metrics: dict[str, float]
    parameters: int
    signatures: Mapping[str, str] = {}
    """Of the tool that measured a metric."""


def add_task(tasks: argparse._SubParsersAction, name: str, text: str) -> argparse.ArgumentParser:
    """Add a task to a verb of `attnbook`, with the arguments that all tasks have.

    Args:
        tasks: what `add_subparsers` returned for the verb.
        name: of the task.
        text: what it does.

    Returns:
        The task's parser.
    """
    task = tasks.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    task.add_argument("--folder", type=Path, required=True, help="of the runs, such as runs/first")
    task.add_argument("--output", type=_result_file, help="the result file, such as first.json")
    task.add_argument("--device", default="cpu", help="such as cuda; default cpu")
    return task


def add_training(
    task: argparse.ArgumentParser, settings: Mapping[str, str], defaults: Mapping[str, Any], floats: Sequence[str]
) -> None:
    """Add the arguments of all trainings: seeds, precision, options and each of the settings.

    Args:
        task: from `add_task`.
        settings: name → what it means.
        defaults: data → its settings, for the help.
        floats: names of the settings that need not be whole numbers.
    """
    task.add_argument("--seeds", type=int, default=3, metavar="N", help="train with seeds 0 to N-1; default 3")
    task.add_argument("--precision", default="no", help="no, bf16, or on a GPU fp16")
    examples = """'{"input_feeding": true}' of luong-dot, '{"scale": 10}' of dp"""
    options_help = f"of the model's class, beside its sizes, such as {examples}"
    task.add_argument("--options", type=_json_object, default={}, metavar="JSON", help=options_help)
    for name, text in settings.items():
        usual = ", ".join(f"{data} {getattr(values, name)}" for data, values in defaults.items())
        kind = float if name in floats else int
        task.add_argument(f"--{name}", type=kind, metavar="N", help=f"{text}; default: {usual}")


def given_settings(options: argparse.Namespace, names: Mapping[str, str]) -> dict[str, float]:
    """Those of the settings that the command line gives."""
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def load_seeds(folder: Path, model: str, load: Callable[[Path], Trained]) -> list[Trained]:
    """Read the models of a run, one a seed, in the order of the seeds.

    Args:
        folder: of the run, with the folders seed-0, seed-1 and so on.
        model: what was trained, for the messages.
        load: reads one of these folders; what it returns has a `run`.

    Returns:
        The models.

    Raises:
        FileNotFoundError: there is none, or one was not trained to the end.
        ValueError: they are of different runs, or a file is damaged.
    """
    folders = sorted(folder.glob("seed-*"), key=lambda path: (len(path.name), path.name))
    if not folders:
        raise FileNotFoundError(f"{folder} holds no trained {model}: there is no folder seed-0 in it")
    trained = [load(one) for one in folders]
    if any(one.run != trained[0].run for one in trained):
        raise ValueError(f"{folder} holds {model}s of different runs")
    return trained


def count_parameters(model: nn.Module) -> int:
    """How many numbers a model has learned."""
    return sum(parameter.numel() for parameter in model.parameters())


def write_report(
    described: Mapping[str, Any],
    settings: Mapping[str, Any],
    graded: Sequence[Graded],
    baselines: Mapping[str, float],
    options: argparse.Namespace,
    command: str,
    started: float,
    together: Mapping[str, float] | None = None,
) -> None:
    """Print the grades, and write the result file where one is asked for.

    Args:
        described: experiment, dataset, model and what else tells it from others.
        settings: of the training.
        graded: one a seed.
        baselines: what is reached without a model.
        options: the parsed command line: its device and output.
        command: the command line as it was typed.
        started: `time.monotonic()` when the command began.
        together: what all models reach when they decide together.
    """
    metrics = {name: [one.metrics[name] for one in graded] for name in graded[0].metrics}
    for column in ("seconds", "count"):
        metrics[f"training_{column}"] = [sum(record[column] for record in one.history) for one in graded]
    result = {
        **described,
        **origin(command),
        "device": options.device,
        "seconds": round(time.monotonic() - started),
        "seeds": [one.seed for one in graded],
        "settings": dict(settings),
        "parameters": graded[0].parameters,
        "metrics": metrics,
        "baselines": dict(baselines),
        **({"together": dict(together)} if together else {}),
        "signature": dict(graded[0].signatures),
        "histories": [one.history for one in graded],
    }
    _print_table(metrics, baselines)
    for name, value in (together or {}).items():
        print(f"{value:10.3f}  {name}, all {len(graded)} together")
    if options.output is not None:
        write_whole(options.output, json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def _print_table(metrics: Mapping[str, Sequence[float]], baselines: Mapping[str, float]) -> None:
    for name, values in metrics.items():
        spread = f" (from {min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
        print(f"{statistics.fmean(values):10.3f}  {name}{spread}")
    for name, value in baselines.items():
        print(f"{value:10.3f}  {name}, without a model")
    sys.stdout.flush()


def _result_file(text: str) -> Path:
    if Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"must name a file; {text} is a folder")
    return Path(text)


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"must be an object in JSON, not {text!r}")
    return value
