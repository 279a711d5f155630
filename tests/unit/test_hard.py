"""Hard attention: draws follow the softmax, gradients are those of the papers, masks hold, top-k keeps k."""

import pytest
import torch
from attnbook import attend, sample_attention, top_k_attend
from cases import DTYPES, attention_cases, make_qkv
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

WAYS = pytest.mark.parametrize(
    "options",
    [{}, {"straight_through": True}, {"training": False}],
    ids=["drawn", "straight through", "argmax"],
)


@WAYS
@given(case=attention_cases())
def test_each_query_looks_at_one_allowed_key(options, case):
    mask = case.allowed
    output, weights, log_probability = sample_attention(*case[:3], mask, **options)
    some = mask.any(-1)
    torch.testing.assert_close(weights.sum(-1), some.double(), atol=1e-12, rtol=0)
    torch.testing.assert_close(weights.amax(-1), some.double(), atol=1e-12, rtol=0)
    assert (weights[~mask].abs() == 0).all()
    torch.testing.assert_close(output, weights @ case.value, atol=1e-12, rtol=0)
    soft = attend(*case[:3], mask, need_weights=True).weights
    expected = torch.where(some, (soft * weights.round()).sum(-1), 1.0).log()
    torch.testing.assert_close(log_probability, expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("straight_through", [False, True])
def test_draws_follow_the_softmax(dtype, straight_through):
    draws = 20_000
    scores = torch.tensor([0.3, 0.1, -0.5, 1.0, 0.25, 2.0, 0.0])
    mask = torch.tensor([True] * 5 + [False] * 2)
    key = scores[:, None].to(dtype).expand(draws, 7, 1)
    query = torch.ones(draws, 1, 1, dtype=dtype)
    weights = sample_attention(query, key, key, mask, straight_through=straight_through).weights
    counts = weights.double().sum((0, 1))
    probabilities = scores[:5].to(dtype).double().softmax(0)
    assert counts[5:].sum() == 0
    assert stats.chisquare(counts[:5].numpy(), (probabilities * draws).numpy()).pvalue > 1e-4


def test_draws_in_half_precision_do_not_tie():
    draws, keys = 4000, 64
    nothing = torch.zeros(draws, keys, 1, dtype=torch.bfloat16)
    counts = sample_attention(nothing[:, :1], nothing, nothing).weights.double().sum((0, 1))
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4


def test_the_likeliest_key_among_very_many_in_half_precision():
    key = torch.zeros(1, 40_000, 1, dtype=torch.float16)
    key[0, 39_999] = 0.5  # probabilities of 1 in 40000 are below the smallest normal number of float16
    weights = sample_attention(torch.ones_like(key[:, :1]), key, key, training=False).weights
    assert weights.argmax() == 39_999


def test_outside_training_the_most_probable_key_is_taken_every_time():
    query, key, value = make_qkv()
    mask = torch.rand(2, 3, 5) < 0.8
    soft = attend(query, key, value, mask, need_weights=True).weights
    for straight_through in (False, True):
        hard = sample_attention(query, key, value, mask, training=False, straight_through=straight_through)
        assert torch.equal(hard.weights.argmax(-1), soft.argmax(-1))


def test_draws_differ_and_a_seed_brings_them_back():
    inputs = make_qkv(50, 20)
    torch.manual_seed(1)
    first, second = sample_attention(*inputs), sample_attention(*inputs)
    torch.manual_seed(1)
    again = sample_attention(*inputs)
    assert not torch.equal(first.weights, second.weights)
    assert torch.equal(first.weights, again.weights)


def test_the_log_probability_has_the_gradient_of_the_log_softmax():
    """d log p(choice) / d score = one-hot - p: what REINFORCE multiplies by the reward."""
    scores = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    query, key, value = make_qkv()
    mask = torch.tensor([[True, True, False, True, True], [False] * 5, [True] * 5])
    sampled = sample_attention(query, key, value, mask, score=lambda *_: scores)
    sampled.log_probability.sum().backward()
    soft = attend(query, key, value, mask, score=lambda *_: scores, need_weights=True).weights
    expected = (sampled.weights - soft).masked_fill(~mask, 0.0)
    torch.testing.assert_close(scores.grad, expected, atol=1e-12, rtol=0)


def test_without_straight_through_the_output_sends_no_gradient_to_the_scores():
    query, key, value = make_qkv(requires_grad=True)
    sample_attention(query, key, value).output.sum().backward()
    assert query.grad is None and key.grad is None
    assert (value.grad.sum((0, 1)) == 6).all()  # 2 · 3 looks


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_straight_through_has_the_gradient_of_the_relaxed_softmax(temperature):
    scores = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    _, key, value = make_qkv()
    mask = torch.tensor([[True, True, False, True, True], [False] * 5, [True] * 5])
    options = {"score": lambda *_: scores, "straight_through": True, "temperature": temperature}
    torch.manual_seed(3)
    ours = torch.autograd.grad(sample_attention(key[:, :3], key, value, mask, **options).output.sum(), scores)
    torch.manual_seed(3)  # the same noise: -log of the same exponential draws
    noise = -torch.empty(2, 3, 5, dtype=torch.float64).exponential_().log()
    logits = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).log_softmax(-1) + noise
    relaxed = (logits / temperature).masked_fill(~mask, -1e300).softmax(-1) * mask
    theirs = torch.autograd.grad((relaxed @ value).sum(), scores)
    torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=0)


@WAYS
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_fully_masked_row_gives_zeros_and_finite_gradients(options, dtype):
    inputs = make_qkv(dtype=dtype, requires_grad=True)
    mask = torch.rand(3, 5) < 0.7
    mask[1] = False
    sampled = sample_attention(*inputs, mask, **options)
    assert (sampled.output[:, 1] == 0).all()
    assert (sampled.log_probability[:, 1] == 0).all()
    assert sampled.output.dtype == sampled.weights.dtype == dtype
    (sampled.output.float().sum() + sampled.log_probability.sum()).backward()
    assert all(tensor.grad.isfinite().all() for tensor in inputs)
    assert (inputs[0].grad[:, 1] == 0).all()


@WAYS
def test_no_key_gives_zeros_and_no_query_or_no_batch_an_empty_result(options):
    query, key, value = make_qkv()
    no_key = sample_attention(query, key[:, :0], value[:, :0], **options)
    assert no_key.output.shape == (2, 3, 6) and (no_key.output == 0).all()
    assert no_key.weights.shape == (2, 3, 0)
    assert no_key.log_probability.shape == (2, 3) and (no_key.log_probability == 0).all()
    assert sample_attention(query[:, :0], key, value, **options).output.shape == (2, 0, 6)
    assert sample_attention(query[:0], key[:0], value[:0], **options).output.shape == (0, 3, 6)


@given(case=attention_cases(), num_keys=st.integers(1, 7))
def test_the_best_keys_and_no_others_are_kept(case, num_keys):
    mask = case.allowed
    output, weights = top_k_attend(*case[:3], num_keys, mask)
    assert torch.equal((weights > 0).sum(-1), mask.sum(-1).clamp_max(num_keys))
    soft = attend(*case[:3], mask, need_weights=True).weights
    least_kept = soft.masked_fill(weights == 0, 2.0).amin(-1)
    largest_dropped = soft.masked_fill(weights > 0, -1.0).amax(-1)
    assert (least_kept >= largest_dropped).all()
    renormalised = soft.masked_fill(weights == 0, 0.0)
    renormalised = renormalised / renormalised.sum(-1, keepdim=True).clamp_min(1e-300)
    torch.testing.assert_close(weights, renormalised, atol=1e-12, rtol=0)
    torch.testing.assert_close(output, weights @ case.value, atol=1e-12, rtol=0)


@pytest.mark.parametrize("num_keys", [1, 2, 3, 4])
def test_the_best_of_five_keys(num_keys):
    key = torch.tensor([[0.3], [-2.0], [4.0], [1.0], [0.0]])
    weights = top_k_attend(torch.ones(1, 1), key, key, num_keys).weights
    kept = weights[0].nonzero().flatten().tolist()
    assert kept == sorted([2, 3, 0, 4, 1][:num_keys])


def test_keys_that_tie_are_all_kept():
    key = torch.tensor([[1.0], [1.0], [0.0], [1.0]])
    weights = top_k_attend(torch.ones(1, 1), key, key, 2).weights
    torch.testing.assert_close(weights, torch.tensor([[1 / 3, 1 / 3, 0.0, 1 / 3]]))


def test_all_keys_are_soft_attention_and_gradients_are_exact():
    inputs = make_qkv(requires_grad=True)
    for num_keys in (5, 9):
        torch.testing.assert_close(top_k_attend(*inputs, num_keys), attend(*inputs, need_weights=True))
    assert torch.autograd.gradcheck(lambda *qkv: top_k_attend(*qkv, 2), inputs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_top_k_of_a_fully_masked_row_and_of_nothing(dtype):
    inputs = make_qkv(dtype=dtype, requires_grad=True)
    mask = torch.zeros(3, 5, dtype=torch.bool)
    mask[0, :2] = True
    output = top_k_attend(*inputs, 3, mask).output
    assert (output[:, 1:] == 0).all()
    output.float().sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in inputs)
    query, key, value = inputs
    assert (top_k_attend(query, key[:, :0], value[:, :0], 2).output == 0).all()
    assert top_k_attend(query[:, :0], key, value, 2).output.shape == (2, 0, 6)
