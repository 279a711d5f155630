"""Reviews in which people marked the words that decided their judgement (Sen et al. 2020; ACL 2020)."""

import csv
import html
import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from attnbook.data.download import fetch
from attnbook.data.texts import LabelledText, read_label, read_lines

PARTS = {50: "ham_part1(50words).csv", 100: "ham_part6(100words).csv"}
ANNOTATORS = 3
# Some spans carry an empty class, so that not every attribute is a mark; browser extensions left tags inside spans.
SPAN = re.compile(r"<span([^>]*)>(.*?)</span>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, kw_only=True)
class MarkedReview(LabelledText):
    """A review, and the words that each of three people marked. `decisive` is None: they differ."""

    maps: tuple[tuple[bool, ...], ...]
    """For each person a mark for each word."""
    judgements: tuple[str, ...]
    """What each person took the review for: "yes" (positive), "no", "idk", or "" where nothing was said."""

    def __post_init__(self) -> None:
        """Raise ValueError for marks that do not fit the words."""
        super().__post_init__()
        for marks in self.maps:
            if len(marks) != len(self.words):
                raise ValueError(f"{len(self.words)} words have {len(marks)} marks: {' '.join(self.words)}")


def load_yelp_hat(length: int = 50) -> list[MarkedReview]:
    """Load Yelp reviews of 50 or of 100 words with three people's marks each.

    Words are cut at spaces, as people saw them: "friendly." is one; `cut_words` cuts finer. Labels are those of the
    stars, which the people did not see.

    Args:
        length: of the reviews in words, 50 or 100.

    Returns:
        300 reviews of 50 words, or 437 of 100; two of 100 words that fewer than three people marked are left out.

    Raises:
        ValueError: another length.
        DatasetUnavailable: a file cannot be had.
    """
    if length not in PARTS:
        raise ValueError(f"length must be 50 or 100 words; got {length!r}")
    reviews = parse_maps(fetch("yelp_hat", PARTS[length]))
    return [review for review in reviews if len(review.maps) == ANNOTATORS]


def parse_maps(path: Path) -> list[MarkedReview]:
    """Read a file of marked reviews: a row for each person, rows of one review together.

    Args:
        path: of a CSV file with the columns Input.label, Input.text, Answer.Q1Answer and Answer.html_output.

    Returns:
        The reviews, with as many maps as there are rows.

    Raises:
        ValueError: the encoding or a label is another, or marks do not fit the text.
    """
    reviews = []
    rows = csv.DictReader(line + "\n" for line in read_lines(path))
    for text, answers in groupby(rows, key=lambda row: row["Input.text"]):
        answers = list(answers)
        reviews.append(
            MarkedReview(
                tuple(text.split()),
                read_label(answers[0]["Input.label"], 2, f"{path}: {text[:40]!r}"),
                maps=tuple(_marks(answer["Answer.html_output"], text) for answer in answers),
                judgements=tuple(answer["Answer.Q1Answer"] for answer in answers),
            )
        )
    return reviews


def _marks(page: str, text: str) -> tuple[bool, ...]:
    """Which words of a text a person marked: those in spans of the class "active"; empty spans are no words."""
    spans = [(attributes, html.unescape(TAG.sub("", word))) for attributes, word in SPAN.findall(page)]
    found = [(word, "active" in attributes) for attributes, word in spans if word]
    if [word for word, _ in found] != text.split():
        raise ValueError(f"the marked words are not those of the text {text[:40]!r}")
    return tuple(marked for _, marked in found)
