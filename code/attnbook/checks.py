"""Checks of numbers that come from outside: they raise at once, say what came and what is allowed."""

from operator import index


def check_whole(name: str, number: int, least: int = 0) -> None:
    """Raise TypeError unless the number is an integer, ValueError unless it is `least` or more."""
    try:
        index(number)
    except TypeError:
        raise TypeError(f"{name} must be an integer, {least} or more; got {number!r}") from None
    if number < least:
        raise ValueError(f"{name} must be {least} or more; got {number}")
