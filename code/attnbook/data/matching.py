"""Small tasks with a planted answer: of several keys, exactly one belongs to the query, by a rule that is known."""

from typing import NamedTuple

import torch
from torch import Tensor

RULES = ("same vector", "same direction", "fixed rotation", "nearest point", "named place")


class Matching(NamedTuple):
    """A batch of queries, each with keys of which one is right."""

    query: Tensor
    """(B, 1, E)."""
    key: Tensor
    """(B, Lk, E)."""
    gold: Tensor
    """(B,), position of the right key."""


def matching_task(
    rule: str, batch_size: int, *, num_keys: int = 10, dim: int = 8, generator: torch.Generator | None = None
) -> Matching:
    """Draw a batch in which one key belongs to the query.

    The rules, all with keys in random order unless the place itself is the rule:

    * "same vector": all vectors have length √E; the right key is the query with a little noise.
    * "same direction": lengths vary from a third to three times that; the right key points where the query points.
    * "fixed rotation": the right key is the query turned by 90°, always in the same way; dim must be even.
    * "nearest point": queries and keys are points in the plane (other features zero); the nearest key is right.
    * "named place": keys say nothing; the first features of the query name the position, one-hot.

    Args:
        rule: one of `RULES`.
        batch_size: B.
        num_keys: Lk; for "named place" at most dim.
        dim: E.
        generator: of the random numbers; torch's own when not given.

    Returns:
        Matching(query (B, 1, E), key (B, Lk, E), gold (B,)).

    Raises:
        ValueError: no such rule, more places than features to name them, or an odd dim to rotate.
    """
    if rule not in RULES:
        raise ValueError(f"unknown rule {rule!r}; allowed: {', '.join(RULES)}")
    if rule == "named place" and num_keys > dim:
        raise ValueError(f"{dim} features can name at most {dim} places; got num_keys={num_keys}")
    if rule == "fixed rotation" and dim % 2:
        raise ValueError(f"fixed rotation needs an even dim; got {dim}")

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    gold = torch.randint(num_keys, (batch_size,), generator=generator)
    rows = torch.arange(batch_size)
    query, key = normal(batch_size, 1, dim), normal(batch_size, num_keys, dim)
    if rule == "named place":
        query = torch.nn.functional.one_hot(gold, dim).float()[:, None] + 0.1 * query
    elif rule == "nearest point":
        query[..., 2:], key[..., 2:] = 0.0, 0.0
        gold = torch.cdist(query, key).argmin(-1)[:, 0]
    else:
        query, key = _to_length(query, dim**0.5), _to_length(key, dim**0.5)
        turn = _fixed_rotation(dim) if rule == "fixed rotation" else torch.eye(dim)
        key[rows, gold] = (query @ turn)[:, 0] + 0.1 * normal(batch_size, dim)
        if rule == "same direction":
            key = key * 3 ** (2 * torch.rand(batch_size, num_keys, 1, generator=generator) - 1)
    return Matching(query, key, gold)


def _to_length(vectors: Tensor, length: float) -> Tensor:
    return torch.nn.functional.normalize(vectors, dim=-1) * length


def _fixed_rotation(dim: int) -> Tensor:
    """Turn pairs of features by a right angle, in random coordinates: every vector is at 90° to its image."""
    basis = torch.linalg.qr(torch.randn(dim, dim, generator=torch.Generator().manual_seed(12))).Q
    quarter_turns = torch.block_diag(*[torch.tensor([[0.0, -1.0], [1.0, 0.0]])] * (dim // 2))
    return basis @ quarter_turns @ basis.T
