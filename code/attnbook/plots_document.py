"""A weighted document: a row for each sentence, its weight at the left, its words shaded (Yang et al. 2016, fig. 5)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from attnbook.plots import COLORS, FONTS, WEIGHT_MAP, Figure, plt
from attnbook.plots_text import BAR, LINE, MARGIN, TEXT_GAP, TITLE_LINE, draw_bar, draw_word, place_words

COLUMN, PAD = 52, 3
"""In points: the column of sentence weights; how far its boxes stand from one another."""
FULL = 0.85
"""The shade of the heaviest, as of words: white ink can be read on it."""

Weights = Tensor | np.ndarray | Sequence[float]


@plt.rc_context(FONTS)
def weighted_document(
    sentences: Sequence[Sequence[str]],
    word_weights: Sequence[Weights],
    sentence_weights: Weights,
    *,
    deciding: Sequence[bool] | None = None,
    marks: Sequence[Sequence[bool]] | None = None,
    title: str = "",
    largest: float | None = None,
    width: float = 8.0,
) -> Figure:
    """Draw what hierarchical attention weighs: a box for each sentence, and its words on ground of their share.

    A word is as dark as its share of the document, its weight in the sentence times the sentence's: so no word of a
    sentence that hardly counts looks important. The paper shades words so too, with the root of the sentence's weight.

    Args:
        sentences: the words of each, wrapped at the figure's edge.
        word_weights: (words,) for each sentence, not negative.
        sentence_weights: (S,), not negative, shaded and written into the box; 1 is drawn darkest.
        deciding: (S,) bool: sentences to mark with a bar beside the box, those that a truth names.
        marks: (words,) bool for each sentence: words to underline.
        title: above the document.
        largest: the share of a word that is drawn darkest; the largest one present when not given.
        width: of the figure, in inches.

    Returns:
        The figure.

    Raises:
        ValueError: no sentence, one without words, numbers of things that do not fit, weights that are negative or
            not finite.
    """
    shares = _array(sentence_weights, len(sentences), "sentence_weights")
    deciding = [False] * len(sentences) if deciding is None else list(deciding)
    for name, column in {"word_weights": word_weights, "deciding": deciding, "marks": marks}.items():
        if column is not None and len(column) != len(sentences):
            raise ValueError(f"{name} must have an entry for each of {len(sentences)} sentences; got {len(column)}")
    rows = [
        (list(words), share * _array(given, len(words), f"word_weights of sentence {number}"))
        for number, (words, given, share) in enumerate(zip(sentences, word_weights, shares, strict=True))
    ]
    top = max(max(values.max() for _, values in rows) if largest is None else largest, 1e-12)
    figure = plt.figure(figsize=(width - COLUMN / 72, 1.0), layout="none")
    placed, edges = [], [float(MARGIN + (TITLE_LINE if title else 0))]
    for number, (words, values) in enumerate(rows):
        marked = [False] * len(words) if marks is None else [bool(mark) for mark in marks[number]]
        if len(marked) != len(words):
            raise ValueError(f"sentence {number} has {len(words)} words; got marks for {len(marked)}")
        found, bottom = place_words(figure, words, values, marked, [False] * len(words), edges[-1])
        placed += found
        edges.append(bottom + TEXT_GAP)
    height = edges[-1] + BAR
    figure.set_size_inches(width, height / 72)
    for word in placed:
        draw_word(figure, replace(word, left=word.left + COLUMN), height, word.weight / top)
    for number, (share, decides) in enumerate(zip(shares, deciding, strict=True)):
        _draw_box(figure, share, bool(decides), edges[number], height)
    if title:
        place = (MARGIN / (72 * width), 1 - (MARGIN + 13) / height)
        figure.text(*place, title, fontsize=10, fontweight="bold", parse_math=False)
    draw_bar(figure, height, "share of the document's attention", top)
    return figure


def _array(values: Weights, count: int, name: str) -> np.ndarray:
    array = np.asarray(values.detach().cpu().to(torch.float32) if isinstance(values, Tensor) else values, dtype=float)
    if not count or array.shape != (count,):
        raise ValueError(f"{name} must have shape ({count},), with 1 or more; got {array.shape}")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError(f"{name} must be finite and not negative; they go down to {array.min()}")
    return array


def _draw_box(figure: Figure, share: float, decides: bool, top: float, height: float) -> None:
    """Draw a sentence's weight beside its first line, and a bar where the sentence decides."""
    paper, low = figure.get_figwidth() * 72, 1 - (top + LINE - PAD) / height
    size = ((COLUMN - 16) / paper, (LINE - 2 * PAD) / height)
    color = WEIGHT_MAP(FULL * min(share, 1.0))
    box = plt.Rectangle((MARGIN / paper, low), *size, facecolor=color, edgecolor="#BBBBBB", linewidth=0.6)
    figure.add_artist(box)
    middle = (MARGIN / paper + size[0] / 2, low + size[1] / 2)
    ink = "white" if share > 0.68 else "black"
    figure.text(*middle, f"{share:.2f}", fontsize=9, color=ink, ha="center", va="center", parse_math=False)
    if decides:
        x = (COLUMN - 3) / paper
        figure.add_artist(plt.Line2D([x, x], [low, low + size[1]], color=COLORS["key"], linewidth=4))
