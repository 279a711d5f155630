"""One vector for a whole sequence: attention with a learned query, and the plain mean and maximum beside it."""

from functools import partial

import torch
from torch import Tensor, nn

from attnbook.attention import Attended, attend, expose, masked_softmax
from attnbook.checks import check_whole
from attnbook.scores import dot


class LearnedQuery(nn.Module):
    """Attention in which one learned vector V asks, and every state h answers: what a classifier needs.

    * "dot": a = h·V / λ, on the states as they are (Sun & Lu 2020, section 2; ACL 2020, pages 3418 to 3428);
    * "additive": a = V·tanh(W h + b) / λ, with λ = 1 the score of hierarchical attention (Yang et al. 2016, eq. 5
      and 6; NAACL 2016). It is Bahdanau's, whose W q + b is one vector here, since the query never changes.

    Args:
        dim: size E of the states.
        score: "dot" or "additive".
        hidden_dim: hidden size of "additive"; dim when not given.
        scale: λ; when not given √E for "dot" and 1 for "additive". The larger, the flatter the weights.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size under 1, an unknown score, a scale that is not above 0.
    """

    def __init__(
        self, dim: int, *, score: str = "dot", hidden_dim: int | None = None, scale: float | None = None
    ) -> None:
        super().__init__()
        if score not in ("dot", "additive"):
            raise ValueError(f"unknown score {score!r}; allowed: dot, additive")
        hidden_dim = dim if hidden_dim is None else hidden_dim
        for name, size in {"dim": dim, "hidden_dim": hidden_dim}.items():
            check_whole(name, size, 1)
        self.score, additive = score, score == "additive"
        self.projection = nn.Sequential(nn.Linear(dim, hidden_dim), nn.Tanh()) if additive else nn.Identity()
        self.scale = (1.0 if additive else dim**0.5) if scale is None else float(scale)
        if not self.scale > 0:
            raise ValueError(f"scale must be above 0; got {scale}")
        size = hidden_dim if additive else dim
        self.query = nn.Parameter(torch.empty(1, size).uniform_(-(size**-0.5), size**-0.5))

    def forward(self, states: Tensor, mask: Tensor | None = None, *, need_weights: bool = False) -> Attended:
        """Weigh the states.

        Args:
            states: (..., L, E).
            mask: bool, broadcastable to (..., 1, L); True = may attend.
            need_weights: also return the weights.

        Returns:
            Attended(output (..., 1, E), weights (..., 1, L) or None); zeros where no state is allowed.

        Raises:
            ValueError: shapes that do not fit.
            TypeError: a mask that is not bool.
        """
        scaled = partial(_scaled_dot, scale=self.scale)
        return attend(self.query, self.projection(states), states, mask, score=scaled, need_weights=need_weights)

    def scores(self, states: Tensor) -> Tensor:
        """Map states (..., L, E) to scores a (..., L): what the softmax reads."""
        return _scaled_dot(self.query, self.projection(states), self.scale).squeeze(-2)


class Mean(nn.Module):
    """Every state counts the same: uniform weights, which `record_attention` hears as those of attention."""

    def forward(self, states: Tensor, mask: Tensor | None = None, *, need_weights: bool = False) -> Attended:
        """Map states (..., L, E) to Attended(output (..., 1, E), weights (..., 1, L) or None)."""
        weights = expose(masked_softmax(torch.zeros_like(states[..., None, :, 0]), mask))  # (..., 1, L)
        return Attended(weights @ states, weights if need_weights else None)


class Maximum(nn.Module):
    """The largest value of each feature; there are no weights."""

    def forward(self, states: Tensor, mask: Tensor | None = None, *, need_weights: bool = False) -> Attended:
        """Map states (..., L, E) to Attended(output (..., 1, E), None)."""
        if mask is None:
            return Attended(states.amax(-2, keepdim=True), None)
        allowed = mask.transpose(-2, -1)  # (..., L, 1)
        largest = states.masked_fill(~allowed, torch.finfo(states.dtype).min).amax(-2, keepdim=True)
        return Attended(largest * allowed.any(-2, keepdim=True), None)


def create_pooling(
    name: str, dim: int, *, score: str = "dot", hidden_dim: int | None = None, scale: float | None = None
) -> LearnedQuery | Mean | Maximum:
    """Make what turns a sequence of states into one vector.

    Args:
        name: "attention", "average" or "maximum".
        dim: size of the states.
        score: of attention, as the other two.
        hidden_dim: as for `LearnedQuery`.
        scale: as for `LearnedQuery`.

    Returns:
        A module that maps states (..., L, E) and a mask to Attended(output (..., 1, E), weights or None).

    Raises:
        TypeError: a size that is no integer.
        ValueError: an unknown name, or what `LearnedQuery` refuses.
    """
    if name == "attention":
        return LearnedQuery(dim, score=score, hidden_dim=hidden_dim, scale=scale)
    others = {"average": Mean, "maximum": Maximum}
    if name not in others:
        raise ValueError(f"unknown pooling {name!r}; allowed: attention, {', '.join(others)}")
    return others[name]()


def _scaled_dot(query: Tensor, key: Tensor, scale: float) -> Tensor:
    return dot(query, key) / scale
