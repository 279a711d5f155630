"""A task that a tiny model learns in a second: each word has a tag. Also what other processes run on it."""

import os
import random
import signal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from attnbook.training import History, create_schedule, fit
from torch import Tensor, nn

WORDS, PAD = 12, -100
ROWS = (8, 5, 1, 8, 3, 7)


class Batch(NamedTuple):
    words: Tensor
    tags: Tensor


class Tagger(nn.Module):
    """(B, T) words to (B, T, WORDS) logits."""

    def __init__(self, dropout: float = 0.0, normalise: bool = False, size: int = 16):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, size)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.BatchNorm1d(size) if normalise else nn.Identity()
        self.output = nn.Linear(size, WORDS)

    def forward(self, words: Tensor) -> Tensor:
        hidden = self.dropout(self.embedding(words))
        return self.output(self.norm(hidden.flatten(0, 1)).view_as(hidden))


def make_batch(rows: int, generator: torch.Generator) -> Batch:
    """Rows of 1 to 9 words each, so that a mean over words is no mean over rows or batches."""
    words = torch.randint(WORDS, (rows, 9), generator=generator)
    lengths = torch.randint(1, 10, (rows, 1), generator=generator)
    return Batch(words, torch.where(torch.arange(9) < lengths, (words * 5 + 3) % WORDS, PAD))


def batches(epoch: int) -> list[Batch]:
    generator = torch.Generator().manual_seed(1000 + epoch)
    return [make_batch(rows, generator) for rows in ROWS]


def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    logits = model(batch.words).flatten(0, 1)
    total = nn.functional.cross_entropy(logits, batch.tags.flatten(), ignore_index=PAD, reduction="sum")
    return total, (batch.tags != PAD).sum()


def noisy_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Draw from every source of random numbers: a resumption that forgets one is seen."""
    total, count = loss(model, batch)
    return total * (1 + 0.1 * random.random() + 0.1 * np.random.random() + 0.1 * torch.rand(())), count


def accuracy(model: nn.Module) -> dict[str, float]:
    words = torch.arange(WORDS)[None]
    return {"accuracy": (model(words).argmax(-1) == (words * 5 + 3) % WORDS).float().mean()}


def build(seed: int = 0, **options: object) -> tuple[Tagger, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    model = Tagger(**options)
    return model, torch.optim.Adam(model.parameters(), lr=0.03)


def train_noisily(folder: Path | None, epochs: int = 3, **options: object) -> tuple[Tagger, History]:
    """A run with all that a resumption must bring back: every source of chance, buffers, schedule, best weights."""
    torch.set_num_threads(1)
    model, optimizer = build(dropout=0.2, normalise=True)
    schedule = create_schedule("one_cycle", steps=3 * len(ROWS), warmup=6)
    settings = {"evaluate": accuracy, "best": "accuracy", "folder": folder, "save_every": 2, "schedule": schedule}
    settings |= {"identity": {"vocabulary": "twelve words"}, "progress": False, **options}
    if folder is None:
        settings["save_every"] = None
    return model, fit(model, batches, noisy_loss, optimizer=optimizer, epochs=epochs, seed=5, **settings)


def without_time(history: History) -> list[dict[str, float]]:
    return [{name: value for name, value in record.items() if name != "seconds"} for record in history]


def die_at(event: int, folder: Path) -> None:
    """Train, and at the given of all calls that write or rename be killed, half of a file written."""
    happened = 0
    flush, rename = os.fsync, os.replace

    def count(call, *arguments):
        nonlocal happened
        happened += 1
        if happened == event:
            if call is flush:
                os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments)

    os.fsync = lambda descriptor: count(flush, descriptor)
    os.replace = lambda old, new: count(rename, old, new)
    train_noisily(folder)
