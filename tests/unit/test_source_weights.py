"""Where a translator looks when it is given a translation, and what a forgotten mask does."""

import pytest
import torch
from attnbook.data.vocabulary import PAD
from attnbook.models.search import greedy_search
from attnbook.models.source_weights import forced_weights, weight_on_padding, without_source_mask
from translation_cases import KINDS, make, sentences

ATTENDING = [kind for kind in KINDS if kind != "fixed_vector"]
TARGET_LENGTHS = torch.tensor([6, 3, 6, 6])


@pytest.mark.parametrize("kind", ATTENDING)
def test_forced_weights_are_those_of_a_search_that_writes_the_same(kind):
    model, (source, lengths, _) = make(kind), sentences()
    found = greedy_search(model, source, lengths, 5, need_weights=True)
    target = torch.cat([torch.full((4, 1), 2), found.words], dim=1)
    weights = forced_weights(model, source, lengths, target) * (found.words != PAD)[..., None]
    torch.testing.assert_close(weights, found.weights)


@pytest.mark.parametrize("kind", ["rnnsearch", "luong-dot", "luong-location"])
def test_without_the_mask_weight_lands_on_padding(kind):
    model, batch = make(kind), sentences()
    masked = forced_weights(model, *batch)
    with without_source_mask(model):
        unmasked = forced_weights(model, *batch)
        assert not torch.allclose(model(*batch), make_again(model, kind)(*batch))
    assert torch.equal(forced_weights(model, *batch), masked)
    lengths = batch[1]
    assert weight_on_padding(masked, lengths, TARGET_LENGTHS).tolist() == [0, 0, 0, 0]
    lost = weight_on_padding(unmasked, lengths, TARGET_LENGTHS)
    assert lost[0] == 0 and (lost[1:] > 0.01).all()  # the first sentence fills its row
    by_hand = unmasked[1, :2, 1:].sum() / 2  # one word of source, two to predict
    assert lost[1] == pytest.approx(by_hand.item())


def make_again(model, kind):
    """The same model, which nobody has touched."""
    again = make(kind)
    again.load_state_dict(model.state_dict())
    return again


def test_the_models_mode_and_an_error_leave_no_trace():
    model, batch = make("rnnsearch").train(), sentences()
    forced_weights(model, *batch)
    assert model.training
    with pytest.raises(RuntimeError, match="planted"), without_source_mask(model):
        raise RuntimeError("planted")
    assert "encode" not in vars(model)


def test_a_model_without_attention_is_refused():
    model, batch = make("fixed_vector"), sentences()
    with pytest.raises(ValueError, match="FixedVector has no attention"):
        forced_weights(model, *batch)
    with without_source_mask(model), pytest.raises(ValueError, match="FixedVector has no source mask"):
        model(*batch)
