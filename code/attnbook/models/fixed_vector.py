"""Translation through one vector: whatever the sentence says has to pass through it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnbook.models.encoder_decoder import Decoded, EncoderDecoder, Maxout
from attnbook.models.recurrent_encoder import RecurrentEncoder


class FixedVectorMemory(NamedTuple):
    """All that the decoder is told about the source."""

    context: Tensor
    """(B, 2 · hidden_dim)."""


class FixedVectorState(NamedTuple):
    """The decoder's state."""

    hidden: Tensor
    """(B, hidden_dim)."""
    context: Tensor
    """(B, 2 · hidden_dim), the memory's: once for each beginning that a search follows."""


class FixedVector(EncoderDecoder):
    """Encoder and decoder with one vector between them (Cho et al. 2014; arXiv:1406.1078).

    The vector c is the encoder's last state in both directions. The decoder starts from tanh(W c), reads c beside
    every word, and its readout reads it again: the same decoder as `RNNSearch`, whose context moves, so that the two
    differ in attention alone. (Cho et al. read in one direction.)

    Args:
        source_size: number of source words.
        target_size: number of target words.
        embed_dim: size of embeddings, and of the readout.
        hidden_dim: size of the decoder's state, and of the encoder's in each direction.
        dropout: probability that a feature of embeddings and readout is dropped in training.
        tie_embeddings: let the output layer score a word by its embedding.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size under 1, a dropout outside [0, 1].
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        *,
        embed_dim: int = 256,
        hidden_dim: int = 256,
        dropout: float = 0.0,
        tie_embeddings: bool = False,
    ) -> None:
        encoder = RecurrentEncoder(source_size, embed_dim, hidden_dim, dropout=dropout)
        super().__init__(encoder, target_size, embed_dim, embed_dim, dropout=dropout, tie_embeddings=tie_embeddings)
        self.bridge = nn.Linear(2 * hidden_dim, hidden_dim)
        self.rnn = nn.GRU(embed_dim + 2 * hidden_dim, hidden_dim, batch_first=True)
        self.readout = Maxout(embed_dim + 3 * hidden_dim, embed_dim)

    def encode(self, source: Tensor, source_lengths: Tensor) -> FixedVectorMemory:
        """Read the source (B, S) with its lengths (B,)."""
        return FixedVectorMemory(self.encoder(source, source_lengths).hidden[:, -1])

    def start(self, memory: FixedVectorMemory) -> FixedVectorState:
        """The decoder's state before the first word, tanh(W c)."""
        return FixedVectorState(torch.tanh(self.bridge(memory.context)), memory.context)

    def decode(self, embedded: Tensor, state: FixedVectorState, memory: FixedVectorMemory) -> Decoded:
        """Take in L embedded words (B, L, E) in one fused call; there are no weights."""
        context = state.context[:, None].expand(-1, embedded.shape[1], -1)  # (B, L, 2H)
        hidden, last = self.rnn(torch.cat([embedded, context], dim=-1), state.hidden[None].to(embedded.dtype))
        features = self.readout(torch.cat([embedded, hidden, context], dim=-1))  # (B, L, E)
        return Decoded(features, FixedVectorState(last[0], state.context), None)
