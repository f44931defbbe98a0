"""Weeks, months and quarters: their names, their bounds, and which one came before.

Bounds are UTC and half-open. A week is that of ISO 8601: it begins on Monday, and the week with the year's first
Thursday is number one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

KINDS = ("weekly", "monthly", "quarterly")
NAMES = {
    "weekly": re.compile(r"([0-9]{4})-W([0-9]{2})"),
    "monthly": re.compile(r"([0-9]{4})-([0-9]{2})"),
    "quarterly": re.compile(r"([0-9]{4})-Q([1-4])"),
}
EXAMPLES = {"weekly": "2026-W47", "monthly": "2026-10", "quarterly": "2026-Q3"}


class BadPeriod(ValueError):
    """This is not the name of a period of that kind."""


@dataclass(frozen=True, slots=True)
class Period:
    """One period: `start` belongs to it, `end` does not (aware, UTC)."""

    kind: str
    name: str
    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether `at` falls into the period."""
        return self.start <= at < self.end

    def before(self) -> Period:
        """The period of the same kind that ended when this one began."""
        return holding(self.kind, self.start - timedelta(days=1))

    def year_before(self) -> Period | None:
        """The same period one year earlier: same week number, month or quarter; None where there is none (week 53)."""
        try:
            return named(self.kind, f"{int(self.name[:4]) - 1:04}{self.name[4:]}")
        except BadPeriod:
            return None

    def past(self, number: int) -> list[Period]:
        """So many periods before this one, oldest first; fewer at the beginning of the calendar."""
        found: list[Period] = []
        while len(found) < number and (found[-1] if found else self).start.year > 1:
            found.append((found[-1] if found else self).before())
        return found[::-1]


def named(kind: str, name: str) -> Period:
    """The period called `name`. Raises BadPeriod if there is none."""
    found = NAMES[kind].fullmatch(name.strip())
    try:
        if found is None:
            raise ValueError
        year, number = int(found[1]), int(found[2])
        if kind == "weekly":
            first = date.fromisocalendar(year, number, 1)
        else:
            first = date(year, number if kind == "monthly" else 3 * number - 2, 1)
        return holding(kind, datetime(first.year, first.month, first.day, tzinfo=UTC))
    except (ValueError, OverflowError):
        raise BadPeriod(f"{name!r} is not a {kind} period; write it like {EXAMPLES[kind]}") from None


def holding(kind: str, at: datetime) -> Period:
    """The period that `at` (aware) falls into. Raises OverflowError at the ends of the calendar."""
    day = at.astimezone(UTC).date()
    if kind == "weekly":
        first = day - timedelta(days=day.weekday())
        after = first + timedelta(days=7)
        year, week, _ = first.isocalendar()
        name = f"{year:04}-W{week:02}"
    elif kind == "monthly":
        first, after = day.replace(day=1), _months_on(day.replace(day=1), 1)
        name = f"{first.year:04}-{first.month:02}"
    else:
        first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
        after = _months_on(first, 3)
        name = f"{first.year:04}-Q{(first.month + 2) // 3}"
    return Period(kind, name, _midnight(first), _midnight(after))


def last_full(kind: str, now: datetime) -> Period:
    """The latest period that is over at `now`."""
    return holding(kind, now).before()


def _months_on(first: date, months: int) -> date:
    month = first.month - 1 + months
    try:
        return date(first.year + month // 12, month % 12 + 1, 1)
    except ValueError as error:
        raise OverflowError(str(error)) from error


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
