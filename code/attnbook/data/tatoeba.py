"""Tatoeba: Chinese sentences and their English translations, each with the names of its two authors."""

import re
from functools import cache
from typing import TYPE_CHECKING

from attnbook.data.download import fetch
from attnbook.data.sentence_pairs import SentencePair
from attnbook.extras import require

if TYPE_CHECKING:
    import jieba

# In this order: words before n't, clitics, abbreviations, numbers, words with inner hyphens or dots, other signs.
ENGLISH_WORD = re.compile(
    r"\w+?(?=n't\b)|n't\b|'(?:s|m|d|re|ve|ll)\b|(?:\w\.){2,}|\d+(?:[.,:]\d+)*|\w+(?:[-.]\w+)*|[^\w\s]"
)


def load_tatoeba() -> list[SentencePair]:
    """Load 26,388 pairs, Chinese to English, from short to long.

    Simplified and traditional characters are mixed, Chinese is not cut into words, and many sentences stand in
    several pairs: split with `split_pairs`, so that a tested sentence was never seen.

    Returns:
        The pairs, each with its attribution, which the licence asks to keep.

    Raises:
        DatasetUnavailable: the file cannot be had.
    """
    pairs = []
    with fetch("tatoeba_cmn_eng", "cmn.txt").open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            english, chinese, attribution = line.rstrip("\n").split("\t")
            pairs.append(SentencePair(chinese, english, attribution))
    return pairs


def chinese_words(sentence: str) -> list[str]:
    """Cut a Chinese sentence into words, with jieba.

    Args:
        sentence: simplified or traditional; jieba's lexicon is mostly simplified, so it cuts traditional text finer.

    Returns:
        The words, without spaces.

    Raises:
        ImportError: the extra "data" is not installed.
    """
    return [word for word in _segmenter().cut(sentence) if not word.isspace()]


def english_words(sentence: str) -> list[str]:
    """Cut an English sentence into lower-case words as treebanks do: "He didn't." is he did n't . in four words."""
    return ENGLISH_WORD.findall(sentence.lower().replace("’", "'"))


@cache
def _segmenter() -> "jieba.Tokenizer":
    with require("data"):
        import jieba
    jieba.setLogLevel("WARNING")  # or it reports on its own loading
    return jieba.Tokenizer()
