"""Every kind of translator, small, and sentences for it; for the tests of translation."""

import torch
from attnbook.data.vocabulary import END, PAD, START
from attnbook.models.encoder_decoder import EncoderDecoder
from attnbook.models.translators import TRANSLATOR_NAMES, create_translator
from cases import randomise
from torch import Tensor

SOURCE_SIZE, TARGET_SIZE = 11, 9
KINDS = {
    **{name: (name, {}) for name in TRANSLATOR_NAMES},
    "input feeding": ("luong-dot", {"input_feeding": True}),
    "coverage": ("luong-concat", {"coverage": True}),
    "local-m, narrow": ("local-m", {"half_width": 1, "score": "location", "max_length": 9}),
    "local-p, two layers, feeding": ("local-p", {"half_width": 2, "num_layers": 2, "input_feeding": True}),
    "local-p, coverage": ("local-p", {"score": "concat", "coverage": True, "input_feeding": True}),
}
"""Test name → name and options of a translator."""


def make(kind: str, **options: object) -> EncoderDecoder:
    """A translator in float64 and eval mode, every parameter random."""
    name, own_options = KINDS[kind]
    sizes = {"embed_dim": 6, "hidden_dim": 4}
    model = create_translator(name, SOURCE_SIZE, TARGET_SIZE, **{**sizes, **own_options, **options})
    return randomise(model).double().eval()


def sentences() -> tuple[Tensor, Tensor, Tensor]:
    """Source (4, 6) with lengths 6, 1, 3, 5, in no order, and target (4, 6)."""
    lengths = torch.tensor([6, 1, 3, 5])
    source = torch.randint(4, SOURCE_SIZE, (4, 6))
    source[torch.arange(6) >= lengths[:, None]] = PAD
    target = torch.randint(4, TARGET_SIZE, (4, 6))
    target[:, 0] = START
    target[0, -1] = END
    target[1, 2:] = torch.tensor([END, PAD, PAD, PAD])
    return source, lengths, target
