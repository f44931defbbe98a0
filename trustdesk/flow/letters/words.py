"""The words of a language that letters share: names of categories, measures and elements, and how a date is written."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_datetime

from trustdesk.flow.letters import safe


@dataclass(frozen=True)
class Words:
    """One language's `words.toml` with its locale."""

    language: str
    locale: Locale
    tables: dict[str, Any]

    def date(self, at: datetime | None) -> str:
        """The time in UTC, written out; "" for None."""
        return "" if at is None else format_datetime(at.astimezone(UTC), self.tables["datetime"], locale=self.locale)

    def word(self, table: str, value: str, other: str = "") -> str:
        """The word for `value`, else `other`, else the value with its underscores opened up."""
        return self.tables[table].get(value) or safe.defang(safe.line(other or value.replace("_", " ")))

    def element(self, missing: str) -> str:
        """The words for `regime.el.element: sentence`; the sentence where we have none, else what was given."""
        name, _, sentence = safe.line(missing).partition(": ")
        regime, mark, element = name.partition(".el.")
        if not mark or " " in name:
            return safe.defang(safe.line(missing))
        return self.tables["element"].get(regime, {}).get(element) or safe.defang(sentence or name)

    def countries(self, codes: tuple[str, ...]) -> str:
        """Names of countries, or the phrase for everywhere."""
        names = [self.locale.territories.get(code.upper(), safe.defang(safe.line(code))) for code in codes]
        return ", ".join(sorted(names)) or self.tables["everywhere"]


@lru_cache(maxsize=16)
def load(folders: tuple[Path, ...], language: str) -> Words:
    """The `words.toml` of the first folder that has one for the language.

    Raises FileNotFoundError, UnicodeDecodeError and tomllib.TOMLDecodeError.
    """
    files = [folder / language / "words.toml" for folder in folders]
    file = next((f for f in files if f.is_file()), files[-1])
    return Words(language, Locale.parse(language), tomllib.loads(file.read_text("utf-8")))
