"""Erasing words, comprehensiveness, sufficiency and their means, by hand and by their laws."""

import pytest
import torch
from attnbook.metrics.erasure import probability_lost, remove, replace_with
from attnbook.metrics.faithfulness import FRACTIONS, aopc, comprehensiveness, sufficiency
from explained_cases import UNKNOWN, Reader, make_texts
from hypothesis import given
from hypothesis import strategies as st

ERASERS = {"replace": replace_with(UNKNOWN), "remove": remove(UNKNOWN), "remove all": remove()}


def count_good(words, mask):
    """A model by hand: a word 7 speaks for class 1, and 5 of them make it sure."""
    p = ((words == 7) & mask).sum(dim=1) / 5
    return torch.stack([1 - p, p], dim=1)


WORDS = torch.tensor([[7, 3, 7, 7, 4], [7, 7, 2, 0, 0]])
MASK = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
RATIONALE = torch.tensor([[True, True, False, False, False], [False, True, False, False, False]])


@pytest.mark.parametrize("erase", ERASERS.values(), ids=ERASERS)
def test_by_hand(erase):
    # The first text holds three 7, one of them in the rationale; the second two, one of them in the rationale.
    texts, target = (WORDS, MASK, RATIONALE, erase), torch.tensor([1, 1])
    lost = comprehensiveness(count_good, *texts, target=target)
    assert lost.tolist() == pytest.approx([3 / 5 - 2 / 5, 2 / 5 - 1 / 5])
    assert sufficiency(count_good, *texts, target=target).tolist() == pytest.approx([3 / 5 - 1 / 5, 2 / 5 - 1 / 5])
    # Without a target the predicted class counts: 1 for the first text, 0, of 3/5, for the second.
    assert comprehensiveness(count_good, *texts).tolist() == pytest.approx([3 / 5 - 2 / 5, 3 / 5 - 4 / 5])


def test_mean_over_fractions_by_hand():
    # Two fifths of five words are 2, a half of three is rounded up to 2: no word less is asked.
    scores = torch.tensor([[0.1, 0.5, 0.9, 0.3, 0.0], [0.2, 0.1, 0.3, torch.nan, torch.nan]])
    curve = aopc(
        count_good, WORDS, MASK, scores, replace_with(UNKNOWN), fractions=[0.4, 0.5], target=torch.ones(2).long()
    )
    # First: top 2 hold one 7 of three, top 3 two. Second: top 2 hold one of two, for both fractions.
    assert curve.comprehensiveness.tolist() == pytest.approx([(1 / 5 + 2 / 5) / 2, 1 / 5])
    assert curve.sufficiency.tolist() == pytest.approx([(2 / 5 + 1 / 5) / 2, 1 / 5])


def test_a_fraction_that_gives_whole_words_is_not_rounded_up():
    mask = torch.ones(1, 100, dtype=torch.bool)
    erased = []

    def note(inputs, mask, marks):
        erased.append(int(marks[0].sum()))
        return inputs, mask

    for fraction in (0.07, 0.29, 0.001, 1.0):
        aopc(count_good, mask.long(), mask, torch.rand(1, 100), note, fractions=[fraction])
    assert erased == [7, 29, 1, 100]


def test_what_the_erasers_leave():
    erased = torch.tensor([[True, False, False, True, False], [True, True, True, False, False]])
    assert replace_with(9)(WORDS, MASK, erased)[0].tolist() == [[9, 3, 7, 9, 4], [9, 9, 9, 0, 0]]
    words, mask = remove()(WORDS, MASK, erased)
    assert words.tolist() == [[3, 7, 4, 0, 0], [0] * 5]
    assert mask.sum(dim=1).tolist() == [3, 0]
    words, mask = remove(UNKNOWN)(WORDS, MASK, erased)
    assert words[1].tolist() == [UNKNOWN, 0, 0, 0, 0] and mask[1].tolist() == [True, False, False, False, False]
    embedded = torch.randn(2, 5, 3)
    moved, _ = remove()(embedded, MASK, erased)
    assert torch.equal(moved[0, :3], embedded[0, [1, 2, 4]]) and not moved[0, 3:].any()
    zeroed, _ = replace_with(0.0)(embedded, MASK, erased)
    assert not zeroed[erased].any() and torch.equal(zeroed[~erased], embedded[~erased])


@pytest.mark.parametrize("erase", ERASERS.values(), ids=ERASERS)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(0, 2**16))
def test_laws(erase, lengths, seed):
    torch.manual_seed(seed)
    model, (words, mask) = Reader(), make_texts(*lengths)
    rationale = (torch.rand(mask.shape) < 0.5) & mask
    nothing = torch.zeros_like(mask)
    texts = model, words, mask
    assert not comprehensiveness(*texts, nothing, erase).any()
    assert not sufficiency(*texts, mask, erase).any()
    # What goes with one goes with the other: to keep the rationale is to erase all else.
    assert torch.equal(sufficiency(*texts, rationale, erase), comprehensiveness(*texts, mask & ~rationale, erase))
    # All erased: p(text) - p(nothing), the same whatever the text was if words are taken out.
    target = model(words, mask).argmax(dim=1)
    without = model(*erase(words, mask, mask)).gather(1, target[:, None])[:, 0]
    whole = model(words, mask).gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(comprehensiveness(*texts, mask, erase), whole - without, atol=1e-12, rtol=0)


@pytest.mark.parametrize("erase", ERASERS.values(), ids=ERASERS)
def test_batches_do_not_matter_nor_does_padding(erase):
    model, (words, mask) = Reader(), make_texts(*range(1, 30), 3, 12)
    scores = torch.rand(mask.shape)
    together = aopc(model, words, mask, scores, erase)
    for one, other in zip(together, aopc(model, words, mask, scores, erase, batch_size=3), strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=0)
    for row, length in enumerate(mask.sum(dim=1)):
        alone = [tensor[row : row + 1, :length] for tensor in (words, mask, scores)]
        for one, other in zip(together, aopc(model, *alone, erase), strict=True):
            torch.testing.assert_close(one[row : row + 1], other, atol=1e-12, rtol=0)


def test_the_mean_is_that_of_single_calls():
    model, (words, mask) = Reader(), make_texts(8, 20, 3)
    scores, erase = torch.rand(mask.shape), remove(UNKNOWN)
    single = [aopc(model, words, mask, scores, erase, fractions=[fraction]) for fraction in FRACTIONS]
    for together, parts in zip(aopc(model, words, mask, scores, erase), zip(*single, strict=True), strict=True):
        torch.testing.assert_close(together, torch.stack(parts).mean(dim=0), atol=1e-12, rtol=0)


def test_few_forward_passes():
    sizes = []

    def count(words, mask):
        sizes.append(len(words))
        return count_good(words, mask)

    words, mask = make_texts(*[9] * 100)
    comprehensiveness(count, words, mask, mask, replace_with(UNKNOWN))
    assert sizes == [100, 100]
    sizes.clear()
    aopc(count, words, mask, torch.rand(mask.shape), replace_with(UNKNOWN), batch_size=500)
    assert sizes == [100, 500, 500]


def test_embeddings_may_be_zeroed():
    model, (words, mask) = Reader(), make_texts(4, 6)
    embedded, rationale = model.embedding(words).detach(), torch.zeros_like(mask).index_fill(1, torch.tensor([1]), True)
    without = embedded.masked_fill(rationale[..., None], 0.0)
    target = torch.tensor([0, 2])
    expected = [model.from_embeddings(text, mask)[range(2), target] for text in (embedded, without)]
    lost = comprehensiveness(model.from_embeddings, embedded, mask, rationale, replace_with(0.0), target=target)
    torch.testing.assert_close(lost, expected[0] - expected[1], atol=1e-12, rtol=0)


@pytest.mark.parametrize("measure", [comprehensiveness, sufficiency])
def test_rationales_that_do_not_fit(measure):
    erase = replace_with(UNKNOWN)
    with pytest.raises(ValueError, match="rationale of text 1 lie outside it: position 3, 3 words"):
        measure(count_good, WORDS, MASK, torch.ones_like(MASK), erase)
    with pytest.raises(ValueError, match=r"rationale must be one for each position \(2, 5\); got \(2, 4\)"):
        measure(count_good, WORDS, MASK, RATIONALE[:, :4], erase)
    with pytest.raises(TypeError, match=r"rationale must be a bool tensor, True = marked; got torch.int64"):
        measure(count_good, WORDS, MASK, RATIONALE.long(), erase)


def test_texts_that_do_not_fit():
    erase = replace_with(UNKNOWN)
    empty = MASK.index_fill(0, torch.tensor([1]), False)
    with pytest.raises(ValueError, match="text 1 has no word"):
        comprehensiveness(count_good, WORDS, empty, empty, erase)
    with pytest.raises(ValueError, match=r"the mask must be \(B, L\), of 1 text or more; got \(0, 5\)"):
        comprehensiveness(count_good, WORDS[:0], MASK[:0], MASK[:0], erase)
    with pytest.raises(ValueError, match=r"with a mask \(B, L\); got \(2, 4\) and \(2, 5\)"):
        comprehensiveness(count_good, WORDS[:, :4], MASK, MASK, erase)
    with pytest.raises(TypeError, match="mask must be a bool tensor"):
        comprehensiveness(count_good, WORDS, MASK.long(), MASK, erase)
    with pytest.raises(ValueError, match=r"target must be \(2,\), of classes 0 to 1; got \[0, 2\]"):
        comprehensiveness(count_good, WORDS, MASK, MASK, erase, target=torch.tensor([0, 2]))
    with pytest.raises(TypeError, match=r"target must be a tensor of int64; got torch.float32"):
        comprehensiveness(count_good, WORDS, MASK, MASK, erase, target=torch.zeros(2))
    with pytest.raises(ValueError, match="batch_size must be 1 or more; got 0"):
        probability_lost(count_good, WORDS, MASK, torch.arange(2), MASK, erase, batch_size=0)


@pytest.mark.parametrize(
    ("given_back", "what"),
    [
        (torch.tensor([[1.5, -0.5], [0.5, 0.5]]), r"in \[0, 1\], that sum to one .* got \[1.5, -0.5\] for text 0"),
        (torch.tensor([[0.5, 0.5], [0.5, 0.4]]), "got .* for text 1"),
        (torch.tensor([[0.5, 0.5], [torch.nan, 0.5]]), "for text 1"),
        (torch.tensor([0.5, 0.5]), r"probabilities \(2, C\) of 2 classes or more; got \(2,\)"),
        (torch.ones(2, 1), r"got \(2, 1\)"),
    ],
)
def test_a_model_that_gives_no_probabilities(given_back, what):
    with pytest.raises(ValueError, match=what):
        comprehensiveness(lambda words, mask: given_back, WORDS, MASK, RATIONALE, replace_with(UNKNOWN))


def test_scores_and_fractions_that_do_not_fit():
    rest = count_good, WORDS, MASK
    with pytest.raises(ValueError, match="scores must be finite; those of text 1 are not"):
        aopc(*rest, torch.tensor([[0.0] * 5, [torch.nan] * 5]), replace_with(UNKNOWN))
    for fractions in ([], [0.0], [0.5, 1.1]):
        with pytest.raises(ValueError, match="fractions must lie above 0 and up to 1, at least one"):
            aopc(*rest, torch.rand(2, 5), replace_with(UNKNOWN), fractions=fractions)
