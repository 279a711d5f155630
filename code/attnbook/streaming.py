"""Attention without ever holding the weights: the online softmax, written to be read.

The kernels behind `F.scaled_dot_product_attention` do this on the GPU's fast memory (Dao et al. 2022,
FlashAttention, algorithm 1; arXiv:2205.14135). The running maximum and sum are those of Milakov and Gimelshein
2018 (arXiv:1805.02867). Here it is plain PyTorch: slower than the fused kernel, and as exact.
"""

import torch
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function_variadic

from attnbook.attention import Attended
from attnbook.checks import check_whole
from attnbook.inputs import check_attention_inputs
from attnbook.masks import combine_masks


def streaming_attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    is_causal: bool = False,
    block_size: int = 256,
) -> Attended:
    """Scaled dot-product attention over blocks of keys: exact, with memory linear in the length.

    The forward pass keeps, for each query, the largest score so far, the sum of exponentials and the weighted
    sum of values; each new block rescales them. The backward pass computes each block's weights once more.

    Args:
        query: (..., Lq, E).
        key: (..., Lk, E). Leading sizes of query, key and value broadcast.
        value: (..., Lk, Ev).
        mask: bool, broadcastable to (..., Lq, Lk); True = may attend.
        is_causal: also forbid keys to the right of the query; aligned at the bottom right when Lq != Lk.
        block_size: how many keys are looked at together.

    Returns:
        Attended(output (..., Lq, Ev), None): there are no weights to return.

    Raises:
        ValueError: shapes that do not fit, all of them printed; a block_size under 1.
        TypeError: a mask that is not bool; query, key and value of different dtypes.
    """
    if has_torch_function_variadic(query, key, value):  # so that record_attention can say that it was here
        arguments = {"is_causal": is_causal, "block_size": block_size}
        return handle_torch_function(streaming_attend, (query, key, value), query, key, value, mask, **arguments)
    check_whole("block_size", block_size, 1)
    check_attention_inputs(query, key, value, mask)
    leading = torch.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    query, key, value = (tensor.expand(*leading, *tensor.shape[-2:]) for tensor in (query, key, value))
    if mask is not None:
        mask = mask.expand(*mask.shape[:-1], key.shape[-2])
    return Attended(_Streaming.apply(query, key, value, mask, is_causal, block_size), None)


class _Streaming(torch.autograd.Function):
    @staticmethod
    def forward(ctx, query, key, value, mask, is_causal, block_size):
        precise = torch.promote_types(query.dtype, torch.float32)
        shape = query.shape[:-1]
        largest = query.new_full((*shape, 1), torch.finfo(precise).min, dtype=precise)  # (..., Lq, 1)
        total = torch.zeros_like(largest)  # sum of exponentials so far
        output = query.new_zeros((*shape, value.shape[-1]), dtype=precise)  # not yet divided by the total
        blocks = _Blocks(query, key, mask, is_causal, block_size)
        for block in blocks:
            scores, allowed = blocks.scores(block, precise)  # (..., Lq, block)
            new_largest = torch.maximum(largest, scores.amax(-1, keepdim=True))
            shrink = torch.exp(largest - new_largest)
            weights = blocks.exponentials(scores, allowed, new_largest)
            total = total * shrink + weights.sum(-1, keepdim=True)
            output = output * shrink + weights @ value[..., block, :].to(precise)
            largest = new_largest
        empty = total == 0
        output = (output / total.masked_fill(empty, 1)).to(query.dtype)
        log_total = torch.where(empty, torch.inf, largest + total.log())  # exp(score - inf) = 0: no weight
        ctx.save_for_backward(query, key, value, mask, output, log_total)
        ctx.is_causal, ctx.block_size = is_causal, block_size
        return output

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_output):
        query, key, value, mask, output, log_total = ctx.saved_tensors
        precise = log_total.dtype
        grad_output = grad_output.to(precise)
        grad_query = torch.zeros_like(query, dtype=precise)
        grad_key, grad_value = torch.zeros_like(key, dtype=precise), torch.zeros_like(value, dtype=precise)
        mean_grad = (grad_output * output).sum(-1, keepdim=True)  # what the softmax's normalisation takes back
        blocks = _Blocks(query, key, mask, ctx.is_causal, ctx.block_size)
        for block in blocks:
            scores, allowed = blocks.scores(block, precise)
            weights = blocks.exponentials(scores, allowed, log_total)  # (..., Lq, block), now normalised
            grad_value[..., block, :] = weights.transpose(-2, -1) @ grad_output
            grad_scores = weights * (grad_output @ value[..., block, :].to(precise).transpose(-2, -1) - mean_grad)
            grad_query += grad_scores @ key[..., block, :].to(precise) * blocks.scale
            grad_key[..., block, :] = grad_scores.transpose(-2, -1) @ query.to(precise) * blocks.scale
        dtype = query.dtype
        return grad_query.to(dtype), grad_key.to(dtype), grad_value.to(dtype), None, None, None


class _Blocks:
    """The keys, a block at a time, with each block's scores and mask."""

    def __init__(self, query: Tensor, key: Tensor, mask: Tensor | None, is_causal: bool, block_size: int) -> None:
        self.query, self.key, self.mask, self.is_causal, self.block_size = query, key, mask, is_causal, block_size
        self.scale = query.shape[-1] ** -0.5

    def __iter__(self):
        """Yield slices that cover the keys."""
        num_keys = self.key.shape[-2]
        for start in range(0, num_keys, self.block_size):
            yield slice(start, min(start + self.block_size, num_keys))

    def scores(self, block: slice, precise: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Return the block's scores (..., Lq, block) and its mask, forbidden scores at the smallest number."""
        scores = (self.query.to(precise) * self.scale) @ self.key[..., block, :].to(precise).transpose(-2, -1)
        allowed = None if self.mask is None else self.mask[..., block]
        if self.is_causal:
            own_position = torch.arange(self.query.shape[-2], device=self.query.device)[:, None]
            own_position = own_position + self.key.shape[-2] - self.query.shape[-2]
            positions = torch.arange(block.start, block.stop, device=self.query.device)
            allowed = combine_masks(allowed, positions <= own_position)
        if allowed is not None:
            scores = scores.masked_fill(~allowed, torch.finfo(precise).min)
        return scores, allowed

    @staticmethod
    def exponentials(scores: Tensor, allowed: Tensor | None, subtract: Tensor) -> Tensor:
        """Return exp(scores - subtract), exactly zero where forbidden."""
        weights = torch.exp(scores - subtract)
        return weights if allowed is None else weights * allowed
