"""Attributions against captum's, on a model all of whose parameters are random, in float64."""

import pytest
import torch
from attnbook.metrics.attribution import gradient_times_input, integrated_gradients, leave_one_out
from attnbook.metrics.erasure import replace_with
from captum.attr import (
    FeatureAblation,
    InputXGradient,
    IntegratedGradients,
    LayerGradientXActivation,
    LayerIntegratedGradients,
)
from cases import TOLERANCE
from explained_cases import UNKNOWN, Reader, make_texts

TARGET = torch.tensor([0, 2, 1, 1])
EXACT = {"atol": TOLERANCE[torch.float64], "rtol": 0}
SINGLE_WEIGHTS = {"atol": 1e-8, "rtol": 1e-7}  # captum rounds the weights of its points to float32


@pytest.fixture
def case():
    """A model, words, mask and embeddings; every text of one length but one, whose padding captum reads too."""
    model, (words, mask) = Reader(), make_texts(9, 9, 9, 4)
    return model, words, mask, model.embedding(words).detach()


def test_gradient_times_input(case):
    model, words, mask, embedded = case
    ours = gradient_times_input(model.from_embeddings, embedded, mask, target=TARGET)
    theirs = InputXGradient(model.from_embeddings).attribute(
        embedded.clone().requires_grad_(), target=TARGET, additional_forward_args=(mask,)
    )
    torch.testing.assert_close(ours, theirs.sum(dim=-1).detach(), **EXACT)
    layer = LayerGradientXActivation(model, model.embedding)
    theirs = layer.attribute(words, target=TARGET, additional_forward_args=(mask,))
    torch.testing.assert_close(ours, theirs.sum(dim=-1).detach(), **EXACT)


@pytest.mark.parametrize("steps", [1, 10, 50])
def test_integrated_gradients(case, steps):
    model, _, mask, embedded = case
    for baseline in (torch.zeros_like(embedded), torch.randn_like(embedded)):
        ours = integrated_gradients(
            model.from_embeddings, embedded, mask, baseline=baseline, target=TARGET, steps=steps
        )
        theirs = IntegratedGradients(model.from_embeddings).attribute(
            embedded, baseline, target=TARGET, additional_forward_args=(mask,), n_steps=steps
        )
        torch.testing.assert_close(ours, theirs.sum(dim=-1), **SINGLE_WEIGHTS)


def test_integrated_gradients_from_unknown_words(case):
    model, words, mask, embedded = case
    unknown = torch.full_like(words, UNKNOWN)
    ours = integrated_gradients(model.from_embeddings, embedded, mask, baseline=model.embedding(unknown), target=TARGET)
    theirs = LayerIntegratedGradients(model, model.embedding).attribute(
        words, unknown, target=TARGET, additional_forward_args=(mask,)
    )
    torch.testing.assert_close(ours, theirs.sum(dim=-1), **SINGLE_WEIGHTS)


def test_leave_one_out(case):
    model, words, mask, _ = case
    ours = leave_one_out(model, words, mask, replace_with(UNKNOWN), target=TARGET)
    theirs = FeatureAblation(model).attribute(
        words, UNKNOWN, target=TARGET, additional_forward_args=(mask,), perturbations_per_eval=3
    )
    torch.testing.assert_close(ours[mask], theirs[mask].double(), **EXACT)
