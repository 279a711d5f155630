"""`attend`: gradients, half precision, dropout, broadcasting, compilation, scores of one's own."""

import pytest
import torch
from attnbook import Location, attend, create_score, masked_softmax, scaled_dot
from attnbook.scores import SCORE_NAMES
from cases import DTYPES, make_qkv, randomise

PATHS = pytest.mark.parametrize("need_weights", [False, True], ids=["fused", "plain"])
SCORES = pytest.mark.parametrize("name", SCORE_NAMES)


def score_of(name, size=4):
    made = create_score(name, size)
    return randomise(made).double() if isinstance(made, torch.nn.Module) else made


@SCORES
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_exact(name, masked):
    inputs = make_qkv(requires_grad=True)
    score = score_of(name)
    parameters = tuple(score.parameters()) if isinstance(score, torch.nn.Module) else ()
    mask = torch.tensor([[True, False, True, True, False], [False] * 5, [True] * 5]) if masked else None

    def compute(query, key, value, *_):
        return attend(query, key, value, mask, score=score, need_weights=True)

    assert torch.autograd.gradcheck(compute, (*inputs, *parameters))


def test_gradients_of_the_fused_path_are_exact():
    inputs = make_qkv(requires_grad=True)
    assert torch.autograd.gradcheck(lambda *qkv: attend(*qkv, is_causal=True).output, inputs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype):
    scores = torch.randn(4, 3000).to(dtype)
    mask = torch.rand(4, 3000) < 0.9
    precise = scores.float().masked_fill(~mask, -torch.inf).softmax(-1)
    weights = masked_softmax(scores, mask)
    assert weights.dtype == dtype
    torch.testing.assert_close(weights, precise.to(dtype), atol=0, rtol=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_allowed_scores_may_be_as_low_as_they_like(dtype):
    scores = torch.tensor([[-6e4, 5.0, -6e4]]).to(dtype)
    weights = masked_softmax(scores, torch.tensor([True, False, True]))
    assert weights.tolist() == [[0.5, 0.0, 0.5]]


def test_a_forbidden_key_gets_nothing_even_when_the_allowed_score_overflows():
    query = torch.full((1, 4), -200.0, dtype=torch.float16)
    key = torch.full((2, 4), 200.0, dtype=torch.float16)  # the score is -inf in float16
    weights = attend(query, key, key, torch.tensor([True, False]), need_weights=True).weights
    assert weights[0, 1] == 0


@PATHS
def test_dropout_drops_weights_and_keeps_the_mean(need_weights):
    query, key, _ = make_qkv(1, 4, leading=(), dtype=torch.float32)
    value = torch.eye(4)
    many = (tensor.expand(40_000, *tensor.shape) for tensor in (query, key, value))
    output, weights = attend(*many, dropout_p=0.25, need_weights=need_weights)
    expected = attend(query, key, value, need_weights=True).weights
    torch.testing.assert_close(output.mean(0), expected, atol=0.01, rtol=0)
    assert (output == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    kept = output / expected
    torch.testing.assert_close(kept[kept > 0], torch.full_like(kept[kept > 0], 4 / 3))
    if need_weights:  # before dropout
        torch.testing.assert_close(weights, expected.expand_as(weights))


@PATHS
def test_inputs_and_mask_are_left_as_they_were(need_weights):
    tensors = (*make_qkv(), torch.rand(3, 5) < 0.5)
    copies = [tensor.clone() for tensor in tensors]
    attend(*tensors, is_causal=True, dropout_p=0.5, need_weights=need_weights)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip(tensors, copies, strict=True))


@PATHS
def test_leading_sizes_broadcast(need_weights):
    query, key, value = make_qkv(leading=(2, 1)), make_qkv(leading=(3,)), make_qkv(leading=())
    output = attend(query[0], key[1], value[2], need_weights=need_weights).output
    full = [tensor.expand(2, 3, *tensor.shape[-2:]) for tensor in (query[0], key[1], value[2])]
    torch.testing.assert_close(output, attend(*full).output, atol=1e-12, rtol=0)


@PATHS
def test_transforms_and_compilation(need_weights):
    query, key, value = make_qkv()
    mask = torch.rand(2, 3, 5) < 0.7

    def compute(*inputs):
        return attend(*inputs, is_causal=True, need_weights=need_weights).output

    expected = compute(query, key, value, mask)
    mapped = torch.func.vmap(compute)(query, key, value, mask)
    compiled = torch.compile(compute, backend="eager", fullgraph=True)(query, key, value, mask)
    torch.testing.assert_close(mapped, expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(compiled, expected, atol=1e-12, rtol=0)
    on_meta = [tensor.to("meta") for tensor in (query, key, value, mask)]
    assert compute(*on_meta).shape == expected.shape


def test_a_score_of_ones_own():
    query, key, value = make_qkv()

    def distance(query, key):
        return -torch.cdist(query, key)

    weights = attend(query, key, value, score=distance, need_weights=True).weights
    assert torch.equal(weights.argmax(-1), torch.cdist(query, key).argmin(-1))
    assert attend(query, key, value, score=distance).weights is None
    torch.testing.assert_close(
        attend(query, key, value, score=lambda q, k: scaled_dot(q, k)).output,
        attend(query, key, value).output,
    )


def test_what_a_score_raises_reaches_the_caller():
    query, _, value = make_qkv()
    key = torch.randn(2, 5, 9, dtype=torch.float64)  # another size than the query's: Location allows it
    with pytest.raises(ValueError, match=r"got 5 keys.*at most 3"):
        attend(query, key, value, score=Location(4, 3).double())
