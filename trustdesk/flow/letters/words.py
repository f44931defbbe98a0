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

    def countries(self, codes: tuple[str, ...]) -> str:
        """Names of countries, or the phrase for everywhere."""
        names = [self.locale.territories.get(code.upper(), safe.defang(safe.line(code))) for code in codes]
        return ", ".join(sorted(names)) or self.tables["everywhere"]


@lru_cache(maxsize=16)
def load(folder: Path) -> Words:
    """The words of `folder` (`…/letters/es`). Raises FileNotFoundError and tomllib.TOMLDecodeError."""
    return Words(folder.name, Locale.parse(folder.name), tomllib.loads((folder / "words.toml").read_text("utf-8")))
