"""Sentences from reviews, written for this book, with the words that decide; and documents composed from them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

import numpy as np

from attnbook.checks import check_whole
from attnbook.data.tatoeba import ENGLISH_WORD
from attnbook.data.texts import NEGATIVE, POSITIVE, LabelledText

LABELS = {"negative": NEGATIVE, "positive": POSITIVE}
TOPICS = ("restaurants", "films", "books", "trips", "devices")


@dataclass(frozen=True, kw_only=True)
class Review(LabelledText):
    """A sentence from a review."""

    topic: str
    kind: str
    """How the sentence says it: plain, negation, contrast, faint, consequence or comparison."""


@dataclass(frozen=True)
class Document:
    """Sentences in an order, a label, and the sentences that decide it."""

    sentences: tuple[Review, ...]
    label: int
    deciding: tuple[bool, ...]
    """For each sentence whether the label follows from it."""

    @cached_property
    def text(self) -> LabelledText:
        """All sentences in a row, for a flat classifier; decisive are the decisive words of the deciding sentences."""
        words = tuple(word for sentence in self.sentences for word in sentence.words)
        marks = zip(self.sentences, self.deciding, strict=True)
        decisive = tuple(decides and mark for sentence, decides in marks for mark in sentence.decisive)
        return LabelledText(words, self.label, decisive)


def load_reviews() -> list[Review]:
    """Load sentences from reviews of restaurants, films, books, trips and devices.

    Words are lower-case and cut as `english_words` cuts them; those marked decisive are what a careful reader would
    underline.

    Returns:
        The sentences: of each topic as many positive as negative ones.
    """
    file = resources.files("attnbook.data.files").joinpath("reviews.json")
    return parse_reviews(json.loads(file.read_text(encoding="utf-8")))


def parse_reviews(entries: Iterable[Mapping[str, Any]]) -> list[Review]:
    """Cut sentences into words and marks of characters into marks of words.

    Args:
        entries: with `text`, `label` ("positive" or "negative"), `topic`, `kind`, and `marks`, a list of [begin, end]
            in characters of the text.

    Returns:
        The reviews.

    Raises:
        ValueError: a label or topic outside the set, a mark that lies outside the text or cuts a word, no words.
    """
    return [_parse(entry) for entry in entries]


def compose_documents(
    reviews: Sequence[Review],
    count: int,
    *,
    topic: str = "restaurants",
    sentences: tuple[int, int] = (5, 15),
    deciding: tuple[int, int] = (1, 2),
    seed: int = 0,
) -> list[Document]:
    """Compose letters that tell of many things, of which one topic counts.

    A document's label follows from its sentences about the topic, which all have that label. The other sentences are
    about other topics and have labels of their own, drawn without regard to the document's. Who knew the tone of every
    sentence and took the majority's would be right on 70 % of the documents. No sentence stands twice in one.

    Args:
        reviews: to draw from; compose from the parts of a split, and no test sentence has been seen in training.
        count: number of documents; every other one is positive.
        topic: the one that counts.
        sentences: fewest and most sentences of a document.
        deciding: fewest and most of them about the topic.
        seed: the same seed gives the same documents.

    Returns:
        The documents.

    Raises:
        TypeError: a count that is no integer.
        ValueError: an unknown topic, numbers out of order, too few reviews for a document.
    """
    check_whole("count", count, 1)
    if topic not in TOPICS:
        raise ValueError(f"unknown topic {topic!r}; there are: {', '.join(TOPICS)}")
    if not 1 <= deciding[0] <= deciding[1] <= sentences[0] <= sentences[1]:
        raise ValueError(f"1 <= deciding <= sentences must hold; got deciding={deciding} and sentences={sentences}")
    asides = [review for review in reviews if review.topic != topic]
    about = [[review for review in reviews if review.topic == topic and review.label == label] for label in (0, 1)]
    if min(map(len, about)) < deciding[1] or len(asides) < sentences[1] - deciding[0]:
        raise ValueError(f"too few reviews: {len(about[0])} and {len(about[1])} about {topic}, {len(asides)} others")
    random = np.random.default_rng(seed)
    documents = []
    for number in range(count):
        label = number % 2
        total, own = (int(random.integers(least, most, endpoint=True)) for least, most in (sentences, deciding))
        chosen = [about[label][index] for index in random.choice(len(about[label]), own, replace=False)]
        chosen += [asides[index] for index in random.choice(len(asides), total - own, replace=False)]
        order = random.permutation(total)
        documents.append(Document(tuple(chosen[i] for i in order), label, tuple((order < own).tolist())))
    return documents


def _parse(entry: Mapping[str, Any]) -> Review:
    text, spans = entry["text"], entry["marks"]
    for name, allowed in (("label", LABELS), ("topic", TOPICS)):
        if entry[name] not in allowed:
            raise ValueError(f"{text!r}: the {name} must be one of {', '.join(allowed)}; got {entry[name]!r}")
    found = list(ENGLISH_WORD.finditer(text.lower().replace("’", "'")))
    decisive = [False] * len(found)
    for begin, end in spans:
        if not 0 <= begin < end <= len(text):
            raise ValueError(f"{text!r}: the mark {begin} to {end} lies outside the text of {len(text)} characters")
        touched = [index for index, word in enumerate(found) if word.start() < end and begin < word.end()]
        if not touched or found[touched[0]].start() < begin or found[touched[-1]].end() > end:
            raise ValueError(f"{text!r}: the mark {text[begin:end]!r} is not made of whole words")
        for index in touched:
            decisive[index] = True
    words = tuple(word.group() for word in found)
    return Review(words, LABELS[entry["label"]], tuple(decisive), topic=entry["topic"], kind=entry["kind"])
