"""Exercises of part 1, intuition."""

import torch
from torch import Tensor

from attnbook.exercises import Exercise

Links = set[tuple[int, int]]


def context_vectors(weights: Tensor, states: Tensor) -> Tensor:
    """Contexts (T, D) of weights (T, S) over states (S, D)."""
    return weights @ states


def strongest_links(weights: Tensor) -> Links:
    """Links (source, target) from weights (T + 1, S + 1); the last row and column belong to </s>."""
    return {(int(row.argmax()), place) for place, row in enumerate(weights[:-1, :-1])}


def link_error_rate(found: Links, gold: Links) -> float:
    """Alignment error rate of links when all true ones are sure."""
    return 1 - 2 * len(found & gold) / (len(found) + len(gold))


def padding_share(weights: Tensor, length: int) -> Tensor:
    """Weight on the columns from `length` on, averaged over the rows of (T, S)."""
    return weights[:, length:].sum(1).mean()


def _maps() -> list[Tensor]:
    draw = torch.Generator().manual_seed(0)
    return [torch.softmax(2 * torch.randn(*shape, generator=draw), dim=-1) for shape in ((2, 2), (3, 4), (5, 3))]


def _maps_that_end() -> list[tuple[Tensor]]:
    # In the second map </s> is the strongest column of the first row.
    ended = torch.tensor([[0.1, 0.3, 0.6], [0.7, 0.2, 0.1], [0.2, 0.2, 0.6]])
    return [(weights,) for weights in (_maps()[0], ended, *_maps()[1:])]


EXERCISES = {
    "context_vectors": Exercise(
        hint="each context is a weighted sum of the rows of `states`: one matrix product does them all",
        reference=context_vectors,
        inputs=lambda: [
            (torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])),
            (torch.tensor([[0.5, 0.5], [0.25, 0.75]]), torch.tensor([[1.0, 0.0], [0.0, 2.0]])),
            (_maps()[1], torch.arange(8.0).view(4, 2)),
        ],
    ),
    "strongest_links": Exercise(
        hint="cut off the last row and the last column first, then take `argmax` of each row that is left",
        reference=strongest_links,
        inputs=_maps_that_end,
    ),
    "link_error_rate": Exercise(
        hint="`found & gold` are the links that are right",
        reference=link_error_rate,
        inputs=lambda: [
            ({(0, 0)}, {(0, 0)}),
            ({(0, 0), (1, 1)}, {(0, 0)}),
            ({(0, 0), (0, 1), (2, 2)}, {(1, 0), (0, 1)}),
            (set(), {(0, 0), (1, 1)}),
        ],
    ),
    "padding_share": Exercise(
        hint="add up the columns from `length` on, then take the mean over the rows",
        reference=padding_share,
        inputs=lambda: [
            (torch.tensor([[0.5, 0.5]]), 1),
            (torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]), 1),
            (_maps()[1], 2),
            (_maps()[2], 3),
        ],
    ),
}
