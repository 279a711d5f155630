"""Sentence pairs for translation, and how they are split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class SentencePair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str
    attribution: str = ""
    """Who wrote them, where the licence asks for it."""


@dataclass(frozen=True)
class Splits:
    """Sentence pairs to learn from, to choose by, and to test on."""

    train: list[SentencePair]
    validation: list[SentencePair]
    test: list[SentencePair]


def split_pairs(pairs: Sequence[SentencePair], *, validation: int, test: int, seed: int = 0) -> Splits:
    """Split pairs so that no sentence, of either side, stands in two splits.

    Pairs that share a sentence, directly or through other pairs, form a group; whole groups are drawn. A group that
    would overfill validation and test goes to train, so that the two have exactly the sizes asked for.

    Args:
        pairs: sentence pairs, among them several translations of one sentence.
        validation: number of pairs to choose by.
        test: number of pairs to test on.
        seed: of the draw; the same seed gives the same splits.

    Returns:
        The three splits; each keeps the order of the pairs.

    Raises:
        ValueError: sizes that are negative or that leave nothing to learn from.
    """
    if min(validation, test) < 0 or validation + test >= len(pairs):
        raise ValueError(f"validation={validation} and test={test} leave nothing to train on of {len(pairs)} pairs")
    groups: dict[int, list[int]] = {}
    for index, group in enumerate(_groups(pairs)):
        groups.setdefault(group, []).append(index)
    members = list(groups.values())
    chosen: dict[str, list[int]] = {"test": [], "validation": [], "train": []}
    sizes = {"test": test, "validation": validation, "train": len(pairs)}
    for group in np.random.default_rng(seed).permutation(len(members)):
        split = next(name for name in chosen if len(chosen[name]) + len(members[group]) <= sizes[name])
        chosen[split] += members[group]
    if not len(chosen["test"]) == test or not len(chosen["validation"]) == validation:
        raise ValueError(f"pairs that share sentences leave no {validation} + {test} pairs apart from the others")
    return Splits(**{name: [pairs[index] for index in sorted(indices)] for name, indices in chosen.items()})


def _groups(pairs: Sequence[SentencePair]) -> list[int]:
    """For each pair the number of its group: pairs that share a sentence are in one (union-find)."""
    parent = list(range(len(pairs)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first_with: dict[tuple[str, str], int] = {}
    for index, pair in enumerate(pairs):
        for sentence in (("source", pair.source), ("target", pair.target)):
            parent[root(index)] = root(first_with.setdefault(sentence, index))
    return [root(index) for index in range(len(pairs))]
