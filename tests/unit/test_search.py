"""Search: greedy and beam against an exhaustive search and a plain beam of one sentence; ends, weights, bad input."""

import itertools
import math

import pytest
import torch
from attnbook import record_attention
from attnbook.data.vocabulary import END, PAD, START, UNKNOWN
from attnbook.models.search import beam_search, greedy_search
from attnbook.models.translators import create_translator
from cases import randomise
from hypothesis import given, settings
from hypothesis import strategies as st
from translation_cases import KINDS, SOURCE_SIZE, make, sentences

EVERY = pytest.mark.parametrize("kind", KINDS)
GREEDY_AND_BEAM = pytest.mark.parametrize("search", [greedy_search, beam_search])


def log_probabilities(model, source, length, words):
    """Log-probability of each of the words, by teacher forcing, <pad> and <s> excluded."""
    target = torch.tensor([[START, *words]])
    logits = model(source[None, :length], torch.tensor([length]), target)[0]
    logits[:, [PAD, START]] = -math.inf
    return logits.log_softmax(-1)[range(len(words)), words]


def found(result, sentence):
    """The words of one translation, without padding."""
    return [word for word in result.words[sentence].tolist() if word != PAD]


def with_six_words(model):
    """The model with all words but the first six out of reach, so that everything can be tried."""
    model.output.bias.data[6:] = -1e9
    return model


@pytest.mark.parametrize("kind", ["fixed_vector", "rnnsearch", "local-p, two layers, feeding"])
@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.0])
@torch.no_grad()
def test_a_wide_beam_is_the_exhaustive_search(kind, length_penalty):
    model, (source, lengths, _) = with_six_words(make(kind)), sentences()
    result = beam_search(model, source, lengths, 4, beam_size=150, length_penalty=length_penalty)
    for sentence, length in enumerate(lengths.tolist()):
        translations = [
            [*words, END] for number in range(4) for words in itertools.product((UNKNOWN, 4, 5), repeat=number)
        ]
        sums = [log_probabilities(model, source[sentence], length, words).sum().item() for words in translations]
        best = max(range(40), key=lambda index: sums[index] / len(translations[index]) ** length_penalty)
        assert found(result, sentence) == translations[best]
        assert result.log_probabilities[sentence].item() == pytest.approx(sums[best], abs=1e-5)


def plain_beam(model, source, length, max_length, beam_size, length_penalty):
    """Beam search of one sentence in lists."""
    beam, ended = [([], 0.0)], []
    while beam and len(beam[0][0]) < max_length:
        longer = []
        for words, total in beam:
            target = torch.tensor([[START, *words, END]])
            logits = model(source[None, :length], torch.tensor([length]), target)[0, -1].clone()
            logits[[PAD, START]] = -math.inf
            scores = logits.log_softmax(-1).tolist()
            longer += [([*words, word], total + score) for word, score in enumerate(scores) if score > -math.inf]
        longer.sort(key=lambda candidate: -candidate[1])
        taken = longer[: beam_size - len(ended)]
        ended += [candidate for candidate in taken if candidate[0][-1] == END]
        best = max((total / len(words) ** length_penalty for words, total in ended), default=-math.inf)
        # What can no longer win leaves its place to others.
        beam = [one for one in taken if one[0][-1] != END and one[1] / max_length**length_penalty > best]
    if not ended:
        return beam[0]
    return max(ended, key=lambda candidate: candidate[1] / len(candidate[0]) ** length_penalty)


@settings(max_examples=20)
@given(
    kind=st.sampled_from(list(KINDS)),
    beam_size=st.integers(1, 6),
    max_length=st.integers(1, 7),
    length_penalty=st.sampled_from([0.0, 0.6, 1.0, 2.0]),
    end_bias=st.sampled_from([-3.0, 0.0, 2.0]),
    seed=st.integers(0, 2**16),
)
@torch.no_grad()
def test_the_batch_finds_what_a_plain_beam_finds(kind, beam_size, max_length, length_penalty, end_bias, seed):
    torch.manual_seed(seed)
    model, (source, lengths, _) = make(kind), sentences()
    model.output.bias[END] += end_bias
    options = {"beam_size": beam_size, "length_penalty": length_penalty}
    result = beam_search(model, source, lengths, max_length, **options)
    for sentence, length in enumerate(lengths.tolist()):
        words, total = plain_beam(model, source[sentence], length, max_length, beam_size, length_penalty)
        assert found(result, sentence) == words
        assert result.log_probabilities[sentence].item() == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("beam_size", [1, 4, 7])
@pytest.mark.parametrize("vocabulary", [64, 448, 449, 500])
@torch.no_grad()
def test_of_many_words_the_best_are_found(vocabulary, beam_size):
    """Vocabularies of whole stretches, and with some words after the last; of too few stretches to choose among."""
    source, lengths, _ = sentences()
    model = create_translator("rnnsearch", SOURCE_SIZE, vocabulary, embed_dim=6, hidden_dim=4)
    randomise(model).double().output.bias[END] += 6.0
    model.output.bias[-1] += 8.0
    result = beam_search(model, source, lengths, 6, beam_size=beam_size)
    for sentence, length in enumerate(lengths.tolist()):
        words, total = plain_beam(model.eval(), source[sentence], length, 6, beam_size, 1.0)
        assert found(result, sentence) == words
        assert result.log_probabilities[sentence].item() == pytest.approx(total, abs=1e-4)


@EVERY
@torch.no_grad()
def test_a_beam_of_one_is_greedy(kind):
    model, (source, lengths, _) = make(kind), sentences()
    greedy = greedy_search(model, source, lengths, 9, need_weights=True)
    beam = beam_search(model, source, lengths, 9, beam_size=1, need_weights=True)
    assert torch.equal(greedy.words, beam.words)
    torch.testing.assert_close(greedy.log_probabilities, beam.log_probabilities)
    assert (greedy.weights is None) == (beam.weights is None) == (kind == "fixed_vector")
    if greedy.weights is not None:
        torch.testing.assert_close(greedy.weights, beam.weights.to(greedy.weights), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", ["rnnsearch", "local-m", "input feeding", "coverage"])
@GREEDY_AND_BEAM
@torch.no_grad()
def test_weights_are_those_of_the_words_that_were_written(kind, search):
    model, (source, lengths, _) = make(kind), sentences()
    model.output.bias[END] += 6.0
    result = search(model, source, lengths, 8, need_weights=True)
    assert search(model, source, lengths, 8).weights is None
    for sentence, length in enumerate(lengths.tolist()):
        words = found(result, sentence)
        with record_attention(model) as maps:
            total = log_probabilities(model, source[sentence], length, words).sum()
        (weights,) = maps.values()
        shown = result.weights[sentence].to(weights)
        torch.testing.assert_close(shown[: len(words), :length], weights[0], atol=1e-6, rtol=0)
        assert not shown[len(words) :].any()
        assert not shown[:, length:].any()
        torch.testing.assert_close(result.log_probabilities[sentence], total.float())


@GREEDY_AND_BEAM
@torch.no_grad()
def test_nothing_follows_the_end_and_no_translation_is_too_long(search):
    model, (source, lengths, _) = make("rnnsearch"), sentences()
    for end_bias, max_length in itertools.product((-50.0, 0.0, 1.0, 50.0), (1, 5)):
        model.output.bias[END] += end_bias
        words = search(model, source, lengths, max_length).words
        model.output.bias[END] -= end_bias
        assert words.shape[1] <= max_length
        assert not (words == START).any()
        for row in words.tolist():
            ends = row.index(END) + 1 if END in row else max_length
            assert all(word != PAD for word in row[:ends])
            assert all(word == PAD for word in row[ends:])
        if abs(end_bias) == 50:
            assert (words == END).any(1).tolist() == [end_bias > 0] * 4
            assert words.shape[1] == (1 if end_bias > 0 else max_length)


@GREEDY_AND_BEAM
def test_the_model_is_left_as_it_was(search):
    model, (source, lengths, _) = make("rnnsearch", dropout=0.5), sentences()
    expected = search(model, source, lengths, 5).words
    assert not model.training
    model.train()
    result = search(model, source, lengths, 5)
    assert torch.equal(result.words, expected)
    assert model.training
    model.encoder.eval()
    search(model, source, lengths, 5)
    assert model.training and not model.encoder.training
    assert not result.log_probabilities.requires_grad


def test_a_better_translation_is_found_than_greedily():
    gains = []
    for seed in range(10):
        torch.manual_seed(seed)
        model, (source, lengths, _) = make("luong-dot"), sentences()
        greedy = greedy_search(model, source, lengths, 6)
        beam = beam_search(model, source, lengths, 6, beam_size=9, length_penalty=0.0)
        both_end = (greedy.words == END).any(1) & (beam.words == END).any(1)
        gains += (beam.log_probabilities - greedy.log_probabilities)[both_end].tolist()
    assert min(gains) > -1e-5
    assert max(gains) > 0.1


@GREEDY_AND_BEAM
def test_searches_that_are_refused(search):
    model, (source, lengths, _) = make("rnnsearch"), sentences()
    with pytest.raises(ValueError, match="max_length must be 1 or more; got 0"):
        search(model, source, lengths, 0)
    with pytest.raises(TypeError, match=r"max_length must be an integer, 1 or more; got 2\.5"):
        search(model, source, lengths, 2.5)
    with pytest.raises(ValueError, match="source_lengths must lie between 1 and 6"):
        search(model, source, lengths - 1, 5)
    with pytest.raises(IndexError, match="source holds the id 11"):
        search(model, source.clamp(min=SOURCE_SIZE), lengths, 5)
    model.bridge.bias.data[:] = math.nan
    with pytest.raises(ValueError, match=r"the model gives .* of the sentences \[0, 1, 2, 3\]"):
        search(model, source, lengths, 5)
    assert not model.training


@GREEDY_AND_BEAM
def test_what_comes_after_the_end_is_not_looked_at(search):
    """A sentence that has ended may be NaN from then on; one that has not is refused."""
    model, (source, lengths, _) = make("rnnsearch"), sentences()
    model.output.bias.data[END] = 99.0
    model.target_embedding.weight.data[END] = math.nan
    assert (search(model, source, lengths, 3).words[:, 0] == END).all()
    model.output.bias.data[END] = -99.0
    model.target_embedding.weight.data[3:] = math.nan
    with pytest.raises(ValueError, match="the model gives"):
        search(model, source, lengths, 3)


def test_beams_that_are_refused():
    model, (source, lengths, _) = make("rnnsearch"), sentences()
    with pytest.raises(ValueError, match="beam_size must be 1 or more; got 0"):
        beam_search(model, source, lengths, 5, beam_size=0)
    for penalty in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"length_penalty must be 0 or more; got {penalty}"):
            beam_search(model, source, lengths, 5, length_penalty=penalty)
