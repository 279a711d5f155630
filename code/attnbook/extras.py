"""Imports that need an extra say which one to install."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def require(extra: str) -> Iterator[None]:
    """Turn a failed import inside the block into one that names the extra to install.

    Args:
        extra: name of the extra in pyproject.toml.

    Raises:
        ImportError: a package is missing; the message gives the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f'{error.name} is missing: install it with  pip install "attnbook[{extra}]"'
        raise ImportError(message, name=error.name) from error
