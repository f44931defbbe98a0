"""The queue: cases in the order in which they should be looked at, with what a row of the list shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from trustdesk.models import Appeal, Case, Clock, Decision, Indicator
from trustdesk.queries import access

OPEN = ("new", "open", "waiting", "held", "enforcing")
#: What waits for a person of the desk to act.
ACTIONABLE = ("new", "open")
STATES = (*OPEN, "closed")
DUE = {"late": timedelta(0), "hour": timedelta(hours=1), "today": timedelta(hours=24), "week": timedelta(days=7)}
PAGE = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the queue page says. An unknown value means no filter; nothing here can raise."""

    queue: str = ""
    state: str = ""
    category: str = ""
    assigned: str = ""  # me | none | "" (everyone)
    due: str = ""
    subject: str = ""
    unread: bool = False
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """Read the query string."""
        page = query.get("page", "1")
        return cls(
            queue=query.get("queue", "")[:40],
            state=query.get("state", "") if query.get("state", "") in (*STATES, "all") else "",
            category=query.get("category", "")[:24],
            assigned=query.get("assigned", "") if query.get("assigned", "") in ("me", "none") else "",
            due=query.get("due", "") if query.get("due", "") in DUE else "",
            subject=query.get("subject", "")[:64],
            unread=query.get("unread", "") == "1",
            page=int(page) if page.isdecimal() and 0 < int(page[:6]) < 100_000 else 1,
        )


@dataclass(slots=True)
class Row:
    """One line of the list."""

    case: Case
    clock: Clock | None = None
    targets: list[Indicator] = field(default_factory=list)
    target_count: int = 0
    reporters: int = 0


@dataclass(slots=True)
class Page:
    """A page of the list. `more` tells whether there is another one; the whole is counted in `total`."""

    rows: list[Row]
    total: int
    number: int
    more: bool

    @property
    def first(self) -> int:
        """Place of the first row in the whole, from 1; 0 when there is none."""
        return (self.number - 1) * PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Place of the last row in the whole."""
        return (self.number - 1) * PAGE + len(self.rows)


def selected(user: Any, filters: Filters, *, now: datetime) -> QuerySet[Case]:
    """The cases that match, one condition per line, in no order."""
    found = access.cases(user)
    if filters.state != "all":
        found = found.filter(state__in=(filters.state,) if filters.state else OPEN)
    if filters.queue:
        found = found.filter(queue=filters.queue)
    if filters.category:
        found = found.filter(category=filters.category)
    if filters.assigned == "me":
        found = found.filter(assigned_to_id=user.pk)
    if filters.assigned == "none":
        found = found.filter(assigned_to=None)
    if filters.due == "late":
        found = found.filter(late(now))
    elif filters.due:
        found = found.filter(next_due_at__lt=now + DUE[filters.due])
    if filters.subject:
        found = found.filter(subject__ref=filters.subject)
    if filters.unread:
        found = found.filter(unread__gt=0)
    return found


def late(now: datetime) -> Q:
    """A duty of ours is past its time and not done: it runs and no tick has seen it, or it was missed and is still owed."""
    missed = Clock.objects.filter(case=OuterRef("pk"), actor="provider", state="breached", ended_at=None)
    return Q(next_due_at__lt=now) | Q(Exists(missed))


def page(user: Any, filters: Filters, *, now: datetime) -> Page:
    """One page of the list, the case that should be next on top. Five statements, whatever the number of cases."""
    found = selected(user, filters, now=now)
    start = (filters.page - 1) * PAGE
    order = (
        ("-closed_at", "-id")
        if filters.state == "closed"
        else ("-priority", F("next_due_at").asc(nulls_last=True), "id")
    )
    cases = list(found.select_related("subject", "assigned_to").order_by(*order)[start : start + PAGE + 1])
    total = found.count() if start or len(cases) > PAGE else len(cases)
    return Page(rows(cases[:PAGE]), total, filters.page, len(cases) > PAGE)


def rows(cases: Sequence[Case]) -> list[Row]:
    """Lines for these cases: nearest running clock, first targets, how many reporters."""
    numbers = [case.pk for case in cases]
    made = {case.pk: Row(case) for case in cases}
    nearest = Clock.objects.filter(case__in=numbers, state__in=("running", "breached"))
    for clock in nearest.order_by(F("due_at").asc(nulls_last=True), "id"):
        row = made[clock.case_id]
        # A breached duty is still owed, but a running one is what can still be kept.
        if row.clock is None or (row.clock.state == "breached" and clock.state == "running" and clock.due_at):
            row.clock = clock
    seen: dict[int, set[str]] = {number: set() for number in numbers}
    for indicator in Indicator.objects.filter(case__in=numbers, role="target").order_by("id")[: 40 * len(numbers) or 1]:
        number = indicator.case_id or 0
        row, values = made[number], seen[number]
        if indicator.value not in values:
            values.add(indicator.value)
            row.target_count += 1
            if len(row.targets) < 2:
                row.targets.append(indicator)
    reporters = Case.objects.filter(pk__in=numbers).annotate(
        who=Count("joinings__report__reporter__email", distinct=True)
    )
    for number, who in reporters.values_list("pk", "who"):
        made[number].reporters = who
    return list(made.values())


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of the sidebar and of the saved views."""

    open: int
    mine: int
    unassigned: int
    waiting: int
    held_for_me: int
    held_hot: bool
    appeals: int
    queues: tuple[tuple[str, int, int], ...]  # (queue, open, late or due within the hour)
    due_today: int
    answers: int
    late: int


def counts(user: Any, *, now: datetime) -> Counts:
    """Count what the sidebar shows, in three statements."""
    seen = access.cases(user).filter(state__in=OPEN)
    soon = Q(next_due_at__lt=now + DUE["hour"])
    per_queue = list(seen.values("queue").annotate(n=Count("pk"), hot=Count("pk", filter=soon)).order_by("-n", "queue"))
    sums = seen.aggregate(
        mine=Count("pk", filter=Q(assigned_to_id=user.pk)),
        unassigned=Count("pk", filter=Q(assigned_to=None)),
        waiting=Count("pk", filter=Q(state="waiting")),
        due_today=Count("pk", filter=Q(next_due_at__lt=now + DUE["today"])),
        answers=Count("pk", filter=Q(unread__gt=0)),
        late=Count("pk", filter=late(now)),
    )
    held = held_for(user).count()
    appeals = access.appeals(user).filter(state="lodged").count()
    return Counts(
        open=sum(row["n"] for row in per_queue),
        held_for_me=held,
        held_hot=held > 0,
        appeals=appeals,
        queues=tuple((row["queue"], row["n"], row["hot"]) for row in per_queue),
        **sums,
    )


def held_for(user: Any) -> QuerySet[Decision]:
    """Held decisions that this person may settle: those that somebody else made."""
    if not access.may(user, "approve"):
        return Decision.objects.none()
    return access.decisions(user).filter(state="held").exclude(made_by=f"person:{user.pk}")


def open_appeals(user: Any) -> QuerySet[Appeal]:
    """Appeals that wait, the oldest first."""
    return access.appeals(user).filter(state="lodged").select_related("case__subject", "decision").order_by("lodged_at")
