"""Alignment error rate of awesome-align's own outputs on the gold alignments, as other scorers find it."""

import os

import pytest
from attnbook.data.gold_alignments import load_gold_alignments
from attnbook.metrics.alignment import alignment_error_rate, diagonal_links
from attnbook.metrics.ibm_model1 import IBMModel1

pytestmark = pytest.mark.skipif("ATTNBOOK_MIRROR" not in os.environ, reason="ATTNBOOK_MIRROR names no mirror")


@pytest.mark.parametrize(("pair", "rate"), [("zh-en", 0.133), ("en-fr", 0.041)])
def test_error_rate_of_the_shipped_outputs(pair, rate):
    gold = load_gold_alignments(pair)
    assert alignment_error_rate(gold.system, gold.sure, gold.possible) == pytest.approx(rate, abs=0.001)


@pytest.mark.parametrize("pair", ["zh-en", "en-fr"])
def test_system_beats_model1_and_model1_the_diagonal(pair):
    gold = load_gold_alignments(pair)
    pairs = list(zip(gold.sources, gold.targets, strict=True))
    model = IBMModel1().fit(gold.sources, gold.targets)
    predicted = (
        gold.system,
        [model.align(*pair) for pair in pairs],
        [diagonal_links(len(source), len(target)) for source, target in pairs],
    )
    system, model1, diagonal = (alignment_error_rate(links, gold.sure, gold.possible) for links in predicted)
    assert system < model1 < diagonal
