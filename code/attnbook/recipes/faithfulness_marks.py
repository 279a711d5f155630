"""Marked words: explanations are compared with people as people are with one another."""

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attnbook.data.texts import LabelledText
from attnbook.data.yelp_hat import MarkedReview
from attnbook.metrics.rationales import average_precision, token_f1, top_words


class Marks(NamedTuple):
    """Marked words of texts, a row for each comparison."""

    texts: Tensor
    """(N,), the text that a row is of."""
    marked: Tensor
    """(N, W) bool."""
    counts: Tensor
    """(N,), how many words an explanation may choose."""
    mask: Tensor
    """(N, W), True = a word."""


def collect_marks(texts: Sequence[LabelledText]) -> Marks | None:
    """Put the marks of all texts together.

    Where several people marked a text there is a row for each two of them: an explanation chooses as many words as the
    one did, and is graded against the other. So the marks do not tell it how many there are, and chance and ceiling are
    those of `human_agreement`. Where the deciding words are known it chooses as many as there are.

    Args:
        texts: with the words that decide, with people's marks, or without either.

    Returns:
        Marks(texts, marked, counts, mask), or None unless every text has marks.
    """
    rows = []  # text, marks, number of words to choose
    for index, text in enumerate(texts):
        maps = text.maps if isinstance(text, MarkedReview) else () if text.decisive is None else (text.decisive,)
        if not maps:
            return None
        pairs = permutations(maps, 2) if len(maps) > 1 else [(maps[0], maps[0])]
        rows += [(index, torch.tensor(other), sum(one)) for one, other in pairs]
    indices, marked, counts = zip(*rows, strict=True)
    mask = pad_sequence([torch.ones_like(marks) for marks in marked], batch_first=True)
    return Marks(torch.tensor(indices), pad_sequence(marked, batch_first=True), torch.tensor(counts), mask)


def grade_agreement(scores: Tensor, marks: Marks) -> dict[str, float]:
    """Compare an explanation with the marks.

    Args:
        scores: (B, W), of the words that were marked.
        marks: from `collect_marks`.

    Returns:
        "f1" of the highest words, and "average_precision", means over the comparisons.
    """
    scores = scores.cpu()[marks.texts]
    chosen = top_words(scores, marks.mask, marks.counts)
    return {
        "f1": float(token_f1(chosen, marks.marked, marks.mask).f1.mean()),
        "average_precision": float(average_precision(scores, marks.marked, marks.mask).nanmean()),
    }
