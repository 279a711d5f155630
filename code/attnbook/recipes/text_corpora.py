"""The sets of texts that classifiers learn from: SST-2, rt-polarity, waimai, and two that are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from attnbook.data.reviews import Document, compose_documents, load_reviews
from attnbook.data.sentiment import load_rt_polarity, load_sst2, load_waimai
from attnbook.data.sun_lu import sample_sun_lu
from attnbook.data.text_batching import EncodedDocument, EncodedText
from attnbook.data.texts import LabelledText, TextSplits, split_folds
from attnbook.data.vocabulary import SPECIALS, Vocabulary

DATA = ("sst2", "rt_polarity", "waimai", "composed", "sun_lu")
DOCUMENTS = ("waimai", "composed")
"""Those whose texts have sentences."""
FOLDED = ("rt_polarity", "waimai")
"""Those without a split of their own: each seed is tested on a fold of its own."""
FOLDS = 10
DRAWN = ("composed", "sun_lu")
EVALUATED = 500
"""Texts in each validation and test split that is drawn."""
CHINESE_ENDS = frozenset("，。！？；、…~～,.!?;")


@dataclass(frozen=True)
class Example:
    """A text to learn from or to be tested on; one that is no document is one sentence."""

    sentences: tuple[tuple[str, ...], ...]
    label: int
    decisive: tuple[bool, ...] | None = None
    """For each word, sentence after sentence, whether the label follows from it; None where nobody knows."""
    deciding: tuple[bool, ...] | None = None
    """Likewise for each sentence."""
    tones: tuple[int, ...] | None = None
    """The label that each sentence would have alone."""

    @property
    def words(self) -> list[str]:
        """All sentences in a row, as a flat classifier reads them."""
        return [word for sentence in self.sentences for word in sentence]


@dataclass(frozen=True)
class TextCorpus:
    """What a classifier learns from and is graded by."""

    vocabulary: Vocabulary
    train: list[Example]
    validation: list[Example]
    tests: dict[str, list[Example]]
    """By name; "" is the test split."""


def load_text_corpus(
    data: str, *, fold: int = 0, min_count: int = 1, texts: int | None = None, unseen_words: bool = False
) -> TextCorpus:
    """Load a set of texts.

    Args:
        data: a name in `DATA`.
        fold: of ten, which is tested on, of the sets in `FOLDED`; the others take 0 alone.
        min_count: words that the training split shows less often are unknown.
        texts: number of texts to learn from, of the sets in `DRAWN`; the others are taken as they are.
        unseen_words: give every word of every split an id, those that are rare in training or absent from it behind
            the others: for models that know a word by its spelling. Of new texts `TrainedClassifier.read` alone
            spells the words that no split shows.

    Returns:
        The corpus; the same arguments give the same one.

    Raises:
        ValueError: unknown data, the message lists those there are; a fold or a number that the data do not take.
        DatasetUnavailable: a file cannot be had.
    """
    if data not in DATA:
        raise ValueError(f"unknown data {data!r}; there are {', '.join(DATA)}")
    if (texts is None) == (data in DRAWN):
        raise ValueError(f"a number of texts is for {' and '.join(DRAWN)}, and these need one; got {texts} for {data}")
    if fold and data not in FOLDED:
        raise ValueError(f"{data} has one split, no folds; got fold {fold}")
    if data == "composed":
        corpus = _composed_corpus(composed_splits(texts), min_count)
        return _with_unseen_words(corpus) if unseen_words else corpus
    if data == "sun_lu":
        splits = TextSplits(*(sample_sun_lu(count, seed=seed) for seed, count in enumerate((texts, *[EVALUATED] * 2))))
    elif data == "sst2":
        splits = load_sst2()
    else:
        splits = split_folds(load_rt_polarity() if data == "rt_polarity" else load_waimai(), fold, folds=FOLDS)
    train, validation, test = (
        [_example(text, chinese=data == "waimai") for text in part]
        for part in (splits.train, splits.validation, splits.test)
    )
    corpus = TextCorpus(_vocabulary(train, min_count), train, validation, {"": test})
    return _with_unseen_words(corpus) if unseen_words else corpus


def composed_splits(texts: int = 4000) -> dict[str, list[Document]]:
    """Compose documents of the book's reviews, a fifth of whose sentences training never shows.

    Args:
        texts: number of documents to learn from.

    Returns:
        "train", "validation" and "known_sentences", all of the same sentences; and "new_sentences", of the others.
        The last three have 500 documents each.
    """
    halves = split_folds(load_reviews(), 0, folds=5, key=lambda review: (review.topic, review.label))
    known = halves.train + halves.validation
    sources = {"train": known, "validation": known, "known_sentences": known, "new_sentences": halves.test}
    counts = (texts, EVALUATED, EVALUATED, EVALUATED)
    return {
        name: compose_documents(reviews, count, seed=seed)
        for seed, ((name, reviews), count) in enumerate(zip(sources.items(), counts, strict=True))
    }


def encode_examples(
    examples: Sequence[Example], vocabulary: Vocabulary, *, documents: bool
) -> list[EncodedText | EncodedDocument]:
    """Turn examples into ids and labels: of sentences for a model that reads documents, else of words in a row."""
    if documents:
        return [([vocabulary.encode(words) for words in example.sentences], example.label) for example in examples]
    return [(vocabulary.encode(example.words), example.label) for example in examples]


def cut_sentences(words: Sequence[str]) -> list[list[str]]:
    """Cut a Chinese text, in words, behind commas and stops; several of these in a row stay together."""
    sentences, ended = [[]], False
    for word in words:
        ends = word in CHINESE_ENDS
        if ended and not ends:
            sentences.append([])
        sentences[-1].append(word)
        ended = ends and not CHINESE_ENDS.issuperset(sentences[-1])  # not behind marks that stand first
    return sentences


def _example(text: LabelledText, *, chinese: bool) -> Example:
    sentences = map(tuple, cut_sentences(text.words)) if chinese else [text.words]
    return Example(tuple(sentences), text.label, text.decisive)


def _composed_corpus(splits: dict[str, list[Document]], min_count: int) -> TextCorpus:
    examples = {
        name: [
            Example(
                tuple(sentence.words for sentence in document.sentences),
                document.label,
                document.text.decisive,
                document.deciding,
                tuple(sentence.label for sentence in document.sentences),
            )
            for document in documents
        ]
        for name, documents in splits.items()
    }
    train, validation = examples.pop("train"), examples.pop("validation")
    tests = {f"_{name}": part for name, part in examples.items()}
    return TextCorpus(_vocabulary(train, min_count), train, validation, tests)


def _with_unseen_words(corpus: TextCorpus) -> TextCorpus:
    """The same texts; words that are not in the vocabulary stand in it behind the others."""
    known = corpus.vocabulary.words
    splits = (corpus.train, corpus.validation, *corpus.tests.values())
    unseen = {word for examples in splits for example in examples for word in example.words} - {*known}
    return replace(corpus, vocabulary=Vocabulary([*known[len(SPECIALS) :], *sorted(unseen)]))


def _vocabulary(train: Sequence[Example], min_count: int) -> Vocabulary:
    return Vocabulary.build((example.words for example in train), min_count=min_count)
