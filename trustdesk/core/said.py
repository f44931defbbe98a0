"""Words of the rulebook in several languages: an English text that knows its translations.

In a file either `title = "Phishing"` or `title = { en = "Phishing", es = "Suplantación" }`. Everything that wants a text gets the
English one; what speaks to people asks `said(title, language)`.
"""

from __future__ import annotations

from collections.abc import Mapping

#: What every text has, and what is said where another language is missing.
FIRST = "en"


class Said(str):
    """A text in English with its translations, language (ISO 639-1) → text. Equal only when all of them are."""

    __slots__ = ("others",)
    others: Mapping[str, str]

    def __new__(cls, text: str, others: Mapping[str, str] | None = None) -> Said:
        made = super().__new__(cls, text)
        made.others = dict(others or {})
        return made

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True and (not isinstance(other, Said) or self.others == other.others)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def said(text: str, language: str) -> str:
    """The text in that language (BCP 47), else in English."""
    others = text.others if isinstance(text, Said) else {}
    return others.get(language.replace("_", "-").partition("-")[0].lower()) or str(text)
