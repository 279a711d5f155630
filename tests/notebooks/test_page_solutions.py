"""Every exercise stands on one page, and the solution folded away under it is right."""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import torch
from attnbook.cli import find_pages
from attnbook.exercises import PARTS, find, grade
from pages import read

BOOK = Path(__file__).resolve().parents[2] / "book"
EXERCISES = [f"{part}.{name}" for part in PARTS for name in import_module(f"attnbook.exercises.{part}").EXERCISES]


def cells() -> list[str]:
    return [cell["source"] for path in find_pages(BOOK, []) for cell in read(path)["cells"]]


def solution(name: str) -> Callable:
    """Return the function of the ```python block that is folded below the exercise on its page."""
    sources = cells()
    after = next(i for i, source in enumerate(sources) if f'@exercise("{name}")' in source) + 1
    code = re.search(r"<details>.*?```python\n(.*?)```", sources[after], re.S).group(1)
    defined: dict[str, object] = {"torch": torch}
    exec(code, defined)
    return next(value for key, value in defined.items() if callable(value) and key != "torch" and key[0] != "_")


@pytest.mark.parametrize("name", EXERCISES)
def test_solution_passes(name):
    assert grade(name, find(name), solution(name)) == f"✓ {name}"


def test_every_exercise_stands_on_exactly_one_page():
    used = re.findall(r'@exercise\("([\w.]+)"\)', "\n".join(cells()))
    assert sorted(used) == sorted(EXERCISES)
