"""Speed of the classifier that points, as ratios: `tests/bench.py` times this, or this file when it is run alone."""

from collections.abc import Iterator

import torch
from attnbook.data.text_batching import TextBatch, TextBuckets, make_text_batch
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.models.classification import classification_loss
from bench_translation import Comparison
from torch import Tensor, nn

VOCABULARY, EMBEDDING, HIDDEN = 14000, 100, 150
TEXTS, BATCH = 6920, 64
"""As many sentences as SST-2 has; their lengths are spread like its own, 19 words in the mean and 52 at most."""


class PlainClassifier(nn.Module):
    """The same model as everybody writes it, without attention: padding is read, and the mean of all states judged."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.rnn = nn.LSTM(EMBEDDING, HIDDEN, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * HIDDEN, 2)

    def forward(self, words: Tensor) -> Tensor:
        return self.output(self.rnn(self.embedding(words))[0].mean(1))


def make_batches(count: int) -> list[TextBatch]:
    """A share of the batches of one epoch, evenly from short to long."""
    lengths = (19.3 + 9.3 * torch.randn(TEXTS)).round().clamp(1, 52).long().tolist()
    texts = [(torch.randint(4, VOCABULARY, (length,)).tolist(), index % 2) for index, length in enumerate(lengths)]
    batches = list(TextBuckets(texts, BATCH, shuffle=False))
    return [make_text_batch([texts[index] for index in batch]) for batch in batches[:: len(batches) // count]]


def classification_comparisons(count: int = 6) -> Iterator[Comparison]:
    """Training on a share of an epoch of SST-2's shape, forward, backward and Adam."""
    ours, theirs = AttentionClassifier(VOCABULARY, cell="lstm", hidden_dim=HIDDEN), PlainClassifier()
    batches = make_batches(count)
    optimizers = {model: torch.optim.Adam(model.parameters(), fused=True) for model in (ours, theirs)}

    def train(model: nn.Module) -> None:
        for batch in batches:
            logits = ours(batch.words, batch.lengths).logits if model is ours else theirs(batch.words)
            total, number = classification_loss(logits, batch.labels)
            (total / number).backward()
            optimizers[model].step()
            optimizers[model].zero_grad()

    yield Comparison(
        f"training, AttentionClassifier(lstm) / nn.LSTM without attention, B={BATCH}, SST-2's lengths",
        lambda: train(ours),
        lambda: train(theirs),
        1.15,
    )


if __name__ == "__main__":
    from bench import ratio, report

    torch.set_num_threads(1)
    torch.manual_seed(0)
    for name, ours, theirs, bound in classification_comparisons():
        report(name, ratio(ours, theirs), bound)
