"""Exercises of part 4, text: a classifier that points, hierarchical attention, is it an explanation?"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attnbook.attention import masked_softmax
from attnbook.exercises import Exercise
from attnbook.masks import padding_mask
from attnbook.metrics import adversarial_attention, rank_correlation, rationales


@dataclass(frozen=True)
class Judge:
    """A model that can be worked out by hand: what its words are worth is added up, "not" turns the next one round."""

    worth: dict[str, float]

    def __call__(self, words: Sequence[str]) -> Tensor:
        """Map words to the probabilities (2,) of negative and positive: σ(-s) and σ(s) of the sum s."""
        before = ("", *words)
        worth = (self.worth.get(word, 0.0) * (-1) ** (last == "not") for last, word in zip(before, words, strict=False))
        total = torch.tensor(sum(worth, start=0.0))
        return torch.stack([-total, total]).sigmoid()


def attention_scores(states: Tensor, V: Tensor, scale: float) -> Tensor:
    """Attention scores (L,) of states (L, E) with the query V (E,) and λ."""
    return states @ V / scale


def polarity_of_text(attention_scores: Tensor, polarity_scores: Tensor) -> float:
    """The text's score s from its words' attention scores (L,) and polarity scores (L,)."""
    return float(attention_scores.softmax(dim=0) @ polarity_scores)


def masked_weights(scores: Tensor, lengths: Tensor) -> Tensor:
    """Weights (B, L) from scores (B, L), exactly 0 from each text's length (B,) on."""
    return masked_softmax(scores, padding_mask(lengths, scores.shape[1]).squeeze(1))


def average_precision(scores: Tensor, marked: Tensor) -> float:
    """How far up the ranking by scores (L,) the marked words (L,) stand."""
    return float(rationales.average_precision(scores[None], marked[None], torch.ones_like(marked)[None]))


def sentence_vectors(word_weights: Tensor, states: Tensor) -> Tensor:
    """One vector a sentence, (S, E), from weights (S, L) and states (S, L, E)."""
    return (word_weights[:, None] @ states).squeeze(1)


def document_weights(word_weights: Tensor, sentence_weights: Tensor) -> Tensor:
    """Each word's share of the document, (S, L), from weights in its sentence (S, L) and of the sentences (S,)."""
    return sentence_weights[:, None] * word_weights


def heaviest_sentence_share(sentence_weights: Tensor, deciding: Tensor) -> float:
    """Share of documents whose heaviest sentence of weights (B, S) is one of those that decide, (B, S)."""
    return float(deciding.gather(1, sentence_weights.argmax(dim=1, keepdim=True)).float().mean())


def total_variation(first: Tensor, second: Tensor) -> Tensor:
    """Half the sum of differences (B,) of two predictions (B, C)."""
    return adversarial_attention.total_variation(first, second)


def comprehensiveness(predict: Judge, words: list[str], rationale: set[int]) -> float:
    """How much less probable the text's class is without the rationale, a set of positions."""
    return float(_lost(predict, words, [word for place, word in enumerate(words) if place not in rationale]))


def sufficiency(predict: Judge, words: list[str], rationale: set[int]) -> float:
    """How much less probable the text's class is with the rationale alone."""
    return float(_lost(predict, words, [word for place, word in enumerate(words) if place in rationale]))


def leave_one_out(predict: Judge, words: list[str]) -> Tensor:
    """How much less probable the text's class is without each of its words, (L,)."""
    return torch.stack([_lost(predict, words, words[:place] + words[place + 1 :]) for place in range(len(words))])


def kendall_tau(first: Tensor, second: Tensor) -> float:
    """Kendall's τ-b of two scores (L,)."""
    return float(rank_correlation.kendall_tau(first[None], second[None], torch.ones(1, len(first), dtype=torch.bool)))


def _lost(predict: Judge, words: list[str], left: list[str]) -> Tensor:
    whole = predict(words)
    return (whole - predict(left))[whole.argmax()]


def _drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=draw) for shape in shapes]


def _states() -> list[tuple[Tensor, Tensor, float]]:
    first, second, third, fourth = _drawn(5, (2, 3), (3,), (4, 2), (2,))
    return [(torch.tensor([[3.0]]), torch.tensor([2.0]), 10.0), (first, second, 0.5), (third, fourth, 100.0)]


def _sentences() -> list[tuple[Tensor, Tensor]]:
    weights = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    longer, *states = _drawn(6, (3, 4), (1, 2, 1), (2, 2, 2), (3, 4, 2))
    return [*zip((*weights, longer.softmax(-1)), states, strict=True)]


def _documents() -> list[tuple[Tensor, Tensor]]:
    words, sentences = (drawn.softmax(-1) for drawn in _drawn(7, (3, 4), (3,)))
    return [
        (torch.tensor([[1.0]]), torch.tensor([1.0])),
        (torch.tensor([[0.5, 0.5], [1.0, 0.0]]), torch.tensor([0.2, 0.8])),
        (words, sentences),
    ]


def _decided() -> list[tuple[Tensor, Tensor]]:
    shares = [[0.7, 0.3]], [[0.6, 0.4], [0.1, 0.9]], [[0.2, 0.3, 0.5], [0.6, 0.4, 0.0], [0.1, 0.2, 0.7]]
    deciding = [[1, 0]], [[1, 0], [1, 0]], [[0, 1, 1], [0, 1, 0], [0, 0, 1]]
    return [(torch.tensor(one), torch.tensor(marks).bool()) for one, marks in zip(shares, deciding, strict=True)]


def _predictions() -> list[tuple[Tensor, Tensor]]:
    pairs = (
        ([[0.9, 0.1]], [[0.6, 0.4]]),
        ([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]], [[0.2, 0.3, 0.5], [0.0, 0.5, 0.5]]),
        ([[0.4, 0.4, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]], [[0.1, 0.2, 0.3, 0.4], [0.25, 0.5, 0.0, 0.25]]),
    )
    return [(torch.tensor(first), torch.tensor(second)) for first, second in pairs]


_JUDGE = Judge({"good": 2.0, "fine": 1.0, "dull": -3.0})


def _judged(*texts: tuple[str, set[int]]) -> list[tuple[Judge, list[str], set[int]]]:
    return [(_JUDGE, text.split(), rationale) for text, rationale in texts]


EXERCISES = {
    "attention_scores": Exercise("one product of a matrix and a vector, one division.", attention_scores, _states),
    "polarity_of_text": Exercise(
        "softmax makes the weights of the attention scores; then the weighted sum of the polarity scores.",
        polarity_of_text,
        lambda: [
            (torch.tensor([0.0]), torch.tensor([2.0])),
            (torch.tensor([1.0, 0.0]), torch.tensor([3.0, -1.0])),
            (torch.tensor([0.5, -1.0, 2.0]), torch.tensor([0.1, 4.0, -2.0])),
        ],
    ),
    "masked_weights": Exercise(
        "forbid padding before the softmax; what is below every score, however low scores are?",
        masked_weights,
        lambda: [
            (torch.tensor([[0.0, 0.0]]), torch.tensor([1])),
            (torch.tensor([[1.0, 2.0, 5.0], [0.5, -1.0, 0.0]]), torch.tensor([2, 3])),
            (torch.tensor([[-2000.0, -2001.0, 0.0]]), torch.tensor([2])),
        ],
    ),
    "average_precision": Exercise(
        "compare the score of each marked word with all scores: (marked words, L) truth values; count them.",
        average_precision,
        lambda: [
            (torch.tensor([0.9, 0.1]), torch.tensor([True, False])),
            (torch.tensor([0.6, 0.3, 0.1]), torch.tensor([False, True, False])),
            (torch.tensor([0.25, 0.25, 0.25, 0.25]), torch.tensor([True, False, False, True])),
            (torch.tensor([0.1, 0.4, 0.2, 0.2, 0.1]), torch.tensor([False, True, True, False, True])),
        ],
    ),
    "sentence_vectors": Exercise(
        "give the weights a last dimension, multiply, and sum over the words.", sentence_vectors, _sentences
    ),
    "document_weights": Exercise(
        "a share of a share; each row of word weights is multiplied by its own sentence's weight.",
        document_weights,
        _documents,
    ),
    "heaviest_sentence_share": Exercise(
        "argmax of each row; look up the mark in that place; take the mean over the documents.",
        heaviest_sentence_share,
        _decided,
    ),
    "total_variation": Exercise(
        "absolute differences, summed over the classes; half of it.", total_variation, _predictions
    ),
    "comprehensiveness": Exercise(
        "choose the class once, from the whole text; then ask again without the words of the rationale.",
        comprehensiveness,
        lambda: _judged(
            ("good", {0}),
            ("a dull film", {1}),
            ("not good", {0}),
            ("dull but good fine good", {1, 2}),
            ("a film", set()),
        ),
    ),
    "sufficiency": Exercise(
        "choose the class once, from the whole text; then ask again with the words of the rationale alone.",
        sufficiency,
        lambda: _judged(
            ("good", {0}), ("a dull film", {0}), ("not good", {1}), ("dull but good fine good", {0, 2}), ("fine", set())
        ),
    ),
    "leave_one_out": Exercise(
        "for each place join what stands before it and what stands after it; torch.stack makes one tensor of many.",
        leave_one_out,
        lambda: [
            given[:2]
            for given in _judged(
                *((text, set()) for text in ("good", "dull film", "not good film", "good fine good dull"))
            )
        ],
    ),
    "kendall_tau": Exercise(
        "x[:, None] - x holds the differences of all pairs; their signs say the order, and 0 says that there is none.",
        kendall_tau,
        lambda: [
            (torch.tensor([0.9, 0.1]), torch.tensor([3.0, 1.0])),
            (torch.tensor([0.5, 0.2, 0.3]), torch.tensor([1.0, 2.0, 3.0])),
            (torch.tensor([0.4, 0.4, 0.2]), torch.tensor([3.0, 2.0, 1.0])),
            (torch.tensor([0.1, 0.2, 0.3, 0.4, 0.4]), torch.tensor([1.0, 10.0, 2.0, 2.0, 100.0])),
        ],
    ),
}
