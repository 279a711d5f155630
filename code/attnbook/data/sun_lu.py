"""Made-up texts in which two words decide: the recipe of Sun & Lu (2020; ACL 2020, pages 3418 to 3428)."""

import numpy as np

from attnbook.checks import check_whole
from attnbook.data.texts import NEGATIVE, POSITIVE, LabelledText

POLAR_WORDS, NEUTRAL_WORDS = 50, 1000
POLAR, NEUTRAL = 2, 10
"""Words of each kind in a text."""


def sun_lu_words() -> dict[str, list[str]]:
    """The words of the recipe by kind: 50 "positive", 50 "negative" and 1,000 "neutral" ones."""
    sizes = {"positive": POLAR_WORDS, "negative": POLAR_WORDS, "neutral": NEUTRAL_WORDS}
    return {kind: [f"{kind}{number:0{len(str(size - 1))}}" for number in range(size)] for kind, size in sizes.items()}


def sample_sun_lu(count: int, *, noise: float = 0.0, seed: int = 0) -> list[LabelledText]:
    """Draw texts of twelve words: two of the label's polarity at random places, ten neutral ones.

    Args:
        count: number of texts; every other one is positive.
        noise: share of texts with the wrong label, drawn at random; no classifier can be right on more than the rest.
        seed: the same seed gives the same texts.

    Returns:
        The texts; `decisive` marks the two polar words.

    Raises:
        TypeError: a count that is no integer.
        ValueError: a count under 1, a noise outside [0, 1].
    """
    check_whole("count", count, 1)
    if not 0.0 <= noise <= 1.0:
        raise ValueError(f"noise must lie between 0 and 1; got {noise}")
    random = np.random.default_rng(seed)
    words = sun_lu_words()
    texts = []
    for number in range(count):
        label = POSITIVE if number % 2 else NEGATIVE
        decisive = random.permutation(POLAR + NEUTRAL) < POLAR
        own = words["positive" if label == POSITIVE else "negative"]
        text = [own[random.integers(POLAR_WORDS)] if polar else words["neutral"][random.integers(NEUTRAL_WORDS)]
                for polar in decisive]  # fmt: skip
        said = 1 - label if random.random() < noise else label
        texts.append(LabelledText(tuple(text), said, tuple(decisive.tolist())))
    return texts
