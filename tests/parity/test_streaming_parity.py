"""`streaming_attend` against `F.scaled_dot_product_attention` at several lengths and block sizes."""

import pytest
import torch
from attnbook import causal_mask, streaming_attend
from cases import TOLERANCE, make_qkv
from torch.nn import functional as F


@pytest.mark.parametrize("lengths", [(1, 1), (7, 33), (33, 7), (130, 130), (64, 1025)], ids=str)
@pytest.mark.parametrize("block_size", [1, 16, 256])
@pytest.mark.parametrize("kind", ["everything", "causal", "padding", "mask and causal"])
def test_values_and_gradients(lengths, block_size, kind):
    query_length, key_length = lengths
    inputs = make_qkv(query_length, key_length, leading=(2, 2), size=8, requires_grad=True)
    mask, is_causal = None, "causal" in kind
    if kind == "padding":
        mask = torch.arange(key_length) < torch.tensor([key_length, key_length // 2]).view(2, 1, 1, 1)
    if kind == "mask and causal":
        mask = torch.rand(2, 1, query_length, key_length) < 0.5
    allowed = torch.ones(query_length, key_length, dtype=torch.bool) if mask is None else mask
    allowed = allowed & causal_mask(query_length, key_length) if is_causal else allowed
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=allowed)
    ours = streaming_attend(*inputs, mask, is_causal=is_causal, block_size=block_size).output
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)
    direction = torch.randn_like(theirs)
    gradients = [torch.autograd.grad(output, inputs, direction) for output in (ours, theirs)]
    torch.testing.assert_close(*gradients, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_dtypes(dtype):
    inputs = make_qkv(40, 50, leading=(2, 2), size=8, dtype=dtype)
    ours = streaming_attend(*inputs, is_causal=True, block_size=16).output
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=causal_mask(40, 50))
    torch.testing.assert_close(ours, theirs, atol=TOLERANCE[dtype], rtol=TOLERANCE[dtype])
