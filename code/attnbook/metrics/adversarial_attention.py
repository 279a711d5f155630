"""Would other weights have given the same answer? (Jain and Wallace 2019, section 4.2; arXiv:1902.10186).

Both tests ask the model for its probabilities under weights that they choose, with everything before the attention
as it was. Neither trains the model anew: that weights exist does not say that training could find them
(Wiegreffe and Pinter 2019; arXiv:1908.04626).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from attnbook.attention import masked_softmax
from attnbook.checks import check_whole
from attnbook.metrics.attribution import differentiable
from attnbook.metrics.explained import check_probabilities, check_weights

Respond = Callable[[Tensor], Tensor]
"""A model in eval mode that has read its texts: maps weights (B, L) on their words to probabilities (B, C)."""


class AdversarialAttention(NamedTuple):
    """What `adversarial_attention` returns."""

    weights: Tensor
    """(B, L), the most different weights that were found; the learned ones where no others were."""
    divergence: Tensor
    """(B,), `jensen_shannon` from the learned weights."""
    change: Tensor
    """(B,), `total_variation` of the probabilities, at most the tolerance."""


def total_variation(first: Tensor, second: Tensor) -> Tensor:
    """Half the sum of differences of two distributions: how far predictions are apart.

    Args:
        first: (..., C).
        second: (..., C).

    Returns:
        (...), from 0, the same, to 1, nothing in common.

    Raises:
        ValueError: different shapes.
    """
    _check_same_shape(first, second)
    return (first - second).abs().sum(dim=-1) / 2


def jensen_shannon(first: Tensor, second: Tensor) -> Tensor:
    """Jensen-Shannon divergence of two distributions, in nats: how far attention weights are apart.

    Args:
        first: (..., L), 0 at padding.
        second: (..., L).

    Returns:
        (...), from 0, the same, to ln 2 = 0.69, nothing in common.

    Raises:
        ValueError: different shapes.
    """
    _check_same_shape(first, second)
    least = torch.finfo(first.dtype).tiny  # 0 · log 0 is 0, and its gradient must not be NaN
    first, second = first.clamp_min(least), second.clamp_min(least)
    middle = (first + second) / 2
    return ((first * (first / middle).log() + second * (second / middle).log()).sum(dim=-1) / 2).clamp_min(0.0)


@torch.no_grad()
def permutation_test(
    respond: Respond,
    weights: Tensor,
    mask: Tensor,
    *,
    permutations: int = 100,
    generator: torch.Generator | None = None,
) -> Tensor:
    """How much the prediction changes when a text's weights are shuffled among its words, the median of many.

    Args:
        respond: the model under given weights.
        weights: (B, L), the learned ones.
        mask: (B, L), True = a word.
        permutations: how often they are shuffled.
        generator: for the same permutations again.

    Returns:
        (B,), total variation, 0 to 1; near 0 where it does not matter which word has which weight.

    Raises:
        TypeError: a mask that is not bool, or permutations that are no integer.
        ValueError: weights that do not sum to one over the words, shapes that do not fit, a text without a word,
            permutations under 1, or a model that does not give probabilities.
    """
    check_weights(weights, mask)
    check_whole("permutations", permutations, 1)
    weights = weights.masked_fill(~mask, 0.0)
    learned = check_probabilities(respond(weights), len(mask))
    places = (~mask).byte().argsort(dim=1, stable=True)  # (B, L), the words' positions first
    changes = []
    for _ in range(permutations):
        keys = torch.rand(mask.shape, generator=generator, device=mask.device).masked_fill(~mask, 2.0)
        shuffled = torch.zeros_like(weights).scatter(1, places, weights.gather(1, keys.argsort(dim=1)))
        changes.append(total_variation(check_probabilities(respond(shuffled), len(mask)), learned))
    return torch.stack(changes).quantile(0.5, dim=0)


def adversarial_attention(
    respond: Respond,
    weights: Tensor,
    mask: Tensor,
    *,
    tolerance: float = 0.01,
    attempts: int = 3,
    steps: int = 300,
    learning_rate: float = 0.1,
    penalty: float = 500.0,
    generator: torch.Generator | None = None,
) -> AdversarialAttention:
    """Search weights as different as can be from the learned ones that change the prediction by the tolerance at most.

    From random weights Adam raises `jensen_shannon(weights, learned) - penalty · max(0, change - tolerance)`; of all
    weights on the way that keep the tolerance, the most different are returned. Departures from the paper: the
    penalty grows, from 1, and the steps are larger, since a high penalty from the first step on, which the paper has,
    stops far from what can be found; each attempt is on its own, where the paper's also differ from one another.

    Args:
        respond: the model under given weights; it must be differentiable in them.
        weights: (B, L), the learned ones.
        mask: (B, L), True = a word.
        tolerance: ε, the largest total variation of the probabilities; the paper's for classification is 0.01.
        attempts: random weights to begin with, one after the other.
        steps: of Adam in each attempt.
        learning_rate: of Adam.
        penalty: λ at the last step, on what exceeds the tolerance; 1 or more.
        generator: for the same beginnings again.

    Returns:
        AdversarialAttention(weights (B, L), divergence (B,), change (B,)). What is found is a lower bound: that no
        more was found does not prove that there is no more.

    Raises:
        TypeError, ValueError: as for `permutation_test`; a tolerance outside [0, 1], attempts, steps or a penalty
            under 1, or probabilities without a gradient.
    """
    check_weights(weights, mask)
    check_whole("attempts", attempts, 1)
    check_whole("steps", steps, 1)
    if not (0 <= tolerance <= 1 and penalty >= 1):
        raise ValueError(f"tolerance must lie in [0, 1], and penalty be 1 or more; got {tolerance} and {penalty}")
    weights = weights.detach().masked_fill(~mask, 0.0)
    with torch.no_grad():
        learned = check_probabilities(respond(weights), len(mask))
    best = AdversarialAttention(weights, weights.new_zeros(len(mask)), learned.new_zeros(len(mask)))
    with differentiable():
        for _ in range(attempts):
            scores = torch.randn(mask.shape, generator=generator, device=mask.device, dtype=weights.dtype)
            optimizer = torch.optim.Adam([scores.requires_grad_()], lr=learning_rate)
            for step in range(1, steps + 1):
                candidate = masked_softmax(scores, mask)
                probabilities = check_probabilities(respond(candidate), len(mask))
                if not probabilities.requires_grad:
                    raise ValueError("the model's probabilities do not depend on the weights: there is no gradient")
                divergence, change = jensen_shannon(candidate, weights), total_variation(probabilities, learned)
                best = _more_different(best, AdversarialAttention(candidate, divergence, change), tolerance)
                optimizer.zero_grad()
                excess = penalty ** (step / steps) * (change - tolerance).clamp_min(0.0)
                (excess - divergence).sum().backward(inputs=[scores])
                optimizer.step()
    return best


@torch.no_grad()
def _more_different(best: AdversarialAttention, found: AdversarialAttention, tolerance: float) -> AdversarialAttention:
    """For each text the better of two, of those that keep the tolerance."""
    better = (found.change <= tolerance) & (found.divergence > best.divergence)
    return AdversarialAttention(
        found.weights.where(better[:, None], best.weights),
        found.divergence.where(better, best.divergence),
        found.change.where(better, best.change),
    )


def _check_same_shape(first: Tensor, second: Tensor) -> None:
    if first.shape != second.shape:
        raise ValueError(f"the distributions must have the same shape; got {tuple(first.shape)}, {tuple(second.shape)}")
