"""Texts with labels: what every set of them is read into, checked on the way, and how they are split."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from attnbook.checks import check_whole
from attnbook.data.vocabulary import UNKNOWN, Vocabulary

NEGATIVE, POSITIVE = 0, 1


@dataclass(frozen=True)
class LabelledText:
    """A text cut into words, its label, and, where somebody knows, which of the words decide."""

    words: tuple[str, ...]
    label: int
    """0 or more; of two, 0 is negative and 1 positive."""
    decisive: tuple[bool, ...] | None = None
    """One for each word: the truth that an attention map is graded against."""

    def __post_init__(self) -> None:
        """Raise ValueError for a text without words, a negative label, marks that do not fit the words."""
        if not self.words or "" in self.words:
            raise ValueError(f"a text needs words, none of them empty; got {self.words}")
        check_whole("label", self.label)
        if self.decisive is not None and len(self.decisive) != len(self.words):
            raise ValueError(f"{len(self.words)} words have {len(self.decisive)} marks: {' '.join(self.words)}")


Text = TypeVar("Text")


@dataclass(frozen=True)
class TextSplits:
    """Texts to learn from, to choose by, and to test on."""

    train: list[LabelledText]
    validation: list[LabelledText]
    test: list[LabelledText]


def split_folds(
    texts: Sequence[Text],
    fold: int,
    *,
    folds: int = 10,
    seed: int = 0,
    key: Callable[[Text], Hashable] = lambda text: text.label,
) -> TextSplits:
    """Split texts for cross-validation: each is tested on in one fold, and chosen by in the fold before.

    Args:
        texts: at least as many as folds.
        fold: 0 to folds - 1: which fold is the test split. The next one, in a ring, is the validation split.
        folds: 3 or more.
        seed: of the draw; the same in all folds of one experiment.
        key: what every fold holds in equal shares, by default each label.

    Returns:
        The three splits; each keeps the order of the texts.

    Raises:
        TypeError: a number that is not whole.
        ValueError: fewer than 3 folds, fewer texts than folds, no such fold.
    """
    check_whole("folds", folds, 3)
    check_whole("fold", fold)
    if fold >= folds or folds > len(texts):
        raise ValueError(f"fold {fold} of {folds} cannot be had of {len(texts)} texts")
    keys = {found: number for number, found in enumerate(sorted({key(text) for text in texts}))}
    order = np.random.default_rng(seed).permutation(len(texts))
    order = order[np.argsort([keys[key(texts[index])] for index in order], kind="stable")]
    place = np.empty(len(texts), dtype=int)
    place[order] = np.arange(len(texts)) % folds  # dealt out like cards, one key after the other
    chosen = {"test": place == fold, "validation": place == (fold + 1) % folds}
    chosen["train"] = ~(chosen["test"] | chosen["validation"])
    return TextSplits(**{name: [texts[index] for index in which.nonzero()[0]] for name, which in chosen.items()})


def encode_text(words: Sequence[str], vocabulary: Vocabulary, *, max_length: int | None = None) -> list[int]:
    """Turn a reader's text into ids, or say why nothing can be said of it.

    Args:
        words: of the text, cut and in lower case as those of the vocabulary.
        vocabulary: of the model.
        max_length: the most words that the model takes.

    Returns:
        An id for each word.

    Raises:
        ValueError: the text is empty or too long, or none of its words is known.
        TypeError: the text is one string.
    """
    ids = vocabulary.encode(words)
    if not ids:
        raise ValueError("the text is empty: it needs one word at least")
    if max_length is not None and len(ids) > max_length:
        raise ValueError(f"the text has {len(ids)} words; the model takes {max_length} at most")
    if all(number == UNKNOWN for number in ids):
        raise ValueError(f"none of the words is known: {' '.join(words)[:60]}")
    return ids


def cut_words(words: Sequence[str], cut: Callable[[str], Sequence[str]]) -> tuple[list[str], list[int]]:
    """Cut words finer, as a model's vocabulary has them, and remember where each piece comes from.

    Args:
        words: such as "friendly.", with its full stop.
        cut: given a word, its pieces; a word without any stays whole.

    Returns:
        The pieces, and for each the index of its word: a map of pieces becomes one of words by adding up.
    """
    cuts = [cut(word) or [word] for word in words]
    pieces = [(piece, index) for index, found in enumerate(cuts) for piece in found]
    return [piece for piece, _ in pieces], [index for _, index in pieces]


def read_lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """Read the lines of a file, cut at newlines only: at other separators a sentence would be cut in two.

    Raises:
        ValueError: the file is in another encoding; the message names the first byte that does not fit.
    """
    content = path.read_bytes()
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}, line {line}: byte 0x{content[error.start]:02x} is not {encoding}") from None
    return text.removesuffix("\n").split("\n")


def read_label(label: str, num_classes: int, where: str) -> int:
    """Read a label.

    Raises:
        ValueError: it is none of 0 to num_classes - 1; the message says where it stands.
    """
    if label not in map(str, range(num_classes)):
        raise ValueError(f"{where}: the label must be one of 0 to {num_classes - 1}; got {label!r}")
    return int(label)


def read_texts(
    path: Path, *, num_classes: int = 2, cut: Callable[[str], Sequence[str]] = str.split
) -> list[LabelledText]:
    """Read texts from a file: in UTF-8, a text, a tab and its label on each line.

    Args:
        path: of the file.
        num_classes: labels go from 0 to this number less one.
        cut: cuts a text into words; by default at spaces.

    Returns:
        The texts.

    Raises:
        ValueError: the encoding is another, or a line has no text, no tab or no such label; the message names it.
        OSError: the file cannot be read.
    """
    texts = []
    for number, line in enumerate(read_lines(path), 1):
        where = f"{path}, line {number}"
        text, tab, label = line.rpartition("\t")
        if not tab:
            raise ValueError(f"{where}: there is no tab between text and label: {line[:60]!r}")
        words = tuple(cut(text))
        if not words:
            raise ValueError(f"{where}: the text is empty")
        texts.append(LabelledText(words, read_label(label.strip(), num_classes, where)))
    return texts
