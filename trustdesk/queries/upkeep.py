"""Standing duties for people to read: what is owed today, and who said that what was done when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from trustdesk import upkeep
from trustdesk.core.upkeep import Standing
from trustdesk.models import Upkeep
from trustdesk.queries import access, people

#: So many deeds are listed, the newest.
DEEDS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One duty with its newest deed, and the name of who did it."""

    standing: Standing
    last: Upkeep | None
    by: str


@dataclass(frozen=True, slots=True)
class Page:
    """Duties that bind the provider, what may be done besides, and every deed."""

    duties: tuple[Row, ...]
    may: tuple[Row, ...]
    deeds: tuple[tuple[Upkeep, str], ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many duties are late, and how many are due soon."""

    late: int
    soon: int


def page(user: Any, *, today: date) -> Page:
    """Everything on the page."""
    access.require(user, "see")
    said = list(Upkeep.objects.order_by("-id")[:DEEDS])
    names = people.names({row.by for row in said})
    newest: dict[tuple[str, str, str], Upkeep] = {}
    for row in said:
        if row.withdrawn_at is None:
            newest.setdefault((row.regime, row.rule, row.period), row)
    rows = []
    for one in upkeep.standing(today):
        last = newest.get((one.regime.id, one.rule.id, one.period if one.rule.every else ""))
        rows.append(Row(one, last, names.get(last.by, last.by) if last else ""))
    return Page(
        tuple(row for row in rows if row.standing.rule.mandatory),
        tuple(row for row in rows if not row.standing.rule.mandatory),
        tuple((row, names.get(row.by, row.by)) for row in said),
    )


def count(*, today: date) -> Count:
    """For the board."""
    states = [one.state for one in upkeep.standing(today) if one.rule.mandatory]
    return Count(states.count("late"), states.count("soon"))
