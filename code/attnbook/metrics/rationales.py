"""Do scores point at the words that people marked? Agreement of a map with people, and of people with one another."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attnbook.metrics.explained import check_marks, check_scores


class TokenScores(NamedTuple):
    """What `token_f1` returns, each (B,); 0 where nothing is marked, or nothing agrees."""

    precision: Tensor
    recall: Tensor
    f1: Tensor


class HumanAgreement(NamedTuple):
    """How well people agree: the ceiling for a model, means over all pairs of two people's marks of one text."""

    f1: float
    chance_f1: float
    """F1 if each had marked as many words, but anywhere."""
    area_under_curve: float
    """Of one person's marks as scores of the words that the other marked; chance is 0.5."""


def top_words(scores: Tensor, mask: Tensor, count: int | Tensor) -> Tensor:
    """Mark the words of the highest scores.

    Args:
        scores: (B, L).
        mask: (B, L), True = a word.
        count: how many, for all texts or (B,) for each; a shorter text is marked as a whole.

    Returns:
        (B, L) bool. Of equal scores the first word counts.

    Raises:
        TypeError: a mask that is not bool.
        ValueError: shapes that do not fit, scores that are not finite, a text without a word, a count under 0.
    """
    check_scores("scores", scores, mask)
    count = torch.as_tensor(count, device=mask.device).expand(len(mask))
    if count.min() < 0:
        raise ValueError(f"count must be 0 or more; got {count.tolist()}")
    order = scores.masked_fill(~mask, -torch.inf).argsort(dim=1, descending=True, stable=True)
    rank = order.argsort(dim=1)  # (B, L), 0 for the highest score
    return (rank < count[:, None]) & mask


def token_f1(predicted: Tensor, marked: Tensor, mask: Tensor) -> TokenScores:
    """Compare two sets of words in each text.

    Args:
        predicted: (B, L) bool, the words of an explanation, from `top_words`, say.
        marked: (B, L) bool, those of a person.
        mask: (B, L), True = a word.

    Returns:
        TokenScores(precision, recall, f1), each (B,).

    Raises:
        TypeError: marks or a mask that are not bool.
        ValueError: shapes that do not fit, a text without a word, marks outside a text.
    """
    shared, predicted_count, marked_count = _count(predicted, marked, mask)
    return TokenScores(
        shared / predicted_count.clamp_min(1),
        shared / marked_count.clamp_min(1),
        2 * shared / (predicted_count + marked_count).clamp_min(1),
    )


def chance_f1(predicted: Tensor, marked: Tensor, mask: Tensor) -> Tensor:
    """F1 to be expected if as many words as predicted were drawn from the text, each equally likely.

    Args:
        predicted: (B, L) bool.
        marked: (B, L) bool.
        mask: (B, L), True = a word.

    Returns:
        (B,).

    Raises:
        TypeError, ValueError: as for `token_f1`.
    """
    _, predicted_count, marked_count = _count(predicted, marked, mask)
    shared = predicted_count * marked_count / mask.sum(dim=1)
    return 2 * shared / (predicted_count + marked_count).clamp_min(1)


def average_precision(scores: Tensor, marked: Tensor, mask: Tensor) -> Tensor:
    """Precision at the score of each marked word, averaged: how far up a ranking the marked words stand.

    Words of equal scores enter together, as in scikit-learn's `average_precision_score`; so the same score for all
    words gives the share of marked ones. Random scores give more, in short texts much more.

    Args:
        scores: (B, L).
        marked: (B, L) bool.
        mask: (B, L), True = a word.

    Returns:
        (B,), up to 1; NaN where no word is marked.

    Raises:
        TypeError: marks or a mask that are not bool.
        ValueError: shapes that do not fit, a text without a word, marks outside a text, scores that are not finite.
    """
    check_scores("scores", scores, mask)
    check_marks("marked words", marked, mask)
    precision = _at_least(scores, marked) / _at_least(scores, mask).clamp_min(1)  # (B, L)
    return (precision * marked).sum(dim=1) / marked.sum(dim=1)


def area_under_curve(scores: Tensor, marked: Tensor, mask: Tensor) -> Tensor:
    """Probability that a marked word scores higher than one that is not: the area under the ROC curve.

    Sen et al. (ACL 2020, "Human attention maps for text classification") call it the behavioural similarity of a
    machine's attention to a person's.

    Args:
        scores: (B, L).
        marked: (B, L) bool.
        mask: (B, L), True = a word.

    Returns:
        (B,), 0 to 1; chance, and the same score for all words, give 0.5. NaN where no word is marked, or all are.

    Raises:
        TypeError, ValueError: as for `average_precision`.
    """
    check_scores("scores", scores, mask)
    check_marks("marked words", marked, mask)
    others = mask & ~marked
    beaten = others.sum(dim=1, keepdim=True) - _at_least(scores, others)  # others of a lower score, (B, L)
    not_better = _at_least(-scores, others)  # others of a lower or equal score
    wins = ((beaten + not_better) * marked).sum(dim=1) / 2  # a draw is half a win
    return wins.double() / (marked.sum(dim=1) * others.sum(dim=1))


def human_agreement(marks: Sequence[Tensor]) -> HumanAgreement:
    """Compare the marks of several people who read the same texts.

    Args:
        marks: for each text (people, words) bool; the number of people may differ. A text that one person read is
            left out.

    Returns:
        HumanAgreement(f1, chance_f1, area_under_curve).

    Raises:
        TypeError: marks that are not bool.
        ValueError: marks of another shape, a text without a word, or no text that two people read.
    """
    pairs = []  # (2, words) each, both orders, since the area under the curve is not the same for both
    for index, maps in enumerate(marks):
        if maps.dim() != 2 or not maps.shape[1]:
            raise ValueError(f"marks of text {index} must be (people, words), 1 word or more; got {tuple(maps.shape)}")
        people = range(len(maps))
        pairs += [maps[[one, other]] for one in people for other in people if one != other]
    if not pairs:
        raise ValueError(f"no text was marked by two people, of {len(marks)}")
    mask = pad_sequence([torch.ones_like(pair[0], dtype=torch.bool) for pair in pairs], batch_first=True)
    one, other = (pad_sequence([pair[person] for pair in pairs], batch_first=True) for person in (0, 1))
    return HumanAgreement(
        float(token_f1(one, other, mask).f1.mean()),
        float(chance_f1(one, other, mask).mean()),
        float(area_under_curve(one.float(), other, mask).nanmean()),
    )


def _count(predicted: Tensor, marked: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    check_marks("predicted words", predicted, mask)
    check_marks("marked words", marked, mask)
    return tuple(words.sum(dim=1).double() for words in (predicted & marked, predicted, marked))


def _at_least(scores: Tensor, among: Tensor) -> Tensor:
    """For each word, how many of the words `among` score as high or higher, (B, L)."""
    ordered = scores.masked_fill(~among, -torch.inf).sort(dim=1).values
    return scores.shape[1] - torch.searchsorted(ordered, scores.contiguous())
