"""Sentences and short reviews that are positive or negative: SST-2, rt-polarity, and waimai in Chinese."""

import csv

from attnbook.data.download import fetch
from attnbook.data.tatoeba import chinese_words
from attnbook.data.texts import NEGATIVE, POSITIVE, LabelledText, TextSplits, read_label, read_lines, read_texts


def load_sst2() -> TextSplits:
    """Load the Stanford Sentiment Treebank's whole sentences, cut into lower-case words (Socher et al. 2013).

    Other versions hold 67,000 phrases to train on: scores on the two do not compare. Hyphens and some characters are
    lost in this one, and nine training sentences stand there twice.

    Returns:
        6,920 sentences to train on, 872 to validate and 1,821 to test.

    Raises:
        DatasetUnavailable: a file cannot be had.
    """
    files = {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}
    return TextSplits(**{split: read_texts(fetch("sst2", name)) for split, name in files.items()})


def load_rt_polarity() -> list[LabelledText]:
    """Load sentences from film reviews, cut into lower-case words (Pang & Lee 2005).

    The files are in Windows-1252: read as Latin-1, an ellipsis would become a line end. There is no split; results
    are means over ten folds, see `split_folds`.

    Returns:
        5,331 positive sentences, then 5,331 negative ones.

    Raises:
        DatasetUnavailable: a file cannot be had.
    """
    return [
        LabelledText(tuple(line.split()), label)
        for end, label in (("pos", POSITIVE), ("neg", NEGATIVE))
        for line in read_lines(fetch("rt_polarity", f"rt-polarity.{end}"), "cp1252")
    ]


def load_waimai() -> list[LabelledText]:
    """Load Chinese reviews of food deliveries, cut into words with jieba.

    Most are negative: a classifier that always says so is right on 66.6 %. There is no split, see `split_folds`.
    Seven reviews stand there twice, once under each label.

    Returns:
        4,000 positive reviews, then 7,987 negative ones.

    Raises:
        DatasetUnavailable: the file cannot be had.
        ImportError: the extra "data" is not installed.
    """
    path = fetch("zh_sentiment", "waimai_10k.csv")
    header, *rows = csv.reader(read_lines(path))
    if header != ["label", "review"]:
        raise ValueError(f"{path}: the columns must be label and review; got {', '.join(header)}")
    return [
        LabelledText(tuple(chinese_words(review)), read_label(label, 2, f"{path}, line {number}"))
        for number, (label, review) in enumerate(rows, 2)
    ]
