"""The verbs `attnbook train` and `attnbook evaluate`, and the tasks of each."""

import argparse

from attnbook.recipes import classification_command, faithfulness_command, translation_command

TRAIN = (translation_command.add_train, classification_command.add_train)
EVALUATE = (translation_command.add_evaluate, faithfulness_command.add_evaluate)
"""Functions that add a task to the verb; each stands with what it serves."""


def add_train(commands: argparse._SubParsersAction) -> None:
    """Add `train` to the commands of `attnbook`.

    Args:
        commands: what `add_subparsers` returned.
    """
    verb = commands.add_parser("train", help="train models, one a seed, and grade them")
    tasks = verb.add_subparsers(required=True, metavar="TASK")
    for add in TRAIN:
        add(tasks)


def add_evaluate(commands: argparse._SubParsersAction) -> None:
    """Add `evaluate` to the commands of `attnbook`.

    Args:
        commands: what `add_subparsers` returned.
    """
    verb = commands.add_parser("evaluate", help="grade again what was trained")
    tasks = verb.add_subparsers(required=True, metavar="TASK")
    for add in EVALUATE:
        add(tasks)
