"""IBM model 1: which word translates which, learned from sentence pairs alone (Brown et al. 1993)."""

from collections.abc import Iterable, Sequence

import numpy as np

NULL = 0


class IBMModel1:
    """Translation probabilities t(target word | source word), by expectation maximisation.

    Each target word comes from one source word, or from an empty one that stands in every sentence; all are equally
    likely beforehand, so that order plays no part. This is what attention has to beat.
    """

    def __init__(self, iterations: int = 5) -> None:
        """Choose how often the probabilities are estimated anew.

        Raises:
            ValueError: iterations under 1.
        """
        if iterations < 1:
            raise ValueError(f"iterations must be 1 or more; got {iterations}")
        self.iterations = iterations
        self.log_likelihoods: list[float] = []
        """Of all target words under the model, before the first and after every estimation; it never falls."""
        self._sources: dict[str, int] = {}
        self._targets: dict[str, int] = {}
        self._pairs = np.empty(0, dtype=np.int64)
        self._probabilities = np.empty(0)

    def fit(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> "IBMModel1":
        """Learn from sentence pairs, beginning with equal probabilities.

        Args:
            sources: the words of each source sentence.
            targets: the words of each target sentence.

        Returns:
            The model itself.

        Raises:
            ValueError: no pair, different numbers of sentences, or an empty sentence; the message gives its index.
            TypeError: a sentence is one string.
        """
        _check(sources, targets)
        self._sources = _number((word for source in sources for word in source), first=NULL + 1)
        self._targets = _number((word for target in targets for word in target), first=0)
        cells, token, source_sizes = self._cells(sources, targets)
        # A probability for each pair of words that share a sentence pair, and none for the others.
        self._pairs, pair = np.unique(cells, return_inverse=True)
        pair_source = self._pairs // len(self._targets)
        self._probabilities = np.full(len(self._pairs), 1 / len(self._targets))
        self.log_likelihoods = []
        for _ in range(self.iterations):
            joint = self._probabilities[pair]  # (cells,)
            marginal = np.bincount(token, joint)  # (target tokens,)
            self.log_likelihoods.append(float(np.log(marginal / source_sizes).sum()))
            counts = np.bincount(pair, joint / marginal[token])  # expected, (pairs,)
            self._probabilities = counts / np.bincount(pair_source, counts)[pair_source]
        marginal = np.bincount(token, self._probabilities[pair])
        self.log_likelihoods.append(float(np.log(marginal / source_sizes).sum()))
        return self

    def probability(self, target: str, source: str | None) -> float:
        """t(target | source); of a pair that was never in one sentence pair it is 0.

        Args:
            target: a word.
            source: a word, or None for the empty word.
        """
        if target not in self._targets or (source is not None and source not in self._sources):
            return 0.0
        number = NULL if source is None else self._sources[source]
        cell = number * len(self._targets) + self._targets[target]
        place = int(np.searchsorted(self._pairs, cell))
        known = place < len(self._pairs) and self._pairs[place] == cell
        return float(self._probabilities[place]) if known else 0.0

    def align(self, source: Sequence[str], target: Sequence[str]) -> set[tuple[int, int]]:
        """Link every target word to the source word that most probably became it.

        Args:
            source: the words of a sentence.
            target: the words of its translation.

        Returns:
            Links (source position, target position), from 0. A target word has none if the empty word is more
            probable, or if it never stood beside any of these source words; of equals the first is taken.

        Raises:
            RuntimeError: `fit` was not called before.
            ValueError, TypeError: a sentence that is empty, or one string.
        """
        if not self._targets:
            raise RuntimeError("the model has learned nothing yet: call fit first")
        _check([source], [target])
        links = set()
        for j, word in enumerate(target):
            given = [self.probability(word, other) for other in source]
            best = int(np.argmax(given))
            if given[best] > self.probability(word, None):
                links.add((best, j))
        return links

    def _cells(
        self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every target token beside every source token of its sentence and the empty word, all sentences in a row.

        Returns:
            The pair of words in each cell as one number, the cell's target token, and for each target token the
            number of source tokens that it may come from.
        """
        source_ids = [np.array([NULL, *(self._sources[word] for word in source)]) for source in sources]
        target_ids = [np.array([self._targets[word] for word in target]) for target in targets]
        cells = [
            (source[None, :] * len(self._targets) + target[:, None]).ravel()
            for source, target in zip(source_ids, target_ids, strict=True)
        ]
        sizes = np.repeat([len(source) for source in source_ids], [len(target) for target in target_ids])
        return np.concatenate(cells), np.repeat(np.arange(len(sizes)), sizes), sizes


def _number(words: Iterable[str], first: int) -> dict[str, int]:
    return {word: number for number, word in enumerate(dict.fromkeys(words), start=first)}


def _check(sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> None:
    if len(sources) != len(targets) or not len(sources):
        raise ValueError(f"one target for each source, at least one; got {len(sources)} and {len(targets)}")
    for index, pair in enumerate(zip(sources, targets, strict=True)):
        for side, sentence in zip(("source", "target"), pair, strict=True):
            if isinstance(sentence, str):
                raise TypeError(f"sentences must be lists of words; {side} {index} is a string")
            if not len(sentence):
                raise ValueError(f"{side} sentence {index} is empty")
