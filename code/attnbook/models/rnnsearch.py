"""RNNsearch: the decoder asks for what it needs, word by word (Bahdanau et al. 2015; arXiv:1409.0473)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnbook.masks import padding_mask
from attnbook.models.encoder_decoder import Decoded, EncoderDecoder, Maxout, weigh
from attnbook.models.recurrent_encoder import RecurrentEncoder
from attnbook.scores import Additive


class RNNSearchMemory(NamedTuple):
    """What the decoder looks at."""

    states: Tensor
    """(B, S, 2 · hidden_dim), the annotations h_j."""
    keys: Tensor
    """(B, S, attention_dim), U h_j: projected once a sentence, not once a word."""
    gates: Tensor
    """(B, S, 3 · hidden_dim), C h_j, likewise: their weighted mean is C c_i, what the GRU reads of the context."""
    mask: Tensor
    """(B, 1, S) bool, True = a word."""


class RNNSearchState(NamedTuple):
    """The decoder's state."""

    hidden: Tensor
    """(B, hidden_dim), s_i."""


class RNNSearch(EncoderDecoder):
    """Encoder, additive attention and decoder, in Bahdanau's order: the state *before* a word asks.

    * α_ij = softmax_j(v·tanh(W s_{i-1} + U h_j)) and c_i = Σ_j α_ij h_j;
    * s_i = GRU(s_{i-1}, [y_{i-1}; c_i]), from s_0 = tanh(W_s h←_1), the backward encoder's state at the first word;
    * the word: softmax(W_o maxout(y_{i-1}, s_i, c_i)), as in the paper's equation 4 (its appendix A.2.2 has s_{i-1}).

    Departures: the GRU is torch's, whose reset gate acts after the recurrent matrix, where the paper's acts before;
    layers have biases.

    Args:
        source_size: number of source words.
        target_size: number of target words.
        embed_dim: size of embeddings, and of the maxout layer.
        hidden_dim: size of the decoder's state, and of the encoder's in each direction.
        attention_dim: hidden size of the additive score; hidden_dim when not given.
        dropout: probability that a feature of embeddings and maxout layer is dropped in training.
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
        attention_dim: int | None = None,
        dropout: float = 0.0,
        tie_embeddings: bool = False,
    ) -> None:
        encoder = RecurrentEncoder(source_size, embed_dim, hidden_dim, dropout=dropout)
        super().__init__(encoder, target_size, embed_dim, embed_dim, dropout=dropout, tie_embeddings=tie_embeddings)
        attention_dim = hidden_dim if attention_dim is None else attention_dim
        self.score = Additive(hidden_dim, 2 * hidden_dim, attention_dim)
        self.bridge = nn.Linear(hidden_dim, hidden_dim)
        # The three matrices of a GRU, apart: what reads the word runs for all steps at once, before the loop.
        self.word_gates = nn.Linear(embed_dim, 3 * hidden_dim)
        self.context_gates = nn.Linear(2 * hidden_dim, 3 * hidden_dim, bias=False)
        self.state_gates = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.readout = Maxout(embed_dim + 3 * hidden_dim, embed_dim)

    def encode(self, source: Tensor, source_lengths: Tensor) -> RNNSearchMemory:
        """Read the source (B, S) with its lengths (B,)."""
        states = self.encoder(source, source_lengths).states
        mask = padding_mask(source_lengths, source.shape[1]).to(states.device)
        return RNNSearchMemory(states, self.score.project_key(states), self.context_gates(states), mask)

    def start(self, memory: RNNSearchMemory) -> RNNSearchState:
        """The decoder's state before the first word, tanh(W_s h←_1)."""
        backward = memory.states[:, 0, memory.states.shape[-1] // 2 :]
        return RNNSearchState(torch.tanh(self.bridge(backward)))

    def decode(self, embedded: Tensor, state: RNNSearchState, memory: RNNSearchMemory) -> Decoded:
        """Take in L embedded words (R, L, E): only what depends on the state before stays in the loop.

        R is B, or in beam search B · K: the K beginnings of a translation are K queries to the same keys.
        """
        per_sentence = (len(memory.states), -1)  # (B, K)
        hidden, steps = state.hidden.unflatten(0, per_sentence), []  # (B, K, H)
        for word_gates in self.word_gates(embedded).unflatten(0, per_sentence).unbind(2):  # (B, K, 3H)
            hidden, weights = self._advance(word_gates, hidden, memory)
            steps.append((hidden, weights))
        states, weights = (torch.stack(tensors, dim=2) for tensors in zip(*steps, strict=True))  # (B, K, L, ...)
        contexts = weights.flatten(1, 2) @ memory.states  # (B, K · L, 2H)
        heard = [embedded, states.flatten(0, 1), contexts.view(*embedded.shape[:2], -1)]  # (R, L, ...) each
        features = self.readout(torch.cat(heard, dim=-1))  # (R, L, E)
        return Decoded(features, RNNSearchState(hidden.flatten(0, 1)), weights.flatten(0, 1))

    def _advance(self, word_gates: Tensor, hidden: Tensor, memory: RNNSearchMemory) -> tuple[Tensor, Tensor]:
        """Take in one word: the state before it asks, and what it is told goes into the state after it."""
        weights = weigh(self.score.score_projected(hidden, memory.keys), memory.mask)  # (B, K, S)
        hidden = self._gru(word_gates + weights @ memory.gates, hidden)  # (B, K, H)
        return hidden, weights

    def _gru(self, input_gates: Tensor, hidden: Tensor) -> Tensor:
        """One step of torch's GRU from its input's share of the gates (..., 3H)."""
        input_reset, input_update, input_new = input_gates.chunk(3, dim=-1)
        state_reset, state_update, state_new = self.state_gates(hidden).chunk(3, dim=-1)
        new = torch.tanh(input_new + torch.sigmoid(input_reset + state_reset) * state_new)
        return new.lerp(hidden, torch.sigmoid(input_update + state_update))  # (..., H)
