"""The numbers of the sidebar, of the views above a list and of the board, all from one look at the open cases."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from trustdesk.models import Appeal, Case, Decision, Suspension, Task
from trustdesk.prepared import Prepared, together
from trustdesk.queries import access, for_me
from trustdesk.queries.queue import DUE, asleep, awake, put_away
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
    dead: int  # tasks that gave up
    senders: int  # suspensions of senders that wait for a second person, or for the answer to an objection
    for_me: for_me.ForMe

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
    """One statement of three: everything open from one index alone, the few that are put away to be taken off, and those
    that are late by a duty that was missed."""
    when = (access.everything(user), now, now + DUE["hour"], now + DUE["today"])
    found = together(whole=(_WHOLE, *when), away=(_AWAY, *when), missed=(_MISSED, *when[:2]))
    off, also = ({queue: sums for queue, *sums in found[name]} for name in ("away", "missed"))
    out = []
    for queue, *sums in found["whole"]:
        zero = [0] * len(sums)
        left = [
            n - less + more for n, less, more in zip(sums, off.get(queue, zero), also.get(queue, zero), strict=True)
        ]
        if left[0]:
            out.append((queue, Tally(*left)))
    return tuple(sorted(out, key=lambda pair: (-pair[1].open, pair[0])))


def _open(sealed: bool) -> QuerySet[Case]:
    return Case.objects.filter(access.shown(sealed), closed_at=None).order_by()


def _sums(found: QuerySet[Case], now: Any, hour: Any, day: Any) -> QuerySet[Case, Any]:
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
    return rows.values_list("queue", *(f.name for f in fields(Tally)))


def _missed(sealed: bool, now: Any) -> QuerySet[Case, Any]:
    found = _open(sealed).filter(clocks__actor="provider", clocks__state="breached", clocks__ended_at=None)
    found = found.exclude(next_due_at__lt=now).exclude(asleep(), unread=0)
    zeros = {f"zero_{f.name}": Value(0) for f in fields(Tally) if f.name != "late"}
    rows = found.values("queue").annotate(missed=Count("pk", distinct=True), **zeros)
    columns = ("missed" if f.name == "late" else f"zero_{f.name}" for f in fields(Tally))
    return rows.values_list("queue", *columns)


_WHOLE = Prepared(lambda sealed, now, hour, day: _sums(_open(sealed), now, hour, day))
_AWAY = Prepared(lambda sealed, now, hour, day: _sums(_open(sealed).filter(put_away(), unread=0), now, hour, day))
_MISSED = Prepared(_missed)


def _number(found: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """How many there are, beside an empty text."""
    return found.order_by().values(nothing=Value("")).annotate(n=Count("pk")).values_list("nothing", "n")


def _shown(sealed: bool, few: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Those of cases that are seen. Each of the few is looked up, where SQLite would begin at every case."""
    return few if sealed else few.filter(Exists(Case.objects.filter(access.shown(sealed), pk=OuterRef("case_id"))))


_MINE = Prepared(
    lambda sealed, person: (
        _open(sealed)
        .filter(awake(), assigned_to_id=person)
        .values("queue")
        .annotate(n=Count("pk"))
        .values_list("queue", "n")
    )
)
_HELD = Prepared(
    lambda sealed, actor: _number(_shown(sealed, Decision.objects.filter(state="held").exclude(made_by=actor)))
)
_APPEALS = Prepared(lambda sealed: _number(_shown(sealed, Appeal.objects.filter(state="lodged"))))
_SNOOZED = Prepared(lambda sealed: _number(_open(sealed).filter(put_away())))
_SENDERS = Prepared(
    lambda sealed: _number(_shown(sealed, Suspension.objects.filter(Q(state="held") | Q(contest_state="lodged"))))
)
_DEAD = Prepared(lambda: _number(Task.objects.filter(state="dead")))


def counts(user: Any, *, now: datetime) -> Counts:
    """Count what the sidebar shows, in two statements."""
    sealed, by_queue = access.everything(user), queues(user, now=now)
    asked: dict[str, tuple[Any, ...]] = {
        "mine": (_MINE, sealed, int(user.pk)),
        "appeals": (_APPEALS, sealed),
        "snoozed": (_SNOOZED, sealed),
        "dead": (_DEAD,),
    }
    if access.may(user, "suspend_sender"):
        asked["senders"] = (_SENDERS, sealed)
    if access.may(user, "approve"):
        asked["held"] = (_HELD, sealed, f"person:{user.pk}")
    own = for_me.questions(user, now=now)
    found = together(**asked, **own)
    numbers = {name: rows[0][1] for name, rows in found.items() if name != "mine"}
    return Counts(
        desk=sum((tally for _name, tally in by_queue), Tally()),
        queues=by_queue,
        mine_in=dict(found["mine"]),
        held_for_me=numbers.get("held", 0),
        appeals=numbers["appeals"],
        snoozed=numbers["snoozed"],
        dead=numbers["dead"],
        senders=numbers.get("senders", 0),
        for_me=for_me.ForMe(**{name: numbers[name] for name in own}),
    )
