"""RNNsearch: the previous state asks, and what reads the source runs once a sentence."""

import torch
from attnbook import record_attention
from attnbook.models.rnnsearch import RNNSearch
from translation_cases import make, sentences


def maps_of(model, *batch):
    with record_attention(model) as maps:
        model(*batch)
    return next(iter(maps.values()))


def test_the_state_before_the_word_asks():
    """The weights of a step do not know the word that the step takes in; Luong's do."""
    source, lengths, target = sentences()
    changed = target.clone()
    changed[:, 2] = torch.tensor([4, 5, 6, 7]).where(target[:, 2] != torch.tensor([4, 5, 6, 7]), 8)
    for kind, first_to_differ in (("rnnsearch", 3), ("luong-general", 2)):
        model = make(kind)
        before, after = maps_of(model, source, lengths, target), maps_of(model, source, lengths, changed)
        differs = (before - after).abs().amax((0, 2)) > 1e-9
        assert differs.nonzero()[0].item() == first_to_differ


def test_what_reads_the_source_runs_once_a_sentence():
    model, batch = make("rnnsearch"), sentences()
    calls = []
    for name in ("score.key_projection", "context_gates", "encoder.rnn", "word_gates", "readout", "state_gates"):
        model.get_submodule(name).register_forward_hook(lambda *_, name=name: calls.append(name))
    model(*batch)
    assert {name: calls.count(name) for name in calls} == {
        **dict.fromkeys(("score.key_projection", "context_gates", "encoder.rnn", "word_gates", "readout"), 1),
        "state_gates": 5,
    }


def test_weights_sum_to_one_over_the_words():
    model, (source, lengths, target) = make("rnnsearch"), sentences()
    weights = maps_of(model, source, lengths, target)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 5, dtype=torch.float64))
    assert (weights[1, :, 0] == 1).all()  # a sentence of one word


def test_without_the_mask_weight_lands_on_padding():
    model, (source, lengths, target) = make("rnnsearch"), sentences()
    memory = model.encode(source, lengths)
    unmasked = memory._replace(mask=torch.ones_like(memory.mask))
    weights = model.step(target[:, 0], model.start(memory), unmasked).weights
    assert (weights[2, 3:] > 0).all()
    assert (model.step(target[:, 0], model.start(memory), memory).weights[2, 3:] == 0).all()


def test_the_size_of_the_score_is_an_option():
    model = RNNSearch(9, 9, embed_dim=4, hidden_dim=6, attention_dim=10)
    assert model.score.energy.in_features == 10
    source = torch.randint(4, 9, (2, 5))
    assert model.encode(source, torch.tensor([5, 4])).keys.shape == (2, 5, 10)
    assert model(source, torch.tensor([5, 4]), source).shape == (2, 4, 9)
