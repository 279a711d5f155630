"""What each word is worth: gradients, leaving out, and the baselines."""

import pytest
import torch
from attnbook.metrics.attribution import (
    gradient_times_input,
    integrated_gradients,
    leave_one_out,
    random_scores,
    uniform_scores,
)
from attnbook.metrics.erasure import remove, replace_with
from explained_cases import UNKNOWN, Reader, make_texts

TARGET = torch.tensor([0, 2, 1])


@pytest.fixture
def case():
    """A model, its texts as embeddings, and their mask."""
    model, (words, mask) = Reader(), make_texts(4, 7, 1)
    return model, model.embedding(words).detach(), mask


def linear(embedded, mask):
    """Two classes, whose probabilities are linear in the embeddings."""
    p = 0.5 + 0.01 * (embedded * mask[..., None]).sum(dim=(1, 2))
    return torch.stack([p, 1 - p], dim=1)


@pytest.mark.parametrize("method", [gradient_times_input, integrated_gradients])
def test_a_linear_model_is_told_exactly(method, case):
    _, embedded, mask = case
    scores = method(linear, embedded, mask, target=torch.zeros(3).long())
    torch.testing.assert_close(scores, 0.01 * embedded.sum(dim=-1) * mask, atol=1e-12, rtol=0)


@pytest.mark.parametrize("baseline", [None, torch.tensor([0.3, -1.0, 0.5, 2.0, -0.2]).double()])
def test_integrated_gradients_sum_to_the_difference(case, baseline):
    model, embedded, mask = case
    scores = integrated_gradients(model.from_embeddings, embedded, mask, baseline=baseline, target=TARGET)
    start = torch.zeros_like(embedded) if baseline is None else baseline.expand_as(embedded)
    ends = [model.from_embeddings(text, mask)[range(3), TARGET] for text in (embedded, start)]
    torch.testing.assert_close(scores.sum(dim=1), ends[0] - ends[1], atol=1e-9, rtol=0)


def test_gradient_times_input_is_the_change_when_a_word_grows(case):
    model, embedded, mask = case
    scores = gradient_times_input(model.from_embeddings, embedded, mask, target=TARGET)
    for word in range(4):
        step = torch.zeros_like(embedded)
        step[0, word] = 1e-5 * embedded[0, word]
        with torch.no_grad():
            more, less = (model.from_embeddings(embedded + sign * step, mask)[0, TARGET[0]] for sign in (1, -1))
        assert float(more - less) / 2e-5 == pytest.approx(float(scores[0, word]), abs=1e-8)


@pytest.mark.parametrize("method", [gradient_times_input, integrated_gradients])
def test_the_predicted_class_is_taken_and_nothing_is_left_behind(method, case):
    model, embedded, mask = case
    predicted = model.from_embeddings(embedded, mask).argmax(dim=1)
    with torch.no_grad():
        scores = method(model.from_embeddings, embedded, mask)
    assert torch.equal(scores, method(model.from_embeddings, embedded, mask, target=predicted))
    assert not scores.requires_grad and not scores[~mask].any() and scores[mask].all()
    assert all(parameter.grad is None for parameter in model.parameters()) and not embedded.requires_grad


@pytest.mark.parametrize("method", [gradient_times_input, integrated_gradients])
def test_cudnn_is_off_while_there_are_gradients_and_on_again_after(method, case):
    model, embedded, mask = case
    seen = []

    def predict(embedded, mask):
        if torch.is_grad_enabled():
            seen.append(torch.backends.cudnn.enabled)
        return model.from_embeddings(embedded, mask)

    before = torch.backends.cudnn.enabled
    method(predict, embedded, mask)
    assert seen and not any(seen) and torch.backends.cudnn.enabled is before is True


@pytest.mark.skipif(not torch.cuda.is_available(), reason="cuDNN needs a GPU")
@pytest.mark.parametrize("method", [gradient_times_input, integrated_gradients])
def test_through_a_recurrent_layer_of_cudnn_in_eval_mode(method, case):
    model, embedded, mask = case
    expected = method(model.from_embeddings, embedded, mask)
    model.cuda()
    scores = method(model.from_embeddings, embedded.cuda(), mask.cuda())
    torch.testing.assert_close(scores.cpu(), expected, atol=1e-8, rtol=0)


@pytest.mark.parametrize("erase", [replace_with(UNKNOWN), remove(UNKNOWN), remove()])
def test_leave_one_out_is_what_the_model_says_without_the_word(erase):
    model, (words, mask) = Reader(), make_texts(4, 7, 1)
    scores = leave_one_out(model, words, mask, erase, target=TARGET, batch_size=3)
    assert not scores[~mask].any()
    for text, word in mask.nonzero().tolist():
        length = int(mask[text].sum())
        alone = words[text : text + 1, :length], mask[text : text + 1, :length]
        without = erase(*alone, (torch.arange(length) == word)[None])
        lost = (model(*alone) - model(*without)).detach()
        assert float(scores[text, word]) == pytest.approx(float(lost[0, TARGET[text]]), abs=1e-12)


def test_baselines():
    mask = make_texts(4, 7, 1)[1]
    uniform, random = uniform_scores(mask), random_scores(mask, generator=torch.Generator().manual_seed(3))
    assert uniform[:, 0].tolist() == pytest.approx([1 / 4, 1 / 7, 1]) and not uniform[~mask].any()
    torch.testing.assert_close(uniform.sum(dim=1), torch.ones(3))
    assert torch.equal(random, random_scores(mask, generator=torch.Generator().manual_seed(3)))
    assert not random[~mask].any() and len(set(random[mask].tolist())) == int(mask.sum())


@pytest.mark.parametrize("method", [gradient_times_input, integrated_gradients])
def test_embeddings_and_models_that_do_not_fit(method, case):
    model, embedded, mask = case
    with pytest.raises(ValueError, match=r"embeddings must be floats \(B, L, E\); got torch.int64 \(3, 7\)"):
        method(model.from_embeddings, mask.long(), mask)
    with pytest.raises(ValueError, match="text 2 has no word"):
        method(model.from_embeddings, embedded, mask & (torch.arange(3) < 2)[:, None])
    constant = torch.full((3, 2), 0.5)
    for answer in (constant, constant.clone().requires_grad_()):
        with pytest.raises(ValueError, match="do not depend on the embeddings: there is no gradient"):
            method(lambda embedded, mask, answer=answer: answer, embedded, mask)
    with pytest.raises(ValueError, match=r"in \[0, 1\], that sum to one over the classes"):
        method(lambda embedded, mask: 2 * model.from_embeddings(embedded, mask), embedded, mask)
    with pytest.raises(ValueError, match=r"of classes 0 to 2; got \[0, 3, 1\]"):
        method(model.from_embeddings, embedded, mask, target=torch.tensor([0, 3, 1]))


def test_a_way_that_cannot_be_gone(case):
    model, embedded, mask = case
    with pytest.raises(ValueError, match="steps must be 1 or more; got 0"):
        integrated_gradients(model.from_embeddings, embedded, mask, steps=0)
    with pytest.raises(ValueError, match=r"must broadcast to the embeddings \(3, 7, 5\); got \(4,\)"):
        integrated_gradients(model.from_embeddings, embedded, mask, baseline=torch.zeros(4))
    for scores in (random_scores, uniform_scores):
        with pytest.raises(ValueError, match="text 0 has no word"):
            scores(torch.zeros(1, 3, dtype=torch.bool))
