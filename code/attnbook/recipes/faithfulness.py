"""Does attention show what a classifier decides by? Its explanations of texts, graded beside others."""

from collections.abc import Sequence

import torch
from torch import Tensor

from attnbook.data.texts import LabelledText
from attnbook.data.vocabulary import UNKNOWN
from attnbook.metrics.adversarial_attention import (
    adversarial_attention,
    jensen_shannon,
    permutation_test,
    total_variation,
)
from attnbook.metrics.attribution import uniform_scores
from attnbook.metrics.faithfulness import aopc
from attnbook.metrics.rank_correlation import kendall_tau
from attnbook.recipes.faithfulness_marks import collect_marks, grade_agreement
from attnbook.recipes.faithfulness_methods import BATCH_SIZE, ERASE, Explained, explain, score_whole_words
from attnbook.recipes.trained_classifier import TrainedClassifier

ALTERNATIVES = 100
"""Texts for which other weights are searched."""


def grade_explanations(
    trained: TrainedClassifier, texts: Sequence[LabelledText], *, alternatives: int = ALTERNATIVES, seed: int = 0
) -> dict[str, float]:
    """Explain a classifier's predictions and grade the explanations.

    Args:
        trained: a classifier that reads a text as one row of words.
        texts: with the words that decide, with people's marks, or without either.
        alternatives: the number of texts, the first ones, for which other weights are searched.
        seed: of the random scores and of that search.

    Returns:
        "accuracy", "unknown", and named "method/metric" means over the texts: see `grade_scores` and `grade_weights`.

    Raises:
        ValueError: as for `explain`.
    """
    explained = explain(trained, texts, seed=seed)
    return {
        **grade_scores(trained, texts, explained),
        **grade_weights(trained, explained, alternatives=alternatives, seed=seed),
    }


def grade_scores(trained: TrainedClassifier, texts: Sequence[LabelledText], explained: Explained) -> dict[str, float]:
    """Grade every method.

    Args:
        trained: the classifier.
        texts: that `explain` was given.
        explained: what it returned.

    Returns:
        "accuracy" and "unknown", the share of words that the classifier does not know; of each method
        "comprehensiveness" and "sufficiency", the means of `aopc`; "tau_leave_one_out" and "tau_gradient", Kendall's τ
        with these two, all without their signs, as Jain and Wallace compare them; and where words are marked what
        `grade_agreement` returns. A mean of nothing is left out: uniform weights put no words in an order.
    """
    ids, mask, scores = explained.ids, explained.mask, explained.scores
    marks = collect_marks(texts)
    grades = {
        "accuracy": _mean(explained.probabilities.argmax(dim=1) == explained.labels),
        "unknown": _mean(ids[mask] == UNKNOWN),
    }
    for method, found in scores.items():
        lost = aopc(trained.predict, ids, mask, found, ERASE, batch_size=BATCH_SIZE)
        grades |= {f"{method}/{name}": _mean(values) for name, values in lost._asdict().items()}
        for other in ("leave_one_out", "gradient"):
            if other != method:
                grades[f"{method}/tau_{other}"] = _mean(kendall_tau(found.abs(), scores[other].abs(), mask))
        if marks is not None:
            agreement = grade_agreement(score_whole_words(found, mask, explained.owners), marks)
            grades |= {f"{method}/{name}": value for name, value in agreement.items()}
    return {name: value for name, value in grades.items() if value == value}  # NaN is no value


def grade_weights(
    trained: TrainedClassifier, explained: Explained, *, alternatives: int = ALTERNATIVES, seed: int = 0
) -> dict[str, float]:
    """Put other weights into the classifier, everything before the attention as it was.

    Args:
        trained: the classifier.
        explained: what `explain` returned.
        alternatives: the number of texts, the first ones, for which other weights are searched.
        seed: of permutations and search.

    Returns:
        "attention/permutation_change", the mean of `permutation_test`; "attention/adversarial_divergence" and
        "attention/adversarial_change", of `adversarial_attention`; of uniform weights in the place of the learned ones
        "uniform/change" of the probabilities, total variation, "uniform/flips", the share of predictions that become
        another class, and "uniform/accuracy". Nothing for a classifier without weights.
    """
    if "attention" not in explained.scores:
        return {}
    mask, weights, first = explained.mask, explained.scores["attention"], slice(alternatives)
    respond = trained.respond(explained.ids, mask)
    generator = torch.Generator(mask.device).manual_seed(seed)
    with torch.no_grad():
        uniform = respond(uniform_scores(mask))
    few = trained.respond(explained.ids[first], mask[first])
    found = adversarial_attention(few, weights[first], mask[first], generator=generator)
    return {
        "attention/permutation_change": _mean(permutation_test(respond, weights, mask, generator=generator)),
        "attention/adversarial_divergence": _mean(found.divergence),
        "attention/adversarial_change": _mean(found.change),
        "uniform/change": _mean(total_variation(uniform, explained.probabilities)),
        "uniform/flips": _mean(uniform.argmax(dim=1) != explained.probabilities.argmax(dim=1)),
        "uniform/accuracy": _mean(uniform.argmax(dim=1) == explained.labels),
    }


def compare_seeds(explained: Sequence[Explained]) -> list[dict[str, float]]:
    """How far apart the same texts are for classifiers that differ in their seed alone (Wiegreffe and Pinter 2019).

    How different attention is by chance: weights that were searched should be judged by it (arXiv:1908.04626).

    Args:
        explained: what `explain` returned for each classifier, two or more.

    Returns:
        For each classifier the mean over the others: "seeds/divergence" of the weights, `jensen_shannon`, where there
        are weights; "seeds/change" of the probabilities, total variation.
    """
    grades = []
    for one in explained:
        others = [other for other in explained if other is not one]
        found = {"seeds/change": [_mean(total_variation(one.probabilities, other.probabilities)) for other in others]}
        if "attention" in one.scores:
            weights = one.scores["attention"]
            found["seeds/divergence"] = [_mean(jensen_shannon(weights, other.scores["attention"])) for other in others]
        grades.append({name: sum(values) / len(values) for name, values in found.items()})
    return grades


def _mean(values: Tensor) -> float:
    """The mean of those that are numbers; NaN where none is."""
    return float(values.double().nanmean())
