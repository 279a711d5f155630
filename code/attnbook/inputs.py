"""What an attention takes: checks that say what came and what is allowed."""

from collections.abc import Callable
from functools import wraps
from numbers import Real

import torch
from torch import Tensor

from attnbook.masks import check_bool
from attnbook.scores import Score, scaled_dot


def explains_failure(attention: Callable) -> Callable:
    """Let a call that fails say what is wrong with its inputs; a call that is right pays nothing for the checks."""

    @wraps(attention)
    def explained(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, **options: object) -> object:
        try:
            return attention(query, key, value, mask, **options)
        except (ArithmeticError, AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
            about = {name: options[name] for name in ("dropout_p", "score") if name in options}
            try:
                check_attention_inputs(query, key, value, mask, **about)
            except (TypeError, ValueError) as problem:
                raise problem from None
            raise error from None

    return explained


def check_attention_inputs(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float = 0.0,
    score: Score = scaled_dot,
) -> None:
    """Say what does not fit: raise ValueError or TypeError with the shapes that came and those allowed."""
    named = {"query": query, "key": key, "value": value}
    for name, tensor in named.items():
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            came = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
            raise TypeError(f"{name} must be a floating-point tensor; got {came}")
    shapes = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in named.items())
    if min(query.dim(), key.dim(), value.dim()) < 2:
        raise ValueError(f"query, key and value need at least the two sizes (length, features); got {shapes}")
    if len({query.dtype, key.dtype, value.dtype}) > 1:
        dtypes = ", ".join(f"{name} {tensor.dtype}" for name, tensor in named.items())
        raise TypeError(f"query, key and value must have one dtype; got {dtypes}")
    devices = sorted({str(tensor.device) for tensor in (query, key, value, mask) if isinstance(tensor, Tensor)})
    if len(devices) > 1:
        raise ValueError(f"query, key, value and mask must be on one device; got {', '.join(devices)}")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"key and value must have the same length Lk; got {shapes}")
    try:
        leading = torch.broadcast_shapes(*(tensor.shape[:-2] for tensor in named.values()))
    except RuntimeError:
        raise ValueError(f"leading sizes of query, key and value must broadcast; got {shapes}") from None
    if mask is not None:
        check_bool(mask)
        scores_shape = (*leading, query.shape[-2], key.shape[-2])
        try:
            fits = torch.broadcast_shapes(mask.shape, scores_shape) == scores_shape
        except RuntimeError:
            fits = False
        if not fits:
            raise ValueError(f"mask must broadcast to the scores {scores_shape}; got {tuple(mask.shape)}")
    if not isinstance(dropout_p, Real):
        raise TypeError(f"dropout_p must be a number between 0 and 1; got {dropout_p!r}")
    if not 0.0 <= dropout_p <= 1.0:
        raise ValueError(f"dropout_p must lie between 0 and 1; got {dropout_p}")
    if not callable(score):
        raise TypeError(f"score must be a function of (query, key), as create_score makes; got {score!r}")
    # Other scores say themselves what they take: some allow a query and a key of different sizes.
    if score is scaled_dot and not query.shape[-1] == key.shape[-1] > 0:
        raise ValueError(f"query and key must have the same last size E, 1 or more; got {shapes}")
