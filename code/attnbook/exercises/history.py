"""Exercises of part 2, the history: from Bahdanau to Luong."""

import torch
from torch import Tensor

from attnbook.exercises import Exercise
from attnbook.metrics import alignment

Link = alignment.Link


def words_read(order: str, number: int) -> int:
    """How many target words the asking state has read when word `number`, from 0, is to be written."""
    return number if order == "Luong" else max(number - 1, 0)


def named_place(query: Tensor, W: Tensor, v: Tensor, length: int) -> Tensor:
    """The place that local-p names for a query (E,), with W (H, E) and v (H,), in a sentence of that length."""
    return length * torch.sigmoid(v @ torch.tanh(W @ query))


def local_weights(scores: Tensor, centre: float, half_width: int) -> Tensor:
    """Weights of local-p from scores (S,): a softmax in the window, times its Gaussian."""
    offset = torch.arange(len(scores)) - centre
    inside = scores.masked_fill(offset.abs() > half_width, -torch.inf).softmax(-1)
    return inside * torch.exp(-(offset**2) / (2 * (half_width / 2) ** 2))


def links_of_map(weights: Tensor) -> set[Link]:
    """Links (source, target) of a map (Lt, Ls + 1) whose last column is </s>; to </s> there is no link."""
    target_length, columns = weights.shape
    (links,) = alignment.links_from_weights(weights[None], [columns - 1], [target_length], end_of_sentence=True)
    return links


def alignment_error(predicted: set[Link], sure: set[Link], possible: set[Link]) -> float:
    """Alignment error rate of one sentence."""
    return alignment.alignment_error_rate([predicted], [sure], [possible])


def _places() -> list[tuple[Tensor, Tensor, Tensor, int]]:
    draw = torch.Generator().manual_seed(4)
    sizes = ((1, 1, 2), (2, 3, 10), (3, 2, 40))
    return [
        (*(torch.randn(*shape, generator=draw) for shape in ((size,), (hidden, size), (hidden,))), length)
        for size, hidden, length in sizes
    ]


def _maps() -> list[tuple[Tensor]]:
    rows = (
        [[0.9, 0.1]],
        [[0.2, 0.7, 0.1], [0.8, 0.1, 0.1], [0.6, 0.3, 0.1]],
        [[0.1, 0.2, 0.3, 0.4], [0.1, 0.6, 0.2, 0.1], [0.4, 0.3, 0.2, 0.1]],
    )
    return [(torch.tensor(one),) for one in rows]


EXERCISES = {
    "words_read": Exercise(
        "the state that asks for word i is made from the word before for Luong, and one word earlier for Bahdanau; "
        "nothing has been read before the first word.",
        words_read,
        lambda: [(order, number) for number in (0, 1, 2, 7) for order in ("Bahdanau", "Luong")],
    ),
    "named_place": Exercise(
        "a share of the way, between 0 and 1, times the length; tanh inside, sigmoid outside.", named_place, _places
    ),
    "local_weights": Exercise(
        "softmax over the window alone; then multiply by the Gaussian, and leave it at that.",
        local_weights,
        lambda: [
            (torch.tensor([0.0, 0.0, 0.0]), 1.0, 1),
            (torch.tensor([0.0, 1.0, 2.0, 3.0]), 0.5, 2),
            (torch.tensor([3.0, -1.0, 0.5, 0.0, 2.0, 1.0]), 3.25, 2),
        ],
    ),
    "links_of_map": Exercise(
        "argmax of each row; a row whose largest weight is in the last column gives nothing.", links_of_map, _maps
    ),
    "alignment_error": Exercise(
        "links that are sure count twice above the line, since they are possible too; sets have & and len().",
        alignment_error,
        lambda: [
            ({(0, 0)}, {(0, 0)}, {(0, 0)}),
            ({(0, 0), (1, 1)}, {(0, 0)}, {(0, 0), (1, 1)}),
            ({(0, 1)}, {(0, 0), (1, 1)}, {(0, 0), (1, 1), (0, 1)}),
            ({(0, 0), (2, 2), (3, 1)}, {(0, 0), (1, 1)}, {(0, 0), (1, 1), (2, 2)}),
        ],
    ),
}
