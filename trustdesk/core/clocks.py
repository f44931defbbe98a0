"""Clocks: when a duty begins, when it is due, and why; computed from rules and calendars alone.

Hours and minutes are elapsed time between instants, so daylight saving cannot stretch or shrink them. Days, weeks,
months and years are counted on the calendar of the place: the day of the event is not counted, and the period ends with
the end of its last day. A month that has no such day ends on its last day (Regulation 1182/71 Art. 3(2)(c)).
"""

from __future__ import annotations

import calendar as _months
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from trustdesk.core.calendars import ONE, WEEKDAY_NAMES, Calendar, Calendars, Place
from trustdesk.core.regimes import Applied, ClockRule
from trustdesk.core.types import Finding, Refused

__all__ = [
    "ahead",
    "Calendar",
    "Calendars",
    "ClockDraft",
    "Counted",
    "count",
    "extend",
    "meets",
    "recount",
    "resume",
    "start",
    "starting",
    "stops",
]


@dataclass(frozen=True, slots=True)
class Counted:
    """The answer of one count. Day-based: `not_before` and `due` are dates; hour-based: aware datetimes in the event's
    own offset; None where the rule has no such bound. `skipped` are the days passed over, with the reason."""

    not_before: date | datetime | None
    due: date | datetime | None
    calendar: str
    calendar_version: str
    skipped: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClockDraft:
    """One clock to be started. `due_at` is the last instant that is still in time; None where the law has only a word
    (`standard`, such as "without undue delay"). `kind`: statutory | contract | target. `meets` lists the journal entry
    kinds that meet it, `stops` those that cancel it."""

    name: str
    title: str
    regime: str
    version: str
    kind: str
    source: str
    calendar: str
    calendar_version: str
    starts_at: datetime
    not_before: datetime | None
    due_at: datetime | None
    meets: tuple[str, ...] = ()
    at_expiry: str = ""
    actor: str = "provider"
    shape: str = "deadline"
    standard: str = ""
    consequence: str = ""
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    skipped: tuple[tuple[date, str], ...] = ()


def count(rule: ClockRule, *, at: datetime, calendars: Calendars, location: str = "") -> Counted:
    """Count one rule from an event at `at` (aware; its offset says which day it was).

    Raises `Refused` for a naive time, an unknown calendar or place, and years that the calendar does not cover.
    """
    if at.tzinfo is None:
        raise Refused(Finding("clock.naive", "The time of the event needs an offset from UTC.", "at"))
    if not rule.has_number:
        return Counted(None, None, rule.calendar, "")
    calendar = calendars.find(rule.calendar)
    try:
        if rule.unit in ("hour", "minute"):
            low, high = (None if n is None else _elapsed(at, n, rule.unit) for n in (rule.low, rule.high))
            return Counted(low, high, calendar.id, calendar.version)
        place = calendars.place(calendar, location)
        counter = _Counter(calendar, place, rule.unit)
        first, last = (None if n is None else counter.end(at.date(), n) for n in (rule.low, rule.high))
    except OverflowError as error:
        raise Refused(Finding("clock.years", "The period leaves the calendar.", "at")) from error
    return Counted(first, last, calendar.id, calendars.version(calendar, place), tuple(sorted(counter.skipped.items())))


def start(
    rule: ClockRule,
    *,
    at: datetime,
    calendars: Calendars,
    location: str = "",
    regime: str = "",
    version: str = "",
    zone: tzinfo | None = None,
) -> ClockDraft:
    """The clock that `rule` starts at `at`. Days are those of `zone`: by default the place's, else the offset of `at`.

    Raises `Refused` as `count` does.
    """
    local = _local(rule, at, calendars, location, zone)
    counted = count(rule, at=local, calendars=calendars, location=location)
    return ClockDraft(
        name=rule.id,
        title=rule.title,
        regime=regime,
        version=version,
        kind=rule.kind,
        source=rule.source,
        calendar=rule.calendar,
        calendar_version=counted.calendar_version,
        starts_at=at,
        not_before=_instant(counted.not_before, local.tzinfo, end=False),
        due_at=_instant(counted.due, local.tzinfo, end=True),
        meets=rule.met_by,
        at_expiry=rule.at_expiry,
        actor=rule.actor,
        shape=rule.shape,
        standard=rule.standard,
        consequence=rule.consequence,
        stops=rule.stopped_by,
        pauses=rule.paused_by,
        resumes=rule.resumed_by,
        skipped=counted.skipped,
    )


def starting(
    applied: Iterable[Applied],
    event: str,
    *,
    at: datetime,
    calendars: Calendars,
    location: str = "",
) -> tuple[ClockDraft, ...]:
    """The clocks that an event starts on a case, nearest due first; those without a number come last.

    Only regimes that are certain, and of these the rules that are on, in force on the day of the event, and whose own
    conditions the facts meet. When a person confirms a regime later, ask again with the time of the first event: the
    clock then starts where the law starts it, however much of it has gone.
    """
    drafts = [
        start(rule, at=at, calendars=calendars, location=location, regime=a.regime, version=a.version)
        for a in applied
        if a.certain
        for rule in a.rules.clocks
        if rule.starts_on == event and rule.in_force(at.date()) and rule.when.holds(a.facts)
    ]
    return tuple(sorted(drafts, key=lambda d: (d.due_at is None, d.due_at or d.starts_at, d.regime, d.name)))


def extend(rule: ClockRule, by: int, *, due_at: datetime, calendars: Calendars, location: str = "") -> datetime:
    """The new due time when a period is extended by `by` units of its own: counted from the old last day.

    Raises `Refused` as `count` does, and for a clock without a number.
    """
    longer = replace(rule, low=None, high=by)
    local = _local(rule, due_at, calendars, location, None)
    due = _instant(count(longer, at=local, calendars=calendars, location=location).due, local.tzinfo, end=True)
    if due is None or not rule.has_number:
        raise Refused(Finding("clock.no_number", "A clock without a number cannot be extended.", rule.id))
    return due


def recount(draft: ClockDraft, rule: ClockRule, *, calendars: Calendars, location: str = "") -> ClockDraft | None:
    """The same clock under the calendars of today, or None when they are those that it was counted with.

    A calendar that has changed moves no due time by itself: the caller shows the difference and journals it.
    """
    fresh = start(
        rule, at=draft.starts_at, calendars=calendars, location=location, regime=draft.regime, version=draft.version
    )
    return None if fresh.calendar_version == draft.calendar_version else fresh


def meets(clock: ClockDraft | Mapping[str, Any] | Iterable[str], entry_kind: str) -> bool:
    """True when a journal entry of that kind meets the clock.

    `clock` is a draft, a mapping with `meets`, or the list itself. "notice.sent" in the list is met by
    "notice.sent:outcome" too; "notice.sent:outcome" by that letter alone.
    """
    if isinstance(clock, ClockDraft):
        kinds: Iterable[str] = clock.meets
    elif isinstance(clock, Mapping):
        kinds = clock.get("meets") or ()
    else:
        kinds = clock
    return any(entry_kind == kind or entry_kind.startswith(f"{kind}:") for kind in kinds)


def stops(kinds: Iterable[str], entry_kind: str) -> bool:
    """True when a journal entry of that kind cancels (or pauses, or resumes) a clock that lists `kinds`."""
    return meets(tuple(kinds), entry_kind)


def resume(due_at: datetime, *, paused_at: datetime, resumed_at: datetime) -> datetime:
    """The new due time of a clock that stood still: later by the time it stood. Raises ValueError if reversed."""
    if resumed_at < paused_at:
        raise ValueError("a clock cannot resume before it was paused")
    return due_at + (resumed_at - paused_at)


def _local(rule: ClockRule, at: datetime, calendars: Calendars, location: str, zone: tzinfo | None) -> datetime:
    """The instant in the zone whose days are counted: the given one, the place's, or as it is."""
    if not rule.has_number or rule.unit in ("hour", "minute") or at.tzinfo is None:
        return at
    if zone is None:
        place = calendars.place(calendars.find(rule.calendar), location) or calendars.places.get(
            location.strip().upper()
        )
        zone = ZoneInfo(place.zone) if place and place.zone else None
    return at.astimezone(zone) if zone else at


def _elapsed(at: datetime, n: int, unit: str) -> datetime:
    """Elapsed time between instants; computed in UTC because Python adds wall-clock time within one zone."""
    delta = timedelta(hours=n) if unit == "hour" else timedelta(minutes=n)
    utc = at.astimezone(ZoneInfo("UTC")) + delta
    return utc.astimezone(at.tzinfo)


def _instant(value: date | datetime | None, zone: tzinfo | None, *, end: bool) -> datetime | None:
    """A date as the first or the last second of that day in the zone; a datetime as it is."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time(23, 59, 59) if end else time(), tzinfo=zone)


class _Counter:
    """Counts days on one calendar and remembers which it passed over."""

    def __init__(self, calendar: Calendar, place: Place | None, unit: str) -> None:
        self.calendar = calendar
        self.place = place
        self.unit = unit
        self.skipped: dict[date, str] = {}

    def end(self, day: date, n: int) -> date:
        """The last day of a period of `n` units after `day`, which itself is not counted."""
        if self.unit == "business_day":
            return self._business(day, n)
        last = ahead(day, n, self.unit)
        if self.calendar.counting != "days_rolled":
            return last
        last = self._roll(last)
        if self.calendar.two_working_days and (n >= 2 or self.unit != "calendar_day"):
            while sum(not self._off(day + ONE * k) for k in range(1, (last - day).days + 1)) < 2:
                last = self._roll(last + ONE)
        return last

    def _business(self, day: date, n: int) -> date:
        while n:
            day += ONE
            if not self._skip(day):
                n -= 1
        return day

    def _roll(self, day: date) -> date:
        while self._skip(day):
            day += ONE
        return day

    def _skip(self, day: date) -> bool:
        why = self._off(day)
        if why:
            self.skipped[day] = why
        return bool(why)

    def _off(self, day: date) -> str:
        if self.place is None:
            return WEEKDAY_NAMES[day.weekday()] if day.weekday() >= 5 else ""
        return self.place.off(day)


def ahead(day: date, n: int, unit: str) -> date:
    """The last day of `n` calendar days, weeks, months or years after `day`. Raises OverflowError past year 9999."""
    if unit == "calendar_day":
        return day + ONE * n
    if unit == "week":
        return day + ONE * 7 * n
    months = day.year * 12 + day.month - 1 + (n * 12 if unit == "year" else n)
    year, month = divmod(months, 12)
    if year > 9999:
        raise OverflowError("year after 9999")
    return date(year, month + 1, min(day.day, _months.monthrange(year, month + 1)[1]))
