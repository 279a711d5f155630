"""Pictures that answer the reader: the book's live figures, and bertviz's views in frames of their own."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from attnbook.figures.bertviz_frame import Frame, bertviz_frame

if TYPE_CHECKING:
    from attnbook.figures.live_figure import LiveFigure

__all__ = ["Frame", "bertviz_frame", "figure", "figure_names"]

BUNDLES = files("attnbook.figures") / "bundles"
WEIGHTS = files("attnbook.figures") / "weights"


def figure(name: str, *, alt: str, **state: object) -> LiveFigure:
    """Show a live figure: on the book's site, in JupyterLab and in Colab.

    Args:
        name: one of `figure_names()`.
        alt: says what the figure shows, to those who cannot see it, and where it cannot be alive.
        state: the state to begin with; what is not given has the figure's default. Tensors and arrays are taken.

    Returns:
        A widget that a notebook shows. Its `state` is what the reader sees at this moment; assign to it to change
        the figure, `shown.state = {"temperature": 0.1}`; what is not given stays as it is.

    Raises:
        ValueError: an unknown figure, an empty alt text, or a state that the figure cannot show.
        ImportError: the extra `figures` is not installed.
    """
    # Here, because a frame needs no widgets.
    from attnbook.figures.live_figure import LiveFigure

    if name not in figure_names():
        raise ValueError(f"name must be one of {', '.join(figure_names())}; got {name!r}")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must be a text that says what the figure shows; got {alt!r}")
    return LiveFigure(name, alt, state)


@cache
def figure_names() -> tuple[str, ...]:
    """The live figures that there are."""
    return tuple(sorted(entry.name.removesuffix(".mjs") for entry in BUNDLES.iterdir() if entry.name.endswith(".mjs")))


@cache
def definition(name: str) -> dict:
    """What a figure's bundle says of it: "schema" (a JSON schema of its state) and "posters"."""
    return json.loads((BUNDLES / f"{name}.json").read_text(encoding="utf-8"))
