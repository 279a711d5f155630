"""Every kind of classifier, small, and texts for it; for the tests of classification."""

import torch
from attnbook.data.vocabulary import PAD
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.models.hierarchical_attention import HierarchicalAttention
from cases import randomise
from torch import Tensor

SIZE = 11
"""Number of word ids."""
KINDS = {
    "DP": {},
    "DP, additive": {"score": "additive"},
    "DP-L": {"cell": "lstm"},
    "DP-L, additive": {"cell": "lstm", "score": "additive", "num_classes": 3},
    "GRU": {"cell": "gru", "scale": 0.5, "num_classes": 4},
    "average": {"cell": "lstm", "pooling": "average"},
    "average of embeddings": {"pooling": "average", "num_classes": 3},
    "maximum": {"cell": "gru", "pooling": "maximum"},
    "last": {"cell": "gru", "pooling": "last"},
}
"""Test name → options of an `AttentionClassifier`."""
WEIGHING = [kind for kind, options in KINDS.items() if options.get("pooling") not in ("maximum", "last")]
POOLINGS = ("attention", "average", "maximum")


def make(kind: str, **options: object) -> AttentionClassifier:
    """A classifier in float64 and eval mode, every parameter random."""
    return (
        randomise(AttentionClassifier(SIZE, **{"embed_dim": 6, "hidden_dim": 4, **KINDS[kind], **options}))
        .double()
        .eval()
    )


def make_hierarchical(pooling: str = "attention", **options: object) -> HierarchicalAttention:
    """Hierarchical attention likewise, with three classes."""
    sizes = {"num_classes": 3, "embed_dim": 6, "hidden_dim": 4}
    return randomise(HierarchicalAttention(SIZE, pooling=pooling, **{**sizes, **options})).double().eval()


def texts() -> tuple[Tensor, Tensor]:
    """Ids (4, 6) with lengths 6, 1, 3, 5, in no order."""
    lengths = torch.tensor([6, 1, 3, 5])
    return torch.randint(4, SIZE, (4, 6)).masked_fill(torch.arange(6) >= lengths[:, None], PAD), lengths


def documents() -> tuple[Tensor, Tensor]:
    """Ids (3, 4, 5) of documents of 4, 1 and 2 sentences, with their lengths (3, 4)."""
    lengths = torch.tensor([[5, 1, 3, 2], [4, 0, 0, 0], [2, 5, 0, 0]])
    return torch.randint(4, SIZE, (3, 4, 5)).masked_fill(torch.arange(5) >= lengths[..., None], PAD), lengths
