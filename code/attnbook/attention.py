"""Attention in one function: `attend`. Everything else in the library is built on it."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import handle_torch_function, has_torch_function_unary

from attnbook.inputs import explains_failure
from attnbook.masks import causal_mask, check_bool, combine_masks
from attnbook.scores import Score, scaled_dot


class Attended(NamedTuple):
    """What every attention of the library returns."""

    output: Tensor
    """(..., Lq, Ev): for each query the weighted mean of the values."""
    weights: Tensor | None
    """(..., Lq, Lk), before dropout; None if not asked for. Rows sum to one, or are zero where no key is allowed."""


@explains_failure
def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    score: Score = scaled_dot,
    is_causal: bool = False,
    dropout_p: float = 0.0,
    need_weights: bool = False,
) -> Attended:
    """Weigh the values by how well their keys match the query (Vaswani et al. 2017, eq. 1; arXiv:1706.03762).

    In short: `weights = masked_softmax(score(query, key), mask)` and `output = weights @ value`. Without
    `need_weights`, and with the scaled dot product, torch's fused kernel gives the same output without ever
    holding the weights. (On a CPU torch has that kernel for inputs of four sizes, (B, H, L, E); for others it
    computes the plain way.)

    Args:
        query: (..., Lq, E).
        key: (..., Lk, E). Leading sizes of query, key and value broadcast.
        value: (..., Lk, Ev).
        mask: bool, broadcastable to (..., Lq, Lk); True = may attend.
        score: maps (query, key) to scores (..., Lq, Lk).
        is_causal: also forbid keys to the right of the query; aligned at the bottom right when Lq != Lk.
        dropout_p: probability that a weight is dropped. Pass 0 outside training.
        need_weights: also return the weights; this takes memory for all Lq · Lk of them.

    Returns:
        Attended(output (..., Lq, Ev), weights (..., Lq, Lk) or None). A query with no key allowed gets zeros.

    Raises:
        ValueError: shapes that do not fit, all of them printed; dropout_p outside [0, 1].
        TypeError: a mask that is not bool; query, key and value of different dtypes.
    """
    num_queries, num_keys = query.size(-2), key.size(-2)
    fused = score is scaled_dot and not need_weights
    if num_keys != value.size(-2) or not 0.0 <= dropout_p <= 1.0 or (fused and not key.size(-1)):
        raise ValueError  # torch would accept these and return nonsense
    if mask is not None:
        check_bool(mask)
        mask = mask if mask.dim() > 1 else torch.atleast_2d(mask)
    if is_causal and (mask is not None or not fused or num_queries != num_keys):
        mask = combine_masks(mask, causal_mask(num_queries, num_keys, device=query.device))
        is_causal = False
    if fused:
        return Attended(F.scaled_dot_product_attention(query, key, value, mask, dropout_p, is_causal), None)
    weights = expose(masked_softmax(score(query, key), mask))  # (..., Lq, Lk)
    kept = F.dropout(weights, dropout_p) if dropout_p else weights
    output = kept @ value  # (..., Lq, Ev)
    return Attended(output, weights if need_weights else None)


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax over the allowed keys; exactly zero elsewhere, and all zero where no key is allowed.

    Half precision is summed in float32. Forbidden scores get the smallest finite number, not -inf: a row of
    -inf would turn into NaN, and one of -1e9 into uniform weights on what is forbidden.

    Args:
        scores: (..., Lq, Lk).
        mask: bool, broadcastable to the scores; True = may attend.

    Returns:
        Weights (..., Lq, Lk) in the dtype of the scores.

    Raises:
        ValueError: the mask does not broadcast to the scores.
        TypeError: the mask is not bool.
    """
    precise = torch.float32 if scores.dtype in (torch.float16, torch.bfloat16) else scores.dtype
    if mask is None:
        return scores.softmax(-1, dtype=precise).to(scores.dtype)
    check_bool(mask)
    try:
        mask.expand(scores.shape)
    except RuntimeError:
        raise ValueError(f"mask must broadcast to the scores {tuple(scores.shape)}; got {tuple(mask.shape)}") from None
    filled = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = filled.softmax(-1, dtype=precise).to(scores.dtype)
    return weights * mask


def expose(weights: Tensor) -> Tensor:
    """Return the weights unchanged, and let `record_attention` see them on the way.

    Any module that computes a map itself hands it over by calling this; nobody listening, nothing happens.
    """
    if has_torch_function_unary(weights):
        return handle_torch_function(expose, (weights,), weights)
    return weights
