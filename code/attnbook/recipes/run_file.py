"""What all recipes note beside a trained model, so that it can be read again."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from attnbook.files import write_whole

RUN_FILE = "run.json"
RunOfAnyKind = TypeVar("RunOfAnyKind")


def write_run(run: Any, seed: int, folder: Path) -> None:
    """Note in a folder what was trained there to the end.

    Args:
        run: a dataclass that says what was trained on what.
        seed: of the training.
        folder: of the run.
    """
    write_whole(folder / RUN_FILE, json.dumps({**asdict(run), "seed": seed}, indent=1, ensure_ascii=False) + "\n")


def read_run(folder: Path, kind: type[RunOfAnyKind], settings: type, model: str) -> tuple[RunOfAnyKind, int]:
    """Read what `write_run` wrote.

    Args:
        folder: of the run.
        kind: the dataclass.
        settings: that of its field `settings`.
        model: what was trained, for messages: "translator", say.

    Returns:
        The run, and the seed.

    Raises:
        FileNotFoundError: nothing has been trained there to the end.
        ValueError: the file is damaged, or of another kind of run.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no {model} that was trained to the end: there is no {RUN_FILE}")
    try:
        return parse_run(json.loads(path.read_text(encoding="utf-8")), kind, settings)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not say what was trained: {error!r}") from error


def parse_run(said: Mapping[str, Any], kind: type[RunOfAnyKind], settings: type) -> tuple[RunOfAnyKind, int]:
    """Turn the content of a run file into the run and the seed.

    Raises:
        KeyError, TypeError: an entry is missing, or unknown to this kind of run.
    """
    entries = dict(said)
    seed = entries.pop("seed")
    return kind(**{**entries, "settings": settings(**entries["settings"])}), seed


def print_grades(model: str, seed: int, grades: Mapping[str, float]) -> None:
    """Print on the error output how good a model is after an epoch, from one process alone."""
    if is_first_process():
        found = ", ".join(f"{name} {value:.3f}" for name, value in grades.items())
        print(f"{model}, seed {seed}: {found}", file=sys.stderr, flush=True)


def is_first_process() -> bool:
    """Whether this is the process that reports, of those that `accelerate launch` started."""
    return int(os.environ.get("RANK", "0")) == 0
