"""Exercises of part 3, query, key, value."""

import torch
from torch import Tensor
from torch.nn import functional as F

from attnbook.attention import masked_softmax
from attnbook.exercises import Exercise


def weights_from_scores(scores: Tensor, temperature: float) -> Tensor:
    """Softmax of scores (Lk,) at a temperature."""
    return torch.softmax(scores / temperature, dim=-1)


def soft_lookup(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Scaled dot-product attention of one query (E,) over keys (Lk, E) and values (Lk, Ev)."""
    return torch.softmax(keys @ query / len(query) ** 0.5, dim=0) @ values


def effective_keys(weights: Tensor) -> Tensor:
    """Exponential of the entropy of weights (Lk,)."""
    return torch.exp(torch.special.entr(weights).sum())


def scaled_scores(queries: Tensor, keys: Tensor) -> Tensor:
    """Scaled dot products (Lq, Lk) of queries (Lq, E) and keys (Lk, E)."""
    return queries @ keys.T / queries.shape[-1] ** 0.5


def cosine_scores(queries: Tensor, keys: Tensor) -> Tensor:
    """Cosines (Lq, Lk) of queries (Lq, E) and keys (Lk, E)."""
    return F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).T


def additive_scores(queries: Tensor, keys: Tensor, W: Tensor, U: Tensor, v: Tensor) -> Tensor:
    """Bahdanau's scores (Lq, Lk) with W (H, E), U (H, E) and v (H,)."""
    return torch.tanh((queries @ W.T)[:, None] + (keys @ U.T)[None]) @ v


def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    """True on the real keys: (B, max_length)."""
    return torch.arange(max_length) < lengths[:, None]


def causal_mask(query_length: int, key_length: int) -> Tensor:
    """True up to the query's own position, aligned at the bottom right: (Lq, Lk)."""
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(key_length - query_length)


def safe_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over allowed keys; zeros in rows that allow none."""
    return masked_softmax(scores, mask)


def online_log_sum(scores: Tensor, block_size: int) -> Tensor:
    """Log Σ exp of scores (Lk,)."""
    return torch.logsumexp(scores, dim=0)


def _lookups() -> list[tuple[Tensor, ...]]:
    draw = torch.Generator().manual_seed(0)
    sizes = ((1, 1, 1), (2, 2, 1), (3, 4, 2))
    return [
        tuple(torch.randn(*shape, generator=draw) for shape in ((size,), (length, size), (length, width)))
        for length, size, width in sizes
    ]


def _pairs() -> list[tuple[Tensor, Tensor]]:
    draw = torch.Generator().manual_seed(1)
    sizes = ((1, 1, 2), (2, 3, 2), (3, 2, 4))
    return [
        (torch.randn(rows, size, generator=draw), torch.randn(cols, size, generator=draw)) for rows, cols, size in sizes
    ]


def _additive() -> list[tuple[Tensor, ...]]:
    draw = torch.Generator().manual_seed(2)
    shapes = [((1, 1), (1, 1), (1, 1), (1, 1), (1,)), ((2, 3), (3, 3), (4, 3), (4, 3), (4,))]
    return [tuple(torch.randn(*shape, generator=draw) for shape in one) for one in shapes]


def _masked() -> list[tuple[Tensor, Tensor]]:
    scores = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, -1.0, 3.0], [2.0, 2.0, 2.0]])
    masks = torch.tensor([[True, False]]), torch.tensor([[True, True, False], [False, False, False]])
    return [*zip(scores, masks, strict=True), (torch.tensor([[-1e8, 5.0]]), torch.tensor([[True, False]]))]


EXERCISES = {
    "weights_from_scores": Exercise(
        "divide before you exponentiate; torch.softmax wants to know the dimension.",
        weights_from_scores,
        lambda: [
            (torch.tensor([0.0, 1.0]), 1.0),
            (torch.tensor([0.0, 1.0]), 0.5),
            (torch.tensor([3.0, -1.0, 0.5]), 4.0),
            (torch.tensor([1000.0, 0.0]), 1.0),
        ],
    ),
    "soft_lookup": Exercise("compare, normalise, mix; divide the scores by √E.", soft_lookup, _lookups),
    "effective_keys": Exercise(
        "0 · ln 0 counts as 0; look at torch.special.entr.",
        effective_keys,
        lambda: [
            (torch.tensor([1.0]),),
            (torch.tensor([0.5, 0.5]),),
            (torch.tensor([1.0, 0.0]),),
            (torch.tensor([0.7, 0.2, 0.1]),),
        ],
    ),
    "scaled_scores": Exercise("one matrix product, one division.", scaled_scores, _pairs),
    "cosine_scores": Exercise("give every vector length one first.", cosine_scores, _pairs),
    "additive_scores": Exercise(
        "add a row for each query to a row for each key: shapes (Lq, 1, H) and (1, Lk, H).",
        additive_scores,
        _additive,
    ),
    "padding_mask": Exercise(
        "compare positions 0, 1, 2, … with the lengths; True = may attend.",
        padding_mask,
        lambda: [
            (torch.tensor([1]), 2),
            (torch.tensor([0]), 2),
            (torch.tensor([3, 1, 2]), 3),
        ],
    ),
    "causal_mask": Exercise(
        "the last query sees every key; torch.tril takes a diagonal.",
        causal_mask,
        lambda: [(1, 1), (2, 2), (1, 3), (2, 4), (3, 2)],
    ),
    "safe_softmax": Exercise(
        "fill with a finite number, take the softmax, then set rows without any allowed key to zero.",
        safe_softmax,
        _masked,
    ),
    "online_log_sum": Exercise(
        "keep the largest score so far and a sum; when the largest grows, shrink the sum by exp(old - new).",
        online_log_sum,
        lambda: [
            (torch.tensor([1.0]), 1),
            (torch.tensor([0.0, 3.0]), 1),
            (torch.tensor([1.0, 2.0, 0.5]), 2),
            (torch.tensor([1000.0, 1001.0, 999.0, 500.0]), 3),
        ],
        tolerance=1e-4,
    ),
}
