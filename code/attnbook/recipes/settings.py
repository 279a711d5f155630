"""How translators are trained on each corpus."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnbook.checks import check_whole


@dataclass(frozen=True)
class Settings:
    """How translators are trained on a corpus: Adam, its learning rate following `one_cycle`; embeddings tied.

    Raises:
        TypeError: epochs, batch_size, beam_size or pairs that are no integer.
        ValueError: one of them under 1; a source_std that is negative or not finite.
    """

    epochs: int
    batch_size: int
    """Sentence pairs."""
    learning_rate: float
    """The highest."""
    hidden_dim: int
    """Size of states and embeddings."""
    dropout: float
    label_smoothing: float
    beam_size: int
    """Of the beam search beside the greedy one; 1 means none."""
    pieces: int
    """Size of each vocabulary of subwords; the generated corpus has words."""
    pairs: int | None = None
    """Sentence pairs to learn from; None means all there are, of the generated corpus 20,000."""
    source_std: float | None = None
    """Standard deviation of the source's embeddings at the beginning; None means torch's, 1. The target's, which are
    tied, have embed_dim^-0.5."""

    def __post_init__(self) -> None:
        """Refuse numbers that would end a training, or its grading, later."""
        for name in ("epochs", "batch_size", "beam_size"):
            check_whole(name, getattr(self, name), 1)
        if self.pairs is not None:
            check_whole("pairs", self.pairs, 1)
        if self.source_std is not None and not 0 <= self.source_std < math.inf:
            raise ValueError(f"source_std must be 0 or more; got {self.source_std}")


# epochs, batch_size, learning_rate, hidden_dim, dropout, label_smoothing, beam_size, pieces
DEFAULTS = {
    "generated": Settings(10, 64, 5e-3, 64, 0.1, 0.0, 1, 0, pairs=40000),
    "multi30k": Settings(10, 80, 3e-3, 256, 0.3, 0.1, 5, 6000, source_std=0.0625),
    "tatoeba": Settings(9, 80, 3e-3, 256, 0.3, 0.1, 5, 6000, source_std=0.0625),
}


@dataclass(frozen=True)
class Run:
    """What is trained on what."""

    data: str
    pair: str
    model: str
    settings: Settings
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the model's class, beside its sizes."""
