"""A trained translator with its vocabularies: it takes words and gives words, and shows where it looked."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from attnbook.data.batching import pad
from attnbook.data.vocabulary import END, START
from attnbook.models.encoder_decoder import EncoderDecoder
from attnbook.models.search import search
from attnbook.models.source_weights import forced_weights
from attnbook.recipes.corpora import Pieces
from attnbook.recipes.settings import Run
from attnbook.training import History


class Translation(NamedTuple):
    """A sentence, its translation, and where the translator looked."""

    source: list[str]
    """S pieces, </s> at the end: the columns of the map."""
    target: list[str]
    """T pieces, </s> at the end unless the translation was cut off: the rows."""
    weights: Tensor | None
    """(T, S): row t are the weights with which piece t was written; None without attention."""


class Trained(NamedTuple):
    """A trained translator, ready to translate."""

    model: EncoderDecoder
    source: Pieces
    target: Pieces
    run: Run
    seed: int
    history: History

    def translate(self, sentence: Sequence[str] | str, *, beam_size: int = 1) -> Translation:
        """Translate a sentence.

        Args:
            sentence: words; for a translator of subwords, text.
            beam_size: 1 is greedy search.

        Returns:
            Translation(source, target, weights); the translation is cut off at 10 pieces more than half as long again
            as the source.

        Raises:
            ValueError: an empty sentence, a beam under 1.
            TypeError: text for a translator of words.
        """
        ids, source, lengths = self._read(sentence)
        found = search(self.model, source, lengths, beam_size=beam_size, need_weights=True)
        words = found.words[0].tolist()
        weights = None if found.weights is None else found.weights[0]
        return Translation(self.source.labels([*ids, END]), self.target.labels(words), weights)

    def align(self, sentence: Sequence[str] | str, translation: Sequence[str] | str) -> Translation:
        """Show where the translator looks while it is given the translation, word by word.

        Args:
            sentence: as for `translate`.
            translation: likewise, in the target language.

        Returns:
            Translation(source, target, weights).

        Raises:
            ValueError: an empty sentence or translation, or a model without attention.
            TypeError: text for a translator of words.
        """
        ids, source, lengths = self._read(sentence)
        words = self.target.encode(translation)
        if not words:
            raise ValueError("the translation is empty")
        weights = forced_weights(self.model, source, lengths, torch.tensor([[START, *words, END]]))
        return Translation(self.source.labels([*ids, END]), self.target.labels([*words, END]), weights[0])

    def _read(self, sentence: Sequence[str] | str) -> tuple[list[int], Tensor, Tensor]:
        ids = self.source.encode(sentence)
        if not ids:
            raise ValueError("the sentence is empty")
        return ids, *pad([[*ids, END]])
