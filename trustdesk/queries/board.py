"""The manager's board: how the desk stands now, and how the last four weeks went. Each number leads to its cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import ExtractHour

from trustdesk import rules
from trustdesk.models import Checkpoint, Clock, Decision, Entry, Task
from trustdesk.queries import access, people, tally, upkeep
from trustdesk.queries.queue import Filters, late, selected
from trustdesk.queries.recent import recent

#: The past that rates and hours are counted over.
WEEKS = timedelta(days=28)
#: Until when a running clock is at risk, nearest first.
RISKS = (("hour", timedelta(hours=1)), ("shift", timedelta(hours=8)), ("day", timedelta(hours=24)))
#: Backlog by age in days: from, to; None is open-ended.
AGES: tuple[tuple[int, int | None], ...] = ((0, 1), (1, 3), (3, 7), (7, 14), (14, 30), (30, None))
#: The board of a large desk may be so old; what it says of four weeks, so.
OLD, OLD_PAST = timedelta(seconds=30), timedelta(minutes=10)
#: Without a checkpoint for so long something is wrong with the one that is due each hour; so long a held decision waits.
NO_CHECKPOINT, LONG_HELD = timedelta(hours=3), timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Person:
    """What one person holds and did. `number` leads to their cases."""

    number: int
    name: str
    open: int
    late: int
    decided_day: int
    decided_week: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the day over four weeks: what came in, what people decided, and how many people did."""

    hour: int
    received: int
    decided: int
    people: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Four weeks: decisions made, appeals against them, appeals resolved, and of those the overturned."""

    decided: int
    appealed: int
    resolved: int
    overturned: int


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that wants a person now. `count` for the words; `kind` says which."""

    kind: str  # late | soon | dead | checkpoint | held | rulebook | upkeep_late | upkeep_soon
    count: int


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page. `risk`: kind of duty → how many are late, and due within each of RISKS (not counted twice)."""

    at: datetime
    desk: tally.Tally
    queues: tuple[tuple[str, tally.Tally], ...]
    risk: dict[str, tuple[int, ...]]
    people: tuple[Person, ...]
    ages: tuple[int, ...]
    oldest: datetime | None
    hours: tuple[Hour, ...]
    rates: Rates
    alerts: tuple[Alert, ...]


def board(user: Any, *, now: datetime, zone: tzinfo) -> Board:
    """Count it all; hours of the day are those of `zone`. Raises Denied."""
    access.require(user, "see_board")
    sealed = access.may(user, "see_sealed")

    def large(_made: object) -> bool:
        return sum(of.open for _name, of in tally.queues(user, now=now)) > tally.LARGE

    hours, rates = recent(
        ("weeks", sealed, str(zone)),
        lambda: (_hours(user, now=now, zone=zone), _rates(user, now=now)),
        keep=large,
        old=OLD_PAST,
        now=now,
    )
    return recent(
        ("board", sealed, str(zone)), lambda: _board(user, hours, rates, now=now), keep=large, old=OLD, now=now
    )


def _board(user: Any, hours: tuple[Hour, ...], rates: Rates, *, now: datetime) -> Board:
    queues = tally.queues(user, now=now)
    desk = sum((of for _name, of in queues), tally.Tally())
    found = access.cases(user).filter(closed_at=None).order_by()
    buckets = {f"b{n}": Count("pk", filter=_aged(pair, now)) for n, pair in enumerate(AGES)}
    ages = found.aggregate(oldest=Min("opened_at"), **buckets)
    return Board(
        at=now,
        desk=desk,
        queues=queues,
        risk=_risk(user, now=now),
        people=_people(user, now=now),
        ages=tuple(ages[f"b{n}"] for n in range(len(AGES))),
        oldest=ages["oldest"],
        hours=hours,
        rates=rates,
        alerts=_alerts(user, desk, now=now),
    )


def _aged(pair: tuple[int, int | None], now: datetime) -> Q:
    young, old = pair
    condition = Q(opened_at__lte=now - timedelta(days=young)) if young else Q()
    return condition & Q(opened_at__gt=now - timedelta(days=old)) if old is not None else condition


def _risk(user: Any, *, now: datetime) -> dict[str, tuple[int, ...]]:
    """Our duties that are late or due within a day, by kind of duty."""
    ours = Clock.objects.filter(access.visible(user, "case__"), actor="provider", case__closed_at=None)
    out: dict[str, list[int]] = {}
    owed = ours.filter(state="breached", ended_at=None).order_by().values_list("kind").annotate(n=Count("pk"))
    for kind, number in owed:
        out.setdefault(kind, [0] * (1 + len(RISKS)))[0] += number
    running = ours.filter(state="running", due_at__lt=now + RISKS[-1][1]).order_by()
    limits = [now, *(now + span for _name, span in RISKS)]
    steps = {f"s{n}": Count("pk", filter=_between(limits, n)) for n in range(len(limits))}
    sums: Any = running.values("kind").annotate(**steps)
    for row in sums:
        line = out.setdefault(row["kind"], [0] * (1 + len(RISKS)))
        for n in range(len(limits)):
            line[n] += row[f"s{n}"]
    order = {"statutory": 0, "contract": 1, "target": 2}
    return {kind: tuple(out[kind]) for kind in sorted(out, key=lambda k: (order.get(k, 9), k))}


def _between(limits: list[datetime], n: int) -> Q:
    condition = Q(due_at__lt=limits[n])
    return condition & Q(due_at__gte=limits[n - 1]) if n else condition


def _people(user: Any, *, now: datetime) -> tuple[Person, ...]:
    held = selected(user, Filters(), now=now).exclude(assigned_to=None).order_by().values("assigned_to")
    rows: Any = held.annotate(n=Count("pk"), late=Count("pk", filter=late(now)))
    holds: dict[int, dict[str, int]] = {row["assigned_to"]: row for row in rows}
    made = access.decisions(user).filter(state__in=("held", "final", "overridden", "rejected"))
    made = made.filter(made_at__gte=now - timedelta(days=7), made_by__startswith="person:").order_by()
    day = Count("pk", filter=Q(made_at__gte=now - timedelta(days=1)))
    decided = {int(by[7:]): (d, w) for by, d, w in made.values_list("made_by").annotate(d=day, w=Count("pk"))}
    out = []
    for person in people.active():
        row, (of_day, of_week) = holds.get(person.pk) or {}, decided.get(person.pk, (0, 0))
        if row or of_week or access.may(person, "work"):
            name = people.display(person)
            out.append(Person(person.pk, name, row.get("n", 0), row.get("late", 0), of_day, of_week))
    return tuple(sorted(out, key=lambda p: (-p.late, -p.open, p.name)))


def _hours(user: Any, *, now: datetime, zone: tzinfo) -> tuple[Hour, ...]:
    since = now - WEEKS
    came = Entry.objects.filter(kind="report.received", at__gte=since).order_by()
    received = dict(came.annotate(h=ExtractHour("at", tzinfo=zone)).values_list("h").annotate(n=Count("pk")))
    made = Decision.objects.filter(made_at__gte=since, made_by__startswith="person:").order_by()
    made = made.filter(state__in=("held", "final", "overridden", "rejected"))
    rows = made.annotate(h=ExtractHour("made_at", tzinfo=zone)).values("h")
    decided = {r["h"]: (r["n"], r["who"]) for r in rows.annotate(n=Count("pk"), who=Count("made_by", distinct=True))}
    return tuple(Hour(h, received.get(h, 0), *decided.get(h, (0, 0))) for h in range(24))


def _rates(user: Any, *, now: datetime) -> Rates:
    since = now - WEEKS
    made = access.decisions(user).filter(state__in=("final", "overridden"), made_at__gte=since).count()
    appeals = access.appeals(user)
    resolved: dict[str, int] = dict(
        appeals.filter(resolved_at__gte=since).order_by().values_list("state").annotate(n=Count("pk"))
    )
    judged = {state: resolved.get(state, 0) for state in ("upheld", "partly_upheld", "dismissed")}
    overturned = judged["upheld"] + judged["partly_upheld"]
    return Rates(made, appeals.filter(lodged_at__gte=since).count(), sum(judged.values()), overturned)


def _alerts(user: Any, desk: tally.Tally, *, now: datetime) -> tuple[Alert, ...]:
    held = access.decisions(user).filter(state="held", made_at__lt=now - LONG_HELD).count()
    last = Checkpoint.objects.order_by("-id").values_list("at", flat=True).first()
    first = Entry.objects.order_by("id").values_list("at", flat=True).first()
    since = last or first
    missing = since is not None and now - since > NO_CHECKPOINT
    standing = upkeep.count(today=now.date())
    found = (
        Alert("rulebook", len(rules.current().problems)),
        Alert("late", desk.late),
        Alert("soon", desk.soon),
        Alert("dead", Task.objects.filter(state="dead").count()),
        Alert("held", held),
        Alert("checkpoint", int((now - since).total_seconds() // 3600) if missing and since is not None else 0),
        Alert("upkeep_late", standing.late),
        Alert("upkeep_soon", standing.soon),
    )
    return tuple(alert for alert in found if alert.count)
