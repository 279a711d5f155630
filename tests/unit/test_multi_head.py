"""`MultiHeadAttention`: shapes, masks, heads, groups, dropout, no state, and bad input."""

import copy

import pytest
import torch
from attnbook import MultiHeadAttention, causal_mask, padding_mask
from cases import DTYPES, randomise

PATHS = pytest.mark.parametrize("need_weights", [False, True], ids=["fused", "plain"])
MASKS = {
    "none": None,
    "(Lk,)": torch.tensor([True, False, True, True, False]),
    "(Lq, Lk)": causal_mask(3, 5),
    "(B, 1, Lk)": padding_mask(torch.tensor([5, 2])),
    "(B, Lq, Lk)": torch.rand(2, 3, 5, generator=torch.Generator().manual_seed(0)) < 0.7,
    "(B, H, Lq, Lk)": torch.rand(2, 4, 3, 5, generator=torch.Generator().manual_seed(1)) < 0.7,
}


def make_layer(*, dtype=torch.float64, **options):
    return randomise(MultiHeadAttention(8, 4, **options)).to(dtype)


def inputs(dtype=torch.float64, kdim=8, vdim=8):
    return tuple(torch.randn(2, length, size).to(dtype) for length, size in ((3, 8), (5, kdim), (5, vdim)))


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("num_kv_heads", [4, 2, 1])
def test_both_paths_agree_and_weights_are_per_head(kind, num_kv_heads):
    layer = make_layer(num_kv_heads=num_kv_heads, kdim=6, vdim=5)
    qkv, mask = inputs(kdim=6, vdim=5), MASKS[kind]
    fused, plain = layer(*qkv, mask), layer(*qkv, mask, need_weights=True)
    assert fused.weights is None
    assert fused.output.shape == (2, 3, 8)
    torch.testing.assert_close(fused.output, plain.output, atol=1e-12, rtol=0)
    assert plain.weights.shape == (2, 4, 3, 5)
    everything = torch.ones(3, 5, dtype=torch.bool)
    allowed = everything if mask is None else mask[:, None] if mask.dim() == 3 else mask
    allowed = allowed.expand(2, 4, 3, 5)
    assert (plain.weights[~allowed] == 0).all()
    sums = plain.weights.sum(-1)
    torch.testing.assert_close(sums, allowed.any(-1).double(), atol=1e-12, rtol=0)


def test_each_head_is_attention_on_its_own_projection():
    layer = make_layer(num_kv_heads=2)
    query, key, value = inputs()
    output, weights = layer(query, key, value, need_weights=True)
    heads = []
    for head in range(4):
        own, shared = slice(2 * head, 2 * head + 2), slice(2 * (head // 2), 2 * (head // 2) + 2)
        q = (query @ layer.query_projection.weight.T + layer.query_projection.bias)[..., own]
        k = (key @ layer.key_projection.weight.T + layer.key_projection.bias)[..., shared]
        v = (value @ layer.value_projection.weight.T + layer.value_projection.bias)[..., shared]
        weight = (q @ k.transpose(1, 2) / 2**0.5).softmax(-1)
        torch.testing.assert_close(weights[:, head], weight, atol=1e-12, rtol=0)
        heads.append(weight @ v)
    joined = torch.cat(heads, -1) @ layer.output_projection.weight.T + layer.output_projection.bias
    torch.testing.assert_close(output, joined, atol=1e-12, rtol=0)


@PATHS
def test_self_attention_and_a_value_that_is_the_key(need_weights):
    layer = make_layer()
    query, key, _ = inputs()
    options = {"need_weights": need_weights}
    torch.testing.assert_close(layer(query, **options), layer(query, query, query, **options))
    torch.testing.assert_close(layer(query, key, **options), layer(query, key, key, **options))


@PATHS
def test_causal_order_is_aligned_at_the_bottom_right_and_joins_the_mask(need_weights):
    layer = make_layer()
    mask = MASKS["(B, 1, Lk)"]
    by_flag = layer(*inputs_once(), mask, is_causal=True, need_weights=need_weights).output
    by_mask = layer(*inputs_once(), mask & causal_mask(3, 5), need_weights=need_weights).output
    torch.testing.assert_close(by_flag, by_mask, atol=1e-12, rtol=0)


def inputs_once():
    torch.manual_seed(5)
    return inputs()


@pytest.mark.parametrize("num_kv_heads", [4, 2])
@PATHS
def test_gradients_are_exact(num_kv_heads, need_weights):
    layer = make_layer(num_kv_heads=num_kv_heads)
    names, parameters = zip(*layer.named_parameters(), strict=True)
    qkv = [tensor.requires_grad_() for tensor in inputs()]

    def compute(query, key, value, *values):
        state = dict(zip(names, values, strict=True))
        mask = MASKS["(B, Lq, Lk)"]
        call = {"mask": mask, "need_weights": need_weights}
        return torch.func.functional_call(layer, state, (query, key, value), call).output

    assert torch.autograd.gradcheck(compute, (*qkv, *parameters), fast_mode=True)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_fully_masked_row_gives_the_output_bias_and_finite_gradients(dtype, need_weights):
    layer = make_layer(dtype=dtype)
    qkv = [tensor.requires_grad_() for tensor in inputs(dtype)]
    mask = torch.ones(2, 3, 5, dtype=torch.bool)
    mask[1] = False
    output = layer(*qkv, mask, need_weights=need_weights).output
    assert torch.equal(output[1], layer.output_projection.bias.expand(3, 8))
    assert not torch.equal(output[0], layer.output_projection.bias.expand(3, 8))
    output.float().pow(2).sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in (*qkv, *layer.parameters()))
    assert all((tensor.grad[1] == 0).all() for tensor in qkv)


@PATHS
@pytest.mark.parametrize("num_kv_heads", [4, 2])
def test_no_key_no_query_no_batch(num_kv_heads, need_weights):
    layer = make_layer(num_kv_heads=num_kv_heads)
    query, key, value = inputs()
    options = {"need_weights": need_weights}
    no_key = layer(query, key[:, :0], value[:, :0], **options).output
    assert torch.equal(no_key, layer.output_projection.bias.expand(2, 3, 8))
    assert layer(query[:, :0], key, value, **options).output.shape == (2, 0, 8)
    assert layer(query[:0], key[:0], value[:0], **options).output.shape == (0, 3, 8)


@PATHS
def test_dropout_is_for_training_alone_and_weights_are_before_it(need_weights):
    layer = make_layer(dropout=0.5)
    qkv = inputs()
    layer.eval()
    still = layer(*qkv, need_weights=need_weights)
    torch.testing.assert_close(layer(*qkv, need_weights=need_weights), still)
    layer.train()
    dropped = layer(*qkv, need_weights=need_weights)
    assert not torch.allclose(dropped.output, still.output)
    if need_weights:
        torch.testing.assert_close(dropped.weights, still.weights)
    many = [tensor.repeat(4000, 1, 1) for tensor in qkv]
    mean = layer(*many, need_weights=need_weights).output.unflatten(0, (4000, 2)).mean(0)
    spread = layer(*many, need_weights=need_weights).output.unflatten(0, (4000, 2)).std(0) / 4000**0.5
    assert ((mean - still.output).abs() <= 6 * spread).all()


def test_a_call_leaves_no_state():
    layer = make_layer(dropout=0.1)
    state, attributes = copy.deepcopy(layer.state_dict()), set(vars(layer))
    layer(*inputs(), MASKS["(Lq, Lk)"], need_weights=True)
    assert set(vars(layer)) == attributes
    assert layer.state_dict().keys() == state.keys()
    assert all(torch.equal(tensor, state[name]) for name, tensor in layer.state_dict().items())
    assert not list(layer.buffers())


def test_copies_and_saved_weights_compute_the_same(tmp_path):
    layer = make_layer().eval()
    qkv = inputs()
    torch.save(layer.state_dict(), tmp_path / "weights.pt")
    loaded = MultiHeadAttention(8, 4).double()
    loaded.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    for other in (copy.deepcopy(layer), loaded):
        assert torch.equal(other(*qkv).output, layer(*qkv).output)


@PATHS
def test_compilation_and_autocast(need_weights):
    layer = make_layer(dtype=torch.float32)
    qkv = inputs(torch.float32)
    expected = layer(*qkv, need_weights=need_weights).output
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*qkv, need_weights=need_weights).output, expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, _ = layer(*qkv, need_weights=need_weights)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output.float(), expected, atol=0.05, rtol=0.05)


def test_what_is_printed_names_the_heads():
    assert "num_heads=4, num_kv_heads=2, dropout=0.1" in repr(MultiHeadAttention(8, 4, num_kv_heads=2, dropout=0.1))


def test_without_bias_no_projection_has_one():
    assert all(name.endswith("weight") for name, _ in MultiHeadAttention(8, 4, bias=False).named_parameters())
