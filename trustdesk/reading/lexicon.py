"""Word lists as data (reading/data/*.toml), compiled once into linear matchers."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

import re2

from trustdesk.reading.patterns import Pattern, linear, spans

#: Letters that Unicode does not take apart into a base letter and a mark.
_ALIKE = {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "ß": "s", "æ": "a", "Æ": "A", "œ": "o",
          "Œ": "O", "ё": "е", "Ё": "Е", "ς": "σ", "’": "'", "‘": "'", "ʼ": "'", "\u00a0": " "}  # fmt: skip


def _base(letter: str) -> str:
    return unicodedata.normalize("NFKD", letter)[0]


#: One letter for one letter, so that offsets stay: Latin and Greek without accents, full-width forms as the usual ones.
_FOLDED = {
    chr(c): _base(chr(c))
    for c in (*range(0xC0, 0x250), *range(0x370, 0x400), *range(0x1E00, 0x2000), *range(0xFF01, 0xFF5F))
    if _base(chr(c)) != chr(c)
} | _ALIKE
#: Whole runs at once; most text has few of them.
_FOLDABLE = re.compile(f"[{''.join(map(re.escape, _FOLDED))}]")


def fold(text: str) -> str:
    """`text` as people type it who have no accents on their keyboard, letter for letter."""
    return text if text.isascii() else _FOLDABLE.sub(lambda letter: _FOLDED[letter.group()], text)


def load(name: str) -> dict[str, dict[str, float]]:
    """The table of one data file: section → word → weight."""
    return tomllib.loads(files("trustdesk.reading").joinpath("data", f"{name}.toml").read_text("utf-8"))


@cache
def languages() -> dict[str, dict[str, dict[str, list[str]]]]:
    """reading/data/languages/*.toml: language → part → section → words, folded and lower case."""
    folder = files("trustdesk.reading").joinpath("data", "languages")
    return {
        file.name.removesuffix(".toml"): {
            part: {section: [fold(word.lower()) for word in words] for section, words in sections.items()}
            for part, sections in tomllib.loads(file.read_text("utf-8")).items()
        }
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".toml")
    }


def words(part: str, section: str) -> list[str]:
    """The words of all languages in one section, folded, each once."""
    return list(dict.fromkeys(w for parts in languages().values() for w in parts.get(part, {}).get(section, ())))


@cache
def phrases(section: str, *, stems: bool = False) -> Pattern:
    """One pattern over *folded* text for [forms] `section` of all languages; `stems` match longer words as well."""
    return pattern([f"{word}*" if stems else word for word in words("forms", section)])


#: What a word of a language's file weighs: in [categories], and as (near, heading) in the sections of [labels].
_SAYS = 3.5
_LABELS = {"target": (2.5, 1.5), "source": (3.5, 2.0), "against": (-4.0, -3.0), "destination": (-5.0, -4.0)}


def spoken(name: str) -> dict[str, dict[str, float]]:
    """What the files of languages add to the table `name`: section → word → weight."""
    out: dict[str, dict[str, float]] = {}
    for parts in languages().values():
        if name == "categories":
            for section, listed in parts.get("categories", {}).items():
                out.setdefault(section, {}).update(dict.fromkeys(listed, _SAYS))
        elif name == "labels":
            for section, listed in parts.get("labels", {}).items():
                if section in _LABELS:
                    for place, weight in zip(("near", "heading"), _LABELS[section], strict=True):
                        out.setdefault(place, {}).update(dict.fromkeys(listed, weight))
    return out


#: Stands in a phrase for a number or a name: `your request … has been received`.
_GAP = re2.escape(" … ")


def pattern(words: list[str]) -> Pattern:
    """One google-re2 pattern that finds any of `words` in folded text (literal; a trailing * also matches longer words)."""
    parts = []
    for word in sorted({fold(word.lower()) for word in words}):
        body = re2.escape(word.rstrip("*")).replace(_GAP, r"[^\n]{0,60}?")
        head = r"\b" if word[0].isascii() and word[0].isalnum() else ""
        tail = r"\b" if word[-1].isascii() and word[-1].isalnum() else ""
        parts.append(f"{head}{body}{tail}")
    return linear(*parts, longest=True)


class Lexicon:
    """Finds the words of one table in a text, in one pass, and names the sections and weights they carry.

    What the table itself says of a word adds up; the files of languages only speak of words that it does not weigh.
    """

    def __init__(self, name: str) -> None:
        self.sections = load(name)
        self._exact: dict[str, list[tuple[str, float]]] = {}
        self._prefix: dict[str, list[tuple[str, float]]] = {}
        self._spoken_exact: dict[str, list[tuple[str, float]]] = {}
        self._spoken_prefix: dict[str, list[tuple[str, float]]] = {}
        other = spoken(name)
        for tables, exact, prefix in (
            (self.sections, self._exact, self._prefix),
            (other, self._spoken_exact, self._spoken_prefix),
        ):
            for section, listed in tables.items():
                for word, weight in listed.items():
                    table = prefix if word.endswith("*") else exact
                    table.setdefault(fold(word.rstrip("*").lower()), []).append((section, float(weight)))
        self.pattern = pattern([w for tables in (self.sections, other) for listed in tables.values() for w in listed])
        self._cache: dict[str, tuple[tuple[str, float], ...]] = {}

    def words(self, text: str) -> list[str]:
        """The words of the table that occur in `text`, folded and lower case, in order, repeats included."""
        text = fold(text)
        return [text[start:end].lower() for start, end in spans(self.pattern, text)]

    def of(self, word: str) -> tuple[tuple[str, float], ...]:
        """(section, weight) pairs of a word as found."""
        known = self._cache.get(word)
        if known is None:
            best: dict[str, float] = {}
            for section, weight in _pairs(word, self._spoken_exact, self._spoken_prefix):
                if abs(weight) > abs(best.get(section, 0.0)):
                    best[section] = weight
            # A phrase means more than the beginning it has in common with a shorter word ("counterfeit banknotes").
            pairs = [
                (section, weight * (_BEGINNING if best and section not in best and " " in word else 1.0))
                for section, weight in _pairs(word, self._exact, self._prefix)
            ]
            weighed = {section for section, _ in pairs}
            known = (*pairs, *(pair for pair in best.items() if pair[0] not in weighed))
            if len(self._cache) < 20_000:
                self._cache[word] = known
        return known


_BEGINNING = 0.5


def _pairs(
    word: str, exact: dict[str, list[tuple[str, float]]], prefix: dict[str, list[tuple[str, float]]]
) -> list[tuple[str, float]]:
    pairs = list(exact.get(word, ()))
    for size in range(2, len(word) + 1):
        pairs += prefix.get(word[:size], ())
    return pairs


@cache
def lexicon(name: str) -> Lexicon:
    """The lexicon of reading/data/<name>.toml, compiled once per process."""
    return Lexicon(name)
