"""The corpora that translators learn from, as ids: the generated one, Multi30k and Tatoeba."""

import hashlib
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from attnbook.data.batching import EncodedPair
from attnbook.data.gold_alignments import load_gold_alignments
from attnbook.data.multi30k import PAIRS as MULTI30K_PAIRS
from attnbook.data.multi30k import load_multi30k
from attnbook.data.sentence_pairs import SentencePair, Splits, split_pairs
from attnbook.data.subwords import Subwords
from attnbook.data.tatoeba import chinese_words, english_words, load_tatoeba
from attnbook.data.translation import HELD_OUT, AlignedPair, sample_pairs, translation_splits
from attnbook.data.vocabulary import Vocabulary
from attnbook.metrics.alignment import Link

Pieces = Vocabulary | Subwords
Words = Sequence[str]

PAIRS = {"generated": ("zh-en",), "multi30k": MULTI30K_PAIRS, "tatoeba": ("zh-en",)}
"""Name of a corpus → its pairs of languages, the usual one first."""


@dataclass(frozen=True)
class Sentences:
    """Sentences to translate, and how they should come out."""

    pairs: list[EncodedPair]
    references: list[str]
    """The targets, as text."""


@dataclass(frozen=True)
class Aligned:
    """Sentences whose words are linked: the truth that attention is graded against."""

    sources: list[Words]
    targets: list[Words]
    sure: list[Collection[Link]]
    possible: list[Collection[Link]]


@dataclass(frozen=True)
class Corpus:
    """What a translator learns from and is graded by."""

    source: Pieces
    target: Pieces
    train: list[EncodedPair]
    valid: Sentences
    tests: dict[str, Sentences]
    """By name; "" is the test split."""
    aligned: dict[str, Aligned]
    """By name; empty where nobody has linked the words."""
    train_words: tuple[list[Words], list[Words]]
    """Words of the training sentences, for IBM model 1; empty where there is nothing to align."""
    lowercase: bool
    """Whether case is ignored."""


def load_corpus(data: str, pair: str, *, pairs: int | None, pieces: int) -> Corpus:
    """Load a corpus.

    Args:
        data: a name in `PAIRS`.
        pair: source and target language, one that `PAIRS` lists.
        pairs: number of sentence pairs to learn from; None means all, of the generated corpus 20,000.
        pieces: size of each vocabulary of subwords; the generated corpus has words.

    Returns:
        The corpus; the same arguments give the same one.

    Raises:
        ValueError: data or pair is unknown, the message lists those there are; more pairs than there are.
        DatasetUnavailable: a file cannot be had.
    """
    if data not in PAIRS or pair not in PAIRS[data]:
        known = "; ".join(f"{name}: {', '.join(pairs)}" for name, pairs in PAIRS.items())
        raise ValueError(f"unknown data {data!r} with pair {pair!r}; there are {known}")
    if data == "generated":
        return generated_corpus(pairs=20000 if pairs is None else pairs)
    if data == "multi30k":
        return _real_corpus(load_multi30k(pair), pairs, pieces)
    segmented = [one._replace(source=" ".join(chinese_words(one.source))) for one in load_tatoeba()]
    return _real_corpus(split_pairs(segmented, validation=1000, test=1000), pairs, pieces, gold="zh-en")


def generated_corpus(
    *,
    pairs: int = 20000,
    valid: int = 500,
    test: int = 1000,
    held_out: int = 300,
    clauses: tuple[int, int] = (1, 4),
    longer: Iterable[int] = (5, 6, 8),
    longer_test: int = 200,
) -> Corpus:
    """Draw the generated corpus; its tests are named by the number of clauses, and "_held_out".

    Args:
        pairs: number of sentence pairs to learn from.
        valid: number of pairs to choose the best epoch by.
        test: number of pairs to be judged by.
        held_out: number of pairs that join constructions which training shows only apart.
        clauses: fewest and most clauses of a sentence in train, valid and test.
        longer: further numbers of clauses to be judged by, which training does not show.
        longer_test: number of pairs for each of them.

    Returns:
        The corpus, with words as pieces.
    """
    splits = translation_splits(train=pairs, valid=valid, test=test, held_out=held_out, clauses=clauses)
    groups = {f"_clauses_{number}": [] for number in range(clauses[0], clauses[1] + 1)}
    for one in splits.test:
        groups[f"_clauses_{one.num_clauses}"].append(one)
    for number in longer:
        groups[f"_clauses_{number}"] = sample_pairs(longer_test, clauses=(number, number), without=HELD_OUT)
    sources, targets = [one.source for one in splits.train], [one.target for one in splits.train]
    source, target = Vocabulary.build(sources), Vocabulary.build(targets)

    def encoded(chosen: list[AlignedPair]) -> Sentences:
        ids = [(source.encode(one.source), target.encode(one.target)) for one in chosen]
        return Sentences(ids, [" ".join(one.target) for one in chosen])

    tests = {"": splits.test, **groups, "_held_out": splits.held_out}
    return Corpus(
        source,
        target,
        train=encoded(splits.train).pairs,
        valid=encoded(splits.valid),
        tests={name: encoded(chosen) for name, chosen in tests.items() if chosen},
        aligned={name: _aligned(chosen) for name, chosen in groups.items() if chosen},
        train_words=(sources, targets),
        lowercase=False,
    )


def encode_words(pieces: Pieces, words: Words) -> list[list[int]]:
    """The ids of each word: one of a vocabulary, one or more of subwords."""
    if isinstance(pieces, Vocabulary):
        return [[number] for number in pieces.encode(words)]
    return [pieces.encode(word) for word in words]


def to_text(pieces: Pieces, ids: Iterable[int]) -> str:
    """Turn ids into text, up to the end of the sentence."""
    decoded = pieces.decode(ids)
    return decoded if isinstance(decoded, str) else " ".join(decoded)


def fingerprint(pieces: Pieces) -> str:
    """The sha256 of what `save` writes: two vocabularies that share it give every text the same ids."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pieces.json")
        pieces.save(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _aligned(pairs: Sequence[AlignedPair]) -> Aligned:
    links = [one.links for one in pairs]
    return Aligned([one.source for one in pairs], [one.target for one in pairs], sure=links, possible=links)


def _real_corpus(splits: Splits, pairs: int | None, size: int, gold: str | None = None) -> Corpus:
    """Lower-cased text in subwords; with gold alignments where there are some for its pair of languages."""
    if pairs is not None and pairs > len(splits.train):
        raise ValueError(f"pairs must be at most {len(splits.train)}, all there are; got {pairs}")
    train = splits.train[:pairs]
    source = Subwords.train((one.source.lower() for one in train), size=size)
    target = Subwords.train((one.target.lower() for one in train), size=size)

    def encoded(chosen: Sequence[SentencePair]) -> Sentences:
        ids = [(source.encode(one.source.lower()), target.encode(one.target.lower())) for one in chosen]
        return Sentences(ids, [one.target for one in chosen])

    aligned, train_words = {}, ([], [])
    if gold:
        truth = load_gold_alignments(gold)
        sides = ([[word.lower() for word in words] for words in side] for side in (truth.sources, truth.targets))
        aligned[f"_gold_{gold}"] = Aligned(*sides, truth.sure, truth.possible)
        train_words = [one.source.lower().split() for one in train], [english_words(one.target) for one in train]
    return Corpus(
        source,
        target,
        train=encoded(train).pairs,
        valid=encoded(splits.validation),
        tests={"": encoded(splits.test)},
        aligned=aligned,
        train_words=train_words,
        lowercase=True,
    )
