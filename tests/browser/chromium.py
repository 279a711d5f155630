"""Find a Chromium on this machine."""

import os
import shutil
from typing import NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOW_TO_GET_ONE = (
    "no Chromium found: install one (Debian, Ubuntu: apt-get install chromium) "
    "or let ATTNBOOK_CHROMIUM name its program"
)


def chromium_path() -> str | None:
    """The browser's program, or None; ATTNBOOK_CHROMIUM decides when it is set."""
    named = os.environ.get("ATTNBOOK_CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


def refuse() -> NoReturn:
    """Skip the test and say how to get a browser; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(HOW_TO_GET_ONE, pytrace=False)
    pytest.skip(HOW_TO_GET_ONE)
