"""The numbers of the sidebar, of the views above a list and of the board, all from one look at the open cases."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from trustdesk.queries import access
from trustdesk.queries.queue import DUE, Filters, asleep, held_for, selected
from trustdesk.queries.recent import recent

#: With more open cases than this the whole-desk numbers may be so old; a person's own are always of now.
LARGE, OLD = 5_000, timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Tally:
    """Open cases that are not put away: of one queue, or of all. `hot`: due within the hour, or past it;
    `soon`: due within the hour and not past it."""

    open: int = 0
    hot: int = 0
    unassigned: int = 0
    waiting: int = 0
    due_today: int = 0
    answers: int = 0
    late: int = 0
    soon: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Counts:
    """What the sidebar shows. `queues` has the fullest first; `mine` counts the person's own cases, by queue in
    `mine_in`."""

    desk: Tally
    queues: tuple[tuple[str, Tally], ...]
    mine_in: dict[str, int]
    held_for_me: int
    appeals: int
    snoozed: int

    @property
    def mine(self) -> int:
        """The person's own open cases."""
        return sum(self.mine_in.values())

    @property
    def held_hot(self) -> bool:
        """Somebody waits for this person."""
        return self.held_for_me > 0

    def of(self, queue: str) -> Tally:
        """The numbers of one queue; of the desk for ""."""
        return self.desk if not queue else dict(self.queues).get(queue, Tally())


def queues(user: Any, *, now: datetime) -> tuple[tuple[str, Tally], ...]:
    """Every queue with something open in it, the fullest first."""
    return recent(
        ("tally", access.may(user, "see_sealed")),
        lambda: _count(user, now=now),
        keep=lambda counted: sum(tally.open for _name, tally in counted) > LARGE,
        old=OLD,
        now=now,
    )


def _count(user: Any, *, now: datetime) -> tuple[tuple[str, Tally], ...]:
    """Three statements: everything open from one index alone, then the few that are put away to be taken off, then those
    that are late by a duty that was missed."""
    seen = access.cases(user).filter(closed_at=None).order_by()
    away = seen.filter(asleep(), unread=0)
    whole, off = _sums(seen, now), _sums(away, now)
    missed = seen.filter(clocks__actor="provider", clocks__state="breached", clocks__ended_at=None)
    missed = missed.exclude(next_due_at__lt=now).exclude(asleep(), unread=0)
    also = dict(missed.values_list("queue").annotate(n=Count("pk", distinct=True)))
    out = []
    for queue, sums in whole.items():
        less = off.get(queue, {})
        left = {name: number - less.get(name, 0) for name, number in sums.items()}
        left["late"] += also.get(queue, 0)
        if left["open"]:
            out.append((queue, Tally(**left)))
    return tuple(sorted(out, key=lambda pair: (-pair[1].open, pair[0])))


def _sums(found: Any, now: datetime) -> dict[str, dict[str, int]]:
    hour, day = now + DUE["hour"], now + DUE["today"]
    rows = found.values("queue").annotate(
        open=Count("pk"),
        hot=Count("pk", filter=Q(next_due_at__lt=hour)),
        unassigned=Count("pk", filter=Q(assigned_to=None)),
        waiting=Count("pk", filter=Q(state="waiting")),
        due_today=Count("pk", filter=Q(next_due_at__lt=day)),
        answers=Count("pk", filter=Q(unread__gt=0)),
        late=Count("pk", filter=Q(next_due_at__lt=now)),
        soon=Count("pk", filter=Q(next_due_at__gte=now, next_due_at__lt=hour)),
    )
    return {row.pop("queue"): row for row in rows}


def counts(user: Any, *, now: datetime) -> Counts:
    """Count what the sidebar shows, in five statements."""
    by_queue = queues(user, now=now)
    mine = selected(user, Filters(assigned="me"), now=now).order_by().values("queue").annotate(n=Count("pk"))
    return Counts(
        desk=sum((tally for _name, tally in by_queue), Tally()),
        queues=by_queue,
        mine_in={row["queue"]: row["n"] for row in mine},
        held_for_me=held_for(user).count(),
        appeals=access.appeals(user).filter(state="lodged").count(),
        snoozed=selected(user, Filters(snoozed=True), now=now).count(),
    )
