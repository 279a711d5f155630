"""One vector for a sequence: the learned query's formulas, the mean and the maximum."""

import pytest
import torch
from attnbook.layers.learned_query import LearnedQuery, Maximum, Mean, create_pooling
from attnbook.scores import Additive
from cases import randomise

MASK = torch.tensor([[[True, True, True, False]], [[False, False, False, False]]])


def test_the_dot_product_is_the_papers_formula():
    layer, states = randomise(LearnedQuery(3, scale=2.5)).double(), torch.randn(2, 4, 3).double()
    output, weights = layer(states, MASK, need_weights=True)
    scores = torch.stack([state @ layer.query[0] / 2.5 for state in states[0]])
    torch.testing.assert_close(layer.scores(states)[0], scores)
    expected = scores[:3].exp() / scores[:3].exp().sum()
    torch.testing.assert_close(weights[0, 0], torch.cat([expected, torch.zeros(1).double()]))
    torch.testing.assert_close(
        output[0, 0], sum(weight * state for weight, state in zip(expected, states[0], strict=False))
    )
    assert not weights[1].any() and not output[1].any()
    assert layer(states, MASK).weights is None


def test_the_additive_score_is_bahdanaus_with_a_query_that_never_changes():
    layer, states = randomise(LearnedQuery(3, score="additive", hidden_dim=5)).double(), torch.randn(2, 4, 3).double()
    bahdanau = Additive(7, 3, 5).double()
    query = torch.randn(2, 1, 7).double()
    linear = layer.projection[0]
    with torch.no_grad():
        bahdanau.energy.weight.copy_(layer.query)
        bahdanau.key_projection.weight.copy_(linear.weight)
        bahdanau.query_projection.weight.zero_()
        bahdanau.query_projection.bias.copy_(linear.bias)
    torch.testing.assert_close(layer.scores(states), bahdanau(query, states)[:, 0])


@pytest.mark.parametrize("layer", [LearnedQuery(3), LearnedQuery(3, score="additive"), Mean(), Maximum()])
def test_any_leading_sizes_and_no_mask(layer):
    states = torch.randn(2, 5, 4, 3)
    output, weights = layer(states, need_weights=True)
    everything = layer(states, torch.ones(2, 5, 1, 4, dtype=torch.bool), need_weights=True)
    assert output.shape == (2, 5, 1, 3)
    torch.testing.assert_close(output, everything.output)
    if not isinstance(layer, Maximum):
        assert weights.shape == (2, 5, 1, 4)
        torch.testing.assert_close(layer(states[1, 2], need_weights=True).weights, weights[1, 2])


def test_mean_and_maximum():
    states = torch.randn(2, 4, 3)
    output, weights = Mean()(states, MASK, need_weights=True)
    torch.testing.assert_close(output[0, 0], states[0, :3].mean(0))
    torch.testing.assert_close(weights[0, 0], torch.tensor([1, 1, 1, 0]) / 3)
    largest = Maximum()(states, MASK).output
    assert torch.equal(largest[0, 0], states[0, :3].amax(0))
    assert not output[1].any() and not largest[1].any()


def test_half_precision_is_summed_in_full():
    states = torch.full((1, 3000, 4), 1.0).half()
    output, weights = Mean()(states, need_weights=True)
    assert weights.dtype == torch.float16
    torch.testing.assert_close(output.float(), torch.ones(1, 1, 4), atol=2e-2, rtol=0)


def test_options_that_are_refused():
    with pytest.raises(ValueError, match="unknown pooling 'sum'; allowed: attention, average, maximum"):
        create_pooling("sum", 3)
    with pytest.raises(ValueError, match="unknown score 'general'; allowed: dot, additive"):
        create_pooling("attention", 3, score="general")
    with pytest.raises(ValueError, match="hidden_dim must be 1 or more; got 0"):
        LearnedQuery(3, score="additive", hidden_dim=0)
    with pytest.raises(ValueError, match="scale must be above 0; got -1"):
        LearnedQuery(3, scale=-1)
    with pytest.raises(ValueError, match=r"must have the same last size; got query \(1, 3\) and key \(2, 4, 5\)"):
        LearnedQuery(3)(torch.randn(2, 4, 5))
    with pytest.raises(TypeError, match="mask must be a bool tensor"):
        LearnedQuery(3)(torch.randn(2, 4, 3), torch.ones(2, 1, 4))
