"""Word lists as data (reading/data/*.toml), compiled once into linear matchers."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import re2

from trustdesk.reading.patterns import Pattern, linear, spans


def load(name: str) -> dict[str, dict[str, float]]:
    """The table of one data file: section → word → weight."""
    return tomllib.loads(files("trustdesk.reading").joinpath("data", f"{name}.toml").read_text("utf-8"))


def pattern(words: list[str]) -> Pattern:
    """One google-re2 pattern that finds any of `words` (literal; a trailing * also matches longer words)."""
    parts = []
    for word in sorted(words):
        body = re2.escape(word.rstrip("*"))
        head = r"\b" if word[0].isascii() and word[0].isalnum() else ""
        tail = r"\b" if word[-1].isascii() and word[-1].isalnum() else ""
        parts.append(f"{head}{body}{tail}")
    return linear(*parts, longest=True)


class Lexicon:
    """Finds the words of one table in a text, in one pass, and names the sections and weights they carry."""

    def __init__(self, name: str) -> None:
        self.sections = load(name)
        self._exact: dict[str, list[tuple[str, float]]] = {}
        self._prefix: dict[str, list[tuple[str, float]]] = {}
        for section, words in self.sections.items():
            for word, weight in words.items():
                table = self._prefix if word.endswith("*") else self._exact
                table.setdefault(word.rstrip("*").lower(), []).append((section, float(weight)))
        self.pattern = pattern([w for words in self.sections.values() for w in words])
        self._cache: dict[str, tuple[tuple[str, float], ...]] = {}

    def words(self, text: str) -> list[str]:
        """The words of the table that occur in `text`, lower case, in order, repeats included."""
        return [text[start:end].lower() for start, end in spans(self.pattern, text)]

    def of(self, word: str) -> tuple[tuple[str, float], ...]:
        """(section, weight) pairs of a word as found."""
        known = self._cache.get(word)
        if known is None:
            pairs = list(self._exact.get(word, ()))
            for size in range(2, len(word) + 1):
                pairs += self._prefix.get(word[:size], ())
            known = tuple(pairs)
            if len(self._cache) < 20_000:
                self._cache[word] = known
        return known


@cache
def lexicon(name: str) -> Lexicon:
    """The lexicon of reading/data/<name>.toml, compiled once per process."""
    return Lexicon(name)
