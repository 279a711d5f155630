"""Rules that say how a phrase is put in Chinese, and how in English: read from lines of text.

The rules stand in `translation_grammar.toml`, the words in `translation_lexicon.toml`; how a line is written is said
at their heads.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

COMMA = "，"


class Piece(NamedTuple):
    """One item of the English side of a rule."""

    words: tuple[str, ...]
    """The forms of an English word; empty where a phrase stands."""
    phrase: int
    """Which of the rule's phrases, counted in Chinese order; -1 where a word stands."""
    form: str | None
    """The form that is asked for; "*" hands on the form that was asked of the whole."""
    agrees_with: int
    """Number of the phrase with which a verb agrees; -1 hands on what the whole agrees with."""
    links: tuple[int, ...]
    """Chinese words of the rule that the English word belongs to, by their place in the rule."""


class Rule(NamedTuple):
    """A phrase in both languages."""

    source: tuple[str, ...]
    """Chinese words and names of phrases."""
    phrases: tuple[str, ...]
    """The names alone."""
    target: tuple[Piece, ...]
    number: str | int
    """Person and number, "1s", "3s" or "pl"; or the phrase that has it."""
    construction: str | None
    weight: float
    places: tuple[int, ...]
    """For each item of `source`, which of the phrases it is; -1 for a word."""
    commas: int


def is_phrase(symbol: str) -> bool:
    """Whether a symbol of the Chinese side names a phrase; names are in Latin capitals, words are not."""
    return "A" <= symbol[0] <= "Z"


def phrase_of(name: str) -> str:
    """The phrase that a name stands for: a second one of a kind has a digit behind it."""
    return name.rstrip("23")


class RuleBook:
    """Rules by the phrase that they make; those of a pattern like `NP[X]` are made when `NP[FOOD]` is asked for."""

    def __init__(self, tables: dict[str, dict]) -> None:
        """Take tables as the two files hold them.

        Args:
            tables: name of a phrase to its rules, {Chinese: English}, bare or grouped under a measure word (in
                Chinese) or a construction; and `helper`, the forms of be, do and have.
        """
        self._helpers = {word: tuple(forms.split("/")) for word, forms in tables["helper"].items()}
        self._tables = {name: table for name, table in tables.items() if name != "helper"}
        self._rules: dict[str, tuple[Rule, ...]] = {}

    def rules(self, name: str) -> tuple[Rule, ...]:
        """All rules that make a phrase.

        Raises:
            KeyError: the files have no such phrase.
        """
        if name not in self._rules:
            self._rules[name] = tuple(
                self._read_rule(chinese, english, construction) for chinese, english, construction in self._lines(name)
            )
        return self._rules[name]

    def reachable(self, name: str) -> list[Rule]:
        """Every rule that a phrase can use, directly or deeper down."""
        names, rules = [name], []
        for phrase in names:
            for rule in self.rules(phrase):
                rules.append(rule)
                names.extend(inner for inner in dict.fromkeys(rule.phrases) if inner not in names)
        return rules

    def _lines(self, name: str) -> Iterator[tuple[str, str, str | None]]:
        """The lines of a phrase: (Chinese, English, construction), with the places of a pattern filled in."""
        base, _, argument = name.rstrip("]").partition("[")
        if name in self._tables:
            table, argument = self._tables[name], ""
        elif f"{base}[X]" in self._tables:
            table = self._tables[f"{base}[X]"]
        else:
            noun, _, measure = name.partition(".")
            if measure not in self._tables.get(noun, {}):
                raise KeyError(f"the translation grammar has no phrase {name}")
            table = self._tables[noun][measure]
        for key, entry in table.items():
            group = {key: entry} if isinstance(entry, str) else entry
            construction = key if group is entry and key.isascii() else None
            for chinese, english in group.items():
                line = re.sub(r"\bX\b", argument, chinese), re.sub(r"\bX\b", argument, english)
                counted = re.search(r"(\w+)\.M\b", line[0])
                for measure in self._measures(counted[1]) if counted else [""]:
                    yield re.sub(r"\bM\b", measure, line[0]), re.sub(r"\bM\b", measure, line[1]), construction

    def _measures(self, noun: str) -> list[str]:
        return [key for key, entry in self._tables[noun].items() if isinstance(entry, dict)]

    def _read_rule(self, chinese: str, english: str, construction: str | None) -> Rule:
        source = tuple(chinese.split())
        names = [symbol for symbol in source if is_phrase(symbol)]
        number: str | int = "3s"
        weight, pieces = 1.0, []
        whole_word = not names and "~" not in english
        for item in english.split():
            if item.startswith("@"):
                number = names.index(item[1:]) if item[1:] in names else item[1:]
            elif item.startswith("%"):
                weight = float(item[1:])
            else:
                pieces.append(self._read_piece(item, source, names, whole_word))
        places = tuple(names.index(symbol) if is_phrase(symbol) else -1 for symbol in source)
        phrases = tuple(map(phrase_of, names))
        return Rule(source, phrases, tuple(pieces), number, construction, weight, places, source.count(COMMA))

    def _read_piece(self, item: str, source: tuple[str, ...], names: list[str], whole_word: bool) -> Piece:
        item, _, linked = item.partition("~")
        item, _, agrees_with = item.partition("@")
        item, _, form = item.partition(":")
        links = tuple(source.index(word) for word in linked.split("+") if word)
        agrees = names.index(agrees_with) if agrees_with else -1
        if is_phrase(item):
            return Piece((), names.index(item), form or None, agrees, ())
        if whole_word and not item.startswith("("):
            links = tuple(range(len(source)))
        words = self._helpers.get(item if form else "", tuple(item.strip("()").split("/")))
        return Piece(words, -1, form or "*", agrees, links)
