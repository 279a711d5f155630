"""Do the words that an explanation points at carry the prediction? (ERASER, DeYoung et al. 2020; arXiv:1911.03429)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from attnbook.metrics.erasure import Erase, probability_lost
from attnbook.metrics.explained import Predict, check_marks
from attnbook.metrics.rationales import top_words

FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)
"""The shares of a text's words over which the paper averages."""


class PerturbationCurve(NamedTuple):
    """What `aopc` returns."""

    comprehensiveness: Tensor
    """(B,), mean over the fractions; higher is better: without these words the prediction falls."""
    sufficiency: Tensor
    """(B,), mean over the fractions; lower is better: from these words alone it stands."""


def comprehensiveness(
    predict: Predict,
    inputs: Tensor,
    mask: Tensor,
    rationale: Tensor,
    erase: Erase,
    *,
    target: Tensor | None = None,
    batch_size: int = 128,
) -> Tensor:
    """How much is lost without the rationale: p(x) - p(x without r) (section 4.2).

    Args:
        predict: the model, see `attnbook.metrics.explained`.
        inputs: (B, L) ids or (B, L, E) embeddings.
        mask: (B, L), True = a word.
        rationale: (B, L), True for the words that are said to decide.
        erase: `replace_with(...)`, `remove(...)` or a function of your own.
        target: (B,), the class whose probability counts; the one predicted for the whole text when not given.
        batch_size: texts that the model reads at once.

    Returns:
        (B,), 0 for an empty rationale; high when the words were needed.

    Raises:
        TypeError: a mask or a rationale that is not bool.
        ValueError: shapes that do not fit, a text without a word, a rationale outside its text, a class that is none,
            or a model that does not give probabilities.
    """
    check_marks("rationale", rationale, mask)
    texts = torch.arange(len(mask), device=mask.device)
    return probability_lost(predict, inputs, mask, texts, rationale, erase, target=target, batch_size=batch_size)


def sufficiency(
    predict: Predict,
    inputs: Tensor,
    mask: Tensor,
    rationale: Tensor,
    erase: Erase,
    *,
    target: Tensor | None = None,
    batch_size: int = 128,
) -> Tensor:
    """How much is lost with the rationale alone: p(x) - p(r only) (section 4.2).

    Args:
        predict: the model.
        inputs: (B, L) ids or (B, L, E) embeddings.
        mask: (B, L), True = a word.
        rationale: (B, L), True for the words that are said to decide.
        erase: what becomes of the others.
        target: (B,), the class whose probability counts; the one predicted for the whole text when not given.
        batch_size: texts that the model reads at once.

    Returns:
        (B,), 0 for a rationale of all words; low when the words were enough.

    Raises:
        TypeError, ValueError: as for `comprehensiveness`.
    """
    check_marks("rationale", rationale, mask)
    texts = torch.arange(len(mask), device=mask.device)
    others = mask & ~rationale
    return probability_lost(predict, inputs, mask, texts, others, erase, target=target, batch_size=batch_size)


def aopc(
    predict: Predict,
    inputs: Tensor,
    mask: Tensor,
    scores: Tensor,
    erase: Erase,
    *,
    fractions: Sequence[float] = FRACTIONS,
    target: Tensor | None = None,
    batch_size: int = 128,
) -> PerturbationCurve:
    """Comprehensiveness and sufficiency of scores: the means over rationales of 1, 5, 10, 20 and 50 % of the words.

    Area over the perturbation curve. As in the authors' code the mean is over these fractions; the formula in the
    paper counts the empty rationale as one more. A fraction is rounded up to whole words, so that each text gives one.

    Args:
        predict: the model.
        inputs: (B, L) ids or (B, L, E) embeddings.
        mask: (B, L), True = a word.
        scores: (B, L); the words of the highest scores are the rationale, of equal ones the first.
        erase: what becomes of erased words.
        fractions: shares of the words, above 0 and up to 1.
        target: (B,), the class whose probability counts; the one predicted for the whole text when not given.
        batch_size: texts that the model reads at once.

    Returns:
        PerturbationCurve(comprehensiveness (B,), sufficiency (B,)).

    Raises:
        TypeError, ValueError: as for `comprehensiveness`; scores that are not finite; no fraction, or one out of range.
    """
    if not fractions or not all(0 < fraction <= 1 for fraction in fractions):
        raise ValueError(f"fractions must lie above 0 and up to 1, at least one; got {list(fractions)}")
    lengths = mask.sum(dim=1).double()
    # A little less before it is rounded up: 0.07 of 100 words are 7, though as floats they give a little more.
    counts = [(fraction * lengths - 1e-9).ceil().long() for fraction in fractions]
    rationales = torch.cat([top_words(scores, mask, count) for count in counts])  # (fractions * B, L)
    erased = torch.cat([rationales, mask.repeat(len(counts), 1) & ~rationales])
    texts = torch.arange(len(mask), device=mask.device).repeat(2 * len(counts))
    lost = probability_lost(predict, inputs, mask, texts, erased, erase, target=target, batch_size=batch_size)
    return PerturbationCurve(*lost.view(2, len(counts), len(mask)).mean(dim=1))
