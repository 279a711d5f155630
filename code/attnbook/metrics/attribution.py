"""Other ways to say how much each word matters, to compare attention with; all give scores (B, L), 0 at padding."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from attnbook.checks import check_whole
from attnbook.metrics.erasure import Erase, probability_lost
from attnbook.metrics.explained import Predict, check_mask, check_probabilities, check_texts, choose_class


@contextmanager
def differentiable() -> Iterator[None]:
    """Gradients on, cuDNN off: cuDNN's RNNs keep what their backward needs in training mode only, torch's own always.

    A model in eval mode, without dropout, can so be differentiated on a GPU too.
    """
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        yield


def gradient_times_input(predict: Predict, embedded: Tensor, mask: Tensor, *, target: Tensor | None = None) -> Tensor:
    """Gradient of the class's probability times the embedding, summed over its features (Shrikumar et al. 2016).

    Source: arXiv:1605.01713.

    Args:
        predict: the model from its embeddings on.
        embedded: (B, L, E), the words' embeddings.
        mask: (B, L), True = a word.
        target: (B,), the class; the predicted one when not given.

    Returns:
        (B, L), signed: words against the class are negative.

    Raises:
        TypeError: a mask that is not bool.
        ValueError: shapes that do not fit, a text without a word, a class that is none, a model that does not give
            probabilities or has no gradient.
    """
    embedded = _check_embedded(embedded, mask)
    return (_gradient(predict, embedded, mask, target) * embedded).sum(dim=-1) * mask


def integrated_gradients(
    predict: Predict,
    embedded: Tensor,
    mask: Tensor,
    *,
    baseline: Tensor | None = None,
    target: Tensor | None = None,
    steps: int = 50,
) -> Tensor:
    """Gradients on the straight way from a baseline to the text, averaged, times its length (Sundararajan et al. 2017).

    The words' scores sum to p(text) - p(baseline) (proposition 1; arXiv:1703.01365). The mean is taken at the points of
    a Gauss-Legendre rule, where the paper sums over equal steps: fewer points do.

    Args:
        predict: the model from its embeddings on.
        embedded: (B, L, E), the words' embeddings.
        mask: (B, L), True = a word.
        baseline: broadcastable to the embeddings, where the way begins; zeros when not given.
        target: (B,), the class; the one predicted for the text when not given.
        steps: points on the way, one forward and backward pass each.

    Returns:
        (B, L), signed.

    Raises:
        TypeError: a mask that is not bool, or steps that are no integer.
        ValueError: as for `gradient_times_input`; a baseline that does not fit; steps under 1.
    """
    check_whole("steps", steps, 1)
    embedded = _check_embedded(embedded, mask)
    start = torch.zeros_like(embedded) if baseline is None else _expand(baseline.detach(), embedded)
    if target is None:
        with torch.no_grad():
            target = choose_class(check_probabilities(predict(embedded, mask), len(mask)), None)
    points, weights = np.polynomial.legendre.leggauss(steps)  # on [-1, 1], weights that sum to 2
    way = embedded - start
    total = torch.zeros_like(embedded)
    for point, weight in zip(points.tolist(), weights.tolist(), strict=True):
        total += weight / 2 * _gradient(predict, start + (1 + point) / 2 * way, mask, target)
    return (total * way).sum(dim=-1) * mask


def leave_one_out(
    predict: Predict,
    inputs: Tensor,
    mask: Tensor,
    erase: Erase,
    *,
    target: Tensor | None = None,
    batch_size: int = 128,
) -> Tensor:
    """What each word is worth: the class's probability less that without the word.

    Args:
        predict: the model.
        inputs: (B, L) ids or (B, L, E) embeddings.
        mask: (B, L), True = a word.
        erase: `replace_with(...)`, `remove(...)` or a function of your own.
        target: (B,), the class; the one predicted for the whole text when not given.
        batch_size: texts that the model reads at once.

    Returns:
        (B, L), signed.

    Raises:
        TypeError, ValueError: as for `attnbook.metrics.erasure.probability_lost`.
    """
    check_mask(mask)
    texts, positions = mask.nonzero(as_tuple=True)  # (words,) both
    erased = torch.zeros(len(texts), mask.shape[1], dtype=torch.bool, device=mask.device)
    erased[torch.arange(len(texts), device=mask.device), positions] = True
    lost = probability_lost(predict, inputs, mask, texts, erased, erase, target=target, batch_size=batch_size)
    return lost.new_zeros(mask.shape).index_put((texts, positions), lost)


def random_scores(mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
    """Scores that know nothing, drawn from [0, 1): the chance level of every metric.

    Args:
        mask: (B, L), True = a word.
        generator: for the same scores again.

    Returns:
        (B, L).

    Raises:
        TypeError, ValueError: a mask that is not bool; not (B, L), or a text without a word.
    """
    check_mask(mask)
    return torch.rand(mask.shape, generator=generator, device=mask.device) * mask


def uniform_scores(mask: Tensor) -> Tensor:
    """The same weight for all words of a text, one in all: attention that has learned nothing.

    Args:
        mask: (B, L), True = a word.

    Returns:
        (B, L).

    Raises:
        TypeError, ValueError: as for `random_scores`.
    """
    check_mask(mask)
    return mask / mask.sum(dim=1, keepdim=True)


def _gradient(predict: Predict, embedded: Tensor, mask: Tensor, target: Tensor | None) -> Tensor:
    """Gradient (B, L, E) of the class's probability; the parameters' own gradients stay as they are."""
    with differentiable():
        embedded = embedded.detach().requires_grad_()
        probabilities = check_probabilities(predict(embedded, mask), len(mask))
        chosen = probabilities.gather(1, choose_class(probabilities, target)[:, None])  # (B, 1)
        # Texts do not mix, so that their sum has the gradient of each.
        found = torch.autograd.grad(chosen.sum(), embedded, allow_unused=True)[0] if chosen.requires_grad else None
        if found is None:
            raise ValueError("the model's probabilities do not depend on the embeddings: there is no gradient")
        return found


def _check_embedded(embedded: Tensor, mask: Tensor) -> Tensor:
    check_texts(embedded, mask)
    if embedded.dim() != 3 or not embedded.is_floating_point():
        raise ValueError(f"embeddings must be floats (B, L, E); got {embedded.dtype} {tuple(embedded.shape)}")
    return embedded.detach()


def _expand(baseline: Tensor, embedded: Tensor) -> Tensor:
    try:
        return baseline.expand(embedded.shape)
    except RuntimeError:
        shapes = f"{tuple(embedded.shape)}; got {tuple(baseline.shape)}"
        raise ValueError(f"the baseline must broadcast to the embeddings {shapes}") from None
