"""Masks: who may look at whom. Boolean everywhere, and **True = may attend**.

A mask is broadcastable to the scores it guards, (..., Lq, Lk). `padding_mask` gives (B, 1, Lk), the others
(Lq, Lk), so that every pair of them combines, and all of them fit `attend` on (B, L, E) inputs as well as
`MultiHeadAttention`.
"""

import torch
from torch import Tensor

from attnbook.checks import check_whole


def padding_mask(lengths: Tensor, max_length: int | None = None) -> Tensor:
    """Allow the keys that are real, forbid the padding behind them.

    Args:
        lengths: (B,) integers, how many keys of each sequence are real.
        max_length: padded length Lk; the longest length when not given.

    Returns:
        (B, 1, Lk), True where the key is real.

    Raises:
        TypeError: lengths are no tensor of integers, or max_length is no integer.
        ValueError: lengths are not one-dimensional, negative or beyond max_length.
    """
    if not isinstance(lengths, Tensor):
        raise TypeError(f"lengths must be a tensor of integers; got {type(lengths).__name__}")
    if lengths.dtype == torch.bool or lengths.is_floating_point() or lengths.is_complex():
        raise TypeError(f"lengths must be integers; got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have shape (B,); got {tuple(lengths.shape)}")
    longest = int(lengths.max()) if len(lengths) else 0
    if max_length is None:
        max_length = longest
    check_whole("max_length", max_length)
    if len(lengths) and (longest > max_length or int(lengths.min()) < 0):
        raise ValueError(f"lengths must lie between 0 and {max_length}; got {lengths.tolist()}")
    positions = torch.arange(max_length, device=lengths.device)
    return (positions < lengths[:, None])[:, None]  # (B, 1, Lk)


def causal_mask(query_length: int, key_length: int | None = None, *, device: torch.device | None = None) -> Tensor:
    """Forbid the future: a query sees the keys up to its own position.

    Aligned at the bottom right: the last query sees every key. With a cache of earlier keys (Lk > Lq) the new
    queries are the last ones. torch's `is_causal` aligns at the top left, where the first query sees one key.

    Args:
        query_length: Lq.
        key_length: Lk; the same as query_length when not given.
        device: where the mask is made.

    Returns:
        (Lq, Lk), True on and below the diagonal that ends at the bottom right.

    Raises:
        TypeError: a length is no integer.
        ValueError: a length is negative.
    """
    return window_mask(query_length, key_length, before=None, after=0, device=device)


def window_mask(
    query_length: int,
    key_length: int | None = None,
    *,
    before: int | None,
    after: int | None,
    device: torch.device | None = None,
) -> Tensor:
    """Allow the keys near the query: a sliding window (Beltagy et al. 2020, section 3.1; arXiv:2004.05150).

    Aligned at the bottom right, as `causal_mask`.

    Args:
        query_length: Lq.
        key_length: Lk; the same as query_length when not given.
        before: how many keys before the query's own position are seen; None for all of them.
        after: how many keys after it are seen; None for all of them.
        device: where the mask is made.

    Returns:
        (Lq, Lk), True inside the window.

    Raises:
        TypeError: a length, before or after is no integer.
        ValueError: a length, before or after is negative.
    """
    check_whole("query_length", query_length)
    key_length = query_length if key_length is None else key_length
    for name, number in {"key_length": key_length, "before": before, "after": after}.items():
        if number is not None:
            check_whole(name, number)
    own_position = torch.arange(query_length, device=device)[:, None] + (key_length - query_length)  # (Lq, 1)
    offset = torch.arange(key_length, device=device) - own_position  # (Lq, Lk), negative for earlier keys
    allowed = torch.ones_like(offset, dtype=torch.bool)
    if before is not None:
        allowed &= offset >= -before
    if after is not None:
        allowed &= offset <= after
    return allowed


def combine_masks(*masks: Tensor | None) -> Tensor | None:
    """Allow what every mask allows. None stands for "everything allowed".

    Args:
        masks: bool masks that broadcast with one another, or None.

    Returns:
        The mask that is True where all are, or None when there is none.

    Raises:
        TypeError: a mask is not bool.
        ValueError: the masks do not broadcast; all shapes are printed.
    """
    present = [mask for mask in masks if mask is not None]
    if not present:
        return None
    for mask in present:
        check_bool(mask)
    try:
        torch.broadcast_shapes(*(mask.shape for mask in present))
    except RuntimeError:
        shapes = ", ".join(str(tuple(mask.shape)) for mask in present)
        raise ValueError(f"masks must broadcast with one another; got {shapes}") from None
    combined = present[0]
    for mask in present[1:]:
        combined = combined & mask
    return combined


def to_torch_mha_mask(mask: Tensor, num_heads: int) -> dict[str, Tensor]:
    """Turn a mask of ours into the arguments of `torch.nn.MultiheadAttention`, where True = must **not** attend.

    Use it as `mha(query, key, value, **to_torch_mha_mask(mask, mha.num_heads))`.

    Args:
        mask: bool, True = may attend: (Lq, Lk), (B, 1, Lk), (B, Lq, Lk) or (B, num_heads, Lq, Lk).
        num_heads: heads of the torch module.

    Returns:
        For a mask of shape (B, 1, Lk) the argument `key_padding_mask` (B, Lk), else `attn_mask`, (Lq, Lk) or
        (B * num_heads, Lq, Lk).

    Raises:
        TypeError: the mask is not bool, or num_heads no integer.
        ValueError: the mask has none of the four shapes, or num_heads is under 1.
    """
    check_bool(mask)
    check_whole("num_heads", num_heads, 1)
    forbidden = ~mask
    if mask.dim() == 2:
        return {"attn_mask": forbidden}
    if mask.dim() == 3 and mask.shape[1] == 1:
        return {"key_padding_mask": forbidden[:, 0]}
    if mask.dim() == 3:
        return {"attn_mask": forbidden.repeat_interleave(num_heads, dim=0)}
    if mask.dim() == 4 and mask.shape[1] == num_heads:
        return {"attn_mask": forbidden.flatten(0, 1)}
    raise ValueError(
        f"mask must be (Lq, Lk), (B, 1, Lk), (B, Lq, Lk) or (B, {num_heads}, Lq, Lk); got {tuple(mask.shape)}"
    )


def check_bool(mask: Tensor) -> None:
    """Raise TypeError unless the mask is a bool tensor: 0/1 and additive masks are read in opposite ways."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        came = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a bool tensor, True = may attend; got {came} (try mask.bool())")
