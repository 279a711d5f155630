"""Exercises of part 5, the Transformer."""

import torch
from torch import Tensor

from attnbook.exercises import Exercise


def previous_token_share(weights: Tensor) -> Tensor:
    """Mean weight (Lq = Lk = L) that a token puts on the one before it."""
    return weights.diagonal(-1).mean()


def sink_share(weights: Tensor, position: int) -> Tensor:
    """Mean weight of each head (H,) on one position, from weights (H, L, L)."""
    return weights[:, :, position].mean(dim=-1)


def share_of_real_queries(weights: Tensor, lengths: Tensor) -> Tensor:
    """Mean weight on the first key over the real queries of a padded batch (B, L, L)."""
    real = torch.arange(weights.shape[1]) < lengths[:, None]
    return weights[:, :, 0][real].mean()


def _maps(*shapes: tuple[int, ...]) -> list[Tensor]:
    draw = torch.Generator().manual_seed(3)
    return [torch.randn(*shape, generator=draw).softmax(-1) for shape in shapes]


EXERCISES = {
    "previous_token_share": Exercise(
        "the weights on the previous token lie on a diagonal: torch.diagonal takes an offset.",
        previous_token_share,
        lambda: [(weights,) for weights in _maps((2, 2), (3, 3), (5, 5))],
    ),
    "sink_share": Exercise(
        "keys are the last axis; average over the queries, not over the heads.",
        sink_share,
        lambda: [*zip(_maps((1, 2, 2), (2, 3, 3), (3, 4, 4)), (0, 2, 1), strict=True)],
    ),
    "share_of_real_queries": Exercise(
        "padding queries have rows too; choose the real rows before you average.",
        share_of_real_queries,
        lambda: [*zip(_maps((1, 2, 2), (2, 3, 3)), (torch.tensor([1]), torch.tensor([3, 1])), strict=True)],
    ),
}
