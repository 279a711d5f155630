"""Networks trained to say what weights are worth: a student with frozen ones, and a model that hides its own."""

import pytest
import torch
from attnbook.models.classifiers import create_classifier
from attnbook.recipes.frozen_weights import grade_frozen_weights
from attnbook.recipes.hidden_attention import learn_to_hide

WORDS, TEXTS, LENGTH = 60, 400, 6


@pytest.fixture(scope="module")
def texts():
    """Texts whose label is the parity of one word, which stands anywhere: ids, mask, labels, marks of that word."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(24, WORDS, (TEXTS, LENGTH), generator=generator)
    place = torch.randint(LENGTH, (TEXTS, 1), generator=generator)
    word = torch.randint(4, 24, (TEXTS, 1), generator=generator)
    ids = ids.scatter(1, place, word)
    telling = torch.zeros_like(ids, dtype=torch.bool).scatter(1, place, True)
    return ids, torch.ones_like(telling), word[:, 0] % 2, telling


def test_weights_on_the_word_that_decides_teach_and_weights_elsewhere_do_not(texts):
    ids, _, labels, telling = texts

    def grade(weights, **options):
        return grade_frozen_weights(weights, ids, labels, vocabulary_size=WORDS, **options)

    even, elsewhere = torch.full(ids.shape, 1 / LENGTH), ~telling / (LENGTH - 1)
    taught = [grade(weights, learned=30) for weights in (telling.float(), even, elsewhere)]
    assert taught[0] > taught[1] + 0.1 and taught[1] > taught[2] + 0.1 and taught[2] > 0.4
    first, again, other = (grade(even, learned=30, steps=20, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert grade(even, learned=TEXTS - 50) > grade(even, learned=20)


def test_the_student_leaves_the_random_numbers_of_others_alone(texts):
    ids, _, labels, telling = texts
    before = torch.get_rng_state()
    grade_frozen_weights(telling.float(), ids, labels, vocabulary_size=WORDS, steps=1)
    assert torch.equal(before, torch.get_rng_state())


def test_bad_input_of_the_student(texts):
    ids, _, labels, telling = texts
    weights = telling.float()
    with pytest.raises(ValueError, match=r"weights and ids must be \(B, L\).*got \(400, 5\), \(400, 6\) and \(400,\)"):
        grade_frozen_weights(weights[:, 1:], ids, labels, vocabulary_size=WORDS)
    with pytest.raises(ValueError, match="learned must leave texts to be graded on; got 400 of 400"):
        grade_frozen_weights(weights, ids, labels, vocabulary_size=WORDS, learned=TEXTS)
    with pytest.raises(TypeError, match="steps must be an integer"):
        grade_frozen_weights(weights, ids, labels, vocabulary_size=WORDS, steps=1.5)


def test_states_can_hide_what_they_decide_by_and_without_the_term_they_need_not(texts):
    ids, mask, labels, telling = texts
    weight, right = [], []
    for strength in (1.0, 0.0):
        torch.manual_seed(0)
        model = create_classifier("additive-l", WORDS, embed_dim=16, hidden_dim=16)
        same = learn_to_hide(model, ids, mask, labels, telling, strength=strength, steps=80)
        assert same is model and not model.training
        logits, weights = model(ids, mask.sum(dim=1), need_weights=True)
        weight.append(float((weights * telling).sum(1).mean().detach()))
        right.append(float((logits.argmax(1) == labels).double().mean()))
    assert min(right) > 0.95
    assert weight[0] < 0.05 < 0.1 < weight[1]


def test_bad_input_of_hiding(texts):
    ids, mask, labels, telling = texts
    model = create_classifier("last-l", WORDS, embed_dim=4, hidden_dim=4)
    with pytest.raises(ValueError, match="no attention weights to hide"):
        learn_to_hide(model, ids, mask, labels, telling)
    with pytest.raises(ValueError, match="telling of text 0 lie outside it"):
        learn_to_hide(model, ids, mask & ~telling, labels, telling)
    with pytest.raises(ValueError, match="batch_size must be 1 or more; got 0"):
        learn_to_hide(model, ids, mask, labels, telling, batch_size=0)
    with pytest.raises(ValueError, match=r"and labels \(400,\); got \(400, 6\) and \(399,\)"):
        learn_to_hide(model, ids, mask, labels[1:], telling)
    with pytest.raises(ValueError, match=r"ids must be \(400, 6\), as the mask, .* got \(400, 5\) and \(400,\)"):
        learn_to_hide(model, ids[:, 1:], mask, labels, telling)
    with pytest.raises(ValueError, match=r"strength must be 0 or more; got -1\.0"):
        learn_to_hide(model, ids, mask, labels, telling, strength=-1.0)
