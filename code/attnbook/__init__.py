"""Attention, from the idea to the layer: the library behind the book *Attention All in ONE*.

`import attnbook` loads torch and numpy and nothing else; `attnbook.plots` and `attnbook.figures` load what they
need when they are imported.
"""

from attnbook.attention import Attended, attend, masked_softmax
from attnbook.claims import claim, seed_and_device
from attnbook.exercises import exercise
from attnbook.hard import Sampled, sample_attention, top_k_attend
from attnbook.layers.multi_head import MultiHeadAttention
from attnbook.masks import causal_mask, combine_masks, padding_mask, to_torch_mha_mask, window_mask
from attnbook.recorder import record_attention
from attnbook.scores import Additive, Bilinear, Location, cosine, create_score, dot, scaled_dot
from attnbook.source import show_source
from attnbook.streaming import streaming_attend

__all__ = [
    "Additive",
    "Attended",
    "Bilinear",
    "Location",
    "MultiHeadAttention",
    "Sampled",
    "attend",
    "causal_mask",
    "claim",
    "combine_masks",
    "cosine",
    "create_score",
    "dot",
    "exercise",
    "masked_softmax",
    "padding_mask",
    "record_attention",
    "sample_attention",
    "scaled_dot",
    "seed_and_device",
    "show_source",
    "streaming_attend",
    "to_torch_mha_mask",
    "top_k_attend",
    "window_mask",
]
