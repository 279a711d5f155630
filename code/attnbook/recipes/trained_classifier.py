"""A trained classifier with its vocabulary: it takes words, says what it makes of them, and shows what it weighs."""

from collections.abc import Callable, Sequence
from itertools import compress
from typing import NamedTuple

import torch
from torch import Tensor

from attnbook.data.batching import pad
from attnbook.data.tatoeba import chinese_words, english_words
from attnbook.data.text_batching import make_document_batch
from attnbook.data.texts import POSITIVE, LabelledText, encode_text
from attnbook.data.vocabulary import UNKNOWN, Vocabulary
from attnbook.layers.learned_query import LearnedQuery
from attnbook.layers.subword_embedding import SubwordEmbedding
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.models.classifiers import Classifier
from attnbook.recipes.classification_settings import ClassificationRun
from attnbook.training import History

Text = str | Sequence[str]
"""A text, or its words."""


class Reading(NamedTuple):
    """A text of L words, and what a classifier makes of it."""

    words: list[str]
    unknown: list[bool]
    """Which words are not in the vocabulary: one word to the classifier, unless it knows them by their spelling."""
    weights: Tensor | None
    """(L,), of attention, or all the same of an average; None for a model that has none."""
    attention_scores: Tensor | None
    """(L,), a: what the softmax reads; None for a model that does not ask."""
    polarity_scores: Tensor
    """(L,), s: positive speaks for a positive text."""
    probability: float
    """Of the text being positive."""


class DocumentReading(NamedTuple):
    """A document of S sentences, and what a classifier makes of it."""

    sentences: list[list[str]]
    word_weights: list[Tensor] | None
    """For each sentence (words,), summing to one; None for a model that has none."""
    sentence_weights: Tensor | None
    """(S,)."""
    probability: float
    """Of the document being positive."""


class TrainedClassifier(NamedTuple):
    """A trained classifier of two classes, ready to read."""

    model: Classifier
    vocabulary: Vocabulary
    run: ClassificationRun
    seed: int
    history: History

    def read(self, text: Text) -> Reading:
        """Read one text.

        Args:
            text: text, cut into words as its data are, or words, in lower case.

        Returns:
            Reading(words, unknown, weights, attention_scores, polarity_scores, probability).

        Raises:
            ValueError: an empty text, one of unknown words only (unless the model knows words by their spelling), or
                a model that reads documents.
        """
        model, words = self._flat(), self._cut(text)
        spells = isinstance(model.embedding, SubwordEmbedding) and len(words) > 0
        ids = self.vocabulary.encode(words) if spells else encode_text(words, self.vocabulary)
        unknown = [number == UNKNOWN for number in ids]
        with torch.no_grad():
            embedded = model.embedding(torch.tensor([ids], device=model.output.weight.device))
            if spells and any(unknown):
                embedded[0, unknown] = model.embedding.spell(list(compress(words, unknown)))
            logits, weights = model.forward_embedded(embedded, need_weights=True)
            states = model.read(embedded, torch.tensor([len(words)]))
            asks = isinstance(model.pooling, LearnedQuery)
            scores = model.pooling.scores(states)[0].cpu() if asks else None
            polarity = model.output(states)[0, :, 0].cpu()
        return Reading(
            words, unknown, None if weights is None else weights[0].cpu(), scores, polarity, _positive(logits)
        )

    def read_document(self, sentences: Sequence[Text]) -> DocumentReading:
        """Read one document; words that no vocabulary holds are one word here, whatever their spelling.

        Args:
            sentences: each as `read` takes a text.

        Returns:
            DocumentReading(sentences, word_weights, sentence_weights, probability).

        Raises:
            ValueError: no sentence, an empty one, a document of unknown words only, or a model that reads texts.
            TypeError: the document is one string.
        """
        if isinstance(self.model, AttentionClassifier):
            raise ValueError(f"{self.run.model} reads texts, not documents: use read")
        if isinstance(sentences, str):
            raise TypeError(f"a document must be a list of sentences; got the string {sentences[:40]!r}")
        cut = [self._cut(sentence) for sentence in sentences]
        encode_text([word for words in cut for word in words], self.vocabulary)
        words, lengths, _ = make_document_batch([([self.vocabulary.encode(words) for words in cut], POSITIVE)])
        with torch.no_grad():
            inputs = words.to(self.model.output.weight.device)
            logits, word_weights, sentence_weights = self.model(inputs, lengths, need_weights=True)
        if word_weights is None:
            return DocumentReading(cut, None, None, _positive(logits))
        each = [weights[:length] for weights, length in zip(word_weights[0].cpu(), lengths[0].tolist(), strict=True)]
        return DocumentReading(cut, each, sentence_weights[0].cpu(), _positive(logits))

    def encode(self, texts: Sequence[LabelledText]) -> tuple[Tensor, Tensor, Tensor]:
        """Turn texts into what the metrics of explanations take.

        Words that no vocabulary holds are one there, and are not spelled as `read` spells them.

        Args:
            texts: cut into words as the data of the classifier are.

        Returns:
            Ids (B, L), mask (B, L), True where a word stands, and labels (B,).

        Raises:
            ValueError: no text.
        """
        ids, lengths = pad([self.vocabulary.encode(text.words) for text in texts])
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        return ids, mask, torch.tensor([text.label for text in texts])

    def predict(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """The model as one function, the `Predict` of `attnbook.metrics.explained`; gradients flow through it.

        Args:
            inputs: (B, L) ids or (B, L, E) embeddings.
            mask: (B, L), True where a word stands, at the left of each row; a text may have none left.

        Returns:
            Probabilities (B, 2).

        Raises:
            ValueError: a mask with holes, shapes that do not fit, or a model that reads documents.
        """
        model = self._flat()
        embedded = model.embedding(inputs) if inputs.dim() == 2 else inputs
        return model.forward_embedded(embedded, _lengths(mask)).logits.softmax(dim=-1)

    def respond(self, ids: Tensor, mask: Tensor) -> Callable[[Tensor], Tensor]:
        """Read texts up to their states, for weights to be put on these.

        Args:
            ids: (B, L).
            mask: (B, L), as for `predict`.

        Returns:
            A function from weights (B, L) to probabilities (B, 2), the `Respond` of
            `attnbook.metrics.adversarial_attention`.

        Raises:
            ValueError: a mask with holes, or a model that has no weights.
        """
        model = self._flat()
        if model.pooling is None:
            raise ValueError(f"{self.run.model} has no weights")
        with torch.no_grad():
            states = model.read(model.embedding(ids), _lengths(mask))  # (B, L, H)

        def probabilities(weights: Tensor) -> Tensor:
            return model.judge((weights[:, None] @ states)[:, 0]).softmax(dim=-1)

        return probabilities

    def _flat(self) -> AttentionClassifier:
        if not isinstance(self.model, AttentionClassifier):
            raise ValueError(f"{self.run.model} reads documents, not texts: use read_document")
        return self.model

    def _cut(self, text: Text) -> list[str]:
        if not isinstance(text, str):
            return list(text)
        return chinese_words(text) if self.run.data == "waimai" else english_words(text)


def _positive(logits: Tensor) -> float:
    return float(logits.softmax(dim=-1)[0, POSITIVE])


def _lengths(mask: Tensor) -> Tensor:
    """(B,), how many words each row of a mask (B, L) allows; ValueError where they do not stand at the left."""
    lengths = mask.sum(dim=1)
    if not torch.equal(mask, torch.arange(mask.shape[1], device=mask.device) < lengths[:, None]):
        raise ValueError("the mask must be True at the left of each row and False behind; use `remove` to close holes")
    return lengths
