"""Speed of translation, as ratios: `tests/bench.py` times these comparisons, or this file when it is run alone.

A training step is forward, backward and the update of a fused Adam. Ours is compared with three that compute the same
function from the same weights. In all of them the encoder walks from word to word and the keys are projected at every
step; they differ in how much else a step does again:

* `SlowRNNSearch`: nothing but the context's share of the gates;
* `WordByWord`: all of it, the paper's formulas as they are written;
* `Tutorial`: the same, with the state put beside every key and one matrix for both, as tutorials write the score.

Matrix products alone: ours take 24.2 GFLOP a step, 9.8 of them in the output layer; those of the others 1.79, 1.79 and
2.20 times as many: ratios under .56, .56 and .45 are out of their reach. Beam search of 5 takes 3.4 times as many as
greedy search. The rest of a ratio is what many small calls and the memory cost; `make bench` asks for large pages of
memory, since all pay alike for small ones.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from attnbook.attention import masked_softmax
from attnbook.models.encoder_decoder import Decoded, translation_loss
from attnbook.models.rnnsearch import RNNSearch, RNNSearchMemory, RNNSearchState
from attnbook.models.search import beam_search, greedy_search
from torch import Tensor
from torch.nn import functional as F

VOCABULARY, WORDS = 8000, 20
# Embeddings and maxout layer stand to the hidden size as in the paper, 620 to 1000.
SIZES = {"embed_dim": 160, "hidden_dim": 256}


class Comparison(NamedTuple):
    """Two functions to time in turn, and the bound on the ratio of their times, ours / theirs."""

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    bound: float


class SlowRNNSearch(RNNSearch):
    """The same function: keys projected at every step, and an encoder that walks from word to word."""

    def encode(self, source: Tensor, source_lengths: Tensor) -> RNNSearchMemory:
        embedded = self.encoder.dropout(self.encoder.embedding(source))
        real = torch.arange(source.shape[1]) < source_lengths[:, None]  # (B, S)
        directions = [self._walk(embedded, real, ""), self._walk(embedded.flip(1), real.flip(1), "_reverse").flip(1)]
        states = torch.cat(directions, dim=-1)
        return RNNSearchMemory(states, states, states, real[:, None])

    def _walk(self, embedded: Tensor, real: Tensor, suffix: str) -> Tensor:
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        parameters = [getattr(self.encoder.rnn, name + suffix) for name in names]
        hidden, states = embedded.new_zeros(len(embedded), self.encoder.rnn.hidden_size), []
        for word, is_word in zip(embedded.unbind(1), real[..., None].unbind(1), strict=True):
            hidden = torch.gru_cell(word, hidden, *parameters).where(is_word, hidden)
            states.append(hidden * is_word)
        return torch.stack(states, dim=1)

    def decode(self, embedded: Tensor, state: RNNSearchState, memory: RNNSearchMemory) -> Decoded:
        hidden, steps = state.hidden, []
        for word_gates in self.word_gates(embedded).unbind(1):
            weights = masked_softmax(self.score(hidden[:, None], memory.states), memory.mask)  # projects the keys
            context = (weights @ memory.states)[:, 0]
            hidden = self._gru(word_gates + self.context_gates(context), hidden)
            steps.append((hidden, context, weights[:, 0]))
        states, contexts, maps = (torch.stack(tensors, dim=1) for tensors in zip(*steps, strict=True))
        return Decoded(self.readout(torch.cat([embedded, states, contexts], dim=-1)), RNNSearchState(hidden), maps)


class WordByWord(SlowRNNSearch):
    """The slow one, with readout and output layer at every step too: the paper's formulas as they are written."""

    def forward(self, source: Tensor, source_lengths: Tensor, target: Tensor) -> Tensor:
        memory = self.encode(source, source_lengths)
        state, logits = self.start(memory), []
        for word in target[:, :-1].unbind(1):
            step = self.step(word, state, memory)
            state = step.state
            logits.append(step.logits)
        return torch.stack(logits, dim=1)


class Tutorial(WordByWord):
    """Word by word, and the score as v·tanh([W U] [s; h_j]): state and key side by side, S times the state."""

    def decode(self, embedded: Tensor, state: RNNSearchState, memory: RNNSearchMemory) -> Decoded:
        query, key, energy = self.score.query_projection, self.score.key_projection, self.score.energy
        both = torch.cat([state.hidden[:, None].expand(-1, memory.states.shape[1], -1), memory.states], dim=-1)
        hidden = torch.tanh(F.linear(both, torch.cat([query.weight, key.weight], dim=1), query.bias))  # (B, S, A)
        weights = masked_softmax(energy(hidden).transpose(1, 2), memory.mask)  # (B, 1, S)
        context = (weights @ memory.states)[:, 0]
        after = self._gru(self.word_gates(embedded[:, 0]) + self.context_gates(context), state.hidden)
        features = self.readout(torch.cat([embedded[:, 0], after, context], dim=-1))
        return Decoded(features[:, None], RNNSearchState(after), weights)


def sentences(batch_size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Source, lengths and target of 20 words each."""
    source, target = (torch.randint(4, VOCABULARY, (batch_size, length)) for length in (WORDS, WORDS + 1))
    return source, torch.full((batch_size,), WORDS), target


def training_step(model: RNNSearch, optimizer: torch.optim.Optimizer, batch: tuple[Tensor, Tensor, Tensor]) -> None:
    """Forward, backward and update."""
    optimizer.zero_grad()
    total, num_words = translation_loss(model(*batch), batch[2])
    (total / num_words).backward()
    optimizer.step()


def stepper(model: RNNSearch, batch: tuple[Tensor, Tensor, Tensor]) -> Callable[[], None]:
    """Take a training step at each call."""
    return partial(training_step, model, torch.optim.Adam(model.parameters(), fused=True), batch)


def translation_comparisons() -> Iterator[Comparison]:
    """A training step against slower ways to compute the same, and beam search against greedy."""
    batch = sentences(64)
    for slower in (SlowRNNSearch, WordByWord, Tutorial):
        model, slow = (kind(VOCABULARY, VOCABULARY, **SIZES) for kind in (RNNSearch, slower))
        slow.load_state_dict(model.state_dict())
        torch.testing.assert_close(slow(*batch), model(*batch), atol=1e-5, rtol=0)
        name = f"training step, RNNSearch / {slower.__name__}, B=64 T={WORDS}"
        yield Comparison(name, stepper(model, batch), stepper(slow, batch), 0.5)
    model = RNNSearch(VOCABULARY, VOCABULARY, **SIZES)
    for batch_size in (1, 16, 64):
        source, lengths, _ = sentences(batch_size)
        yield Comparison(
            f"beam search of 5 / greedy search, B={batch_size} T={WORDS}",
            lambda batch=(source, lengths): beam_search(model, *batch, WORDS),
            lambda batch=(source, lengths): greedy_search(model, *batch, WORDS),
            3.0,
        )


if __name__ == "__main__":
    from bench import ratio, report

    torch.set_num_threads(1)
    torch.manual_seed(0)
    for name, ours, theirs, bound in translation_comparisons():
        report(name, ratio(ours, theirs), bound)
