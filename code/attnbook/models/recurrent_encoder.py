"""A sentence read in both directions: what every recurrent translator begins with."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attnbook.checks import check_whole


class Encoded(NamedTuple):
    """What `RecurrentEncoder` returns; features of the forward direction come first, then the backward one's."""

    states: Tensor
    """(B, S, 2 · hidden_dim): one for each source word, zero at padding."""
    hidden: Tensor
    """(B, num_layers, 2 · hidden_dim): each direction's state after its last word, which is the first word backward."""
    cell: Tensor
    """The same of an LSTM's memory cell; of a GRU, which has none, the hidden state again."""


class RecurrentEncoder(nn.Module):
    """Bidirectional GRU or LSTM over embedded words (Bahdanau et al. 2015, section 3.2; arXiv:1409.0473).

    One fused call reads whole sentences. Where they differ in length they are packed: padding is never read, whatever
    stands in it.

    Args:
        vocabulary_size: number of source words.
        embed_dim: size of a word's embedding.
        hidden_dim: size of the state of one direction.
        cell: "gru" or "lstm".
        num_layers: layers on top of one another.
        dropout: probability that a feature of the embeddings, and between layers, is dropped in training.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size under 1, an unknown cell, a dropout outside [0, 1].
    """

    def __init__(
        self,
        vocabulary_size: int,
        embed_dim: int,
        hidden_dim: int,
        *,
        cell: str = "gru",
        num_layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = {"vocabulary_size": vocabulary_size, "embed_dim": embed_dim, "hidden_dim": hidden_dim}
        for name, size in {**sizes, "num_layers": num_layers}.items():
            check_whole(name, size, 1)
        kinds = {"gru": nn.GRU, "lstm": nn.LSTM}
        if cell not in kinds:
            raise ValueError(f"unknown cell {cell!r}; allowed: {', '.join(kinds)}")
        self.embedding = nn.Embedding(vocabulary_size, embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.rnn = kinds[cell](
            embed_dim,
            hidden_dim,
            num_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if num_layers > 1 else 0.0,
        )

    def forward(self, source: Tensor, source_lengths: Tensor) -> Encoded:
        """Read a batch of sentences.

        Args:
            source: (B, S) word ids, padded at the right.
            source_lengths: (B,) integers, how many words of each sentence are real.

        Returns:
            Encoded(states (B, S, 2 · hidden_dim), hidden (B, num_layers, 2 · hidden_dim), cell of that shape).

        Raises:
            TypeError: ids or lengths that are no tensor of integers.
            ValueError: shapes that do not fit, an empty sentence, one longer than the batch.
            IndexError: an id outside the vocabulary.
        """
        check_words("source", source, self.embedding.num_embeddings)
        _check_lengths(source, source_lengths)
        embedded = self.dropout(self.embedding(source))  # (B, S, E)
        if source_lengths.min() == source.shape[1]:
            # No padding: on a CPU a packed call and its gradient cost a quarter more than a plain one.
            states, last = self.rnn(embedded)  # (B, S, 2H)
        else:
            packed = pack_padded_sequence(embedded, source_lengths.cpu(), batch_first=True, enforce_sorted=False)
            outputs, last = self.rnn(packed)
            states, _ = pad_packed_sequence(outputs, batch_first=True, total_length=source.shape[1])
        hidden, cell = last if isinstance(last, tuple) else (last, last)
        return Encoded(states, self._join_directions(hidden), self._join_directions(cell))

    def _join_directions(self, last: Tensor) -> Tensor:
        """Turn torch's (num_layers · 2, B, H) into (B, num_layers, 2H)."""
        return last.unflatten(0, (-1, 2)).permute(2, 0, 1, 3).flatten(2)


def check_words(name: str, words: Tensor, vocabulary_size: int) -> None:
    """Raise unless the words are (B, L) integer ids, 1 or more of them, all of the vocabulary."""
    check_integers(name, words)
    if words.dim() != 2 or not words.numel():
        raise ValueError(f"{name} must have shape (B, L), with 1 sentence and 1 word or more; got {tuple(words.shape)}")
    least, greatest = (int(word) for word in words.aminmax())
    if least < 0 or greatest >= vocabulary_size:
        wrong = least if least < 0 else greatest
        raise IndexError(f"{name} holds the id {wrong}; its vocabulary has 0 to {vocabulary_size - 1}")


def check_integers(name: str, tensor: Tensor) -> None:
    """Raise TypeError unless it is a tensor of int64 or int32."""
    if not isinstance(tensor, Tensor) or tensor.dtype not in (torch.int64, torch.int32):
        came = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise TypeError(f"{name} must be a tensor of int64 or int32; got {came}")


def _check_lengths(source: Tensor, source_lengths: Tensor) -> None:
    check_integers("source_lengths", source_lengths)
    batch_size, longest = source.shape
    if source_lengths.shape != (batch_size,):
        raise ValueError(f"source_lengths must have shape ({batch_size},); got {tuple(source_lengths.shape)}")
    if source_lengths.min() < 1 or source_lengths.max() > longest:
        raise ValueError(f"source_lengths must lie between 1 and {longest}; got {source_lengths.tolist()}")
