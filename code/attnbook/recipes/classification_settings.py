"""How classifiers of texts are trained on each set of texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnbook.checks import check_whole


@dataclass(frozen=True)
class ClassificationSettings:
    """How classifiers are trained on a set of texts: Adam, at one learning rate.

    Raises:
        TypeError: epochs or batch_size that are no integer.
        ValueError: one of them under 1.
    """

    epochs: int
    batch_size: int
    """Texts."""
    learning_rate: float
    embed_dim: int
    hidden_dim: int
    """Size of a cell's state in each direction."""
    dropout: float
    word_dropout: float
    min_count: int
    """Words that training shows less often are unknown."""
    texts: int | None = None
    """Texts to learn from, of the sets that are drawn; None where there is a set as it is."""
    character_ngrams: int | None = None
    """Vectors that the n-grams of all words share, see `SubwordEmbedding`; None: words have only their own."""
    average: float | None = None
    """As for `fit`: share that a running mean of the weights keeps of itself; None takes no mean."""

    def __post_init__(self) -> None:
        """Refuse numbers that would end a training later, under other names."""
        for name in ("epochs", "batch_size"):
            check_whole(name, getattr(self, name), 1)


# epochs, batch_size, learning_rate, embed_dim, hidden_dim, dropout, word_dropout, min_count
DEFAULTS = {
    "sst2": ClassificationSettings(6, 32, 1e-3, 100, 150, 0.5, 0.2, 1),
    "rt_polarity": ClassificationSettings(5, 32, 1e-3, 100, 100, 0.5, 0.2, 1),
    "waimai": ClassificationSettings(5, 32, 1e-3, 100, 50, 0.5, 0.1, 2),
    "composed": ClassificationSettings(8, 32, 3e-3, 32, 16, 0.2, 0.1, 1, texts=4000),
    "sun_lu": ClassificationSettings(8, 32, 3e-3, 32, 16, 0.0, 0.0, 1, texts=4000),
}


@dataclass(frozen=True)
class ClassificationRun:
    """What is trained on what."""

    data: str
    model: str
    settings: ClassificationSettings
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the model's class, beside its sizes."""
