"""Other weights, the same answer: distances, shuffled weights, and the search for different ones."""

import math

import pytest
import torch
from attnbook.metrics.adversarial_attention import (
    adversarial_attention,
    jensen_shannon,
    permutation_test,
    total_variation,
)
from attnbook.metrics.attribution import uniform_scores
from explained_cases import Reader, make_texts
from hypothesis import given
from hypothesis import strategies as st

distributions = st.tuples(st.integers(2, 6), st.integers(0, 2**16))


def test_distances_by_hand():
    first, second = torch.tensor([[0.5, 0.5, 0.0]]), torch.tensor([[0.5, 0.0, 0.5]])
    assert total_variation(first, second).tolist() == [0.5]
    # Half the mass is shared; each half that is not gives 1/2 · ln 2 on its own side.
    assert jensen_shannon(first, second).tolist() == pytest.approx([0.5 * math.log(2)])
    apart = torch.eye(2)
    assert total_variation(apart, apart.flip(0)).tolist() == [1.0, 1.0]
    assert jensen_shannon(apart, apart.flip(0)).tolist() == pytest.approx([math.log(2)] * 2)


@given(distributions)
def test_laws_of_distances(drawn):
    size, seed = drawn
    torch.manual_seed(seed)
    first, second, third = (torch.rand(4, size).double().softmax(dim=1) for _ in range(3))
    for distance, most in ((total_variation, 1.0), (jensen_shannon, math.log(2))):
        assert not distance(first, first).any()
        torch.testing.assert_close(distance(first, second), distance(second, first))
        assert ((distance(first, second) >= 0) & (distance(first, second) <= most)).all()
    detour = total_variation(first, second) + total_variation(second, third)
    assert (total_variation(first, third) <= detour + 1e-12).all()


def test_the_gradient_at_zero_weights_is_finite():
    weights = torch.tensor([[0.0, 0.4, 0.6]], requires_grad=True)
    jensen_shannon(weights, torch.tensor([[0.0, 0.0, 1.0]])).sum().backward()
    assert torch.isfinite(weights.grad).all()


@pytest.fixture
def case():
    """How a model answers under given weights, the weights it has learned, and the mask."""
    model, (words, mask) = Reader(), make_texts(4, 7, 1)
    states, weights = (tensor.detach() for tensor in model.attention(model.embedding(words), mask))
    return lambda weights: model.answer(states, weights), weights, mask


def test_shuffled_weights_stay_inside_the_text(case):
    _, weights, _ = case
    # A word in the middle may be none, so that what stands where is seen.
    mask = torch.tensor([[True, False, True, True, False, False, False]]).expand(3, -1)
    weights = uniform_scores(mask) * torch.tensor([1.5, 0, 1.0, 0.5, 0, 0, 0])
    seen = []

    def note(shuffled):
        seen.append(shuffled)
        return torch.full((3, 2), 0.5)

    assert not permutation_test(note, weights, mask, permutations=60).any()
    assert len(seen) == 61
    for shuffled in seen:
        assert not shuffled[~mask].any()
        assert torch.equal(shuffled.sort(dim=1).values, weights.sort(dim=1).values)
    assert len({tuple(row.tolist()) for shuffled in seen for row in shuffled}) == 6  # all orders of three words


def test_shuffling(case):
    respond, weights, mask = case
    change = permutation_test(respond, weights, mask, generator=torch.Generator().manual_seed(1))
    assert torch.equal(change, permutation_test(respond, weights, mask, generator=torch.Generator().manual_seed(1)))
    assert change[2] == 0 and (change[:2] > 0).all()  # a text of one word has one order
    assert not permutation_test(respond, uniform_scores(mask).double(), mask).any()
    model_without_attention = torch.full((3, 2), 0.5)
    assert not permutation_test(lambda weights: model_without_attention, weights, mask).any()


@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.2])
def test_what_is_found_keeps_the_tolerance(case, tolerance):
    respond, weights, mask = case
    found = adversarial_attention(respond, weights, mask, tolerance=tolerance, attempts=2, steps=60)
    assert (found.change <= tolerance).all() and (found.divergence <= math.log(2)).all()
    torch.testing.assert_close(found.weights.sum(dim=1), torch.ones(3).double())
    assert not found.weights[~mask].any() and (found.weights >= 0).all()
    torch.testing.assert_close(jensen_shannon(found.weights, weights), found.divergence, atol=1e-12, rtol=0)
    change = total_variation(respond(found.weights), respond(weights))
    torch.testing.assert_close(change, found.change, atol=1e-12, rtol=0)
    assert found.divergence[2] == 0  # one word has one weight
    assert not any(tensor.requires_grad for tensor in found)


def test_words_alike_can_trade_their_weights_and_words_apart_cannot():
    mask = torch.ones(1, 4, dtype=torch.bool)
    weights = torch.tensor([[0.96, 0.02, 0.01, 0.01]])
    alike, apart = torch.tensor([0.9, 0.9, 0.1, 0.1]), torch.tensor([0.9, 0.1, 0.1, 0.1])
    found = {}
    for name, value in (("alike", alike), ("apart", apart)):

        def respond(weights, value=value):
            p = (weights * value).sum(dim=1)
            return torch.stack([p, 1 - p], dim=1)

        found[name] = float(adversarial_attention(respond, weights, mask, attempts=1, steps=150).divergence)
    # Where another word is worth the same, all the weight can go there; where none is, hardly any can.
    assert found["alike"] > 0.5 and found["apart"] < 0.05


@pytest.mark.parametrize("test", [permutation_test, adversarial_attention])
def test_weights_and_models_that_do_not_fit(test, case):
    respond, weights, mask = case
    with pytest.raises(ValueError, match="weights must be 0 or more and sum to one; those of text 0 do not"):
        test(respond, weights * 2, mask)
    with pytest.raises(ValueError, match="weights must be finite; those of text 1 are not"):
        test(respond, weights.index_fill(0, torch.tensor([1]), torch.nan), mask)
    with pytest.raises(ValueError, match=r"weights must be one for each position \(3, 7\); got \(3, 6\)"):
        test(respond, weights[:, :6], mask)
    with pytest.raises(ValueError, match="text 2 has no word"):
        test(respond, weights, mask & (torch.arange(3) < 2)[:, None])
    with pytest.raises(ValueError, match=r"in \[0, 1\], that sum to one over the classes"):
        test(lambda weights: respond(weights) * 2, weights, mask)


def test_numbers_out_of_range(case):
    respond, weights, mask = case
    with pytest.raises(ValueError, match="permutations must be 1 or more; got 0"):
        permutation_test(respond, weights, mask, permutations=0)
    for name in ("attempts", "steps"):
        with pytest.raises(ValueError, match=f"{name} must be 1 or more; got 0"):
            adversarial_attention(respond, weights, mask, **{name: 0})
    with pytest.raises(ValueError, match=r"tolerance must lie in \[0, 1\], .* got nan and 500.0"):
        adversarial_attention(respond, weights, mask, tolerance=math.nan)
    with pytest.raises(ValueError, match=r"penalty be 1 or more; got 0\.01 and 0\.5"):
        adversarial_attention(respond, weights, mask, penalty=0.5)
    with pytest.raises(ValueError, match="do not depend on the weights: there is no gradient"):
        adversarial_attention(lambda weights: torch.full((3, 2), 0.5), weights, mask)
    with pytest.raises(ValueError, match=r"must have the same shape; got \(2,\), \(3,\)"):
        jensen_shannon(torch.ones(2) / 2, torch.ones(3) / 3)
