"""The command lines `attnbook train translation` and `attnbook evaluate translation`."""

import argparse
import time
from dataclasses import asdict, replace

from attnbook.machine import check_device
from attnbook.models.translators import TRANSLATOR_NAMES
from attnbook.recipes.corpora import PAIRS, Corpus, load_corpus
from attnbook.recipes.report import (
    Graded,
    add_task,
    add_training,
    count_parameters,
    given_settings,
    load_seeds,
    write_report,
)
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
    "source_std": "standard deviation of the source's embeddings at the beginning",
}


FLOATS = ("learning_rate", "source_std", "dropout", "label_smoothing")


def add_train(tasks: argparse._SubParsersAction) -> None:
    """Add `translation` to the tasks of `attnbook train`.

    Args:
        tasks: what `add_subparsers` returned.
    """
    task = add_task(tasks, "translation", "train translators, one a seed, and grade them")
    task.add_argument("--data", choices=PAIRS, default="generated", help="default: generated")
    task.add_argument("--pair", help="languages, such as de-en; default: the first that the data have")
    models = f"one of {', '.join(TRANSLATOR_NAMES)}"
    task.add_argument("--model", required=True, choices=TRANSLATOR_NAMES, metavar="MODEL", help=models)
    add_training(task, SETTINGS, DEFAULTS, floats=FLOATS)
    task.set_defaults(run=run_train)


def add_evaluate(tasks: argparse._SubParsersAction) -> None:
    """Add `translation` to the tasks of `attnbook evaluate`.

    Args:
        tasks: what `add_subparsers` returned.
    """
    task = add_task(tasks, "translation", "grade again what `train translation` trained")
    task.add_argument("--beam_size", type=int, metavar="N", help="of the beam search beside the greedy one")
    task.set_defaults(run=run_evaluate)


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
    from attnbook.recipes.run_file import is_first_process
    from attnbook.recipes.translation import train_translator

    if options.seeds < 1:
        raise ValueError(f"seeds must be 1 or more; got {options.seeds}")
    check_device(options.device)
    started = time.monotonic()
    pair = PAIRS[options.data][0] if options.pair is None else options.pair
    settings = replace(DEFAULTS[options.data], **given_settings(options, SETTINGS))
    run = Run(options.data, pair, options.model, settings, options.options)
    corpus = load_corpus(run.data, run.pair, pairs=settings.pairs, pieces=settings.pieces)
    graded = []
    for seed in range(options.seeds):
        folder = options.folder / f"seed-{seed}"
        how = {"device": options.device, "precision": options.precision}
        model, history = train_translator(run, corpus, seed, folder, **how)
        if is_first_process():
            metrics, signatures = grade(model, corpus, beam_size=settings.beam_size)
            graded.append(Graded(seed, history, metrics, count_parameters(model), signatures))
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
    trained = load_seeds(options.folder, "translator", load_translator)
    run = trained[0].run
    corpus = load_corpus(run.data, run.pair, pairs=run.settings.pairs, pieces=run.settings.pieces)
    for now, then in ((corpus.source, trained[0].source), (corpus.target, trained[0].target)):
        if fingerprint(now) != fingerprint(then):
            raise ValueError(f"{options.folder} was trained with other vocabularies than {run.data} {run.pair} gives")
    beam_size = run.settings.beam_size if options.beam_size is None else options.beam_size
    graded = []
    for one in trained:
        metrics, signatures = grade(one.model.to(options.device), corpus, beam_size=beam_size)
        graded.append(Graded(one.seed, one.history, metrics, count_parameters(one.model), signatures))
    _report(run, corpus, graded, options, command, started)
    return 0


def _report(
    run: Run, corpus: Corpus, graded: list[Graded], options: argparse.Namespace, command: str, started: float
) -> None:
    from attnbook.recipes.grading import grade_baselines

    described = {"experiment": "translation", "dataset": run.data, "pair": run.pair, "model": run.model}
    settings = {**asdict(run.settings), **run.options}
    write_report(described, settings, graded, grade_baselines(corpus), options, command, started)
