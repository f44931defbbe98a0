"""When things happen: mail comes at all hours, people work in shifts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

#: Share of a day's mail by hour (UTC), and of a week's by day: fewer at night and on Sunday.
HOURS = (2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 7, 6, 6, 7, 8, 8, 7, 6, 5, 4, 4, 3, 2)
DAYS = (10, 11, 11, 10, 9, 5, 4)

#: Who is at work when: user name → (from hour, to hour, on weekdays numbered from Monday).
SHIFTS = {
    "ana": (6, 15, frozenset({0, 1, 2, 3, 4, 5})),
    "diego": (13, 22, frozenset({0, 1, 2, 3, 4})),
    "lucia": (9, 18, frozenset({0, 2, 4, 6})),
}


def arrivals(count: int, start: datetime, until: datetime, dice: random.Random) -> list[datetime]:
    """`count` moments between `start` and `until`, the way mail comes in."""
    slots: list[datetime] = []
    weights: list[float] = []
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < until:
        slots.append(hour)
        weights.append(HOURS[hour.hour] * DAYS[hour.weekday()])
        hour += timedelta(hours=1)
    found: list[datetime] = []
    while len(found) < count:
        moment = dice.choices(slots, weights)[0] + timedelta(seconds=dice.randrange(3600))
        if start <= moment < until:
            found.append(moment)
    return sorted(found)


def on_duty(name: str, at: datetime) -> bool:
    """Whether that person is at work."""
    first, last, days = SHIFTS[name]
    return at.weekday() in days and first <= at.hour < last


def somebody(at: datetime, dice: random.Random, *, but: frozenset[str] = frozenset()) -> tuple[datetime, str]:
    """The next moment from `at` on when somebody not among `but` is at work, and who it is."""
    for moment in _quarters(at):
        there = [name for name in SHIFTS if name not in but and on_duty(name, moment)]
        if there:
            return moment + timedelta(seconds=dice.randrange(600)) if moment > at else at, dice.choice(there)
    raise AssertionError("nobody ever works here")


def _quarters(at: datetime) -> Iterator[datetime]:
    yield at
    for n in range(1, 4 * 24 * 8):
        yield at.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=15 * n)


def waiting(pace: tuple[float, float], dice: random.Random) -> timedelta:
    """How long a case waits for somebody at work: around the middle value, now and then much longer."""
    middle, stray = pace
    hours = middle * dice.uniform(0.25, 1.0) + dice.random() ** 3 * stray
    return timedelta(hours=hours * (4 if dice.random() < 0.06 else 1))
