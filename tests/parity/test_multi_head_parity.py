"""`MultiHeadAttention` against `nn.MultiheadAttention`, every parameter randomised, and grouped queries."""

import pytest
import torch
from attnbook import MultiHeadAttention, padding_mask, to_torch_mha_mask
from cases import TOLERANCE, randomise
from torch import nn
from torch.nn import functional as F

DTYPES = (torch.float64, torch.float32, torch.bfloat16)
PATHS = pytest.mark.parametrize("need_weights", [False, True], ids=["fused", "plain"])
LAYERS = {
    "equal sizes": {},
    "no bias": {"bias": False},
    "kdim": {"kdim": 6},
    "vdim": {"vdim": 5},
    "kdim and vdim, no bias": {"kdim": 6, "vdim": 5, "bias": False},
}
MASKS = ["none", "(Lq, Lk)", "(B, 1, Lk)", "(B, Lq, Lk)", "(B, H, Lq, Lk)"]


def make_mask(kind):
    full = torch.rand(2, 4, 3, 5) < 0.6
    full[..., 0] = True  # torch gives NaN where no key is allowed
    shapes = {"(Lq, Lk)": full[0, 0], "(B, 1, Lk)": padding_mask(torch.tensor([5, 2]))}
    return {"none": None, **shapes, "(B, Lq, Lk)": full[:, 0], "(B, H, Lq, Lk)": full}[kind]


def pair(dtype=torch.float64, **options):
    """Torch's layer with every parameter random, biases too, and ours made from it."""
    theirs = randomise(nn.MultiheadAttention(8, 4, **{"batch_first": True, **options})).to(dtype)
    return MultiHeadAttention.from_torch(theirs), theirs


def make_inputs(dtype=torch.float64, kdim=8, vdim=8, **_):
    shapes = (2, 3, 8), (2, 5, kdim), (2, 5, vdim)
    return [torch.randn(shape).mul(0.5).to(dtype).requires_grad_() for shape in shapes]


def close(ours, theirs, dtype):
    """Equal within the tolerance of the dtype, relative to the largest number there is."""
    largest = max(1.0, theirs.abs().max().item())
    torch.testing.assert_close(ours, theirs, atol=TOLERANCE[dtype] * largest, rtol=TOLERANCE[dtype])


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("layer", LAYERS)
def test_values_and_weights(layer, kind, dtype, need_weights):
    ours, theirs = pair(dtype, **LAYERS[layer])
    inputs, mask = make_inputs(dtype, **LAYERS[layer]), make_mask(kind)
    torch_mask = {} if mask is None else to_torch_mha_mask(mask, 4)
    expected = theirs(*inputs, **torch_mask, need_weights=need_weights, average_attn_weights=False)
    output, weights = ours(*inputs, mask, need_weights=need_weights)
    close(output, expected[0], dtype)
    if need_weights:
        close(weights, expected[1], dtype)


@PATHS
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("layer", LAYERS)
def test_gradients(layer, kind, need_weights):
    ours, theirs = pair(**LAYERS[layer])
    inputs, mask = make_inputs(**LAYERS[layer]), make_mask(kind)
    torch_mask = {} if mask is None else to_torch_mha_mask(mask, 4)
    expected = theirs(*inputs, **torch_mask, need_weights=need_weights)[0]
    output = ours(*inputs, mask, need_weights=need_weights).output
    direction = torch.randn_like(output)
    gradients = [torch.autograd.grad(o, inputs, direction, retain_graph=True) for o in (output, expected)]
    for our, their in zip(*gradients, strict=True):
        close(our, their, torch.float64)
    output.backward(direction)
    expected.backward(direction)
    names = ["query", "key", "value"]
    if theirs.in_proj_weight is None:
        parts = [getattr(theirs, f"{name[0]}_proj_weight").grad for name in names]
    else:
        parts = theirs.in_proj_weight.grad.chunk(3)
    for name, part in zip(names, parts, strict=True):
        close(getattr(ours, f"{name}_projection").weight.grad, part, torch.float64)
    close(ours.output_projection.weight.grad, theirs.out_proj.weight.grad, torch.float64)
    if theirs.in_proj_bias is not None:
        for name, part in zip(names, theirs.in_proj_bias.grad.chunk(3), strict=True):
            close(getattr(ours, f"{name}_projection").bias.grad, part, torch.float64)
        close(ours.output_projection.bias.grad, theirs.out_proj.bias.grad, torch.float64)


@PATHS
def test_from_a_module_that_has_the_batch_second(need_weights):
    ours, theirs = pair(batch_first=False)
    query, key, value = make_inputs()
    expected = theirs(*(tensor.transpose(0, 1) for tensor in (query, key, value)), need_weights=need_weights)[0]
    close(ours(query, key, value, need_weights=need_weights).output, expected.transpose(0, 1), torch.float64)


def test_causal_self_attention():
    ours, theirs = pair()
    x = torch.randn(2, 6, 8, dtype=torch.float64)
    forbidden = torch.ones(6, 6, dtype=torch.bool).triu(1)
    close(ours(x, is_causal=True).output, theirs(x, x, x, attn_mask=forbidden)[0], torch.float64)


def test_weights_are_those_before_dropout():
    """Torch's own weights come after dropout in training: compare with what it gives in eval mode."""
    ours, theirs = pair(dropout=0.5)
    inputs = make_inputs()
    expected = theirs.eval()(*inputs, average_attn_weights=False)[1]
    assert ours.training
    assert ours.dropout == 0.5
    close(ours(*inputs, need_weights=True).weights, expected, torch.float64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_copy_has_dtype_and_mode_and_its_own_memory(dtype):
    theirs = randomise(nn.MultiheadAttention(8, 4)).to(dtype).eval()
    ours = MultiHeadAttention.from_torch(theirs)
    assert not ours.training
    assert {parameter.dtype for parameter in ours.parameters()} == {dtype}
    before = theirs.in_proj_weight.clone()
    randomise(ours)
    assert torch.equal(theirs.in_proj_weight, before)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("num_kv_heads", [1, 2, 4])
@pytest.mark.parametrize("kind", MASKS)
def test_grouped_queries(num_kv_heads, kind, dtype, need_weights):
    layer = randomise(MultiHeadAttention(8, 4, num_kv_heads=num_kv_heads)).to(dtype)
    query, key, value = make_inputs(dtype)
    mask = make_mask(kind)
    heads = [
        projection(tensor).unflatten(-1, (-1, 2)).transpose(1, 2)
        for projection, tensor in (
            (layer.query_projection, query),
            (layer.key_projection, key),
            (layer.value_projection, value),
        )
    ]
    torch_mask = mask[:, None] if mask is not None and mask.dim() == 3 else mask
    expected = F.scaled_dot_product_attention(*heads, attn_mask=torch_mask, enable_gqa=True)
    expected = layer.output_projection(expected.transpose(1, 2).flatten(2))
    close(layer(query, key, value, mask, need_weights=need_weights).output, expected, dtype)
