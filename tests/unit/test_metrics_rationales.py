"""Scores against marked words, and people against people, by hand and by their laws."""

import pytest
import torch
from attnbook.metrics.attribution import uniform_scores
from attnbook.metrics.rank_correlation import kendall_tau
from attnbook.metrics.rationales import (
    area_under_curve,
    average_precision,
    chance_f1,
    human_agreement,
    token_f1,
    top_words,
)
from explained_cases import scored_texts
from hypothesis import given

MASK = torch.tensor([[True] * 4, [True, True, True, False]])
SCORES = torch.tensor([[0.1, 0.4, 0.2, 0.3], [0.5, 0.5, 0.1, torch.nan]])
MARKED = torch.tensor([[False, True, True, False], [False, True, False, False]])


def test_top_words_by_hand():
    assert top_words(SCORES, MASK, 1).tolist() == [[False, True, False, False], [True, False, False, False]]
    counts = top_words(SCORES, MASK, torch.tensor([3, 2])).tolist()
    assert counts == [[False, True, True, True], [True, True, False, False]]
    assert torch.equal(top_words(SCORES, MASK, 9), MASK)
    assert not top_words(SCORES, MASK, 0).any()


def test_token_f1_by_hand():
    scores = token_f1(top_words(SCORES, MASK, 3), MARKED, MASK)
    assert scores.precision.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert scores.recall.tolist() == [1.0, 1.0]
    assert scores.f1.tolist() == pytest.approx([2 * (2 / 3) / (5 / 3), 2 * (1 / 3) / (4 / 3)])
    # 3 of 4 words drawn anywhere hold 3/4 of the 2 marked, 3 of 3 all of the 1.
    assert chance_f1(top_words(SCORES, MASK, 3), MARKED, MASK).tolist() == pytest.approx([2 * 1.5 / 5, 2 * 1 / 4])
    nothing = torch.zeros_like(MASK)
    assert token_f1(nothing, MARKED, MASK).f1.tolist() == token_f1(nothing, nothing, MASK).f1.tolist() == [0.0, 0.0]


def test_chance_is_the_mean_over_many_draws():
    mask, marked = torch.ones(20000, 7, dtype=torch.bool), torch.arange(7).expand(20000, 7) < 3
    drawn = top_words(torch.rand(20000, 7), mask, 2)
    assert float(token_f1(drawn, marked, mask).f1.mean()) == pytest.approx(
        float(chance_f1(drawn, marked, mask)[0]), abs=0.01
    )


def test_average_precision_and_area_by_hand():
    # First text: ranks of the marked words are 1 and 3. Second: the marked word shares rank 1 to 2 with another.
    assert average_precision(SCORES, MARKED, MASK).tolist() == pytest.approx([(1 / 1 + 2 / 3) / 2, 1 / 2])
    # First: of four pairs (marked, other) three are right. Second: one draw, one right.
    assert area_under_curve(SCORES, MARKED, MASK).tolist() == pytest.approx([3 / 4, 1.5 / 2])


@given(scored_texts())
def test_laws_of_ranking(drawn):
    scores, marks, mask = drawn
    marked, words = marks.sum(dim=1), mask.sum(dim=1)
    some, decided = marked > 0, (marked > 0) & (marked < words)
    precision, area = average_precision(scores, marks, mask), area_under_curve(scores, marks, mask)
    assert torch.equal(precision.isnan(), ~some) and torch.equal(area.isnan(), ~decided)
    assert ((precision[some] > 0) & (precision[some] <= 1)).all() and (
        (area[decided] >= 0) & (area[decided] <= 1)
    ).all()
    # Only the order counts; the opposite order wins where this one loses; the marks themselves find all.
    torch.testing.assert_close(average_precision(scores.exp2() + 1, marks, mask), precision, equal_nan=True)
    torch.testing.assert_close(area_under_curve(-scores, marks, mask), 1 - area, equal_nan=True)
    assert (average_precision(marks.float(), marks, mask)[some] == 1).all()
    assert (area_under_curve(marks.float(), marks, mask)[decided] == 1).all()
    # Uniform weights know nothing.
    torch.testing.assert_close(average_precision(uniform_scores(mask), marks, mask)[some], (marked / words)[some])
    assert (area_under_curve(uniform_scores(mask), marks, mask)[decided] == 0.5).all()
    chosen = top_words(scores, mask, marked)
    assert torch.equal(chosen.sum(dim=1), marked)
    scores_of_two = token_f1(chosen, marks, mask)
    assert torch.equal(scores_of_two.precision, scores_of_two.recall)
    assert torch.equal(scores_of_two.f1, token_f1(marks, chosen, mask).f1)
    assert (token_f1(marks, marks, mask).f1[some] == 1).all()


@given(scored_texts(), scored_texts())
def test_laws_of_kendall(one, other):
    scores, _, mask = one
    ordered = torch.tensor([len(set(row[keep].tolist())) > 1 for row, keep in zip(scores, mask, strict=True)])
    itself = kendall_tau(scores, scores, mask)
    assert torch.equal(itself.isnan(), ~ordered)
    torch.testing.assert_close(itself[ordered], torch.ones_like(itself[ordered]), atol=1e-12, rtol=0)
    torch.testing.assert_close(kendall_tau(scores, -scores, mask), -itself, equal_nan=True)
    torch.testing.assert_close(kendall_tau(scores, scores.exp2() + 1, mask), itself, equal_nan=True)
    assert kendall_tau(scores, uniform_scores(mask), mask).isnan().all()
    noise = torch.rand(mask.shape)
    tau = kendall_tau(scores, noise, mask)
    torch.testing.assert_close(tau, kendall_tau(noise, scores, mask), equal_nan=True)
    assert (tau[ordered].abs() <= 1 + 1e-12).all()


def test_kendall_by_hand():
    # Of six pairs, five stand in the same order; with a tie, of 5 ordered pairs four do and one is against.
    mask = torch.ones(2, 4, dtype=torch.bool)
    tau = kendall_tau(torch.tensor([[1.0, 2, 3, 4]] * 2), torch.tensor([[1.0, 2, 4, 3], [1.0, 1, 4, 3]]), mask)
    assert tau.tolist() == pytest.approx([(5 - 1) / 6, (4 - 1) / (6 * 5) ** 0.5])


def test_people_by_hand():
    # Two people share one of their two words of four; the third of the second text marked nothing else than all.
    marks = [
        torch.tensor([[True, True, False, False], [True, False, True, False]]),
        torch.tensor([[True, False], [True, False]]),
        torch.tensor([[True, True, True]]),
    ]
    agreement = human_agreement(marks)
    assert agreement.f1 == pytest.approx((1 / 2 + 1) / 2)
    assert agreement.chance_f1 == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert agreement.area_under_curve == pytest.approx((1 / 2 + 1) / 2)


def test_people_whose_marks_do_not_fit():
    with pytest.raises(ValueError, match="no text was marked by two people, of 1"):
        human_agreement([torch.ones(1, 3, dtype=torch.bool)])
    with pytest.raises(ValueError, match=r"marks of text 1 must be \(people, words\), 1 word or more; got \(2, 0\)"):
        human_agreement([torch.ones(2, 3, dtype=torch.bool), torch.ones(2, 0, dtype=torch.bool)])
    with pytest.raises(TypeError, match="must be a bool tensor"):
        human_agreement([torch.ones(2, 3)])


@pytest.mark.parametrize("measure", [average_precision, area_under_curve])
def test_scores_that_do_not_fit(measure):
    with pytest.raises(ValueError, match="scores must be finite; those of text 0 are not"):
        measure(SCORES / 0, MARKED, MASK)
    with pytest.raises(ValueError, match=r"scores must be one for each position \(2, 4\); got \(2, 3\)"):
        measure(SCORES[:, :3], MARKED, MASK)
    with pytest.raises(ValueError, match="marked words of text 1 lie outside it: position 3, 3 words"):
        measure(SCORES, ~MARKED, MASK)
    with pytest.raises(ValueError, match="text 1 has no word"):
        measure(SCORES, MARKED, MASK & MASK[:1].new_tensor([[True], [False]]))


def test_orders_and_counts_that_do_not_fit():
    with pytest.raises(ValueError, match=r"second scores must be one for each position \(2, 4\); got \(2, 3\)"):
        kendall_tau(SCORES, SCORES[:, :3], MASK)
    with pytest.raises(ValueError, match="first scores must be finite"):
        kendall_tau(SCORES.masked_fill(MASK, torch.nan), SCORES, MASK)
    with pytest.raises(ValueError, match=r"count must be 0 or more; got \[1, -1\]"):
        top_words(SCORES, MASK, torch.tensor([1, -1]))
    with pytest.raises(TypeError, match=r"predicted words must be a bool tensor, True = marked; got torch.float32"):
        token_f1(SCORES, MARKED, MASK)
