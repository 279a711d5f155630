"""Alignment error rate, links from weights, and the two baselines, against values worked out by hand."""

import math
from collections import defaultdict

import pytest
import torch
from attnbook.metrics.alignment import alignment_error_rate, diagonal_links, links_from_weights
from attnbook.metrics.ibm_model1 import IBMModel1
from hypothesis import given
from hypothesis import strategies as st

links = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8)


def test_error_rate_by_hand():
    # First sentence: 2 of 3 links are sure, 3 possible. Second: none of 1 is either, and its 2 sure links are missing.
    predicted = [{(0, 0), (1, 1), (2, 1)}, {(0, 1)}]
    sure = [{(0, 0), (1, 1)}, {(0, 0), (1, 1)}]
    possible = [{(0, 0), (1, 1), (2, 1)}, set()]
    assert alignment_error_rate(predicted, sure, possible) == pytest.approx(1 - (2 + 3) / (4 + 4))
    assert alignment_error_rate(predicted[:1], sure[:1], possible[:1]) == pytest.approx(0.0)


@given(st.lists(st.tuples(links, links, links), min_size=1, max_size=4))
def test_error_rate_lies_between_0_and_1_and_is_0_for_what_is_asked(sentences):
    predicted, sure, possible = zip(*sentences, strict=True)
    if not any(predicted) and not any(sure):
        with pytest.raises(ValueError, match="no link is predicted and none is sure"):
            alignment_error_rate(predicted, sure, possible)
        return
    rate = alignment_error_rate(predicted, sure, possible)
    assert 0.0 <= rate <= 1.0
    # Saying a second time that sure links are possible changes nothing.
    assert rate == alignment_error_rate(predicted, sure, [s | p for s, p in zip(sure, possible, strict=True)])
    if any(sure):
        assert alignment_error_rate(sure, sure, possible) == 0.0


def test_error_rate_of_different_numbers_of_sentences():
    with pytest.raises(ValueError, match="must be of the same sentences; got 1, 2 and 2"):
        alignment_error_rate([set()], [set(), set()], [set(), set()])


def test_links_with_and_without_the_end_of_sentence():
    # Sentence 0: two source words, </s>, padding; three target words. Sentence 1: three source words, </s>; one word.
    weights = torch.tensor(
        [
            [[0.7, 0.2, 0.1, 0.0], [0.1, 0.3, 0.6, 0.0], [0.1, 0.5, 0.4, 0.0]],
            [[0.1, 0.2, 0.4, 0.3], [0.9, 0.0, 0.0, 0.1], [0.0, 0.0, 0.0, 0.0]],
        ]
    )
    assert links_from_weights(weights, [2, 3], [3, 1], end_of_sentence=True) == [{(0, 0), (1, 2)}, {(2, 0)}]
    assert links_from_weights(weights, [2, 3], [3, 1], end_of_sentence=False) == [{(0, 0), (1, 1), (1, 2)}, {(2, 0)}]
    lengths = torch.tensor([2, 3]), torch.tensor([3, 3])
    assert links_from_weights(weights, *lengths, end_of_sentence=False)[1] == {(2, 0), (0, 1)}


def test_weights_that_do_not_fit():
    weights = torch.rand(1, 2, 3)
    with pytest.raises(ValueError, match=r"must be \(B, Lt, Ls\) with B lengths a side; got \(2, 3\)"):
        links_from_weights(weights[0], [2], [2], end_of_sentence=True)
    with pytest.raises(ValueError, match="2 source lengths, 1 target lengths"):
        links_from_weights(weights, [2, 2], [2], end_of_sentence=True)
    with pytest.raises(ValueError, match=r"sentence 0: 3 source and 2 target words and </s> do not fit .* \(2, 3\)"):
        links_from_weights(weights, [3], [2], end_of_sentence=True)
    with pytest.raises(ValueError, match="sentence 0: 3 source and 3 target words do not fit"):
        links_from_weights(weights, [3], [3], end_of_sentence=False)
    with pytest.raises(ValueError, match="sentence 0: 0 source and 2 target words"):
        links_from_weights(weights, [0], [2], end_of_sentence=True)
    with pytest.raises(ValueError, match="weights must be finite"):
        links_from_weights(weights / 0, [2], [2], end_of_sentence=True)


def test_diagonal():
    assert diagonal_links(3, 3) == {(0, 0), (1, 1), (2, 2)}
    assert diagonal_links(2, 4) == {(0, 0), (0, 1), (1, 2), (1, 3)}
    assert diagonal_links(4, 2) == {(1, 0), (3, 1)}
    with pytest.raises(ValueError, match="lengths must be 1 or more; got 0 and 2"):
        diagonal_links(0, 2)


@given(st.integers(1, 30), st.integers(1, 30))
def test_diagonal_links_every_target_word_once_and_in_order(source_length, target_length):
    ordered = sorted(diagonal_links(source_length, target_length), key=lambda link: link[1])
    assert [j for _, j in ordered] == list(range(target_length))
    assert [i for i, _ in ordered] == sorted(i for i, _ in ordered)
    assert all(0 <= i < source_length for i, _ in ordered)


SOURCES = [["rote", "rose"], ["rose"], ["ein", "rotes", "haus"], ["ein", "haus"]]
TARGETS = [["red", "rose"], ["rose"], ["a", "red", "house"], ["a", "house"]]


def slow_model1(sources, targets, iterations):
    """Model 1 as its definition reads, with dictionaries: the probabilities and the likelihoods before and after."""
    words = {word for target in targets for word in target}
    t = defaultdict(lambda: 1 / len(words))
    likelihoods = []
    for iteration in range(iterations + 1):
        counts, totals, likelihood = defaultdict(float), defaultdict(float), 0.0
        for source, target in zip(sources, targets, strict=True):
            given_words = [None, *source]
            for word in target:
                total = sum(t[word, other] for other in given_words)
                likelihood += math.log(total / len(given_words))
                for other in given_words:
                    counts[word, other] += t[word, other] / total
                    totals[other] += t[word, other] / total
        likelihoods.append(likelihood)
        if iteration < iterations:
            t = {(word, other): count / totals[other] for (word, other), count in counts.items()}
    return t, likelihoods


def test_model1_by_hand():
    # One round over "a b" = "x y" and "a" = "x". At first all is equally likely: in the first pair each target word is
    # shared out in thirds among the empty word, a and b; in the second x in halves.
    model = IBMModel1(iterations=1).fit([["a", "b"], ["a"]], [["x", "y"], ["x"]])
    assert model.probability("x", "a") == pytest.approx((1 / 3 + 1 / 2) / (1 / 3 + 1 / 2 + 1 / 3))
    assert model.probability("y", "a") == pytest.approx((1 / 3) / (1 / 3 + 1 / 2 + 1 / 3))
    assert model.probability("x", "b") == pytest.approx(1 / 2)
    assert model.probability("x", None) == pytest.approx((1 / 3 + 1 / 2) / (1 / 3 + 1 / 2 + 1 / 3))
    assert model.log_likelihoods[0] == pytest.approx(3 * math.log(1 / 2))


@pytest.mark.parametrize("iterations", [1, 2, 10])
def test_model1_equals_the_slow_one(iterations):
    model = IBMModel1(iterations).fit(SOURCES, TARGETS)
    slow, likelihoods = slow_model1(SOURCES, TARGETS, iterations)
    for (target, source), probability in slow.items():
        assert model.probability(target, source) == pytest.approx(probability, abs=1e-12)
    assert model.log_likelihoods == pytest.approx(likelihoods, abs=1e-9)
    assert model.probability("rose", "haus") == model.probability("a", "rote") == 0.0


def test_model1_learns_which_word_is_which():
    model = IBMModel1(iterations=20).fit(SOURCES, TARGETS)
    assert model.align(["rose"], ["rose"]) == {(0, 0)}
    assert model.align(["rote", "rose"], ["red", "rose"]) == {(0, 0), (1, 1)}
    assert model.align(["rose", "rote"], ["red", "rose", "never", "house"]) == {(1, 0), (0, 1)}


sentences = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5)


@given(st.lists(st.tuples(sentences, sentences), min_size=1, max_size=8))
def test_likelihood_never_falls_and_probabilities_sum_to_one(pairs):
    model = IBMModel1(iterations=6).fit(*zip(*pairs, strict=True))
    rises = zip(model.log_likelihoods, model.log_likelihoods[1:], strict=False)
    assert len(model.log_likelihoods) == 7 and all(after >= before - 1e-9 for before, after in rises)
    for source in {None, *(word for words, _ in pairs for word in words)}:
        assert sum(model.probability(target, source) for target in "abcdef") == pytest.approx(1.0)


def test_model1_refuses_bad_sentences():
    with pytest.raises(ValueError, match="iterations must be 1 or more; got 0"):
        IBMModel1(0)
    with pytest.raises(ValueError, match="one target for each source, at least one; got 1 and 2"):
        IBMModel1().fit([["a"]], [["x"], ["y"]])
    with pytest.raises(ValueError, match="target sentence 1 is empty"):
        IBMModel1().fit([["a"], ["b"]], [["x"], []])
    with pytest.raises(TypeError, match="sentences must be lists of words; source 0 is a string"):
        IBMModel1().fit(["a b"], [["x"]])
    with pytest.raises(RuntimeError, match="call fit first"):
        IBMModel1().align(["a"], ["x"])
    with pytest.raises(ValueError, match="source sentence 0 is empty"):
        IBMModel1().fit([["a"]], [["x"]]).align([], ["x"])
