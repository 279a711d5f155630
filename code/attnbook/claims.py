"""Claims: statements of fact on a page, executed. A claim that is not so stops the page."""

import json
import math
import os
import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def claim(
    text: str,
    measured: float | Tensor,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    equals: object = None,
    within: float | None = None,
) -> None:
    """Print ✓ and the statement when the measurement bears it out; raise when it does not.

    What is printed is the same on every machine: the band, not the measured value. When the environment variable
    ATTNBOOK_CLAIMS names a file, the outcome is appended to it as a line of JSON instead of raising; that is how
    `attnbook claims` measures every claim over several seeds.

    Args:
        text: the statement, as a reader should read it.
        measured: a number, a one-element tensor, or, with `equals`, anything that compares.
        at_least: lower end of the band.
        at_most: upper end of the band.
        equals: the value that is claimed.
        within: allowed distance from `equals`; exact when not given.

    Raises:
        AssertionError: the statement does not hold; the message gives the measured value.
        ValueError: no band at all, `within` without `equals`, or a measurement of several numbers.
    """
    if hasattr(measured, "item"):  # tensors, and the numbers of numpy
        if math.prod(measured.shape) != 1:
            shape = tuple(measured.shape)
            raise ValueError(f"claim {text!r}: measured must be one number; got shape {shape}")
        measured = measured.item()
    if at_least is None and at_most is None and equals is None:
        raise ValueError(f"claim {text!r} can never fail: give at_least, at_most or equals")
    if within is not None and equals is None:
        raise ValueError(f"claim {text!r}: within needs equals")
    bands, held = [], True
    if at_least is not None:
        bands.append(f"at least {at_least}")
        held = held and measured >= at_least
    if at_most is not None:
        bands.append(f"at most {at_most}")
        held = held and measured <= at_most
    if equals is not None:
        shown = f"{equals:.4g}" if isinstance(equals, float) else equals
        bands.append(f"equals {shown}" + (f" within {within}" if within is not None else ""))
        held = held and (measured == equals if within is None else abs(measured - equals) <= within)
    band, held = ", ".join(bands), bool(held)
    record = os.environ.get("ATTNBOOK_CLAIMS")
    if record:
        line = {"text": text, "measured": measured, "band": band, "held": held}
        seed, device = _seed(), str(_device())
        with Path(record).open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "seed": seed, "device": device}, ensure_ascii=False, default=str) + "\n")
    elif not held:
        raise AssertionError(f"✗ {text} ({band}): measured {measured}")
    print(f"{'✓' if held else '✗'} {text} ({band})")


def seed_and_device() -> tuple[int, torch.device]:
    """Seed everything and choose the device, the same way on every page.

    The environment variables ATTNBOOK_SEED (0 when not set) and ATTNBOOK_DEVICE (the GPU where there is one)
    decide, so that `attnbook claims` can run a page with other seeds and on other devices.

    Returns:
        The seed, and the device to compute on.

    Raises:
        ValueError: ATTNBOOK_SEED is no integer, or ATTNBOOK_DEVICE no device of torch.
    """
    seed, device = _seed(), _device()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    return seed, device


def _seed() -> int:
    text = os.environ.get("ATTNBOOK_SEED", "0")
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"ATTNBOOK_SEED must be an integer; got {text!r}") from None


def _device() -> torch.device:
    name = os.environ.get("ATTNBOOK_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.device(name)
    except RuntimeError:
        raise ValueError(f"ATTNBOOK_DEVICE must be a device of torch, like cpu or cuda; got {name!r}") from None
