"""What the metrics of explanations take: a model as one function, padded texts, scores and marks of their words.

All tensors are padded; the mask (B, L) is True where a word stands. Scores say how much each word matters, by any
method: attention weights are such scores as they are. What stands at padding is never looked at.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from attnbook.masks import check_bool

Predict = Callable[[Tensor, Tensor], Tensor]
"""A model in eval mode: maps texts, word ids (B, L) or embeddings (B, L, E), and their mask to probabilities (B, C)."""


def check_texts(inputs: Tensor, mask: Tensor) -> None:
    """Raise unless they are texts: TypeError for a mask that is not bool, ValueError for shapes and for no word."""
    check_mask(mask)
    if inputs.dim() not in (2, 3) or inputs.shape[:2] != mask.shape:
        raise ValueError(
            f"texts must be ids (B, L) or embeddings (B, L, E), with a mask (B, L); got {tuple(inputs.shape)} "
            f"and {tuple(mask.shape)}"
        )


def check_mask(mask: Tensor) -> None:
    """Raise TypeError unless the mask is bool, ValueError unless it is (B, L) with a word in every text."""
    check_bool(mask)
    if mask.dim() != 2 or not len(mask):
        raise ValueError(f"the mask must be (B, L), of 1 text or more; got {tuple(mask.shape)}")
    if not (has_word := mask.any(dim=1)).all():
        raise ValueError(f"text {_first(~has_word)} has no word")


def check_scores(name: str, scores: Tensor, mask: Tensor) -> None:
    """Raise ValueError unless every word has one finite score; what is wrong with the mask is raised first."""
    check_mask(mask)
    _check_shape(name, scores, mask)
    if not (finite := (torch.isfinite(scores) | ~mask).all(dim=1)).all():
        raise ValueError(f"{name} must be finite; those of text {_first(~finite)} are not")


def check_marks(name: str, marks: Tensor, mask: Tensor) -> None:
    """Raise TypeError unless the marks are bool, ValueError unless they are of the words of these texts."""
    check_mask(mask)
    if not isinstance(marks, Tensor) or marks.dtype != torch.bool:
        came = marks.dtype if isinstance(marks, Tensor) else type(marks).__name__
        raise TypeError(f"{name} must be a bool tensor, True = marked; got {came}")
    _check_shape(name, marks, mask)
    if (outside := marks & ~mask).any():
        text, position = outside.nonzero()[0].tolist()
        raise ValueError(f"{name} of text {text} lie outside it: position {position}, {int(mask[text].sum())} words")


def check_weights(weights: Tensor, mask: Tensor) -> None:
    """Raise ValueError unless the weights of each text's words are 0 or more and sum to one."""
    check_scores("weights", weights, mask)
    inside = weights.masked_fill(~mask, 0.0)
    wrong = (inside < 0).any(dim=1) | ((inside.sum(dim=1) - 1).abs() > 1e-3)
    if wrong.any():
        raise ValueError(f"weights must be 0 or more and sum to one; those of text {_first(wrong)} do not")


def check_probabilities(probabilities: Tensor, num_texts: int) -> Tensor:
    """Return what a model gave, or raise ValueError unless it is (B, C) with rows that are distributions."""
    if probabilities.dim() != 2 or len(probabilities) != num_texts or probabilities.shape[1] < 2:
        raise ValueError(
            f"the model must give probabilities ({num_texts}, C) of 2 classes or more; got {tuple(probabilities.shape)}"
        )
    with torch.no_grad():
        # The comparisons are False for NaN.
        inside = ((probabilities >= -1e-6) & (probabilities <= 1 + 1e-6)).all(dim=1)
        right = inside & ((probabilities.sum(dim=1) - 1).abs() <= 1e-2)
    if not right.all():
        row = _first(~right)
        raise ValueError(
            "the model must give probabilities, in [0, 1], that sum to one over the classes; "
            f"got {probabilities[row].tolist()} for text {row} of a batch"
        )
    return probabilities


def choose_class(probabilities: Tensor, target: Tensor | None) -> Tensor:
    """The class (B,) whose probability is looked at: the given one, or the most probable.

    Raises:
        TypeError: a target that is not int64.
        ValueError: a target that is not (B,), or of no class.
    """
    if target is None:
        return probabilities.argmax(dim=1)
    num_texts, num_classes = probabilities.shape
    if target.dtype != torch.int64:
        raise TypeError(f"target must be a tensor of int64; got {target.dtype}")
    if target.shape != (num_texts,) or target.min() < 0 or target.max() >= num_classes:
        raise ValueError(f"target must be ({num_texts},), of classes 0 to {num_classes - 1}; got {target.tolist()}")
    return target


def _check_shape(name: str, values: Tensor, mask: Tensor) -> None:
    if values.shape != mask.shape:
        raise ValueError(f"{name} must be one for each position {tuple(mask.shape)}; got {tuple(values.shape)}")


def _first(wrong: Tensor) -> int:
    return int(wrong.nonzero()[0])
