"""What a model says when words are taken from it: ways to erase, and the probability that is lost."""

from collections.abc import Callable

import torch
from torch import Tensor

from attnbook.checks import check_whole
from attnbook.metrics.explained import Predict, check_marks, check_probabilities, check_texts, choose_class

Erase = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Maps texts (B, L) or (B, L, E), their mask and the marks of what goes, both (B, L), to texts and mask without it."""


def replace_with(value: float) -> Erase:
    """Erase by putting something in the place of a word; its position stays, and the model reads it.

    Args:
        value: the id of <unk>, say; or for embeddings 0.0, which zeroes them.

    Returns:
        A function that erases.
    """

    def erase(inputs: Tensor, mask: Tensor, erased: Tensor) -> tuple[Tensor, Tensor]:
        return inputs.masked_fill(_widen(erased, inputs), value), mask

    return erase


def remove(blank: float | None = None) -> Erase:
    """Erase by leaving words out: the others move up to the left.

    Args:
        blank: stands as the only word in a text of which nothing is left, an id or for embeddings a number; None
            leaves such a text without a word, which not every model can read.

    Returns:
        A function that erases. Behind the words it puts zeros.
    """

    def erase(inputs: Tensor, mask: Tensor, erased: Tensor) -> tuple[Tensor, Tensor]:
        kept = mask & ~erased
        order = (~kept).byte().argsort(dim=1, stable=True)  # (B, L), the kept first
        kept = kept.gather(1, order)
        moved = inputs.take_along_dim(_widen(order, inputs), dim=1).masked_fill(_widen(~kept, inputs), 0)
        if blank is not None:
            empty = ~kept.any(dim=1)
            moved[empty, 0] = blank
            kept[empty, 0] = True
        return moved, kept

    return erase


@torch.no_grad()
def probability_lost(
    predict: Predict,
    inputs: Tensor,
    mask: Tensor,
    texts: Tensor,
    erased: Tensor,
    erase: Erase,
    *,
    target: Tensor | None = None,
    batch_size: int = 128,
) -> Tensor:
    """How much less probable a text's class is when some of its words are erased.

    Any number of erased texts is read in batches, those of like length together.

    Args:
        predict: the model.
        inputs: (B, L) or (B, L, E), the texts.
        mask: (B, L).
        texts: (N,), which text each row of `erased` is of.
        erased: (N, L), True for the words that go.
        erase: what becomes of them.
        target: (B,), the class whose probability counts; the one predicted for the whole text when not given.
        batch_size: texts that the model reads at once.

    Returns:
        (N,), p(text) - p(text with words erased), in [-1, 1]; negative where the class has become more probable.

    Raises:
        TypeError: masks that are not bool, or a batch size that is no integer.
        ValueError: shapes that do not fit, a text without a word, words outside a text, a class that is none, or a
            model that does not give probabilities.
    """
    check_texts(inputs, mask)
    check_whole("batch_size", batch_size, 1)
    check_marks("erased words", erased, mask[texts])
    whole = _in_batches(predict, inputs, mask, batch_size)  # (B, C)
    target = choose_class(whole, target)
    lost = torch.empty(len(texts), dtype=whole.dtype, device=whole.device)
    # Only some batches at a time are written out, so that embeddings of all variants need not fit into memory.
    for rows in torch.arange(len(texts), device=texts.device).split(16 * batch_size):
        text = texts[rows]
        left = _in_batches(predict, *erase(inputs[text], mask[text], erased[rows]), batch_size)
        lost[rows] = (whole[text] - left).gather(1, target[text, None])[:, 0]
    return lost


def _in_batches(predict: Predict, inputs: Tensor, mask: Tensor, batch_size: int) -> Tensor:
    """Probabilities (B, C): texts of like length in one batch, cut behind the last word of the longest."""
    lengths = (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).amax(dim=1)  # (B,), up to the last word
    batches = lengths.argsort().split(batch_size)
    found = []
    for rows in batches:
        longest = max(1, int(lengths[rows[-1]]))
        found.append(check_probabilities(predict(inputs[rows, :longest], mask[rows, :longest]), len(rows)))
    return torch.cat(found)[torch.cat(batches).argsort()]


def _widen(values: Tensor, inputs: Tensor) -> Tensor:
    """Give values (B, L) the dimensions of the inputs."""
    return values[..., None] if inputs.dim() == 3 else values
