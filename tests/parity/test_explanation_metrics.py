"""Rankings against scikit-learn and SciPy, and the agreement of people on Yelp-HAT against what is known of it."""

import math
import os

import pytest
import torch
from attnbook.data.yelp_hat import load_yelp_hat
from attnbook.metrics.adversarial_attention import jensen_shannon
from attnbook.metrics.rank_correlation import kendall_tau
from attnbook.metrics.rationales import area_under_curve, average_precision, human_agreement, token_f1
from explained_cases import scored_texts
from hypothesis import given
from scipy.spatial.distance import jensenshannon
from scipy.stats import kendalltau
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score


@given(scored_texts())
def test_rankings_of_marked_words(drawn):
    scores, marks, mask = drawn
    precision, area = average_precision(scores, marks, mask), area_under_curve(scores, marks, mask)
    for row, inside in enumerate(mask):
        marked, score = marks[row, inside].numpy(), scores[row, inside].numpy()
        if marked.any():
            assert float(precision[row]) == pytest.approx(average_precision_score(marked, score), abs=1e-6)
        if marked.any() and not marked.all():
            assert float(area[row]) == pytest.approx(roc_auc_score(marked, score), abs=1e-12)


@given(scored_texts())
def test_f1(drawn):
    scores, marks, mask = drawn
    predicted = (scores > 0) & mask
    f1 = token_f1(predicted, marks, mask).f1
    for row, inside in enumerate(mask):
        expected = f1_score(marks[row, inside], predicted[row, inside], zero_division=0.0)
        assert float(f1[row]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.filterwarnings("ignore:One or more sample arguments is too small")
@given(scored_texts())
def test_kendall(drawn):
    scores, _, mask = drawn
    for other in (torch.rand(mask.shape), torch.randint(3, mask.shape).double()):
        for row, tau in enumerate(kendall_tau(scores, other, mask).tolist()):
            expected = kendalltau(*(values[row, mask[row]].numpy() for values in (scores, other))).statistic
            assert (math.isnan(tau) and math.isnan(expected)) or tau == pytest.approx(expected, abs=1e-12)


def test_jensen_shannon():
    first, second = torch.randn(2, 5, 7).double().softmax(dim=-1)
    first[:, 3] = second[:, 3] = 0.0
    first, second = (p / p.sum(dim=1, keepdim=True) for p in (first, second))
    expected = jensenshannon(first.numpy(), second.numpy(), axis=1) ** 2  # SciPy gives its root
    assert jensen_shannon(first, second).tolist() == pytest.approx(expected.tolist(), abs=1e-12)


@pytest.mark.skipif("ATTNBOOK_MIRROR" not in os.environ, reason="ATTNBOOK_MIRROR names no mirror")
@pytest.mark.parametrize(("length", "f1", "chance"), [(50, 0.535, 0.208), (100, 0.450, 0.133)])
def test_people_who_marked_reviews(length, f1, chance):
    agreement = human_agreement([torch.tensor(review.maps) for review in load_yelp_hat(length)])
    assert agreement.f1 == pytest.approx(f1, abs=0.001)
    assert agreement.chance_f1 == pytest.approx(chance, abs=0.001)
    assert 0.6 < agreement.area_under_curve < 0.8
