"""Pieces of words (byte pair encoding, Sennrich et al. 2016), for texts with more words than a model can have."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from attnbook.data.vocabulary import END, SPECIALS, check_ids
from attnbook.extras import require
from attnbook.files import write_whole

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SMALLEST = len(SPECIALS) + 256


class Subwords:
    """Text ↔ ids of byte-level pieces. Ids 0 to 3 are as in `Vocabulary`; no text holds an unknown piece."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        """Take a tokenizer that `train` or `load` made."""
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True  # text that spells a special is text like any other

    @classmethod
    def train(cls, sentences: Iterable[str], *, size: int = 6000) -> "Subwords":
        """Merge frequent neighbours into pieces until there are enough.

        Args:
            sentences: text, lower-cased before if the model shall see it so.
            size: number of pieces, the specials and the 256 bytes among them; fewer if there is nothing to merge.

        Returns:
            Subwords; the same sentences in the same order give the same ones.

        Raises:
            ValueError: a size under 260, or no sentence at all.
            ImportError: the extra "data" is not installed.
        """
        with require("data"):
            from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
        texts = [_spaced(sentence) for sentence in sentences]
        if size < SMALLEST or not any(text.strip() for text in texts):
            raise ValueError(f"size must be {SMALLEST} or more and there must be text; got {size}, {len(texts)} texts")
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=list(SPECIALS),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer)

    def __len__(self) -> int:
        """Number of ids, the specials among them."""
        return self._tokenizer.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Turn text into ids; start and end are added when sentences are batched.

        Raises:
            TypeError: the text is no string.
        """
        return self._tokenizer.encode(_spaced(text)).ids

    def pieces(self, text: str) -> list[str]:
        """The part of the text that each piece stands for, with ▁ for a space, so that a word is seen to begin.

        Two pieces inside one character both show it.

        Raises:
            TypeError: the text is no string.
        """
        spaced = _spaced(text)
        return [spaced[start:end].replace(" ", "▁") for start, end in self._tokenizer.encode(spaced).offsets]

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids into text, up to the end of the sentence.

        Raises:
            ValueError: an id that there is not.
        """
        numbers = check_ids(ids, len(self))
        if END in numbers:
            numbers = numbers[: numbers.index(END)]
        return self._tokenizer.decode(numbers).removeprefix(" ")

    def labels(self, ids: Iterable[int]) -> list[str]:
        """Turn ids into one piece each, the specials among them: the rows and columns of an attention map.

        Raises:
            ValueError: an id that is not in the vocabulary.
        """
        numbers = check_ids(ids, len(self))
        readable = (self._tokenizer.decode([number], skip_special_tokens=False) for number in numbers)
        return [text.replace(" ", "▁") for text in readable]

    def save(self, path: str | Path) -> None:
        """Write the pieces to a JSON file of the library `tokenizers`, whole or not at all."""
        write_whole(path, self._tokenizer.to_str())

    @classmethod
    def load(cls, path: str | Path) -> "Subwords":
        """Read what `save` wrote.

        Raises:
            ValueError: the file is not whole, or not made by `save`; the message names it.
            OSError: the file cannot be read.
            ImportError: the extra "data" is not installed.
        """
        with require("data"):
            from tokenizers import Tokenizer
        text = Path(path).read_text(encoding="utf-8")
        try:
            tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # the library raises nothing narrower
            raise ValueError(f"{path} holds no subwords that `save` wrote: {error}") from error
        if [tokenizer.id_to_token(number) for number in range(len(SPECIALS))] != list(SPECIALS):
            raise ValueError(f"{path} holds no subwords that `save` wrote: its first ids are not {SPECIALS}")
        return cls(tokenizer)


def _spaced(text: str) -> str:
    """A space before the first word too, so that it has the same pieces there as elsewhere."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a string; got {type(text).__name__}")
    return f" {text}"
