"""The command line `attnbook evaluate faithfulness`."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from attnbook.checks import check_whole
from attnbook.data.reviews import load_reviews
from attnbook.data.texts import LabelledText
from attnbook.data.yelp_hat import PARTS, load_yelp_hat
from attnbook.machine import check_device
from attnbook.recipes.classification_settings import DEFAULTS
from attnbook.recipes.report import Graded, add_task, count_parameters, load_seeds, write_report
from attnbook.recipes.text_corpora import load_text_corpus

if TYPE_CHECKING:
    from attnbook.recipes.trained_classifier import TrainedClassifier

TEXTS = ("sst2", "reviews", "yelp_hat", "sun_lu")
"""Sets of texts that predictions are explained on."""


def add_evaluate(tasks: argparse._SubParsersAction) -> None:
    """Add `faithfulness` to the tasks of `attnbook evaluate`.

    Args:
        tasks: what `add_subparsers` returned.
    """
    task = add_task(tasks, "faithfulness", "grade attention as an explanation, beside others")
    task.add_argument("--data", required=True, choices=TEXTS, metavar="DATA", help=f"one of {', '.join(TEXTS)}")
    task.add_argument("--texts", type=int, default=300, metavar="N", help="how many are explained; default 300")
    task.set_defaults(run=run_faithfulness)


def run_faithfulness(options: argparse.Namespace, command: str) -> int:
    """Grade the explanations of one trained classifier a seed, and write the result file.

    Args:
        options: the parsed command line.
        command: the command line as it was typed, for the result file.

    Returns:
        The exit status, 0.

    Raises:
        FileNotFoundError: the folder holds no classifier that was trained to the end.
        ValueError: no text, a device that is not there, folders of different runs, a damaged file, a classifier of
            documents, or one that knows too few of the words.
        DatasetUnavailable, OSError, ImportError: the data cannot be had, a file not written, an extra is missing.
    """
    from attnbook.recipes.classification import load_classifier
    from attnbook.recipes.faithfulness_baselines import grade_without_model

    check_whole("texts", options.texts, 1)
    check_device(options.device)
    started = time.monotonic()
    trained = load_seeds(options.folder, "classifier", load_classifier)
    run = trained[0].run
    for one in trained:
        one.model.to(options.device)
    parts = load_texts(options.data, options.texts)
    metrics, baselines = [{} for _ in trained], {}
    learned = load_text_corpus(run.data, min_count=run.settings.min_count, texts=run.settings.texts).train
    for prefix, texts in parts.items():
        for found, grades in zip(metrics, grade_seeds(trained, texts), strict=True):
            found |= {f"{prefix}{name}": value for name, value in grades.items()}
        baselines |= {f"{prefix}{name}": value for name, value in grade_without_model(texts, learned).items()}
    graded = [
        Graded(one.seed, one.history, grades, count_parameters(one.model))
        for one, grades in zip(trained, metrics, strict=True)
    ]
    described = {
        "experiment": "faithfulness",
        "dataset": options.data,
        "texts": sum(map(len, parts.values())),
        "model": run.model,
        "trained_on": run.data,
    }
    write_report(described, {**asdict(run.settings), **run.options}, graded, baselines, options, command, started)
    return 0


def load_texts(data: str, count: int) -> dict[str, list[LabelledText]]:
    """Draw texts whose predictions are explained; the same at every call.

    Args:
        data: a name in `TEXTS`: the test splits of SST-2 and of the recipe of Sun and Lu, the book's own reviews, or
            reviews with people's marks.
        count: of texts, drawn at random; of reviews with people's marks half are of 50 words and half of 100.

    Returns:
        The texts under "", or under "50/" and "100/", which the names of their grades begin with.

    Raises:
        DatasetUnavailable: a file cannot be had.
    """
    if data == "yelp_hat":
        parts = {f"{length}/": load_yelp_hat(length) for length in PARTS}
    elif data == "reviews":
        parts = {"": load_reviews()}
    else:
        test = load_text_corpus(data, texts=DEFAULTS[data].texts).tests[""]
        parts = {"": [LabelledText(tuple(text.words), text.label, text.decisive) for text in test]}
    each = -(-count // len(parts))
    orders = {name: np.random.default_rng(0).permutation(len(texts))[:each] for name, texts in parts.items()}
    return {name: [parts[name][index] for index in order] for name, order in orders.items()}


def grade_seeds(trained: Sequence["TrainedClassifier"], texts: Sequence[LabelledText]) -> list[dict[str, float]]:
    """Grade classifiers that differ in their seed, each alone and beside the others.

    Args:
        trained: the classifiers.
        texts: whose predictions are explained.

    Returns:
        For each classifier what `grade_explanations` returns and, where there are several, `compare_seeds`; a grade
        that one of them lacks is left out of all.
    """
    from attnbook.recipes.faithfulness import compare_seeds, explain, grade_scores, grade_weights

    explained = [explain(one, texts) for one in trained]
    grades = [
        {**grade_scores(one, texts, found), **grade_weights(one, found)}
        for one, found in zip(trained, explained, strict=True)
    ]
    if len(trained) > 1:
        grades = [{**each, **among} for each, among in zip(grades, compare_seeds(explained), strict=True)]
    shared = set.intersection(*(set(each) for each in grades))
    return [{name: value for name, value in each.items() if name in shared} for each in grades]
