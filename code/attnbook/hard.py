"""Hard attention: look at one place, or at a few, instead of at a mixture of all."""

from typing import NamedTuple

import torch
from torch import Tensor

from attnbook.attention import Attended, attend, expose, masked_softmax
from attnbook.checks import check_whole
from attnbook.inputs import check_attention_inputs
from attnbook.scores import Score, scaled_dot


class Sampled(NamedTuple):
    """What `sample_attention` returns."""

    output: Tensor
    """(..., Lq, Ev): the value that was looked at."""
    weights: Tensor
    """(..., Lq, Lk): one-hot, or all zero where no key is allowed."""
    log_probability: Tensor
    """(..., Lq): log-probability of the choice, 0 where no key is allowed; REINFORCE multiplies it by the reward.

    In float32 for half precision."""


def sample_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    score: Score = scaled_dot,
    training: bool = True,
    straight_through: bool = False,
    temperature: float = 1.0,
) -> Sampled:
    """Let each query look at exactly one key (Xu et al. 2015, section 4.1, "hard" attention; arXiv:1502.03044).

    Three ways to choose:

    * in training, a draw from the softmax. Its gradient reaches the scores only through `log_probability`
      (Williams 1992, REINFORCE);
    * in training with `straight_through`, the same draw by the Gumbel trick: one-hot forwards, the gradient of a
      softmax at `temperature` backwards (Jang et al. 2017, arXiv:1611.01144);
    * outside training, the most probable key.

    Args:
        query: (..., Lq, E).
        key: (..., Lk, E).
        value: (..., Lk, Ev).
        mask: bool, broadcastable to (..., Lq, Lk); True = may attend.
        score: maps (query, key) to scores (..., Lq, Lk).
        training: draw; otherwise take the most probable key.
        straight_through: let the gradient pass through the choice.
        temperature: of the softmax that stands in for the choice in the backward pass; above 0.

    Returns:
        Sampled(output (..., Lq, Ev), weights (..., Lq, Lk), log_probability (..., Lq)).

    Raises:
        ValueError: shapes that do not fit; a temperature that is not above 0.
        TypeError: a mask that is not bool.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0; got {temperature}")
    check_attention_inputs(query, key, value, mask, score=score)
    scores = score(query, key)  # (..., Lq, Lk)
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))  # in half, many keys would tie
    probabilities = masked_softmax(scores, mask)
    if scores.shape[-1] == 0:
        weights = probabilities.to(value.dtype)
        return Sampled(weights @ value, weights, probabilities.sum(-1))
    any_allowed = probabilities.detach().sum(-1, keepdim=True) > 0  # (..., Lq, 1)
    # log(0) of a forbidden key becomes the smallest number, which no draw can reach.
    log_probabilities = probabilities.clamp_min(torch.finfo(scores.dtype).tiny).log()
    noise = _gumbel_noise(log_probabilities) if training else torch.zeros_like(log_probabilities)
    forbidden = probabilities.detach() == 0
    perturbed = (log_probabilities + noise).masked_fill(forbidden, torch.finfo(scores.dtype).min)
    choice = perturbed.argmax(-1, keepdim=True)  # (..., Lq, 1): the Gumbel trick draws from the softmax
    weights = torch.zeros_like(probabilities).scatter(-1, choice, 1.0) * any_allowed
    log_probability = (log_probabilities.gather(-1, choice) * any_allowed).squeeze(-1)
    if training and straight_through:
        relaxed = masked_softmax(perturbed / temperature, mask)
        weights = weights + relaxed - relaxed.detach()
    weights = expose(weights.to(value.dtype))
    return Sampled(weights @ value, weights, log_probability)


def top_k_attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    num_keys: int,
    mask: Tensor | None = None,
    *,
    score: Score = scaled_dot,
) -> Attended:
    """Attend only to the `num_keys` best-scored keys of each query (Gupta et al. 2021; arXiv:2106.06899).

    Between soft attention (all keys) and argmax (one). Keys that tie with the last one taken are all kept.

    Args:
        query: (..., Lq, E).
        key: (..., Lk, E).
        value: (..., Lk, Ev).
        num_keys: how many keys each query keeps; all of them when there are fewer.
        mask: bool, broadcastable to (..., Lq, Lk); True = may attend.
        score: maps (query, key) to scores (..., Lq, Lk).

    Returns:
        Attended(output (..., Lq, Ev), weights (..., Lq, Lk)).

    Raises:
        ValueError: num_keys under 1; shapes that do not fit.
        TypeError: a mask that is not bool.
    """
    check_whole("num_keys", num_keys, 1)
    check_attention_inputs(query, key, value, mask, score=score)
    if key.shape[-2] <= num_keys:
        return attend(query, key, value, mask, score=score, need_weights=True)
    scores = score(query, key)
    comparable = scores if mask is None else scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    threshold = comparable.topk(num_keys, dim=-1).values[..., -1:]  # (..., Lq, 1)
    best = comparable >= threshold
    weights = expose(masked_softmax(scores, best if mask is None else best & mask))
    return Attended(weights @ value, weights)


def _gumbel_noise(like: Tensor) -> Tensor:
    return -torch.empty_like(like).exponential_().clamp_min(torch.finfo(like.dtype).tiny).log()
