"""What all classifiers of texts share: their inputs, their answer, and the loss."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from attnbook.data.vocabulary import UNKNOWN
from attnbook.models.recurrent_encoder import check_integers


class Classified(NamedTuple):
    """What a classifier says of texts."""

    logits: Tensor
    """(B, C); their softmax gives the probabilities of the classes."""
    weights: Tensor | None
    """(B, L), before any dropout; None if not asked for, or where the model has none."""


def classification_loss(logits: Tensor, labels: Tensor) -> tuple[Tensor, int]:
    """Cross-entropy, as `fit` wants it: the sum over texts, and their number.

    Args:
        logits: (B, C).
        labels: (B,) integers from 0 to C - 1.

    Returns:
        The sum in nats, and B.

    Raises:
        TypeError: labels that are no tensor of integers.
        ValueError: shapes that do not fit, a label outside the set.
    """
    check_integers("labels", labels)
    if logits.dim() != 2 or labels.shape != logits.shape[:1] or not len(labels):
        raise ValueError(f"logits must be (B, C) and labels (B,); got {tuple(logits.shape)} and {tuple(labels.shape)}")
    least, greatest = (int(label) for label in labels.aminmax())
    if least < 0 or greatest >= logits.shape[1]:
        wrong = least if least < 0 else greatest
        raise ValueError(f"labels must lie between 0 and {logits.shape[1] - 1}; got {wrong}")
    return F.cross_entropy(logits, labels.long(), reduction="sum"), len(labels)


def check_lengths(lengths: Tensor | None, shape: Sequence[int], least: int) -> Tensor:
    """Check how many words of each text are real.

    Args:
        lengths: (...) integers; None stands for all: padding is then taken for words.
        shape: (..., L), of the padded texts.
        least: length allowed.

    Returns:
        Lengths (...).

    Raises:
        TypeError: lengths that are no tensor of integers.
        ValueError: a shape that does not fit, an empty text where that is not allowed, one longer than the batch.
    """
    *leading, longest = shape
    if lengths is None:
        return torch.full(leading, longest)
    check_integers("lengths", lengths)
    if list(lengths.shape) != leading:
        raise ValueError(f"lengths must have shape {tuple(leading)}; got {tuple(lengths.shape)}")
    if lengths.numel() and (lengths.min() < least or lengths.max() > longest):
        raise ValueError(f"lengths must lie between {least} and {longest}; got {lengths.unique().tolist()}")
    return lengths


def check_embedded(embedded: Tensor, num_sizes: int, embed_dim: int) -> None:
    """Raise ValueError unless the embedded words have that many sizes, the last of them embed_dim."""
    if embedded.dim() != num_sizes or embedded.shape[-1] != embed_dim:
        raise ValueError(f"embedded must have {num_sizes} sizes, the last {embed_dim}; got {tuple(embedded.shape)}")


def check_word_dropout(word_dropout: float) -> None:
    """Raise ValueError unless the share of words to drop lies between 0 and 1."""
    if not 0.0 <= word_dropout <= 1.0:
        raise ValueError(f"word_dropout must lie between 0 and 1; got {word_dropout}")


def drop_words(words: Tensor, share: float) -> Tensor:
    """Put <unk> in the place of a random share of the words: no text can then be known by one word alone."""
    return words.masked_fill(torch.rand(words.shape, device=words.device) < share, UNKNOWN)
