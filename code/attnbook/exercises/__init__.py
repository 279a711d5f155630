"""Exercises that check themselves: `@exercise("qkv.soft_lookup")` above a reader's function runs its checks."""

import copy
import importlib
import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

PARTS = ("intuition", "history", "qkv", "text", "transformer")


@dataclass(frozen=True)
class Exercise:
    """A task, what a right answer gives, and the inputs on which it is tried, smallest first."""

    hint: str
    reference: Callable
    inputs: Callable[[], Iterable[tuple]]
    tolerance: float = 1e-5


def exercise(name: str) -> Callable[[Callable], Callable]:
    """Check the decorated function as soon as it is defined.

    Prints "not attempted yet" with a hint while the function returns None, ✓ when it agrees with the reference on
    every input, and otherwise the smallest input on which it does not, with both results. Nothing is raised, so
    that a page with open exercises still runs from top to bottom.

    Args:
        name: part and exercise, "qkv.soft_lookup".

    Returns:
        A decorator that returns the function unchanged.

    Raises:
        ValueError: no such exercise; the message lists those of the part.
    """
    task = find(name)

    def check(answer: Callable) -> Callable:
        print(grade(name, task, answer))
        return answer

    return check


def find(name: str) -> Exercise:
    """Return the exercise of that name, or raise a ValueError that lists the names there are."""
    part, _, short = str(name).partition(".")
    if part not in PARTS:
        raise ValueError(f"unknown part {part!r} in exercise {name!r}; allowed: {', '.join(PARTS)}")
    tasks = importlib.import_module(f"attnbook.exercises.{part}").EXERCISES
    if short not in tasks:
        raise ValueError(f"unknown exercise {name!r}; allowed: {', '.join(f'{part}.{task}' for task in tasks)}")
    return tasks[short]


def grade(name: str, task: Exercise, answer: Callable) -> str:
    """Return what the reader should read: not attempted, ✓, or the smallest input that goes wrong."""
    for number, given in enumerate(task.inputs()):
        expected = task.reference(*copy.deepcopy(given))
        try:
            result = answer(*copy.deepcopy(given))
        except Exception as error:  # whatever the reader's code raises is for the reader to see
            raised = f"raised {type(error).__name__}: {error}"
            return f"✗ {name}: {_show(task, given)}\n  {raised}\n  expected {_show_one(expected)}"
        if result is None and number == 0:
            return f"… {name}: returned None, so not attempted yet (or is the return missing?). Hint: {task.hint}"
        if not _same(result, expected, task.tolerance):
            answers = f"  your answer {_show_one(result)}\n  expected    {_show_one(expected)}"
            given_kind = _kind(result if isinstance(expected, Tensor) else _number(result))
            kinds = "" if given_kind == _kind(expected) else f"\n  you gave {given_kind}, not {_kind(expected)}"
            return f"✗ {name}: {_show(task, given)}\n{answers}{kinds}"
    return f"✓ {name}"


def _same(result: object, expected: object, tolerance: float) -> bool:
    if isinstance(expected, Tensor):
        if not isinstance(result, Tensor) or result.shape != expected.shape:
            return False
        if result.dtype == torch.bool or expected.dtype == torch.bool:
            return result.dtype == expected.dtype and bool((result == expected).all())
        common = torch.promote_types(result.dtype, expected.dtype)  # 2.7 must not pass for 2
        result, expected = result.detach().to(expected.device, common), expected.to(common)
        return torch.allclose(result, expected, atol=tolerance, rtol=tolerance)
    if isinstance(expected, tuple | list):
        if not isinstance(result, tuple | list) or len(result) != len(expected):
            return False
        return all(_same(*pair, tolerance) for pair in zip(result, expected, strict=True))
    result = _number(result)
    if isinstance(expected, float):
        return isinstance(result, float | int) and abs(result - expected) <= tolerance
    return not hasattr(result, "shape") and bool(result == expected)


def _number(value: object) -> object:
    """The number that a tensor or an array of numpy holds alone; anything else as it is."""
    return value.item() if hasattr(value, "item") and math.prod(value.shape) == 1 else value


def _kind(value: object) -> str:
    if isinstance(value, Tensor):
        numbers = "truth values" if value.dtype == torch.bool else "numbers"
        return f"a tensor of {numbers}, shape {tuple(value.shape)}"
    return "a number" if type(value) in (int, float) else f"a {type(value).__name__}"


def _show(task: Exercise, given: tuple) -> str:
    names = inspect.signature(task.reference).parameters
    shown = (f"{name} = {_show_one(value)}" for name, value in zip(names, given, strict=True))
    return f"for input {', '.join(shown)}"


def _show_one(value: object) -> str:
    if isinstance(value, Tensor):
        if value.numel() > 24:
            return f"a tensor of shape {tuple(value.shape)}"
        return str(_rounded(value.tolist()))
    return f"{value:.4g}" if isinstance(value, float) else repr(value)


def _rounded(numbers: object) -> object:
    if isinstance(numbers, list):
        return [_rounded(number) for number in numbers]
    return round(numbers, 4) if isinstance(numbers, float) else numbers
