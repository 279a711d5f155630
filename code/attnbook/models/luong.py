"""Luong's attention: global with four scores, or local around one place (Luong et al. 2015; arXiv:1508.04025)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnbook.checks import check_whole
from attnbook.masks import padding_mask
from attnbook.models.encoder_decoder import Decoded, EncoderDecoder, weigh
from attnbook.models.recurrent_encoder import RecurrentEncoder
from attnbook.scores import Additive, Bilinear, Location, dot

SCORES = ("dot", "general", "concat", "location")
WINDOWS = (None, "local-m", "local-p")


class LuongMemory(NamedTuple):
    """What the decoder looks at, and where it starts."""

    states: Tensor
    """(B, S, hidden_dim)."""
    keys: Tensor
    """(B, S, hidden_dim): the states, for "concat" projected once a sentence."""
    mask: Tensor
    """(B, 1, S) bool, True = a word."""
    hidden: Tensor
    """(B, num_layers, hidden_dim), the encoder's last."""
    cell: Tensor
    """(B, num_layers, hidden_dim), the encoder's last."""


class LuongState(NamedTuple):
    """The decoder's state."""

    hidden: Tensor
    """(B, num_layers, hidden_dim)."""
    cell: Tensor
    """(B, num_layers, hidden_dim)."""
    attentional: Tensor
    """(B, hidden_dim), h̃ of the step before."""
    coverage: Tensor
    """(B, S), the weights so far, added up."""
    position: Tensor
    """(B,), how many words were taken in."""


class Luong(EncoderDecoder):
    """LSTM encoder and decoder with attention in Luong's order: the state *after* a word asks.

    * h_t = LSTM(y_{t-1}), with input feeding LSTM([y_{t-1}; h̃_{t-1}]);
    * a_t = softmax(score(h_t, h_s)) over the source, c_t = Σ_s a_t(s) h_s;
    * h̃_t = tanh(W_c [c_t; h_t]), which the output layer reads.

    A window looks only at the words at most `half_width` from a place p_t, counted from 0: "local-m" takes p_t = t,
    "local-p" p_t = S · σ(v·tanh(W h_t)) with S the sentence's length, and multiplies the weights by
    exp(-(s - p_t)² / 2σ²) with σ = half_width / 2. As in the paper they are not normalised again, so that rows of
    "local-p" sum to less than one; a window beyond the sentence's end gives zeros.

    Coverage lets the score see what was looked at already: the weights so far enter the additive score,
    v·tanh(W h_t + U h_s + w · Σ a(s)) (See et al. 2017, equation 11; arXiv:1704.04368).

    Without input feeding and coverage the decoder and its attention run over all words in one fused call.
    Departures: the encoder reads in both directions, with half of hidden_dim each; "concat" has a bias (see
    `Additive`).

    Args:
        source_size: number of source words.
        target_size: number of target words.
        score: "dot", "general", "concat" or "location".
        window: None (global), "local-m" or "local-p".
        half_width: D, of a window.
        input_feeding: feed h̃ into the next step.
        coverage: let the score see the weights so far; only with "concat".
        embed_dim: size of embeddings.
        hidden_dim: size of states, even.
        num_layers: LSTM layers of encoder and decoder.
        max_length: source positions that "location" has weights for.
        dropout: probability that a feature of embeddings and h̃, and between layers, is dropped in training.
        tie_embeddings: let the output layer score a word by its embedding; embed_dim must equal hidden_dim.

    Raises:
        TypeError: a size that is no integer.
        ValueError: an unknown score or window, coverage with another score, an odd hidden_dim, a size under 1, a
            dropout outside [0, 1].
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        *,
        score: str = "general",
        window: str | None = None,
        half_width: int = 10,
        input_feeding: bool = False,
        coverage: bool = False,
        embed_dim: int = 256,
        hidden_dim: int = 256,
        num_layers: int = 1,
        max_length: int = 128,
        dropout: float = 0.0,
        tie_embeddings: bool = False,
    ) -> None:
        if score not in SCORES:
            raise ValueError(f"unknown score {score!r}; allowed: {', '.join(SCORES)}")
        if window not in WINDOWS:
            raise ValueError(f"unknown window {window!r}; allowed: {', '.join(map(str, WINDOWS))}")
        if coverage and score != "concat":
            raise ValueError(f"coverage needs the score concat; got {score}")
        check_whole("half_width", half_width, 1)
        check_whole("hidden_dim", hidden_dim, 2)
        if hidden_dim % 2:
            raise ValueError(f"hidden_dim must be even, for two directions; got {hidden_dim}")
        recurrent = {"num_layers": num_layers, "dropout": dropout if num_layers > 1 else 0.0}
        encoder = RecurrentEncoder(
            source_size, embed_dim, hidden_dim // 2, cell="lstm", num_layers=num_layers, dropout=dropout
        )
        super().__init__(encoder, target_size, embed_dim, hidden_dim, dropout=dropout, tie_embeddings=tie_embeddings)
        self.window, self.half_width, self.input_feeding = window, half_width, input_feeding
        self.rnn = nn.LSTM(embed_dim + (hidden_dim if input_feeding else 0), hidden_dim, batch_first=True, **recurrent)
        makers = {
            "dot": lambda: dot,
            "general": lambda: Bilinear(hidden_dim, hidden_dim),
            "concat": lambda: Additive(hidden_dim, hidden_dim, hidden_dim),
            "location": lambda: Location(hidden_dim, max_length),
        }
        self.score = makers[score]()
        self.coverage = nn.Linear(1, hidden_dim, bias=False) if coverage else None
        self.combine = nn.Linear(2 * hidden_dim, hidden_dim, bias=False)  # W_c
        if window == "local-p":
            hidden_layer, place = nn.Linear(hidden_dim, hidden_dim, bias=False), nn.Linear(hidden_dim, 1, bias=False)
            self.place = nn.Sequential(hidden_layer, nn.Tanh(), place, nn.Sigmoid())

    def encode(self, source: Tensor, source_lengths: Tensor) -> LuongMemory:
        """Read the source (B, S) with its lengths (B,)."""
        states, hidden, cell = self.encoder(source, source_lengths)
        keys = self.score.project_key(states) if isinstance(self.score, Additive) else states
        mask = padding_mask(source_lengths, source.shape[1]).to(states.device)
        return LuongMemory(states, keys, mask, hidden, cell)

    def start(self, memory: LuongMemory) -> LuongState:
        """The encoder's last state, nothing looked at yet."""
        attentional = torch.zeros_like(memory.hidden[:, -1])
        coverage = torch.zeros_like(memory.states[..., 0])
        position = torch.zeros_like(memory.mask[:, 0, 0], dtype=torch.long)
        return LuongState(memory.hidden, memory.cell, attentional, coverage, position)

    def decode(self, embedded: Tensor, state: LuongState, memory: LuongMemory) -> Decoded:
        """Take in L embedded words (R, L, E): at once, or one by one where a step needs the weights before it.

        R is B, or in beam search B · K.
        """
        if not self.input_feeding and self.coverage is None:
            return self._advance(embedded, state, memory)
        features, maps = [], []
        for word in embedded.split(1, dim=1):  # (R, 1, E)
            attentional, state, weights = self._advance(word, state, memory)
            features.append(attentional)
            maps.append(weights)
        return Decoded(torch.cat(features, dim=1), state, torch.cat(maps, dim=1))

    def _advance(self, embedded: Tensor, state: LuongState, memory: LuongMemory) -> Decoded:
        """Take in words whose weights do not depend on one another: one word, where there is feeding or coverage."""
        if self.input_feeding:
            embedded = torch.cat([embedded, state.attentional[:, None].to(embedded.dtype)], dim=-1)
        before = (state.hidden.transpose(0, 1).contiguous(), state.cell.transpose(0, 1).contiguous())
        query, (hidden, cell) = self.rnn(embedded, before)  # (R, L, H)
        # Beam search follows K beginnings of a sentence: K queries to the same keys, as L words are.
        query = query.unflatten(0, (len(memory.states), -1)).flatten(1, 2)  # (B, K · L, H)
        weights = self._align(query, state, memory)  # (B, K · L, S)
        attentional = torch.tanh(self.combine(torch.cat([weights @ memory.states, query], dim=-1)))  # (B, K · L, H)
        weights, attentional = (each.view(*embedded.shape[:2], -1) for each in (weights, attentional))  # (R, L, ...)
        state = LuongState(
            hidden.transpose(0, 1),
            cell.transpose(0, 1),
            attentional[:, -1],
            state.coverage + weights.sum(1),
            state.position + embedded.shape[1],
        )
        return Decoded(attentional, state, weights)

    def _align(self, query: Tensor, state: LuongState, memory: LuongMemory) -> Tensor:
        """Weights (B, K · L, S) of queries (B, K · L, H)."""
        if self.coverage is not None:
            covered = self.coverage(state.coverage.unflatten(0, (len(query), -1))[..., None])  # (B, K, S, H)
            scores = self.score.score_projected(query[:, :, None], memory.keys[:, None] + covered)[:, :, 0]
        elif isinstance(self.score, Additive):
            scores = self.score.score_projected(query, memory.keys)
        else:
            scores = self.score(query, memory.keys)
        if self.window is None:
            return weigh(scores, memory.mask)
        places = torch.arange(max(scores.shape[1:]), device=scores.device)
        if self.window == "local-m":
            length = query[..., 0].numel() // len(state.position)  # L
            centre = (state.position[:, None] + places[:length]).view(len(query), -1, 1)  # (B, K · L, 1)
        else:
            share = self.place(query)  # of the sentence, (B, K · L, 1)
            precise = torch.promote_types(share.dtype, torch.float32)  # in half, places beyond 256 would round
            centre = memory.mask.sum(-1, keepdim=True) * share.to(precise)
        offset = places[: scores.shape[2]] - centre  # (B, K · L, S)
        weights = weigh(scores, memory.mask & (offset.abs() <= self.half_width))
        if self.window == "local-m":
            return weights
        return weights * torch.exp(-2 * (offset / self.half_width) ** 2).to(weights.dtype)
