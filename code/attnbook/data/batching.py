"""Batches of sentences of similar length, so that little of the work is spent on padding."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from attnbook.data.vocabulary import END, PAD, START

EncodedPair = tuple[Sequence[int], Sequence[int]]


class Batch(NamedTuple):
    """Sentence pairs as padded tensors."""

    source: Tensor
    """(B, Ls), long: each sentence and </s>, then padding."""
    source_lengths: Tensor
    """(B,), with </s>."""
    target: Tensor
    """(B, Lt), long: <s>, each sentence and </s>, then padding. A decoder reads [:, :-1] and predicts [:, 1:]."""
    target_lengths: Tensor
    """(B,), with <s> and </s>."""


def pad(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Put sequences of ids into one tensor.

    Args:
        sequences: at least one, none of them empty.

    Returns:
        Ids (B, L), filled up with <pad>, and lengths (B,), both long.

    Raises:
        ValueError: no sequence, or an empty one; the message gives its index.
    """
    if not sequences:
        raise ValueError("there is no sequence to pad")
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    if lengths.min() == 0:
        raise ValueError(f"sequence {int(lengths.argmin())} is empty")
    padded = torch.full((len(sequences), int(lengths.max())), PAD)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = torch.as_tensor(sequence)
    return padded, lengths


def make_batch(pairs: Sequence[EncodedPair]) -> Batch:
    """Pad sentence pairs; fits a DataLoader as its `collate_fn`.

    Args:
        pairs: ids of source and target, without <s> and </s>.

    Returns:
        A batch, on the CPU.

    Raises:
        ValueError: no pair, or an empty sentence; the message gives its index in the batch.
    """
    _check_lengths(_lengths(pairs, LengthBuckets.sides), LengthBuckets)
    source, source_lengths = pad([[*source, END] for source, _ in pairs])
    target, target_lengths = pad([[START, *target, END] for _, target in pairs])
    return Batch(source, source_lengths, target, target_lengths)


class LengthBuckets:
    """Which sentence pairs go into a batch together; fits a DataLoader as its `batch_sampler`.

    Pairs are sorted by length and cut into batches. With `shuffle`, pairs of equal lengths and the batches come in
    an order that the seed and the epoch decide, and nothing else.
    """

    sides: tuple[str, ...] = ("pair {}: its source sentence", "pair {}: its target sentence")
    """What is measured of each item, as messages call it, in"""
    unit: str = "ids"
    added: tuple[int, ...] = (1, 2)
    """Ids that batching adds to each side: </s>; <s> and </s>."""

    def __init__(
        self,
        pairs: Sequence[EncodedPair],
        *,
        sentences: int | None = None,
        tokens: int | None = None,
        max_length: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        """Check the sentences and measure them.

        Args:
            pairs: ids of source and target, without <s> and </s>.
            sentences: pairs in a batch; or
            tokens: ids in a batch at most, counted on its longer side with <s>, </s> and padding.
            max_length: longest sentence allowed, in ids.
            shuffle: draw a new order each epoch; without it batches go from short to long.
            seed: of the order.

        Raises:
            ValueError: both or neither of sentences and tokens, no pair at all, a sentence that is empty, too long,
                or has more ids than a batch; the message gives its index.
        """
        given = [number for number in (sentences, tokens) if number is not None]
        if len(given) != 1 or given[0] < 1:
            raise ValueError(f"give either sentences or tokens, 1 or more; got {sentences} and {tokens}")
        self._lengths = _lengths(pairs, self.sides)
        _check_lengths(self._lengths, type(self), max_length)
        if tokens is not None and self._batched_lengths.max() > tokens:
            index = self._batched_lengths.max(axis=1).argmax()
            raise ValueError(f"pair {index} has {self._batched_lengths.max()} ids with <s> and </s>, a batch {tokens}")
        self._sentences, self._tokens = sentences, tokens
        self._shuffle, self._seed, self._epoch = shuffle, seed, 0
        self._cuts = self._cut()

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch, 0 or more; the first is 0."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Number of batches."""
        return len(self._cuts) - 1

    def __iter__(self) -> Iterator[list[int]]:
        """The indices of the pairs in each batch."""
        random = np.random.default_rng((self._seed, self._epoch))
        count = len(self._lengths)
        first = random.permutation(count) if self._shuffle else np.arange(count)
        # The sort is stable: what is equally long stays in the order drawn.
        order = first[_by_length(self._lengths[first])]
        for batch in random.permutation(len(self)) if self._shuffle else range(len(self)):
            yield order[self._cuts[batch] : self._cuts[batch + 1]].tolist()

    @property
    def padding_share(self) -> float:
        """Share of padding among the ids of an epoch, all sides together; the same in every epoch."""
        lengths = self._batched_lengths[_by_length(self._lengths)]
        size = sum((end - start) * lengths[start:end].max(axis=0).sum() for start, end in pairwise(self._cuts))
        return float(1 - lengths.sum() / size)

    @property
    def _batched_lengths(self) -> np.ndarray:
        return self._lengths + np.array(self.added)

    def _cut(self) -> list[int]:
        """Where batches begin among the sorted pairs, and where the last one ends."""
        count = len(self._lengths)
        if self._sentences is not None:
            return [*range(0, count, self._sentences), count]
        cuts, longest = [0], 0
        for index, length in enumerate(self._batched_lengths[_by_length(self._lengths)].max(axis=1)):
            longest = max(longest, length)
            if longest * (index + 1 - cuts[-1]) > self._tokens:
                cuts.append(index)
                longest = length
        return [*cuts, count]


def _by_length(lengths: np.ndarray) -> np.ndarray:
    """The order of items (N, sides) by their first side's length, then the second's."""
    return np.lexsort(lengths.T[::-1])


def _lengths(items: Sequence[tuple], sides: tuple[str, ...]) -> np.ndarray:
    """(N, sides), the lengths of source and target, or of what else there is."""
    count = len(sides)
    return np.array([[len(side) for side in item[:count]] for item in items], dtype=np.int64).reshape(-1, count)


def _check_lengths(lengths: np.ndarray, kind: type[LengthBuckets], max_length: int | None = None) -> None:
    if not len(lengths):
        raise ValueError(f"there is no {'sentence pair' if len(kind.sides) == 2 else kind.sides[0].split()[0]}")
    for side, column in zip(kind.sides, lengths.T, strict=True):
        if column.min() == 0:
            raise ValueError(f"{side.format(column.argmin())} is empty")
        if max_length is not None and column.max() > max_length:
            index = column.argmax()
            raise ValueError(f"{side.format(index)} has {column[index]} {kind.unit}, allowed are {max_length}")
