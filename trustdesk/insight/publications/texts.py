"""The language of a publication: the desk's own catalogues, read without Django, and numbers as people write them."""

from __future__ import annotations

import gettext
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).resolve().parents[2] / "locale"
MINUS = "\u2212"
NOTHING = "–"
#: Names whose words are not just the name with its underscores taken out.
NAMED = {"dmca": "DMCA notice", "ncii": "intimate images", "api": "API", "us-dmca-512c": "US DMCA 512(c)", "": "none",
         "unclear_reasons": "reasons not clear", "missing_facts": "facts missing", "missed_law": "law missed"}  # fmt: skip


class Texts:
    """Texts in one language. A text that no catalogue has stays English, which `tools/messages.py check` finds."""

    def __init__(self, language: str) -> None:
        self.language = language
        found: gettext.NullTranslations = gettext.NullTranslations()
        if language != "en":
            found = gettext.translation("django", LOCALE, [language])
        self.gettext, self.ngettext = found.gettext, found.ngettext
        self.percent = "%" if language == "en" else "\u00a0%"

    def count(self, n: float, digits: int = 0) -> str:
        """`1,204` in English, `1.204` in Spanish."""
        text = f"{n:,.{digits}f}".replace("-", MINUS)
        return text.translate(str.maketrans(",.", ".,")) if self.language == "es" else text

    def share(self, part: float | None) -> str:
        """A share of 1 as percent that never says 100% while something is missing."""
        if part is None:
            return NOTHING
        text = "100" if part >= 1 else "0" if not part else self.count(min(max(part * 100, 0.1), 99.9), 1)
        return text + self.percent

    def hours(self, value: float | None) -> str:
        """A waiting time in the unit that fits: minutes under two hours, days from three days on."""
        if value is None:
            return NOTHING
        if value < 2:
            return f"{round(value * 60)} min"
        if value < 72:
            return f"{self.count(value, 1)} h"
        return self.gettext("%(number)s days") % {"number": self.count(value / 24, 1)}

    def change(self, value: float | None) -> str:
        """A difference with its sign."""
        if value is None:
            return NOTHING
        sign = "+" if value > 0 else MINUS if value < 0 else "±"
        return f"{sign}{self.count(abs(value), 0 if float(value).is_integer() else 1)}"

    def label(self, name: str) -> str:
        """A word of the vocabulary as people write it: `network_attack` is `network attack`."""
        return self.gettext(NAMED.get(name, name.replace("_", " ").replace("/", ": ")))

    def month(self, number: int) -> str:
        """A month by its number from 1."""
        _ = self.gettext
        return (_("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
                _("September"), _("October"), _("November"), _("December"))[number - 1]  # fmt: skip

    def title(self, kind: str, name: str) -> str:
        """`Week 47 of 2026`, `October 2026`, `Third quarter of 2026`."""
        _, year = self.gettext, name[:4]
        if kind == "weekly":
            return _("Week %(week)s of %(year)s") % {"week": int(name[6:]), "year": year}
        if kind == "monthly":
            month = self.month(int(name[5:]))
            return _("%(month)s %(year)s") % {"month": month[:1].upper() + month[1:], "year": year}
        quarters = (_("First quarter of %(year)s"), _("Second quarter of %(year)s"), _("Third quarter of %(year)s"),
                    _("Fourth quarter of %(year)s"))  # fmt: skip
        return quarters[int(name[6:]) - 1] % {"year": year}

    def days(self, document: dict[str, Any]) -> str:
        """The days that the period covers: `16 to 22 November 2026`."""
        start = datetime.fromisoformat(document["from"])
        last = datetime.fromisoformat(document["to"]) - timedelta(days=1)
        whole = self.gettext("%(day)s %(month)s %(year)s")

        def said(at: datetime) -> str:
            return whole % {"day": at.day, "month": self.month(at.month), "year": at.year}

        if start.year != last.year:
            begin = said(start)
        elif start.month != last.month:
            begin = self.gettext("%(day)s %(month)s") % {"day": start.day, "month": self.month(start.month)}
        else:
            begin = str(start.day)
        return self.gettext("%(first)s to %(last)s") % {"first": begin, "last": said(last)}


@cache
def texts(language: str) -> Texts:
    """The texts of `language`. Raises FileNotFoundError for one that the desk does not speak."""
    return Texts(language)
