"""Models and texts for the tests of the metrics of explanations."""

import torch
from attnbook.attention import masked_softmax
from cases import randomise
from hypothesis import strategies as st
from torch import Tensor, nn

UNKNOWN, VOCABULARY = 1, 30


class Reader(nn.Module):
    """An LSTM and attention on its states, every parameter random, in float64: no two words are worth the same."""

    def __init__(self, classes: int = 3, size: int = 5) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, size)
        self.lstm = nn.LSTM(size, size, batch_first=True)
        self.query = nn.Linear(size, 1)
        self.output = nn.Linear(size, classes)
        randomise(self.double()).eval()

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        return self.from_embeddings(self.embedding(words), mask)

    def from_embeddings(self, embedded: Tensor, mask: Tensor) -> Tensor:
        states, weights = self.attention(embedded, mask)
        return self.answer(states, weights)

    def attention(self, embedded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        states, _ = self.lstm(embedded)  # reads from the left, so that padding at the right does not matter
        return states, masked_softmax(self.query(states).transpose(1, 2), mask[:, None])[:, 0]

    def answer(self, states: Tensor, weights: Tensor) -> Tensor:
        return self.output((weights[:, None] @ states)[:, 0]).softmax(dim=-1)


def make_texts(*lengths: int) -> tuple[Tensor, Tensor]:
    """Random words (B, L), padded with 0, and their mask."""
    lengths = torch.tensor(lengths)
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    return torch.randint(2, VOCABULARY, mask.shape) * mask, mask


@st.composite
def scored_texts(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Scores with ties or without, marks and mask of one to four texts; NaN and marks never lie inside by accident."""
    lengths = torch.tensor(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    torch.manual_seed(draw(st.integers(0, 2**16)))
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    levels = draw(st.sampled_from([2, 4, 1000]))
    scores = torch.randint(levels, mask.shape).double().masked_fill(~mask, torch.nan)
    marks = (torch.rand(mask.shape) < draw(st.sampled_from([0.2, 0.5, 1.1]))) & mask
    return scores, marks, mask
