"""Compatibility functions: how well does a key match a query?

Each maps a query of shape (..., Lq, E) and a key of shape (..., Lk, E) to scores of shape (..., Lq, Lk).
Three are plain functions (`dot`, `scaled_dot`, `cosine`), three learn weights and are modules (`Bilinear`,
`Additive`, `Location`). `create_score` makes any of the six by name.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from attnbook.checks import check_whole

Score = Callable[[Tensor, Tensor], Tensor]


def dot(query: Tensor, key: Tensor) -> Tensor:
    """The dot product q·k (Luong et al. 2015, eq. 8, "dot"; arXiv:1508.04025).

    Args:
        query: (..., Lq, E).
        key: (..., Lk, E).

    Returns:
        Scores (..., Lq, Lk).

    Raises:
        ValueError: query and key differ in their last size E.
    """
    _check_same_size(query, key)
    return query @ key.transpose(-2, -1)  # (..., Lq, Lk)


def scaled_dot(query: Tensor, key: Tensor) -> Tensor:
    """The dot product divided by √E (Vaswani et al. 2017, eq. 1; arXiv:1706.03762).

    Args:
        query: (..., Lq, E).
        key: (..., Lk, E).

    Returns:
        Scores (..., Lq, Lk).

    Raises:
        ValueError: query and key differ in their last size E.
    """
    _check_same_size(query, key)
    return (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)  # (..., Lq, Lk)


def cosine(query: Tensor, key: Tensor) -> Tensor:
    """The cosine of the angle between q and k, in [-1, 1] (Graves et al. 2014, eq. 6; arXiv:1410.5401).

    A zero vector has no direction: its cosine is 0.

    Args:
        query: (..., Lq, E).
        key: (..., Lk, E).

    Returns:
        Scores (..., Lq, Lk).

    Raises:
        ValueError: query and key differ in their last size E.
    """
    _check_same_size(query, key)
    return nn.functional.normalize(query, dim=-1) @ nn.functional.normalize(key, dim=-1).transpose(-2, -1)


class Bilinear(nn.Module):
    """q·W·k with a learned matrix W (Luong et al. 2015, eq. 8, "general"; arXiv:1508.04025).

    Query and key may differ in size.
    """

    def __init__(self, query_dim: int, key_dim: int) -> None:
        super().__init__()
        _check_sizes(query_dim=query_dim, key_dim=key_dim)
        self.projection = nn.Linear(query_dim, key_dim, bias=False)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Map query (..., Lq, query_dim) and key (..., Lk, key_dim) to scores (..., Lq, Lk)."""
        _check_features("query", query, self.projection.in_features)
        _check_features("key", key, self.projection.out_features)
        return dot(self.projection(query), key)


class Additive(nn.Module):
    """v·tanh(W q + U k) (Bahdanau et al. 2015, section 3.1 and appendix A.1.2; arXiv:1409.0473).

    Luong's "concat", v·tanh(W [q; k]), is the same function: a matrix applied to a concatenation is the sum of
    its left half applied to q and its right half applied to k.

    The paper prints its formulas without biases. Without any, tanh being odd, score(-q, -k) = -score(q, k): the
    function cannot prefer like to unlike on data that is symmetric about zero. So there is one bias here, inside
    the tanh, unless `bias=False`.
    """

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int, *, bias: bool = True) -> None:
        super().__init__()
        _check_sizes(query_dim=query_dim, key_dim=key_dim, hidden_dim=hidden_dim)
        self.query_projection = nn.Linear(query_dim, hidden_dim, bias=bias)  # W
        self.key_projection = nn.Linear(key_dim, hidden_dim, bias=False)  # U
        self.energy = nn.Linear(hidden_dim, 1, bias=False)  # v

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Map query (..., Lq, query_dim) and key (..., Lk, key_dim) to scores (..., Lq, Lk).

        Memory grows with Lq · Lk · hidden_dim: every pair has its own hidden layer.
        """
        return self.score_projected(query, self.project_key(key))

    def project_key(self, key: Tensor) -> Tensor:
        """Map key (..., Lk, key_dim) to U k (..., Lk, hidden_dim): once, for queries that come one after the other."""
        _check_features("key", key, self.key_projection.in_features)
        return self.key_projection(key)

    def score_projected(self, query: Tensor, projected_key: Tensor) -> Tensor:
        """Map query (..., Lq, query_dim) and U k (..., Lk, hidden_dim), of `project_key`, to scores (..., Lq, Lk)."""
        _check_features("query", query, self.query_projection.in_features)
        _check_features("projected_key", projected_key, self.energy.in_features)
        hidden = self.query_projection(query).unsqueeze(-2) + projected_key.unsqueeze(-3)  # (..., Lq, Lk, hidden)
        return _after_tanh(self.energy, hidden).squeeze(-1)  # (..., Lq, Lk)


class Location(nn.Module):
    """W q: the query alone names positions, the key is not looked at (Luong et al. 2015, eq. 9).

    The paper gives every source position its own row of W; positions end at `max_length`. arXiv:1508.04025.
    """

    def __init__(self, query_dim: int, max_length: int) -> None:
        super().__init__()
        _check_sizes(query_dim=query_dim, max_length=max_length)
        self.max_length = max_length
        self.projection = nn.Linear(query_dim, max_length, bias=False)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Map query (..., Lq, query_dim) and key (..., Lk, E) to scores (..., Lq, Lk).

        Raises:
            ValueError: there are more keys than positions, or the query's size is another than query_dim.
        """
        _check_features("query", query, self.projection.in_features)
        num_keys = key.shape[-2]
        if num_keys > self.max_length:
            raise ValueError(f"got {num_keys} keys; this Location has weights for at most {self.max_length}")
        return self.projection(query)[..., :num_keys]  # (..., Lq, Lk)


def _after_tanh(layer: nn.Linear, x: Tensor) -> Tensor:
    """What a layer with one output v, and no bias, makes of tanh x; what x holds is lost.

    As v·tanh x = 2 v·σ(2x) - Σ v, and torch's σ is six times as fast on a CPU as its tanh, σ is taken where it rounds
    no worse beside the sum over v: to some 1e-7 in float32.
    """
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        return layer(x.tanh_())
    return 2 * layer(x.mul_(2).sigmoid_()) - layer.weight.sum()


SCORE_NAMES = ("dot", "scaled_dot", "cosine", "bilinear", "additive", "location")


def create_score(name: str, dim: int, *, hidden_dim: int | None = None, max_length: int = 64) -> Score:
    """Make one of the six scores by its name.

    Args:
        name: one of `SCORE_NAMES`.
        dim: size E of queries and keys.
        hidden_dim: hidden size of "additive"; `dim` when not given.
        max_length: number of positions of "location".

    Returns:
        A function or a module that maps (query, key) to scores.

    Raises:
        ValueError: the name is not one of the six, the message lists them; a size under 1.
    """
    plain = {"dot": dot, "scaled_dot": scaled_dot, "cosine": cosine}
    learned = {
        "bilinear": lambda: Bilinear(dim, dim),
        "additive": lambda: Additive(dim, dim, dim if hidden_dim is None else hidden_dim),
        "location": lambda: Location(dim, max_length),
    }
    if name in plain:
        return plain[name]
    if name in learned:
        return learned[name]()
    raise ValueError(f"unknown score {name!r}; allowed: {', '.join(SCORE_NAMES)}")


def _check_same_size(query: Tensor, key: Tensor) -> None:
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"query and key must have the same last size; got query {tuple(query.shape)} and key {tuple(key.shape)}"
        )


def _check_features(name: str, tensor: Tensor, size: int) -> None:
    if tensor.shape[-1] != size:
        raise ValueError(f"{name} must have {size} features; got {name} {tuple(tensor.shape)}")


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        check_whole(name, size, 1)
