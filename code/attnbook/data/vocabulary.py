"""Words and their numbers."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from attnbook.files import write_whole

SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")
PAD, UNKNOWN, START, END = range(4)


class Vocabulary:
    """Words ↔ ids. Ids 0 to 3 are padding, unknown word, start and end of a sentence; the words follow."""

    def __init__(self, words: Sequence[str]) -> None:
        """Number words in the order given, from 4 on.

        Args:
            words: without the four specials.

        Raises:
            ValueError: a word that is empty, a special, or given twice.
        """
        self.words = [*SPECIALS, *words]
        self._ids = {word: number for number, word in enumerate(self.words)}
        if "" in self._ids or len(self._ids) < len(self.words):
            doubtful = sorted(word for word, count in Counter(self.words).items() if count > 1 or not word)
            raise ValueError(f"words must differ, be none of {SPECIALS} and not be empty; got {doubtful[:5]}")
        for special in SPECIALS:  # a text that spells a special has an unknown word there
            del self._ids[special]

    @classmethod
    def build(
        cls, sentences: Iterable[Sequence[str]], *, min_count: int = 1, max_size: int | None = None
    ) -> "Vocabulary":
        """Number the words of sentences: frequent ones first, equally frequent ones in the order of their characters.

        Args:
            sentences: each a list of words.
            min_count: rarer words become unknown.
            max_size: keep that many words at most, the specials not counted.

        Returns:
            A vocabulary; the same sentences, in any order, give the same one.

        Raises:
            ValueError: a size under 1, or no word is left.
            TypeError: a sentence is one string.
        """
        if min_count < 1 or (max_size is not None and max_size < 1):
            raise ValueError(f"min_count and max_size must be 1 or more; got {min_count} and {max_size}")
        counts = Counter(word for sentence in sentences for word in _words(sentence))
        frequent = [word for word, count in counts.items() if count >= min_count and word not in SPECIALS]
        words = sorted(frequent, key=lambda word: (-counts[word], word))[:max_size]
        if not words:
            raise ValueError(f"no word is left of {len(counts)} different ones with min_count={min_count}")
        return cls(words)

    def __len__(self) -> int:
        """Number of ids, the specials among them."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def encode(self, sentence: Sequence[str]) -> list[int]:
        """Turn words into ids; start and end are added when sentences are batched.

        Raises:
            TypeError: the sentence is one string.
        """
        return [self._ids.get(word, UNKNOWN) for word in _words(sentence)]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Turn ids into words up to the end of the sentence; start and padding are left out.

        Raises:
            ValueError: an id that is not in the vocabulary.
        """
        words = []
        for number in check_ids(ids, len(self)):
            if number == END:
                break
            if number not in (PAD, START):
                words.append(self.words[number])
        return words

    def labels(self, ids: Iterable[int]) -> list[str]:
        """Turn ids into one word each, the specials among them: the rows and columns of an attention map.

        Raises:
            ValueError: an id that is not in the vocabulary.
        """
        return [self.words[number] for number in check_ids(ids, len(self))]

    def save(self, path: str | Path) -> None:
        """Write the words to a JSON file, whole or not at all."""
        content = {"kind": "attnbook vocabulary", "words": self.words[len(SPECIALS) :]}
        write_whole(path, json.dumps(content, ensure_ascii=False, indent=0) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Read what `save` wrote.

        Raises:
            ValueError: the file is not a whole vocabulary; the message names it.
            OSError: the file cannot be read.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["kind"] != "attnbook vocabulary" or not all(isinstance(word, str) for word in content["words"]):
                raise ValueError("its kind or its words are others")
            return cls(content["words"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is no vocabulary that `save` wrote: {error!r}") from error


def check_ids(ids: Iterable[int], size: int) -> list[int]:
    """Plain integers, each the id of something.

    Args:
        ids: integers, or a tensor or array of them.
        size: number of ids there are.

    Returns:
        The ids as a list.

    Raises:
        ValueError: an id outside 0 to size - 1.
    """
    numbers = [int(number) for number in ids]
    outside = [number for number in numbers if not 0 <= number < size]
    if outside:
        raise ValueError(f"ids must lie between 0 and {size - 1}; got {outside[:5]}")
    return numbers


def _words(sentence: Sequence[str]) -> Sequence[str]:
    if isinstance(sentence, str):
        raise TypeError(f"a sentence must be a list of words; got the string {sentence[:40]!r}")
    if not isinstance(sentence, Sequence) or not all(isinstance(word, str) for word in sentence):
        raise TypeError(f"a sentence must be a list of words, each a string; got {sentence!r:.60}")
    return sentence
