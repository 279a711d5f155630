"""`attend` against `F.scaled_dot_product_attention`: masks, dtypes, values, gradients."""

import pytest
import torch
from attnbook import attend, causal_mask
from cases import DTYPES, TOLERANCE, make_qkv
from torch.nn import functional as F

PATHS = pytest.mark.parametrize("need_weights", [False, True], ids=["fused", "plain"])
SHAPES = [
    (5,),
    (1, 5),
    (4, 1),
    (4, 5),
    (3, 1, 1),
    (3, 4, 5),
    (2, 1, 1, 5),
    (2, 1, 4, 5),
    (2, 3, 4, 1),
    (2, 3, 4, 5),
]


def compare(ours, theirs, inputs, dtype):
    """Equal outputs, and equal gradients along one random direction."""
    tolerance = TOLERANCE[dtype]
    torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=tolerance)
    direction = torch.randn_like(theirs)
    gradients = (torch.autograd.grad(output, inputs, direction) for output in (ours, theirs))
    for our, their in zip(*gradients, strict=True):
        largest = max(1.0, their.abs().max().item())
        torch.testing.assert_close(our, their, atol=tolerance * largest, rtol=tolerance)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [None, *SHAPES], ids=str)
def test_masks_of_every_shape(dtype, shape, need_weights):
    inputs = make_qkv(4, 5, leading=(2, 3), dtype=dtype, requires_grad=True)
    mask = None if shape is None else torch.rand(shape) < 0.6
    reference_mask = mask[None] if mask is not None and mask.dim() == 1 else mask
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=reference_mask)
    compare(attend(*inputs, mask, need_weights=need_weights).output, theirs, inputs, dtype)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lengths", [(4, 4), (3, 6), (6, 3), (1, 5)], ids=str)
def test_causal_order(dtype, lengths, need_weights):
    inputs = make_qkv(*lengths, leading=(2, 3), dtype=dtype, requires_grad=True)
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=causal_mask(*lengths))
    ours = attend(*inputs, is_causal=True, need_weights=need_weights).output
    compare(ours, theirs, inputs, dtype)
    if lengths[0] == lengths[1]:
        torch.testing.assert_close(ours, F.scaled_dot_product_attention(*inputs, is_causal=True), atol=1e-2, rtol=0)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_mask_and_causal_order_is_their_conjunction(dtype, shape, need_weights):
    inputs = make_qkv(4, 5, leading=(2, 3), dtype=dtype, requires_grad=True)
    mask = torch.rand(shape) < 0.8
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=mask & causal_mask(4, 5))
    compare(attend(*inputs, mask, is_causal=True, need_weights=need_weights).output, theirs, inputs, dtype)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
def test_fully_masked_rows(dtype, need_weights):
    inputs = make_qkv(4, 5, leading=(2, 3), dtype=dtype, requires_grad=True)
    mask = torch.rand(4, 5) < 0.7
    mask[2] = False
    theirs = F.scaled_dot_product_attention(*inputs, attn_mask=mask)
    assert (theirs[..., 2, :] == 0).all()
    compare(attend(*inputs, mask, need_weights=need_weights).output, theirs, inputs, dtype)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("leading", [(), (2,), (2, 1, 3)], ids=str)
def test_any_number_of_leading_sizes(dtype, leading, need_weights):
    inputs = make_qkv(4, 5, leading=leading, dtype=dtype, requires_grad=True)
    theirs = F.scaled_dot_product_attention(*inputs)
    compare(attend(*inputs, need_weights=need_weights).output, theirs, inputs, dtype)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("is_causal", [False, True])
def test_long_sequences(dtype, is_causal, need_weights):
    inputs = make_qkv(300, 300, leading=(1, 2), size=16, dtype=dtype, requires_grad=True)
    theirs = F.scaled_dot_product_attention(*inputs, is_causal=is_causal)
    ours = attend(*inputs, is_causal=is_causal, need_weights=need_weights).output
    compare(ours, theirs, inputs, dtype)


def test_weights_are_the_softmax_that_torch_documents():
    query, key, value = make_qkv(4, 5, leading=(2, 3))
    mask = torch.rand(2, 1, 4, 5) < 0.7
    mask[..., 0] = True
    bias = torch.zeros(mask.shape, dtype=query.dtype).masked_fill(~mask, -torch.inf)
    expected = torch.softmax(query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5 + bias, dim=-1)
    weights = attend(query, key, value, mask, need_weights=True).weights
    torch.testing.assert_close(weights, expected, atol=1e-12, rtol=0)
