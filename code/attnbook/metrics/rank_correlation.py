"""Do two explanations put the words in the same order?"""

import torch
from torch import Tensor

from attnbook.metrics.explained import check_scores


def kendall_tau(first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
    """Kendall's τ of two scores of the words of each text, τ-b: pairs of words with equal scores are discounted.

    Pairs in the same order less pairs in the opposite one, over the geometric mean of the numbers of pairs that the one
    and the other order at all (Kendall 1945). Jain and Wallace (2019, section 4.1; arXiv:1902.10186) compare attention
    with gradients and leave-one-out by it.

    Args:
        first: (B, L).
        second: (B, L).
        mask: (B, L), True = a word.

    Returns:
        (B,), from -1, opposite order, to 1, the same. NaN where one of the two puts nothing in order: a single word, or
        equal scores for all, such as uniform weights.

    Raises:
        TypeError: a mask that is not bool.
        ValueError: shapes that do not fit, scores that are not finite, a text without a word.
    """
    check_scores("first scores", first, mask)
    check_scores("second scores", second, mask)
    agree, first_ordered, second_ordered = (torch.zeros(len(mask), device=mask.device).double() for _ in range(3))
    for gap in range(1, mask.shape[1]):  # all pairs of words that stand that far apart
        both = mask[:, gap:] & mask[:, :-gap]
        one, other = (_order(scores[:, :-gap], scores[:, gap:]) * both for scores in (first, second))
        agree += (one * other).sum(dim=1)
        first_ordered += one.abs().sum(dim=1)
        second_ordered += other.abs().sum(dim=1)
    return agree / (first_ordered * second_ordered).sqrt()


def _order(before: Tensor, after: Tensor) -> Tensor:
    """1 where the score rises, -1 where it falls, 0 where it stays."""
    return (after > before).long() - (after < before).long()
