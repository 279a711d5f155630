"""The command line `attnbook train classification`."""

import argparse
import statistics
import time
from dataclasses import asdict, replace

from attnbook.machine import check_device
from attnbook.models.classifiers import CLASSIFIER_NAMES
from attnbook.recipes.classification_settings import DEFAULTS, ClassificationRun
from attnbook.recipes.report import Graded, add_task, add_training, count_parameters, given_settings, write_report
from attnbook.recipes.text_corpora import DATA, FOLDED, FOLDS, load_text_corpus

SETTINGS = {
    "epochs": "times that all texts are seen",
    "batch_size": "texts an update",
    "learning_rate": "of Adam",
    "embed_dim": "size of a word's embedding",
    "hidden_dim": "size of a cell's state in each direction",
    "dropout": "share of features dropped",
    "word_dropout": "share of words that become unknown",
    "min_count": "words that training shows less often are unknown",
    "texts": "texts to learn from, of the sets that are drawn",
    "character_ngrams": "vectors that character n-grams share; if not given, words have only their own",
    "average": "share that a running mean of the weights keeps of itself, such as 0.995",
}


def add_train(tasks: argparse._SubParsersAction) -> None:
    """Add `classification` to the tasks of `attnbook train`.

    Args:
        tasks: what `add_subparsers` returned.
    """
    task = add_task(tasks, "classification", "train classifiers of texts, one a seed, and grade them")
    task.add_argument("--data", required=True, choices=DATA, metavar="DATA", help=f"one of {', '.join(DATA)}")
    models = f"one of {', '.join(CLASSIFIER_NAMES)}"
    task.add_argument("--model", required=True, choices=CLASSIFIER_NAMES, metavar="MODEL", help=models)
    add_training(task, SETTINGS, DEFAULTS, floats=("learning_rate", "dropout", "word_dropout", "average"))
    task.set_defaults(run=run_train)


def run_train(options: argparse.Namespace, command: str) -> int:
    """Train and grade one classifier a seed, and write the result file.

    A folder that holds part of the work goes on from there. Where the data have no split of their own, seed k is
    tested on fold k of ten, and baselines are means over the folds. Where they have one, the result also says what the
    networks of all seeds reach together.

    Args:
        options: the parsed command line.
        command: the command line as it was typed, for the result file.

    Returns:
        The exit status, 0.

    Raises:
        ValueError: no seed or more than folds, a device or setting that does not fit, a folder that holds another run.
        DatasetUnavailable, OSError, ImportError: the data cannot be had, a file not written, an extra is missing.
    """
    from attnbook.recipes.classification import train_classifier
    from attnbook.recipes.classification_grading import grade_baselines, grade_classifier, grade_together
    from attnbook.recipes.run_file import is_first_process

    folded = options.data in FOLDED
    if options.seeds < 1 or (folded and options.seeds > FOLDS):
        allowed = f"from 1 to {FOLDS}, one a fold" if folded else "1 or more"
        raise ValueError(f"seeds must be {allowed}; got {options.seeds}")
    check_device(options.device)
    started = time.monotonic()
    settings = replace(DEFAULTS[options.data], **given_settings(options, SETTINGS))
    run = ClassificationRun(options.data, options.model, settings, options.options)
    models, graded, baselines, corpus = [], [], [], None
    for seed in range(options.seeds):
        if corpus is None or folded:
            fold = seed if folded else 0
            spelled = bool(settings.character_ngrams)
            taken = {"min_count": settings.min_count, "texts": settings.texts, "unseen_words": spelled}
            corpus = load_text_corpus(run.data, fold=fold, **taken)
        folder = options.folder / f"seed-{seed}"
        how = {"device": options.device, "precision": options.precision}
        model, history = train_classifier(run, corpus, seed, folder, **how)
        if is_first_process():
            models += [] if folded else [model]
            graded.append(Graded(seed, history, grade_classifier(model, corpus), count_parameters(model)))
            if not baselines or folded:
                baselines.append(grade_baselines(corpus))
    if graded:
        described = {"experiment": "classification", "dataset": run.data, "model": run.model}
        means = {name: statistics.fmean(one[name] for one in baselines) for name in baselines[0]}
        together = grade_together(models, corpus) if len(models) > 1 else None
        settings = {**asdict(settings), **run.options}
        write_report(described, settings, graded, means, options, command, started, together)
    return 0
