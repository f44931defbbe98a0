"""The numbers of the sidebar, of the views above a list and of the board, all from one look at the open cases."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from trustdesk.queries import access
from trustdesk.queries.queue import DUE, Filters, held_for, late, selected

#: With more open cases than this the whole-desk numbers may be so old; a person's own are always of now.
LARGE, OLD = 5_000, timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Tally:
    """Open cases that are not put away: of one queue, or of all. `hot`: due within the hour, or past it."""

    open: int = 0
    hot: int = 0
    unassigned: int = 0
    waiting: int = 0
    due_today: int = 0
    answers: int = 0
    late: int = 0

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


_recent: dict[tuple[str, bool], tuple[datetime, tuple[tuple[str, Tally], ...]]] = {}
_lock = Lock()


def queues(user: Any, *, now: datetime) -> tuple[tuple[str, Tally], ...]:
    """Every queue with something open in it, the fullest first."""
    key = (str(connection.settings_dict["NAME"]), access.may(user, "see_sealed"))
    known = _recent.get(key)
    if known is not None and timedelta(0) <= now - known[0] < OLD:
        return known[1]
    with _lock:  # when the numbers are too old one thread counts, the others wait for it
        known = _recent.get(key)
        if known is not None and timedelta(0) <= now - known[0] < OLD:
            return known[1]
        counted = _count(user, now=now)
        _recent.pop(key, None)
        if sum(tally.open for _name, tally in counted) > LARGE:
            _recent[key] = (now, counted)
    return counted


def _count(user: Any, *, now: datetime) -> tuple[tuple[str, Tally], ...]:
    found = selected(user, Filters(), now=now).order_by().values("queue")
    rows = found.annotate(
        open=Count("pk"),
        hot=Count("pk", filter=Q(next_due_at__lt=now + DUE["hour"])),
        unassigned=Count("pk", filter=Q(assigned_to=None)),
        waiting=Count("pk", filter=Q(state="waiting")),
        due_today=Count("pk", filter=Q(next_due_at__lt=now + DUE["today"])),
        answers=Count("pk", filter=Q(unread__gt=0)),
        late=Count("pk", filter=late(now)),
    )
    out = [(row.pop("queue"), Tally(**row)) for row in rows]
    return tuple(sorted(out, key=lambda pair: (-pair[1].open, pair[0])))


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
