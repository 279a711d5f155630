"""Weighted words: texts whose words lie on a ground as dark as the weight that they got."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnbook.plots import COLORS, FONTS, WEIGHT_MAP, Figure, plt

FONT_SIZE, LINE, TITLE_LINE, MARGIN, GAP = 11, 24, 20, 6, 8
"""In points: of the words; from one line of words to the next; of a title; at the sides; between words."""
TEXT_GAP, BAR = 6, 46
"""In points: between texts, and for the colour bar under them."""
UNKNOWN_INK = "#595959"


@dataclass(frozen=True)
class Word:
    """A word and its place: from the left and from the top, in points."""

    text: str
    left: float
    top: float
    width: float
    weight: float
    is_marked: bool
    is_unknown: bool


@plt.rc_context(FONTS)
def weighted_words(
    texts: Sequence[Sequence[str]],
    weights: Sequence[Tensor | np.ndarray | Sequence[float]],
    *,
    marks: Sequence[Sequence[bool]] | None = None,
    unknown: Sequence[Sequence[bool]] | None = None,
    titles: Sequence[str] | None = None,
    label: str = "attention weight",
    largest: float | None = None,
    width: float = 8.0,
) -> Figure:
    """Write texts, each word on a ground as dark as its weight; all texts on one scale.

    Args:
        texts: the words of each, wrapped at the figure's edge.
        weights: (L,) for each text of L words, not negative.
        marks: (L,) bool for each text: words to underline, those that a person or a truth names.
        unknown: (L,) bool for each text: words that the model does not know, written grey in a dotted frame.
        titles: one above each text.
        label: of the colour bar.
        largest: the weight that is drawn darkest; the largest one present when not given.
        width: of the figure, in inches.

    Returns:
        The figure.

    Raises:
        ValueError: no text, a text without words, numbers of things that do not fit, weights that are negative or not
            finite.
    """
    columns = {"weights": weights, "marks": marks, "unknown": unknown, "titles": titles}
    for name, column in columns.items():
        if column is not None and len(column) != len(texts):
            raise ValueError(f"{name} must have an entry for each of {len(texts)} texts; got {len(column)}")
    if not len(texts):
        raise ValueError("there is no text to draw")
    rows = [_row(number, texts, weights, marks, unknown) for number in range(len(texts))]
    top = max(max(row[1].max() for row in rows) if largest is None else largest, 1e-12)
    figure = plt.figure(figsize=(width, 1.0), layout="none")
    placed, headings, bottom = [], [], float(MARGIN)
    for number, row in enumerate(rows):
        if titles is not None:
            headings.append((titles[number], bottom))
            bottom += TITLE_LINE
        words, bottom = place_words(figure, *row, bottom)
        placed += words
        bottom += TEXT_GAP
    height = bottom + BAR
    figure.set_size_inches(width, height / 72)
    for word in placed:
        draw_word(figure, word, height, word.weight / top)
    for title, down in headings:
        figure.text(
            MARGIN / (72 * width), 1 - (down + 15) / height, title, fontsize=10, fontweight="bold", parse_math=False
        )
    draw_bar(figure, height, label, top)
    return figure


def _row(number: int, texts: Sequence, weights: Sequence, *flags: Sequence | None) -> tuple:
    """The words of a text, their weights, and for each whether it is marked and whether unknown; checked."""
    words, given = list(texts[number]), weights[number]
    values = np.asarray(given.detach().cpu().to(torch.float32) if isinstance(given, Tensor) else given, dtype=float)
    if not words or values.shape != (len(words),):
        raise ValueError(f"text {number} of {len(words)} words needs as many weights, 1 or more; got {values.shape}")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"weights must be finite and not negative; those of text {number} go down to {values.min()}")
    columns = [[False] * len(words) if flag is None else [bool(one) for one in flag[number]] for flag in flags]
    for column in columns:
        if len(column) != len(words):
            raise ValueError(f"text {number} has {len(words)} words; got marks or unknown words for {len(column)}")
    return words, values, *columns


def place_words(
    figure: Figure, words: list[str], values: np.ndarray, marked: list[bool], unknown: list[bool], top: float
) -> tuple[list[Word], float]:
    """Set words in lines, the first one at `top`; also return where the next text may begin."""
    right = figure.get_figwidth() * 72 - MARGIN
    renderer, placed, left = figure.canvas.get_renderer(), [], float(MARGIN)
    for entry in zip(words, values, marked, unknown, strict=True):
        text = figure.text(0, 0, entry[0], fontsize=FONT_SIZE, parse_math=False)
        width = text.get_window_extent(renderer).width / figure.dpi * 72
        text.remove()
        if left + width > right and left > MARGIN:
            left, top = float(MARGIN), top + LINE
        placed.append(Word(entry[0], left, top, width, *entry[1:]))
        left += width + GAP
    return placed, top + LINE


def draw_word(figure: Figure, word: Word, height: float, shade: float) -> None:
    """Write a word, `height` points being those of the figure, on a ground of a shade from 0 to 1."""
    shade = min(shade, 1.0)
    paper, baseline = figure.get_figwidth() * 72, 1 - (word.top + 16) / height
    pale = UNKNOWN_INK if word.is_unknown else "black"
    edge = {"edgecolor": UNKNOWN_INK, "linestyle": ":"} if word.is_unknown else {"edgecolor": "none"}
    text = figure.text(word.left / paper, baseline, word.text, fontsize=FONT_SIZE, parse_math=False)
    text.set_color(pale if shade < 0.35 else "black" if shade < 0.68 else "white")  # contrast 4.5 or more
    text.set_bbox({"facecolor": WEIGHT_MAP(0.85 * shade), "boxstyle": "round,pad=0.2", **edge})
    if word.is_marked:
        ends = [word.left / paper, (word.left + word.width) / paper]
        figure.add_artist(plt.Line2D(ends, [baseline - 5.5 / height] * 2, color=COLORS["key"], linewidth=2.2))


def draw_bar(figure: Figure, height: float, label: str, top: float) -> None:
    """Draw the scale of the shades at the foot of a figure, `top` being the weight of the darkest."""
    paper = figure.get_figwidth() * 72
    ax = figure.add_axes((16 / paper, 30 / height, min(190, paper - 40) / paper, 8 / height))
    shades = WEIGHT_MAP(np.linspace(0, 0.85, 256))[None]  # no darker than white ink can be read on
    ax.imshow(shades, aspect="auto", extent=(0, top, 0, 1))
    ax.set_yticks([])
    ax.xaxis.set_major_locator(plt.MaxNLocator(4))
    ax.tick_params(axis="x", labelsize=8, length=2, pad=2)
    ax.set_xlabel(label, fontsize=9, labelpad=1)
