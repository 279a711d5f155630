"""Batches of texts and of documents, each with its label, of similar length."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from attnbook.data.batching import LengthBuckets, pad
from attnbook.data.vocabulary import PAD

EncodedText = tuple[Sequence[int], int]
"""The ids of a text, and its label."""
EncodedDocument = tuple[Sequence[Sequence[int]], int]
"""The ids of each sentence of a document, and its label."""


class TextBatch(NamedTuple):
    """Texts with labels as padded tensors."""

    words: Tensor
    """(B, L), long: ids, then padding."""
    lengths: Tensor
    """(B,)."""
    labels: Tensor
    """(B,), long."""


class DocumentBatch(NamedTuple):
    """Documents with labels as padded tensors."""

    words: Tensor
    """(B, S, L), long: the ids of each sentence, then padding."""
    lengths: Tensor
    """(B, S): words of each sentence, 0 where a document has no more sentences."""
    labels: Tensor
    """(B,), long."""


def make_text_batch(texts: Sequence[EncodedText]) -> TextBatch:
    """Pad texts; fits a DataLoader as its `collate_fn`.

    Args:
        texts: ids and label of each.

    Returns:
        A batch, on the CPU.

    Raises:
        ValueError: no text, or an empty one; the message gives its index in the batch.
    """
    words, lengths = pad([ids for ids, _ in texts])
    return TextBatch(words, lengths, torch.tensor([label for _, label in texts]))


def make_document_batch(documents: Sequence[EncodedDocument]) -> DocumentBatch:
    """Pad documents; fits a DataLoader as its `collate_fn`.

    Args:
        documents: the ids of each sentence, and the label.

    Returns:
        A batch, on the CPU.

    Raises:
        ValueError: no document, an empty one, or an empty sentence; the message gives its index in the batch.
    """
    if not documents:
        raise ValueError("there is no document to pad")
    counts = torch.tensor([len(sentences) for sentences, _ in documents])
    for index, (sentences, _) in enumerate(documents):
        if not sentences or not all(map(len, sentences)):
            raise ValueError(f"document {index} {'has an empty sentence' if sentences else 'is empty'}")
    flat_words, flat_lengths = pad([ids for sentences, _ in documents for ids in sentences])
    real = torch.arange(int(counts.max())) < counts[:, None]  # (B, S)
    lengths = torch.zeros(real.shape, dtype=torch.long)
    words = torch.full((*real.shape, flat_words.shape[1]), PAD)
    lengths[real], words[real] = flat_lengths, flat_words
    return DocumentBatch(words, lengths, torch.tensor([label for _, label in documents]))


class TextBuckets(LengthBuckets):
    """Which texts go into a batch together: those of similar length, as `LengthBuckets` does it for pairs."""

    sides = ("text {}",)
    added = (0,)

    def __init__(
        self,
        texts: Sequence[EncodedText],
        size: int,
        *,
        max_length: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        """Check the texts and measure them.

        Args:
            texts: ids and label of each.
            size: texts in a batch.
            max_length: longest text allowed, in ids.
            shuffle: draw a new order each epoch; without it batches go from short to long.
            seed: of the order.

        Raises:
            ValueError: a size under 1, no text at all, one that is empty or too long; the message gives its index.
        """
        super().__init__(texts, sentences=size, max_length=max_length, shuffle=shuffle, seed=seed)


class DocumentBuckets(TextBuckets):
    """Which documents go into a batch together: those with a similar number of sentences.

    `max_length` is then the largest number of sentences, and `padding_share` that of empty sentences.
    """

    sides = ("document {}",)
    unit = "sentences"
