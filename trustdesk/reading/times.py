# ruff: noqa: E501  (a pattern reads best in one line)
"""When did it happen? The first labelled time in a complaint, with its zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from trustdesk.reading.layout import EVIDENCE, FORWARD_HEADER, MAIL_HEADER, PGP, SIGNATURE, Layout
from trustdesk.reading.lexicon import fold, words
from trustdesk.reading.patterns import found, linear

_SPOKEN = [re.escape(word) for word in words("layout", "time")]
_LABEL = linear(
    r"\b(?:incident|event|attack|abuse|observ\w+|detect\w+|first[ _-]?seen|last[ _-]?seen|time\s?stamp|infringement|date(?: ?/ ?time)?|time|zeit\w*|detekce|seen|start(?:ed)?(?: time)?)\b",
    *(rf"\b{word}\b" if word.isascii() else word for word in _SPOKEN),
)
#: `2.11.2026`, `02/11/2026 14:05 Uhr`, `2026年11月2日 14時5分`: the day first, unless only the month can be.
_DAY_FIRST = re.compile(
    r"(?<![\d.])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T,]{1,3}(?:um |at |a las |à |alle |às |kl\.? |o |в )?(\d{1,2})[:h.](\d{2})(?::(\d{2}))?)?\s?(Z\b|UTC|GMT|CES?T|[+-]\d{2}:?\d{2})?"
)
_CHARACTERS = re.compile(
    r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일](?:\D{0,6}(\d{1,2})\s?[:時时시]\s?(\d{1,2})(?:\s?[:分분]\s?(\d{1,2})?)?)?"
)
_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ,]{1,3}(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d{1,9})?)?\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_RFC = re.compile(
    r"(?i)(\d{1,2})[ /-](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[ /-](\d{4})(?:[ :T,]{1,3}(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s?(Z|UTC|GMT|CES?T|[ECMP][SD]T|[+-]\d{2}:?\d{2})?"
)
_MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_ZONES = {"cet": 1, "cest": 2, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_SKIP = frozenset({MAIL_HEADER, EVIDENCE, SIGNATURE, PGP, FORWARD_HEADER})
_LINES = 250


def incident(lines: Layout) -> datetime | None:
    """The first time in the complaint that stands beside a label, or in a log line; UTC. None if there is none.

    A time without zone is read as UTC, as most senders mean it.
    """
    fallback: datetime | None = None
    for line in lines.lines[:_LINES]:
        if line.zone in _SKIP or len(line.text) > 2000:
            continue
        text = line.text[:300]
        if "20" not in text and "19" not in text:  # no year of ours
            continue
        when = parse(text)
        if when is None:
            continue
        if found(_LABEL, fold(text)):
            return when
        fallback = fallback or when
    return fallback


def parse(text: str) -> datetime | None:
    """The first time written in `text`, as aware UTC."""
    match = _ISO.search(text)
    if match:
        year, month, day, hour, minute, second, zone = match.groups()
        return _make(year, month, day, hour, minute, second, zone)
    match = _RFC.search(text)
    if match:
        day, name, year, hour, minute, second, zone = match.groups()
        return _make(year, _MONTHS[name.lower()], day, hour, minute, second, zone)
    match = _DAY_FIRST.search(text)
    if match:
        day, separator, month, year, hour, minute, second, zone = match.groups()
        if int(month) > 12:
            day, month = month, day
        elif separator != "." and int(day) <= 12:
            return None  # nobody can tell which is the month
        return _make(year, month, day, hour, minute, second, zone)
    match = _CHARACTERS.search(text)
    if match:
        year, month, day, hour, minute, second = match.groups()
        return _make(year, month, day, hour, minute, second, None)
    return None


def _make(
    year: object, month: object, day: object, hour: object, minute: object, second: object, zone: str | None
) -> datetime | None:
    try:
        when = datetime(
            int(str(year)),
            int(str(month)),
            int(str(day)),
            int(str(hour or 0)),
            int(str(minute or 0)),
            int(str(second or 0)),
            tzinfo=_zone(zone),
        )
        return when.astimezone(UTC) if 1990 <= when.year <= 2100 else None
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if not text or text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    if text.lower() in _ZONES:
        return timezone(timedelta(hours=_ZONES[text.lower()]))
    digits = text.replace(":", "")
    sign = -1 if digits[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5])))
