"""Sentence pairs whose words were linked by hand: the truth that an attention map is graded against."""

from dataclasses import dataclass

from attnbook.data.download import fetch

Links = frozenset[tuple[int, int]]
PAIRS = {"zh-en": "zhen", "en-fr": "enfr"}


@dataclass(frozen=True)
class GoldAlignments:
    """Sentences with the links between their words; link (i, j) joins source word i and target word j, from 0."""

    sources: list[list[str]]
    """The words of each source sentence, as the makers cut them."""
    targets: list[list[str]]
    """The words of each target sentence."""
    sure: list[Links]
    """For each pair the links that everyone would draw."""
    possible: list[Links]
    """For each pair the links that one may draw; the sure ones are among them."""
    system: list[Links]
    """The output of awesome-align (Dou and Neubig 2021), a strong system, for comparison."""


def load_gold_alignments(pair: str = "zh-en") -> GoldAlignments:
    """Load gold alignments.

    Args:
        pair: "zh-en" (450 sentences, news; Liu and Sun 2015) or "en-fr" (447, parliament; Och and Ney 2000).

    Returns:
        Sentences, sure and possible links, and a system's output.

    Raises:
        ValueError: the pair is unknown.
        DatasetUnavailable: a file cannot be had.
    """
    if pair not in PAIRS:
        raise ValueError(f"unknown pair {pair!r}; allowed: {', '.join(PAIRS)}")
    stem = PAIRS[pair]
    sources, targets, sure, possible, system = [], [], [], [], []
    sentences, gold, output = (_read_lines(f"{stem}.{end}") for end in ("src-tgt", "gold", "awesome-align.out"))
    for sentence, marked, given in zip(sentences, gold, output, strict=True):
        source, target = sentence.split("|||")
        certain, uncertain = parse_links(marked, first=1)
        sources.append(source.split())
        targets.append(target.split())
        sure.append(certain)
        possible.append(certain | uncertain)
        system.append(parse_links(given, first=0)[0])
    return GoldAlignments(sources, targets, sure, possible, system)


def parse_links(line: str, *, first: int) -> tuple[Links, Links]:
    """Read a line of links.

    Args:
        line: such as "1-2 3p4": a hyphen marks a sure link, a p a possible one.
        first: the number of a sentence's first word, 0 or 1.

    Returns:
        The links marked sure and those marked possible, counted from 0.

    Raises:
        ValueError: something that is not a link; the message shows it.
    """
    links: dict[str, set[tuple[int, int]]] = {"-": set(), "p": set()}
    for mark in line.split():
        sign = "p" if "p" in mark else "-"
        source, found, target = mark.partition(sign)
        if not (found and source.isdecimal() and target.isdecimal() and min(int(source), int(target)) >= first):
            raise ValueError(f"{mark!r} is no link: two word numbers from {first} on, joined by - or p")
        links[sign].add((int(source) - first, int(target) - first))
    return frozenset(links["-"]), frozenset(links["p"])


def _read_lines(name: str) -> list[str]:
    return fetch("gold_align", name).read_text(encoding="utf-8").removesuffix("\n").split("\n")
