"""Calendars: how days are counted, and which days are no business days in a place. Data, dated and versioned.

A `Calendar` is a way of counting (a rule of law); a `Place` is a list of days on which nothing counts, with a span of
years. Outside that span nothing is computed: a due date in a year that nobody has checked would be a guess.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from trustdesk.core.countries import expand
from trustdesk.core.strict import BadRules, Table
from trustdesk.core.types import Finding, Refused

COUNTINGS = ("elapsed", "days", "days_rolled", "business_days")
ONE = timedelta(days=1)
#: Not strftime: its names follow the locale of the process.
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Place:
    """Days off in one place. `weekend` holds weekdays (0 = Monday). `workdays` are weekend days that are worked."""

    code: str
    title: str
    zone: str
    weekend: frozenset[int]
    holidays: Mapping[date, str]
    first_year: int
    last_year: int
    version: str
    workdays: frozenset[date] = frozenset()
    source: str = ""

    def off(self, day: date) -> str:
        """Why nothing counts on that day: the holiday's name, "Saturday", "Sunday" …; empty on a business day.

        Raises `Refused` outside the years that the data covers.
        """
        if not self.first_year <= day.year <= self.last_year:
            raise Refused(
                Finding(
                    "calendar.years",
                    f"The calendar of {self.code} covers {self.first_year} to {self.last_year}, not {day.year}.",
                    self.code,
                )
            )
        name = self.holidays.get(day)
        if name:
            return name
        if day.weekday() in self.weekend and day not in self.workdays:
            return WEEKDAY_NAMES[day.weekday()]
        return ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """One way of counting. `place` is a place's code, "location" (given with the event) or empty (no days off).

    `fallback` names the place that is used when a location is needed and none is given, or when the location lies
    outside `within` (the places that this rule speaks of; empty = any). `two_working_days`: a period
    of two days or more includes at least two working days (Regulation 1182/71 Art. 3(5)).
    """

    id: str
    title: str
    counting: str
    source: str
    version: str
    place: str = ""
    fallback: str = ""
    within: tuple[str, ...] = ()
    two_working_days: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Calendars:
    """All calendars and places of a rulebook, by id and code."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)

    def find(self, ident: str) -> Calendar:
        """The calendar of that id; raises `Refused` when there is none."""
        if ident not in self.calendars:
            raise Refused(Finding("calendar.unknown", f"There is no calendar {ident!r}.", ident))
        return self.calendars[ident]

    def place(self, calendar: Calendar, location: str = "") -> Place | None:
        """The place whose days off count for this calendar, or None when days off do not matter to it.

        A location that the rulebook does not know is refused: to fall back silently would shift due dates.
        """
        code = calendar.place
        if code == "location":
            code = spelled(location)
            if code and code not in self.places:
                code = code.partition("-")[0]  # a part of a country without days of its own (ISO 3166-2)
            if code and code not in self.places:
                raise Refused(Finding("calendar.place", f"There is no calendar of days off for {location!r}.", code))
            if not code or (calendar.within and code.partition("-")[0] not in calendar.within):
                code = calendar.fallback
        if code and code not in self.places:
            raise Refused(Finding("calendar.place", f"Calendar {calendar.id!r} needs the days off of {code!r}.", code))
        return self.places[code] if code else None

    def at(self, location: str) -> Place | None:
        """The place of that code, or of the country that it is a part of; None when there is none."""
        code = spelled(location)
        return self.places.get(code) or self.places.get(code.partition("-")[0])

    def version(self, calendar: Calendar, place: Place | None) -> str:
        """What is stored with a due date: the version of the counting rule and of the days off."""
        return f"{calendar.version} {place.code}@{place.version}" if place else calendar.version


def spelled(location: str) -> str:
    """A place as ISO 3166 writes it; the European Union's own letters for Greece and the common ones for Britain too."""
    code = location.strip().upper()
    country, dash, part = code.partition("-")
    return {"UK": "GB", "EL": "GR"}.get(country, country) + dash + part


def parse_calendar(document: Mapping[str, Any], *, file: str) -> Calendar:
    """Read a way of counting. Raises `BadRules`."""
    findings: list[Finding] = []
    top = Table(document, "", findings)
    calendar = Calendar(
        id=top.text("id"),
        title=top.text("title"),
        counting=top.text("counting", choices=COUNTINGS),
        source=top.text("source"),
        version=top.text("version"),
        place=top.text("place", required=False),
        fallback=top.text("fallback", required=False),
        within=expand(top.words("within")),
        two_working_days=top.flag("two_working_days"),
        note=top.text("note", required=False),
    )
    top.close()
    if calendar.counting in ("days_rolled", "business_days") and not calendar.place:
        top.bad("place", "rule.missing", f"counting {calendar.counting!r} needs a place")
    if findings:
        raise BadRules(findings, file=file)
    return calendar


def parse_place(document: Mapping[str, Any], *, file: str) -> Place:
    """Read the days off of a place: `[holidays]` maps a holiday's name to its dates (YYYY-MM-DD). Raises `BadRules`.

    The version that is stored is the declared one with a digest of the days, so that an edit cannot hide behind it.
    """
    findings: list[Finding] = []
    top = Table(document, "", findings)
    first, last = top.whole("first_year", required=True, high=9999), top.whole("last_year", required=True, high=9999)
    days: dict[date, str] = {}
    for name, dates in top.lists("holidays").items():
        for text in dates:
            day = _day(text)
            if day is None:
                top.bad(f"holidays.{name}", "rule.type", f"{text!r} is not a date such as 2026-12-25")
            elif not (first or 0) <= day.year <= (last or 0):
                top.bad(f"holidays.{name}", "rule.value", f"{day} lies outside {first} to {last}")
            elif day in days:
                days[day] = f"{days[day]}; {name}"
            else:
                days[day] = name
    workdays = [_day(text) for text in top.words("workdays")]
    if None in workdays:
        top.bad("workdays", "rule.type", "every workday must be a date such as 2026-12-26")
    weekend = [_WEEKDAYS.index(word) for word in top.words("weekend", choices=_WEEKDAYS) if word in _WEEKDAYS]
    content = json.dumps([sorted(map(str, days)), sorted(map(str, workdays)), sorted(weekend)])
    place = Place(
        code=top.text("code"),
        title=top.text("title"),
        zone=top.text("zone"),
        weekend=frozenset(weekend),
        holidays=days,
        first_year=first or 0,
        last_year=last or 0,
        version=f"{top.text('version')}+{hashlib.sha256(content.encode()).hexdigest()[:8]}",
        workdays=frozenset(day for day in workdays if day),
        source=top.text("source"),
    )
    top.close()
    if findings:
        raise BadRules(findings, file=file)
    return place


_WEEKDAYS = tuple(name.lower() for name in WEEKDAY_NAMES)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
