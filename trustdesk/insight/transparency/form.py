"""The form of the DSA's harmonised transparency report (Implementing Regulation (EU) 2024/2835, Annex I), read from
`form.toml`: eleven parts, their columns, their rows, and the tree of categories."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

TOTAL = "TOTAL"
OTHER = "KEYWORD_OTHER"
CATEGORY = "STATEMENT_CATEGORY_"
KEYWORD = "KEYWORD_"
PERIOD_PATTERN = "YYYY-MM-DD/YYYY-MM-DD"
OTHER_PLACEHOLDER = 'Text to detail the "Other" keyword.'
#: What stands in an empty template where a provider has to write something of its own.
PLACEHOLDERS = ("Text", "Free text", "YYYY-MM-DD", PERIOD_PATTERN, OTHER_PLACEHOLDER, "[...]", "[…]")
#: The Member States in the protocol order of Eurostat's glossary: Greece is EL.
MEMBER_STATES = (
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "EL", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
    "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
)  # fmt: skip
#: The official languages of the Union.
LANGUAGES = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv", "mt", "nl", "pl",
    "pt", "ro", "sk", "sl", "sv",
)  # fmt: skip
#: Which category may only stand in one part (Annex II, Part II, 1).
_ONLY = {"orders": 3, "notices": 4, "terms": 6}


@dataclass(frozen=True, slots=True)
class Sub:
    """A sub-category: `code` as it stands in the report (KEYWORD_…)."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Category:
    """A high-level category: `code` as it stands in the report (STATEMENT_CATEGORY_…)."""

    number: int
    code: str
    title: str
    subs: tuple[Sub, ...]
    only: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the report.

    `rows` are the fixed rows of the parts that are not by category: (applicability, the cells that follow Service and
    Reporting period). `first` is the number of the first column with a figure, `figures` how many there are.
    """

    number: int
    name: str
    source: str
    columns: tuple[str, ...]
    applicability: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def by_category(self) -> bool:
        """Whether its rows are the categories."""
        return self.number in (3, 4, 5, 6)

    @property
    def first(self) -> int:
        """Number of the first column that holds a figure (parts by category)."""
        return 6 if self.number == 3 else 5

    @property
    def figures(self) -> tuple[int, ...]:
        """Numbers of the columns that hold figures (parts by category): as many follow with their context."""
        return tuple(range(self.first, self.first + (len(self.columns) - self.first) // 2))


@dataclass(frozen=True, slots=True)
class Form:
    """The whole form."""

    categories: tuple[Category, ...]
    parts: tuple[Part, ...]

    def part(self, number: int) -> Part:
        """Part 1 to 11."""
        return self.parts[number - 1]

    def of(self, number: int) -> tuple[Category, ...]:
        """The categories that stand in part `number` (3 to 6)."""
        return tuple(c for c in self.categories if not c.only or _ONLY[c.only] == number)


@cache
def form() -> Form:
    """The form as the law gives it."""
    document = tomllib.loads(Path(__file__).with_name("form.toml").read_text("utf-8"))
    categories = tuple(
        Category(
            number=row["number"],
            code=CATEGORY + row["id"],
            title=row["title"],
            subs=tuple(Sub(KEYWORD + name, title) for name, title in row["parts"]),
            only=row.get("only", ""),
        )
        for row in document["category"]
    )
    parts = tuple(
        Part(
            number=row["number"],
            name=row["name"],
            source=row["source"],
            columns=tuple(row["columns"]),
            applicability=row.get("applicability", ""),
            rows=tuple(tuple(cells) for cells in row.get("rows", ())),
        )
        for row in document["part"]
    )
    return Form(categories, parts)


def codes(categories: Sequence[Category]) -> tuple[str, ...]:
    """The codes of a block of rows in the order of the form: TOTAL, then every category before its sub-categories."""
    found = [TOTAL]
    for category in categories:
        found += [category.code, *(sub.code for sub in category.subs)]
    return tuple(found)


def titles() -> tuple[tuple[str, str, str], ...]:
    """The fixed cells of part 2: label, description, code."""
    rows = [(TOTAL, "All the entries", TOTAL)]
    for category in form().categories:
        label = f"Category {category.number}"
        rows.append((label, category.title, category.code))
        rows += [(label + "abcdefghijklmnop"[n], sub.title, sub.code) for n, sub in enumerate(category.subs)]
    return tuple(rows)


@lru_cache(20_000)
def norm(text: str) -> str:
    """A cell of the form without what the official files themselves vary: spaces, and the shape of an apostrophe."""
    return " ".join(text.replace("’", "'").replace("\u00a0", " ").split())
