"""The command lines `attnbook train translation` and `attnbook evaluate translation`."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from torch import nn

from attnbook.files import write_whole
from attnbook.machine import check_device, origin
from attnbook.models.translators import TRANSLATOR_NAMES
from attnbook.recipes.corpora import PAIRS, Corpus, load_corpus
from attnbook.recipes.settings import DEFAULTS, Run

SETTINGS = {
    "epochs": "times that all pairs are seen",
    "batch_size": "sentence pairs an update",
    "learning_rate": "the highest",
    "hidden_dim": "size of states and embeddings",
    "dropout": "share of features dropped",
    "label_smoothing": "share of the probability that is spread over all words",
    "beam_size": "of the beam search beside the greedy one; 1: none",
    "pieces": "size of each vocabulary of subwords",
    "pairs": "sentence pairs to learn from",
}


class Graded(NamedTuple):
    """A trained translator in numbers."""

    seed: int
    history: list[dict[str, float]]
    metrics: dict[str, float]
    signatures: dict[str, str]
    parameters: int


def add_train(commands: argparse._SubParsersAction) -> None:
    """Add `train` to the commands of `attnbook`.

    Args:
        commands: what `add_subparsers` returned.
    """
    translation = _add_translation(commands, "train", "train translators, one a seed, and grade them")
    translation.add_argument("--data", choices=PAIRS, default="generated", help="default: generated")
    translation.add_argument("--pair", help="languages, such as de-en; default: the first that the data have")
    models = f"one of {', '.join(TRANSLATOR_NAMES)}"
    translation.add_argument("--model", required=True, choices=TRANSLATOR_NAMES, metavar="MODEL", help=models)
    translation.add_argument("--seeds", type=int, default=3, metavar="N", help="train with seeds 0 to N-1; default 3")
    translation.add_argument("--precision", default="no", help="no, bf16, or on a GPU fp16")
    options_help = "of the model's class, beside its sizes, such as '{\"input_feeding\": true}'"
    translation.add_argument("--options", type=_json_object, default={}, metavar="JSON", help=options_help)
    for name, text in SETTINGS.items():
        defaults = ", ".join(f"{data} {getattr(settings, name)}" for data, settings in DEFAULTS.items())
        kind = float if name in ("learning_rate", "dropout", "label_smoothing") else int
        translation.add_argument(f"--{name}", type=kind, metavar="N", help=f"{text}; default: {defaults}")
    translation.set_defaults(run=run_train)


def add_evaluate(commands: argparse._SubParsersAction) -> None:
    """Add `evaluate` to the commands of `attnbook`.

    Args:
        commands: what `add_subparsers` returned.
    """
    translation = _add_translation(commands, "evaluate", "grade again what `train translation` trained")
    translation.add_argument("--beam_size", type=int, metavar="N", help="of the beam search beside the greedy one")
    translation.set_defaults(run=run_evaluate)


def run_train(options: argparse.Namespace, command: str) -> int:
    """Train and grade one translator a seed, and write the result file.

    A folder that holds part of the work goes on from there.

    Args:
        options: the parsed command line.
        command: the command line as it was typed, for the result file.

    Returns:
        The exit status, 0.

    Raises:
        ValueError: no seed, a device or setting that does not fit, a folder that holds another run.
        DatasetUnavailable, OSError, ImportError: the data cannot be had, a file not written, an extra is missing.
    """
    from attnbook.recipes.grading import grade
    from attnbook.recipes.translation import is_first_process, train_translator

    if options.seeds < 1:
        raise ValueError(f"seeds must be 1 or more; got {options.seeds}")
    check_device(options.device)
    started = time.monotonic()
    given = {name: getattr(options, name) for name in SETTINGS if getattr(options, name) is not None}
    pair = PAIRS[options.data][0] if options.pair is None else options.pair
    settings = replace(DEFAULTS[options.data], **given)
    run = Run(options.data, pair, options.model, settings, options.options)
    corpus = load_corpus(run.data, run.pair, pairs=settings.pairs, pieces=settings.pieces)
    graded = []
    for seed in range(options.seeds):
        folder = options.folder / f"seed-{seed}"
        how = {"device": options.device, "precision": options.precision}
        model, history = train_translator(run, corpus, seed, folder, **how)
        if is_first_process():
            grades = grade(model, corpus, beam_size=settings.beam_size)
            graded.append(Graded(seed, history, *grades, _size(model)))
    if graded:
        _report(run, corpus, graded, options, command, started)
    return 0


def run_evaluate(options: argparse.Namespace, command: str) -> int:
    """Grade trained translators again; nothing is trained.

    Args:
        options: the parsed command line.
        command: the command line as it was typed, for the result file.

    Returns:
        The exit status, 0.

    Raises:
        FileNotFoundError: the folder holds no translator that was trained to the end.
        ValueError: a device that is not there, folders of different runs, a damaged file, or data that give other
            vocabularies than in training.
        DatasetUnavailable, OSError, ImportError: the data cannot be had, a file not written, an extra is missing.
    """
    from attnbook.recipes.corpora import fingerprint
    from attnbook.recipes.grading import grade
    from attnbook.recipes.translation import load_translator

    check_device(options.device)
    started = time.monotonic()
    folders = sorted(options.folder.glob("seed-*"), key=lambda path: (len(path.name), path.name))
    if not folders:
        raise FileNotFoundError(f"{options.folder} holds no trained translator: there is no folder seed-0 in it")
    trained = [load_translator(folder) for folder in folders]
    run = trained[0].run
    if any(one.run != run for one in trained):
        raise ValueError(f"{options.folder} holds translators of different runs")
    corpus = load_corpus(run.data, run.pair, pairs=run.settings.pairs, pieces=run.settings.pieces)
    for now, then in ((corpus.source, trained[0].source), (corpus.target, trained[0].target)):
        if fingerprint(now) != fingerprint(then):
            raise ValueError(f"{options.folder} was trained with other vocabularies than {run.data} {run.pair} gives")
    beam_size = run.settings.beam_size if options.beam_size is None else options.beam_size
    graded = []
    for one in trained:
        grades = grade(one.model.to(options.device), corpus, beam_size=beam_size)
        graded.append(Graded(one.seed, one.history, *grades, _size(one.model)))
    _report(run, corpus, graded, options, command, started)
    return 0


def _add_translation(commands: argparse._SubParsersAction, verb: str, text: str) -> argparse.ArgumentParser:
    """Add `VERB translation`, with the arguments that both verbs have."""
    tasks = commands.add_parser(verb, help=text).add_subparsers(required=True, metavar="TASK")
    translation = tasks.add_parser("translation", help=text, description=f"{text[0].upper()}{text[1:]}.")
    translation.add_argument("--folder", type=Path, required=True, help="of the runs, such as runs/rnnsearch")
    translation.add_argument("--output", type=Path, help="the result file, such as results/rnnsearch.json")
    translation.add_argument("--device", default="cpu", help="such as cuda; default cpu")
    return translation


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"must be an object in JSON, not {text!r}")
    return value


def _size(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _report(
    run: Run,
    corpus: Corpus,
    graded: Sequence[Graded],
    options: argparse.Namespace,
    command: str,
    started: float,
) -> None:
    """Print the grades and write the result file, where one is asked for."""
    from attnbook.recipes.grading import grade_baselines

    metrics = {name: [one.metrics[name] for one in graded] for name in graded[0].metrics}
    for column in ("seconds", "count"):
        metrics[f"training_{column}"] = [sum(record[column] for record in one.history) for one in graded]
    result = {
        "experiment": "translation",
        "dataset": run.data,
        "pair": run.pair,
        "model": run.model,
        **origin(command),
        "device": options.device,
        "seconds": round(time.monotonic() - started),
        "seeds": [one.seed for one in graded],
        "settings": {**asdict(run.settings), **run.options},
        "parameters": graded[0].parameters,
        "metrics": metrics,
        "baselines": grade_baselines(corpus),
        "signature": graded[0].signatures,
        "histories": [one.history for one in graded],
    }
    if options.output is not None:
        write_whole(options.output, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    _print_table(metrics, result["baselines"])


def _print_table(metrics: dict[str, list[float]], baselines: dict[str, float]) -> None:
    for name, values in metrics.items():
        spread = f" (from {min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
        print(f"{statistics.fmean(values):10.3f}  {name}{spread}")
    for name, value in baselines.items():
        print(f"{value:10.3f}  {name}, without a model")
    sys.stdout.flush()
