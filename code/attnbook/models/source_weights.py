"""Where a translator looks in the source while it is given a translation, with and without the source mask."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from attnbook.models.encoder_decoder import EncoderDecoder, evaluating


def forced_weights(model: EncoderDecoder, source: Tensor, source_lengths: Tensor, target: Tensor) -> Tensor:
    """Attention weights of each word of a given translation: forced decoding. The model runs in eval mode.

    Args:
        model: a translator with attention.
        source: (B, S) word ids, padded at the right.
        source_lengths: (B,), how many of them are real.
        target: (B, T) word ids, from <s> to </s>, padded at the right.

    Returns:
        Weights (B, T-1, S) with which the words target[:, 1:] were predicted.

    Raises:
        TypeError: ids or lengths that are no tensor of integers.
        ValueError: the model has no attention; shapes that do not fit, an empty sentence.
        IndexError: an id outside its vocabulary.
    """
    with evaluating(model):
        memory = model.encode_for(target, source, source_lengths)
        weights = model.decode(model.target_embedding(target[:, :-1]), model.start(memory), memory).weights
    if weights is None:
        raise ValueError(f"{type(model).__name__} has no attention, so no weights")
    return weights


@contextmanager
def without_source_mask(model: EncoderDecoder) -> Iterator[None]:
    """Inside the block the model takes padding of the source for words: the mistake of a forgotten mask.

    Args:
        model: a translator with attention.

    Raises:
        ValueError: the model has no source mask.
    """
    encode = model.encode

    def encode_without_mask(source: Tensor, source_lengths: Tensor) -> tuple:
        memory = encode(source, source_lengths)
        if "mask" not in memory._fields:
            raise ValueError(f"{type(model).__name__} has no source mask")
        return memory._replace(mask=torch.ones_like(memory.mask))

    model.encode = encode_without_mask
    try:
        yield
    finally:
        del model.encode


def weight_on_padding(weights: Tensor, source_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    """How much of the attention of each sentence lands on padding of its source.

    Args:
        weights: (B, T-1, S), from `forced_weights`.
        source_lengths: (B,), with </s>.
        target_lengths: (B,), with <s> and </s>.

    Returns:
        (B,): the weight on padding, added up over the source and averaged over the words predicted; 0 to 1.
    """
    padding = torch.arange(weights.shape[2], device=weights.device) >= source_lengths[:, None]  # (B, S)
    words = torch.arange(weights.shape[1], device=weights.device) < (target_lengths - 1)[:, None]  # (B, T-1)
    on_padding = (weights * padding[:, None]).sum(-1)  # (B, T-1)
    return (on_padding * words).sum(-1) / words.sum(-1)
