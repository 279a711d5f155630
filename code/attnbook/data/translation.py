"""A Chinese-English corpus that a grammar generates: every pair comes with the links between its words."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from random import Random

from attnbook.checks import check_whole
from attnbook.data.translation_grammar import Node, load_grammar, realise
from attnbook.data.translation_rules import COMMA, is_phrase

HELD_OUT = (
    frozenset(("ba", "relative clause")),
    frozenset(("passive", "negation")),
    frozenset(("yes-no question", "relative clause")),
)
"""Constructions that stand together in no sentence that `translation_splits` gives for training."""
MOST_CLAUSES = 12


@dataclass(frozen=True)
class AlignedPair:
    """A Chinese sentence, its English translation, and which words of the two belong together."""

    source: tuple[str, ...]
    """Chinese words."""
    target: tuple[str, ...]
    """English words."""
    links: frozenset[tuple[int, int]]
    """(source, target) positions from 0. All are sure; a word without a counterpart has no link."""
    constructions: frozenset[str]
    """Names out of `construction_names`."""
    num_clauses: int
    """Clauses that a comma divides; one inside a noun phrase counts with the clause that it stands in."""


@dataclass(frozen=True)
class TranslationSplits:
    """Pairs to learn from and pairs to be judged by; no sentence stands in two of them."""

    train: list[AlignedPair]
    valid: list[AlignedPair]
    test: list[AlignedPair]
    """New sentences, made as those for training are."""
    held_out: list[AlignedPair]
    """Sentences of one clause that join constructions which training shows only apart: see `HELD_OUT`."""


def sample_pairs(
    count: int, *, clauses: tuple[int, int] = (1, 4), seed: int = 0, without: Iterable[Collection[str]] = ()
) -> list[AlignedPair]:
    """Draw sentence pairs, all different; the same seed gives the same pairs on every machine.

    Args:
        count: how many.
        clauses: fewest and most clauses of a sentence; every number between is equally frequent.
        seed: of the random numbers.
        without: combinations of constructions; a sentence that holds all of one is left out.

    Returns:
        The pairs, in the order drawn.

    Raises:
        TypeError: a count, a number of clauses or a seed that is no integer.
        ValueError: a negative count, clauses outside 1 to 12 or in the wrong order, an unknown construction.
    """
    check_whole("count", count)
    return _draw(count, clauses, Random(_seed(seed)), _combinations(without), set())


def translation_splits(
    seed: int = 0,
    *,
    train: int = 20000,
    valid: int = 500,
    test: int = 1000,
    held_out: int = 300,
    clauses: tuple[int, int] = (1, 4),
) -> TranslationSplits:
    """Draw the pairs of an experiment: no test sentence is among those for training.

    Args:
        seed: of the random numbers.
        train: how many pairs to learn from; none holds a combination of `HELD_OUT`.
        valid: how many pairs to stop early by.
        test: how many pairs to be judged by.
        held_out: how many one-clause pairs that hold a combination of `HELD_OUT`.
        clauses: fewest and most clauses of a sentence in train, valid and test.

    Returns:
        TranslationSplits.

    Raises:
        TypeError, ValueError: as `sample_pairs`.
    """
    for name, size in {"train": train, "valid": valid, "test": test, "held_out": held_out}.items():
        check_whole(name, size)
    random, seen = Random(_seed(seed)), set()
    judged = [_draw(size, clauses, random, HELD_OUT, seen) for size in (test, valid)]
    return TranslationSplits(
        train=_draw(train, clauses, random, HELD_OUT, seen),
        valid=judged[1],
        test=judged[0],
        held_out=_draw(held_out, (1, 1), random, (), seen, within=HELD_OUT),
    )


def parse(source: Iterable[str]) -> AlignedPair | None:
    """Translate a Chinese sentence of the grammar, with its links.

    Args:
        source: Chinese words, without a mark at the end.

    Returns:
        The pair; None when the sentence is not one of the grammar.

    Raises:
        TypeError: a string that is not cut into words.
    """
    if isinstance(source, str):
        raise TypeError(f"source must be a sequence of words; got the string {source!r}")
    trees = load_grammar().parse("SENTENCE", tuple(source))
    return _pair(trees[0]) if trees else None


@cache
def construction_names() -> frozenset[str]:
    """The constructions of the grammar, as `AlignedPair.constructions` names them."""
    return frozenset(rule.construction for rule in load_grammar().book.reachable("SENTENCE") if rule.construction)


def _draw(
    count: int,
    clauses: tuple[int, int],
    random: Random,
    without: Iterable[frozenset[str]],
    seen: set[tuple[str, ...]],
    within: Iterable[frozenset[str]] = (),
) -> list[AlignedPair]:
    """Draw pairs that are not in `seen`, and put them there."""
    fewest, most = _clauses(clauses)
    grammar, pairs = load_grammar(), []
    while len(pairs) < count:
        # random() alone is the same in every version of Python; randint is not promised to be.
        commas = fewest - 1 + int(random.random() * (most - fewest + 1))
        pair = _pair(grammar.draw("SENTENCE", commas, random))
        if pair.source in seen or _repeats_itself(pair.source):
            continue
        if any(combination <= pair.constructions for combination in without):
            continue
        if within and not any(combination <= pair.constructions for combination in within):
            continue
        seen.add(pair.source)
        pairs.append(pair)
    return pairs


def _pair(tree: Node) -> AlignedPair:
    said = realise(tree)
    return AlignedPair(said.source, said.target, said.links, said.constructions, said.source.count(COMMA) + 1)


def _repeats_itself(source: tuple[str, ...]) -> bool:
    """Whether a word with a meaning of its own stands twice in a clause: nobody helps himself to his own help."""
    contents, seen = _content_words(), set()
    for word in source:
        if word == COMMA:
            seen = set()
        elif word in contents:
            word = word.removesuffix("们")  # 我 and 我们 in one clause are as odd as 我 twice
            if word in seen:
                return True
            seen.add(word)
    return False


@cache
def _content_words() -> frozenset[str]:
    """Chinese words of the lexicon; those that stand in rules, like 的 and 在, may come again."""
    rules = load_grammar().book.reachable("SENTENCE")
    structural = {word for rule in rules if rule.phrases for word in rule.source if not is_phrase(word)}
    lexical = {word for rule in rules if not rule.phrases for word in rule.source}
    return frozenset(lexical - structural)


def _clauses(clauses: tuple[int, int]) -> tuple[int, int]:
    try:
        fewest, most = clauses
    except (TypeError, ValueError):
        raise TypeError(f"clauses must be two integers, fewest and most; got {clauses!r}") from None
    for number in (fewest, most):
        check_whole("clauses", number, least=1)
    if not fewest <= most <= MOST_CLAUSES:
        raise ValueError(f"clauses must rise, and lie between 1 and {MOST_CLAUSES}; got {clauses}")
    return fewest, most


def _seed(seed: int) -> int:
    check_whole("seed", seed)
    return seed


def _combinations(without: Iterable[Collection[str]]) -> list[frozenset[str]]:
    combinations = []
    for names in without:
        combination = frozenset((names,) if isinstance(names, str) else names)
        unknown = sorted(combination - construction_names())
        if unknown or not combination:
            allowed = ", ".join(sorted(construction_names()))
            came = f"unknown construction {unknown[0]!r}" if unknown else "a combination without a construction"
            raise ValueError(f"{came}; allowed: {allowed}")
        combinations.append(combination)
    return combinations
