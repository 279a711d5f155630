"""A grammar of two languages at once: the same rules draw sentences, translate them, and link their words."""

import tomllib
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate, pairwise
from random import Random
from typing import NamedTuple

from attnbook.data.translation_rules import Rule, RuleBook, is_phrase, phrase_of

FORMS = {
    **{"base": 0, "past": 2, "participle": 3, "gerund": 4},
    **{"singular": 0, "plural": 1, "subject": 0, "object": 1, "possessive": 2, "comparative": 1},
}
FORMS_OF_BE = {"base": 0, "participle": 6, "gerund": 7}
PRESENT_OF_BE = {"1s": 1, "pl": 2, "3s": 3}


class Node(NamedTuple):
    """A rule applied, and the nodes of its phrases in Chinese order."""

    rule: Rule
    children: Sequence["Node"]
    length: int


class Realised(NamedTuple):
    """What a tree says: words of both languages, links between them, constructions used."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    links: frozenset[tuple[int, int]]
    constructions: frozenset[str]


class Grammar:
    """Draws sentences of the rules, and finds the trees of sentences that are given."""

    def __init__(self, book: RuleBook) -> None:
        """Take the rules.

        Args:
            book: the rules. A phrase may contain itself only behind a comma, and only as the last of its rule.
        """
        self.book = book
        self._firsts: dict[str, frozenset[str]] = {}
        # A cache of its own, so that a grammar can be let go of.
        self._choices = cache(self._find_choices)

    def draw(self, name: str, commas: int, random: Random) -> Node:
        """Draw a phrase with exactly so many commas.

        Raises:
            ValueError: the phrase cannot have so many.
        """
        nodes, weights = self._choices(name, commas)
        if not nodes:
            raise ValueError(f"{name} cannot have {commas} commas")
        node = nodes[bisect(weights, random.random() * weights[-1])] if len(nodes) > 1 else nodes[0]
        rule = node.rule
        if not rule.phrases:
            return node
        children = [self.draw(phrase, 0, random) for phrase in rule.phrases[:-1]]
        # Only the last phrase of a rule holds further commas.
        children.append(self.draw(rule.phrases[-1], commas - rule.commas, random))
        return _node(rule, children)

    def parse(self, name: str, words: tuple[str, ...]) -> list[Node]:
        """All trees of a phrase that say exactly these Chinese words."""
        known: dict[tuple[str, int], list[Node]] = {}

        def match(symbols: tuple[str, ...], start: int) -> Iterator[tuple[Node, ...]]:
            if not symbols:
                yield ()
            elif not is_phrase(symbols[0]):
                if start < len(words) and words[start] == symbols[0]:
                    yield from match(symbols[1:], start + 1)
            else:
                for node in find(phrase_of(symbols[0]), start):
                    for rest in match(symbols[1:], start + node.length):
                        yield (node, *rest)

        def find(phrase: str, start: int) -> list[Node]:
            if (phrase, start) not in known:
                known[phrase, start] = [
                    _node(rule, children)
                    for rule in self.book.rules(phrase)
                    if start < len(words) and words[start] in self._first_words(rule.source[0])
                    for children in match(rule.source, start)
                ]
            return known[phrase, start]

        return [node for node in find(name, 0) if node.length == len(words)]

    def _first_words(self, symbol: str) -> frozenset[str]:
        """The Chinese words with which a symbol can begin."""
        if not is_phrase(symbol):
            return frozenset((symbol,))
        name = phrase_of(symbol)
        if name not in self._firsts:
            self._firsts[name] = frozenset().union(
                *(self._first_words(rule.source[0]) for rule in self.book.rules(name))
            )
        return self._firsts[name]

    def _find_choices(self, name: str, commas: int) -> tuple[list[Node], list[float]]:
        """The rules that can give so many commas, each as a node that lacks its children; their weights added up."""
        rules = [rule for rule in self.book.rules(name) if self._allows(rule, commas)]
        return [_node(rule, ()) for rule in rules], list(accumulate(rule.weight for rule in rules))

    def _allows(self, rule: Rule, commas: int) -> bool:
        left = commas - rule.commas
        if left < 0 or not rule.phrases:
            return left == 0
        return all(self._choices(phrase, 0)[0] for phrase in rule.phrases[:-1]) and bool(
            self._choices(rule.phrases[-1], left)[0]
        )


def realise(tree: Node) -> Realised:
    """Say a tree in both languages."""
    source = [""] * tree.length
    target: list[str] = []
    links: list[tuple[int, int]] = []
    constructions: set[str] = set()

    def say(node: Node, start: int, form: str | None, number: str) -> None:
        rule, children = node.rule, node.children
        if rule.construction:
            constructions.add(rule.construction)
        starts, firsts = [], []
        for symbol, child in zip(rule.source, rule.places, strict=True):
            starts.append(start)
            if child < 0:
                source[start] = symbol
                start += 1
            else:
                firsts.append(start)
                start += children[child].length
        for words, phrase, asked, agrees_with, linked in rule.target:
            own = number_of(children[agrees_with]) if agrees_with >= 0 else number
            if asked == "*":
                asked = form
            if phrase >= 0:
                say(children[phrase], firsts[phrase], asked, own)
            else:
                for word in linked:
                    links.append((starts[word], len(target)))
                target.append(words[0] if len(words) == 1 else _inflect(words, asked, own))

    say(tree, 0, None, "3s")
    for place, (word, following) in enumerate(pairwise(target)):
        if word == "a" and following[0] in "aeiou":
            target[place] = "an"
    return Realised(tuple(source), tuple(target), frozenset(links), frozenset(constructions))


def number_of(node: Node) -> str:
    """Person and number of a phrase: "1s", "3s" or "pl"."""
    number = node.rule.number
    return number if isinstance(number, str) else number_of(node.children[number])


@cache
def load_grammar() -> Grammar:
    """The Chinese-English grammar written for this book."""
    folder = resources.files("attnbook.data.files")
    names = ("translation_lexicon.toml", "translation_grammar.toml")
    lexicon, grammar = (tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")) for name in names)
    return Grammar(RuleBook({**lexicon, **grammar}))


def _node(rule: Rule, children: Sequence[Node]) -> Node:
    length = len(rule.source) - len(children)
    for child in children:
        length += child.length
    return Node(rule, children, length)


def _inflect(forms: tuple[str, ...], form: str | None, number: str) -> str:
    if len(forms) == 8:  # be
        if form == "present":
            return forms[PRESENT_OF_BE[number]]
        return forms[5 if number == "pl" else 4] if form == "past" else forms[FORMS_OF_BE[form or "base"]]
    if form == "present":
        return forms[number == "3s"]
    return forms[FORMS[form or "base"]]
