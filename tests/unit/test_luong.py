"""Luong's options: windows and their Gaussian, input feeding, coverage; what is refused."""

import pytest
import torch
from attnbook import record_attention
from attnbook.models.luong import Luong
from attnbook.models.translators import create_translator
from translation_cases import make, sentences


def maps_of(model, *batch):
    with record_attention(model) as maps:
        model(*batch)
    return next(iter(maps.values()))


def long_sentence(length=12, num_words=16):
    source, target = torch.randint(4, 9, (1, length)), torch.randint(4, 9, (1, num_words + 1))
    return source, torch.tensor([length]), target


def test_local_m_looks_around_its_own_position():
    weights = maps_of(make("local-m", half_width=2), *long_sentence())[0]  # (16, 12)
    distance = (torch.arange(12) - torch.arange(16)[:, None]).abs()
    assert torch.equal(weights > 0, distance <= 2)
    torch.testing.assert_close(weights[:14].sum(-1), torch.ones(14, dtype=torch.float64))
    assert not weights[14:].any()  # the window lies beyond the sentence


def test_local_p_has_a_gaussian_around_the_place_it_names_and_is_not_normalised_again():
    model, batch = make("local-p", half_width=4), long_sentence()
    model.score.projection.weight.data.zero_()  # all scores alike: what is left is the window and its Gaussian
    weights = maps_of(model, *batch)[0]  # (16, 12)
    queries, _ = model.rnn(model.target_embedding(batch[2][:, :-1]), lstm_state(model, batch))
    centres = 12 * model.place(queries)[0]  # (16, 1)
    offset = torch.arange(12) - centres
    in_window = (offset.abs() <= 4).double()
    expected = in_window / in_window.sum(-1, keepdim=True) * torch.exp(-(offset**2) / (2 * 2.0**2))
    torch.testing.assert_close(weights, expected.detach(), atol=1e-12, rtol=0)
    assert (weights.sum(-1) < 0.9).all()
    assert centres.max() - centres.min() > 0.1


def lstm_state(model, batch):
    start = model.start(model.encode(*batch[:2]))
    return start.hidden.transpose(0, 1).contiguous(), start.cell.transpose(0, 1).contiguous()


def test_the_place_of_local_p_is_within_each_sentence():
    model, (source, lengths, target) = make("local-p", half_width=1), sentences()
    model.place[2].weight.data.fill_(1e6)  # the very beginning or the very end
    weights = maps_of(model, source, lengths, target)
    assert not weights[torch.arange(6).expand(4, 5, 6) >= lengths[:, None, None]].any()
    looked = weights.sum(1) > 0  # (4, 6)
    for sentence, length in enumerate(lengths.tolist()):
        assert not looked[sentence, 2 : length - 1].any()


@pytest.mark.parametrize(("options", "calls"), [({}, 1), ({"input_feeding": True}, 5), ({"coverage": True}, 5)])
def test_the_decoder_runs_in_one_call_where_no_step_needs_the_one_before(options, calls):
    model, batch = make("luong-concat", **options), sentences()
    ran = []
    model.rnn.register_forward_hook(lambda *_: ran.append(1))
    model(*batch)
    assert len(ran) == calls


def test_keys_of_concat_are_projected_once():
    model, batch = make("luong-concat", coverage=True, input_feeding=True), sentences()
    ran = []
    model.score.key_projection.register_forward_hook(lambda *_: ran.append(1))
    model(*batch)
    assert len(ran) == 1


def test_coverage_turns_the_weights_away_from_what_was_looked_at():
    model, batch = make("luong-concat", coverage=True), long_sentence()
    model.coverage.weight.data.zero_()
    plain = maps_of(model, *batch)[0]
    model.coverage.weight.data[:, 0] = -100.0 * model.score.energy.weight[0].sign()  # what was seen scores low
    covered = maps_of(model, *batch)[0]
    torch.testing.assert_close(plain[0], covered[0])  # nothing was looked at before the first word
    assert (covered[:12].sum(0) - 1).abs().max() < (plain[:12].sum(0) - 1).abs().max() / 2


def test_input_feeding_reads_the_attentional_state():
    model, (source, lengths, target) = make("luong-dot", input_feeding=True), sentences()
    memory = model.encode(source, lengths)
    state = model.start(memory)
    assert not state.attentional.any()
    fed = state._replace(attentional=torch.ones_like(state.attentional))
    assert not torch.allclose(
        model.step(target[:, 0], state, memory).logits, model.step(target[:, 0], fed, memory).logits
    )


def test_location_has_a_last_position():
    model, batch = make("luong-location", max_length=11), long_sentence()
    with pytest.raises(ValueError, match="got 12 keys; this Location has weights for at most 11"):
        model(*batch)


def test_location_does_not_look_at_the_words():
    model, (source, lengths, target) = make("luong-location"), long_sentence()
    memory, other = model.encode(source, lengths), model.encode(source.flip(1), lengths)
    state = model.start(memory)
    weights = [model.step(target[:, 0], state, read).weights for read in (memory, other)]
    torch.testing.assert_close(*weights, atol=0, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score": "cosine"}, "unknown score 'cosine'; allowed: dot, general, concat, location"),
        ({"window": "local"}, "unknown window 'local'; allowed: None, local-m, local-p"),
        ({"score": "dot", "coverage": True}, "coverage needs the score concat; got dot"),
        ({"hidden_dim": 7}, "hidden_dim must be even, for two directions; got 7"),
        ({"half_width": 0, "window": "local-m"}, "half_width must be 1 or more; got 0"),
        ({"num_layers": 0}, "num_layers must be 1 or more; got 0"),
        ({"max_length": 0, "score": "location"}, "max_length must be 1 or more; got 0"),
        ({"tie_embeddings": True, "embed_dim": 6}, "tied embeddings must have the 8 features of the output; got 6"),
    ],
)
def test_options_that_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Luong(9, 9, **{"embed_dim": 8, "hidden_dim": 8, **options})


def test_local_windows_take_any_score():
    for score in ("dot", "general", "concat", "location"):
        for name in ("local-m", "local-p"):
            model = create_translator(name, 9, 9, score=score, embed_dim=4, hidden_dim=4)
            assert model(*long_sentence()).shape == (1, 16, 9)
