"""Scores of translations, against values worked out by hand."""

import sys

import pytest
from attnbook.metrics.translation import bleu, chrf, exact_match


def test_bleu_by_hand():
    # 4 of 5 words, 3 of 4 pairs, 2 of 3 triples and 1 of 2 quadruples agree; the lengths are equal.
    by_hand = 100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    score = bleu(["a b c d e"], ["a b c d f"])
    assert score.value == pytest.approx(by_hand, abs=1e-9)
    for part in ("case:mixed", "tok:13a", "smooth:exp", "version:"):
        assert part in score.signature


def test_chrf_by_hand():
    # "abcd" and "abce": 3 of 4 letters, 2 of 3 pairs, 1 of 2 triples, no quadruple; precision equals recall.
    assert chrf(["abcd"], ["abce"]).value == pytest.approx(100 * (3 / 4 + 2 / 3 + 1 / 2 + 0) / 4, abs=1e-9)


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_case_counts_unless_it_is_ignored(metric):
    upper, lower = ["A dog runs in the Snow ."], ["a dog runs in the snow ."]
    assert metric(upper, lower).value < 99
    ignored = metric(upper, lower, lowercase=True)
    assert ignored.value == pytest.approx(100) and "case:lc" in ignored.signature


def test_bleu_is_of_the_corpus_not_a_mean_of_sentences():
    hypotheses, references = ["a b c d e f", "x y z w"], ["a b c d e f", "p q r s"]
    mean = (bleu(hypotheses[:1], references[:1]).value + bleu(hypotheses[1:], references[1:]).value) / 2
    assert abs(bleu(hypotheses, references).value - mean) > 1
    assert bleu(hypotheses, references).value == bleu(hypotheses[::-1], references[::-1]).value


def test_exact_match():
    assert exact_match(["a b", "c", "d"], ["a b", "c", "e"]) == pytest.approx(2 / 3)
    assert exact_match([["a", "b"]], [["a", "b"]]) == 1.0


@pytest.mark.parametrize("metric", [bleu, chrf, exact_match])
def test_lists_that_do_not_fit(metric):
    with pytest.raises(ValueError, match="one reference for each hypothesis, at least one; got 1, 2"):
        metric(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="got 0, 0"):
        metric([], [])


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_other_things_than_strings(metric):
    with pytest.raises(TypeError, match="hypotheses must be a list of strings; got one string"):
        metric("a", ["a"])
    with pytest.raises(TypeError, match="references must be strings; number 1 is a list"):
        metric(["a", "b"], ["a", ["b"]])


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_without_sacrebleu_the_extra_is_named(metric, monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(ImportError, match=r'pip install "attnbook\[train\]"'):
        metric(["a"], ["a"])
