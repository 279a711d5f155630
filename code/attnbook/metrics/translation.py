"""How close translations come to their references: BLEU and chrF as sacrebleu computes them, and exact match."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from attnbook.extras import require

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric


class Score(NamedTuple):
    """A score and how it was computed."""

    value: float
    """0 to 100."""
    signature: str
    """What sacrebleu wants printed beside the value: case, tokenisation, smoothing, version."""


def bleu(hypotheses: Sequence[str], references: Sequence[str], *, lowercase: bool = False) -> Score:
    """Score by BLEU over a corpus (Papineni et al. 2002; sacrebleu, Post 2018, arXiv:1804.08771).

    Args:
        hypotheses: translations, as plain text: sacrebleu cuts them into words itself.
        references: one reference for each, as it was written.
        lowercase: ignore case on both sides.

    Returns:
        Score and signature.

    Raises:
        ValueError: no sentence, or lists of different lengths.
        TypeError: a string in place of a list, or something else than a string in it.
        ImportError: the extra "train" is not installed.
    """
    _check(hypotheses, references)
    with require("train"):
        from sacrebleu.metrics import BLEU
    return _score(BLEU(lowercase=lowercase), hypotheses, references)


def chrf(hypotheses: Sequence[str], references: Sequence[str], *, lowercase: bool = False) -> Score:
    """Score by chrF over a corpus: how many groups of one to six characters agree (Popović 2015).

    Args:
        hypotheses: translations, as plain text.
        references: one reference for each.
        lowercase: ignore case on both sides.

    Returns:
        Score and signature.

    Raises:
        ValueError, TypeError, ImportError: as for `bleu`.
    """
    _check(hypotheses, references)
    with require("train"):
        from sacrebleu.metrics import CHRF
    return _score(CHRF(lowercase=lowercase), hypotheses, references)


def exact_match(hypotheses: Sequence[object], references: Sequence[object]) -> float:
    """Share of translations that equal their reference.

    Args:
        hypotheses: translations, each a text or a list of words.
        references: one reference for each, in the same form.

    Returns:
        A share, 0 to 1.

    Raises:
        ValueError: no sentence, or lists of different lengths.
    """
    _check_numbers(hypotheses, references)
    return sum(one == other for one, other in zip(hypotheses, references, strict=True)) / len(references)


def _score(metric: "Metric", hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    score = metric.corpus_score(list(hypotheses), [list(references)])
    return Score(score.score, str(metric.get_signature()))  # the signature counts references, so it comes after


def _check(hypotheses: Sequence[str], references: Sequence[str]) -> None:
    for name, sentences in (("hypotheses", hypotheses), ("references", references)):
        if isinstance(sentences, str):
            raise TypeError(f"{name} must be a list of strings; got one string")
        wrong = [index for index, sentence in enumerate(sentences) if not isinstance(sentence, str)]
        if wrong:
            kind = type(sentences[wrong[0]]).__name__
            raise TypeError(f"{name} must be strings; number {wrong[0]} is a {kind}")
    _check_numbers(hypotheses, references)


def _check_numbers(hypotheses: Sequence[object], references: Sequence[object]) -> None:
    if len(hypotheses) != len(references) or not references:
        raise ValueError(f"one reference for each hypothesis, at least one; got {len(hypotheses)}, {len(references)}")
