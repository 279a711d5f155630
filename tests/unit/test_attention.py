"""`attend` and `masked_softmax`: the laws of attention, on both paths, for every score."""

import pytest
import torch
from attnbook import attend, causal_mask, create_score
from attnbook.scores import SCORE_NAMES
from cases import DTYPES, attention_cases, make_qkv, randomise
from hypothesis import given
from hypothesis import strategies as st

PATHS = pytest.mark.parametrize("need_weights", [False, True], ids=["fused", "plain"])
SCORES = pytest.mark.parametrize("name", SCORE_NAMES)


def score_of(name, size=4):
    made = create_score(name, size)
    return randomise(made).double() if isinstance(made, torch.nn.Module) else made


@given(case=attention_cases(), name=st.sampled_from(SCORE_NAMES))
def test_rows_sum_to_one_or_are_all_zero_and_forbidden_weights_are_zero(case, name):
    score = score_of(name, case.query.shape[-1])
    options = {"is_causal": case.is_causal, "score": score, "need_weights": True}
    output, weights = attend(*case[:4], **options)
    expected = case.allowed.any(-1).double()
    torch.testing.assert_close(weights.sum(-1), expected, atol=1e-12, rtol=0)
    assert (weights[~case.allowed] == 0).all()
    assert (weights >= 0).all()
    torch.testing.assert_close(output, weights @ case.value, atol=1e-12, rtol=0)


@given(case=attention_cases())
def test_the_fused_path_equals_the_plain_path(case):
    fused = attend(*case[:4], is_causal=case.is_causal)
    plain = attend(*case[:4], is_causal=case.is_causal, need_weights=True)
    assert fused.weights is None
    assert plain.weights.shape == case.allowed.shape
    torch.testing.assert_close(fused.output, plain.output, atol=1e-12, rtol=0)


@given(case=attention_cases(), name=st.sampled_from(SCORE_NAMES), need_weights=st.booleans())
def test_keys_and_values_that_nobody_may_see_have_no_influence(case, name, need_weights):
    score = score_of(name, case.query.shape[-1])
    options = {"is_causal": case.is_causal, "score": score, "need_weights": need_weights}
    before = attend(*case[:4], **options).output
    unseen = ~case.allowed.any(-2)[..., None]  # (..., Lk, 1)
    key, value = case.key.masked_fill(unseen, 1e4), case.value.masked_fill(unseen, -1e6)
    after = attend(case.query, key, value, case.mask, **options).output
    torch.testing.assert_close(after, before, atol=1e-12, rtol=0)


@given(case=attention_cases(), need_weights=st.booleans())
def test_the_order_of_the_keys_does_not_matter(case, need_weights):
    order = torch.randperm(case.key.shape[-2])
    mask = case.allowed
    before = attend(*case[:3], mask, need_weights=need_weights)
    key, value = case.key[..., order, :], case.value[..., order, :]
    after = attend(case.query, key, value, mask[..., order], need_weights=need_weights)
    torch.testing.assert_close(after.output, before.output, atol=1e-12, rtol=0)
    if need_weights:
        torch.testing.assert_close(after.weights, before.weights[..., order], atol=1e-12, rtol=0)


@given(case=attention_cases(), need_weights=st.booleans())
def test_outputs_follow_the_order_of_the_queries(case, need_weights):
    order = torch.randperm(case.query.shape[-2])
    mask = case.allowed
    before = attend(*case[:3], mask, need_weights=need_weights).output
    query = case.query[..., order, :]
    after = attend(query, case.key, case.value, mask[..., order, :], need_weights=need_weights).output
    torch.testing.assert_close(after, before[..., order, :], atol=1e-12, rtol=0)


@given(case=attention_cases(), need_weights=st.booleans())
def test_outputs_lie_between_the_least_and_the_largest_allowed_value(case, need_weights):
    output = attend(*case[:4], is_causal=case.is_causal, need_weights=need_weights).output
    forbidden = ~case.allowed[..., None]  # (..., Lq, Lk, 1)
    values = case.value.unsqueeze(-3)  # (..., 1, Lk, Ev)
    least = values.masked_fill(forbidden, torch.inf).amin(-2)
    largest = values.masked_fill(forbidden, -torch.inf).amax(-2)
    inside = (output >= least - 1e-12) & (output <= largest + 1e-12)
    assert (inside | ~case.allowed.any(-1, keepdim=True)).all()


@PATHS
def test_masked_values_must_be_finite(need_weights):
    """Zero times NaN is NaN: padding is to be filled with numbers. Documented here; torch does the same."""
    query, key, value = make_qkv()
    value[:, 2] = torch.nan
    mask = torch.tensor([True, True, False, True, True])
    assert attend(query, key, value, mask, need_weights=need_weights).output.isnan().all()


@PATHS
@SCORES
@pytest.mark.parametrize(("query_length", "key_length"), [(4, 4), (2, 5), (5, 2), (1, 3)])
def test_causal_order_is_aligned_at_the_bottom_right(name, query_length, key_length, need_weights):
    query, key, value = make_qkv(query_length, key_length)
    score = score_of(name)
    output = attend(query, key, value, score=score, is_causal=True, need_weights=need_weights).output
    for position in range(query_length):
        seen = max(position + 1 + key_length - query_length, 0)
        alone = attend(query[:, position : position + 1], key[:, :seen], value[:, :seen], score=score).output
        torch.testing.assert_close(output[:, position : position + 1], alone, atol=1e-12, rtol=0)


@PATHS
def test_a_mask_and_causal_order_must_both_allow(need_weights):
    query, key, value = make_qkv(4, 6)
    mask = torch.rand(2, 1, 6) < 0.6
    both = attend(query, key, value, mask, is_causal=True, need_weights=need_weights)
    combined = attend(query, key, value, mask & causal_mask(4, 6), need_weights=need_weights)
    torch.testing.assert_close(both.output, combined.output, atol=0, rtol=0)


@PATHS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
@pytest.mark.parametrize("kind", ["one row", "every row", "no key before the query"])
def test_a_fully_masked_row_gives_zeros_and_finite_gradients(dtype, leading, kind, need_weights):
    inputs = make_qkv(5, 4, leading=leading, dtype=dtype, requires_grad=True)
    mask = torch.rand(5, 4) < 0.7
    mask[0] = False
    mask = {"one row": mask, "every row": torch.zeros(1, 1, dtype=torch.bool)}.get(kind)
    output, weights = attend(*inputs, mask, is_causal=mask is None, need_weights=need_weights)
    assert (output[..., 0, :] == 0).all()
    assert output.dtype == dtype
    assert weights is None or (weights[..., 0, :] == 0).all()
    (output.float() ** 2 + output.float()).sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in inputs)
    assert (inputs[0].grad[..., 0, :] == 0).all()
    assert kind == "every row" or (inputs[2].grad != 0).any()


@PATHS
@SCORES
def test_no_key_gives_zeros_and_no_query_or_no_batch_an_empty_result(name, need_weights):
    query, key, value = make_qkv(requires_grad=True)
    for is_causal in (False, True):
        options = {"score": score_of(name), "is_causal": is_causal, "need_weights": need_weights}
        no_key = attend(query, key[:, :0], value[:, :0], **options)
        assert no_key.output.shape == (2, 3, 6)
        assert (no_key.output == 0).all()
        assert attend(query[:, :0], key, value, **options).output.shape == (2, 0, 6)
        assert attend(query[:0], key[:0], value[:0], **options).output.shape == (0, 3, 6)
        if need_weights:
            assert no_key.weights.shape == (2, 3, 0)
        no_key.output.sum().backward()
        assert query.grad is None or (query.grad == 0).all()


@PATHS
def test_no_key_under_a_mask_in_the_shape_of_many_heads(need_weights):
    query, key, value = make_qkv(leading=(2, 3), dtype=torch.float32)
    mask = torch.ones(2, 1, 1, 0, dtype=torch.bool)
    output = attend(query, key[..., :0, :], value[..., :0, :], mask, need_weights=need_weights).output
    assert output.shape == (2, 3, 3, 6)
    assert (output == 0).all()
