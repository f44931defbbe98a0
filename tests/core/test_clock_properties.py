"""What must hold for every numbered clock at any time: against an independent count, and as laws of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import holidays
import numpy as np
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk import rules
from trustdesk.core.clocks import count, start
from trustdesk.core.regimes import ClockRule

BOOK = rules.load()
NUMBERED = sorted(
    ((regime.id, rule) for regime in BOOK.regimes.values() for rule in regime.clocks if rule.has_number),
    key=lambda pair: (pair[0], pair[1].id),
)
PLACES = ("US", "MX", "DE", "FR", "GR", "BR", "NZ", "ZA", "JP", "CL", "DE-BY", "IL")
TIMES = st.datetimes(datetime(2016, 1, 1), datetime(2045, 12, 31))
OFFSETS = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
EVENTS = st.builds(lambda at, zone: at.replace(tzinfo=zone), TIMES, OFFSETS)
CLOCKS = st.sampled_from(NUMBERED)


@lru_cache(maxsize=64)
def days_off(place: str) -> tuple[frozenset[date], str]:
    """From the package itself, not from our files: holidays and the week mask of a place."""
    country, _, part = place.partition("-")
    table = holidays.country_holidays(country, subdiv=part or None, years=range(2015, 2051))
    mask = "".join("0" if day in table.weekend else "1" for day in range(7))
    return frozenset(table), mask


def business(day: date, n: int, place: str) -> date:
    if not place:
        return np.busday_offset(day, n, roll="backward").item()
    off, mask = days_off(place)
    return np.busday_offset(day, n, roll="backward", weekmask=mask, holidays=sorted(off)).item()


def rolled(day: date, place: str) -> date:
    off, _ = days_off(place)
    while day.weekday() > 4 or day in off:
        day += timedelta(1)
    return day


def expected(rule: ClockRule, n: int, at: datetime, place: str) -> date | datetime:
    """The same limit by other means: numpy for business days, dateutil for months, the package for holidays."""
    day = at.date()
    if rule.unit in ("hour", "minute"):
        return at + timedelta(**{f"{rule.unit}s": n})
    if rule.unit == "business_day":
        fixed = {"us-federal-business": "US", "sec-business": "US", "mx-habiles": "MX"}
        return business(day, n, fixed.get(rule.calendar, place))
    step = {"calendar_day": "days", "week": "weeks", "month": "months", "year": "years"}[rule.unit]
    last = day + relativedelta(**{step: n})
    if rule.calendar == "us-frcrp45":
        return rolled(last, "US")
    if rule.calendar == "eu-1182-71":
        last = rolled(last, place)
        off, _ = days_off(place)
        while (
            sum((d := day + timedelta(k)).weekday() < 5 and d not in off for k in range(1, (last - day).days + 1)) < 2
        ):
            last = rolled(last + timedelta(1), place)
    return last


@settings(max_examples=600, deadline=None)
@given(CLOCKS, EVENTS, st.sampled_from(PLACES))
def test_agrees_with_an_independent_count(clock: tuple[str, ClockRule], at: datetime, place: str) -> None:
    _, rule = clock
    if rule.calendar == "eu-1182-71" and place not in ("DE", "FR", "GR", "DE-BY"):
        place = "DE"
    counted = count(rule, at=at, calendars=BOOK.calendars, location=place)
    for n, got in ((rule.low, counted.not_before), (rule.high, counted.due)):
        assert got == (None if n is None else expected(rule, n, at, place))


@settings(max_examples=300, deadline=None)
@given(CLOCKS, EVENTS, st.sampled_from(("", *PLACES)))
def test_nothing_is_due_before_it_begins(clock: tuple[str, ClockRule], at: datetime, place: str) -> None:
    draft = start(clock[1], at=at, calendars=BOOK.calendars, location=place)
    for bound in (draft.not_before, draft.due_at):
        assert bound is None or bound > at
    if draft.not_before and draft.due_at:
        assert draft.not_before <= draft.due_at
    counted = count(clock[1], at=at, calendars=BOOK.calendars, location=place)
    assert [day for day, _ in counted.skipped] == sorted({day for day, _ in counted.skipped})
    assert all(day > at.date() for day, _ in counted.skipped)


@settings(max_examples=300, deadline=None)
@given(CLOCKS, TIMES, st.integers(0, 60 * 24 * 40), OFFSETS, st.sampled_from(("", *PLACES)))
def test_later_events_are_not_due_earlier(
    clock: tuple[str, ClockRule], at: datetime, minutes: int, zone: timezone, place: str
) -> None:
    first = at.replace(tzinfo=zone)
    second = first + timedelta(minutes=minutes)
    one, two = (count(clock[1], at=t, calendars=BOOK.calendars, location=place) for t in (first, second))
    for a, b in ((one.not_before, two.not_before), (one.due, two.due)):
        assert a is None or b is None or a <= b  # type: ignore[operator]


@settings(max_examples=200, deadline=None)
@given(CLOCKS, EVENTS, st.sampled_from(PLACES))
def test_the_same_instant_is_due_at_the_same_instant(clock: tuple[str, ClockRule], at: datetime, place: str) -> None:
    """Written with another offset, an event starts the same clock in the zone of the place."""
    one = start(clock[1], at=at, calendars=BOOK.calendars, location=place)
    two = start(clock[1], at=at.astimezone(UTC), calendars=BOOK.calendars, location=place)
    assert (one.not_before, one.due_at) == (two.not_before, two.due_at)


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu"])
def server_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_the_server_s_own_zone_changes_nothing(server_zone: str) -> None:
    at = datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
    got = [count(rule, at=at, calendars=BOOK.calendars, location="US") for _, rule in NUMBERED]
    assert [(g.not_before, g.due) for g in got] == _reference()


@lru_cache(maxsize=1)
def _reference() -> list[tuple[object, object]]:
    at = datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
    got = [count(rule, at=at, calendars=BOOK.calendars, location="US") for _, rule in NUMBERED]
    return [(g.not_before, g.due) for g in got]
