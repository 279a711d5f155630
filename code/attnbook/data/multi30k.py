"""Multi30k: captions of photographs in three languages (Elliott et al. 2016, 2017)."""

import gzip
from itertools import permutations

from attnbook.data.download import fetch
from attnbook.data.sentence_pairs import SentencePair, Splits

PAIRS = tuple(f"{source}-{target}" for source, target in permutations(("de", "en", "fr"), 2))
FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}


def load_multi30k(pair: str = "de-en") -> Splits:
    """Load captions in two languages, as they were written: neither cut into words nor lower-cased.

    Args:
        pair: source and target language, two of de, en and fr.

    Returns:
        29,000 pairs to train on, 1,014 to validate and 1,000 to test (test_2016_flickr).

    Raises:
        ValueError: the pair is unknown.
        DatasetUnavailable: a file cannot be had.
    """
    if pair not in PAIRS:
        raise ValueError(f"unknown pair {pair!r}; allowed: {', '.join(PAIRS)}")
    source, target = pair.split("-")
    splits = {}
    for split, file in FILES.items():
        sides = (_read_lines(f"{file}.{language}.gz") for language in (source, target))
        splits[split] = [SentencePair(*both) for both in zip(*sides, strict=True)]
    return Splits(**splits)


def _read_lines(name: str) -> list[str]:
    # Cut at newlines only: str.splitlines would also cut inside a sentence, at rarer separators.
    with gzip.open(fetch("multi30k", name), "rt", encoding="utf-8", newline="\n") as lines:
        return [line.strip() for line in lines]
