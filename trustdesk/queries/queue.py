"""The queue: cases in the order in which they should be looked at, with what a row of the list shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from trustdesk.models import Appeal, Case, Clock, Decision, Indicator, Snooze
from trustdesk.prepared import Prepared
from trustdesk.queries import access, places

OPEN = ("new", "open", "waiting", "held", "enforcing")
#: What waits for a person of the desk to act.
ACTIONABLE = ("new", "open")
STATES = (*OPEN, "closed")
DUE = {"late": timedelta(0), "hour": timedelta(hours=1), "today": timedelta(hours=24), "week": timedelta(days=7)}
#: Opened so many days ago or more.
AGES = (1, 3, 7, 14, 30)
PAGE = 30
#: A list that is not one of the desk's own views is counted so far; then the page says "more than".
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the queue page says. An unknown value means no filter; nothing here can raise.

    `after` and `before` are places in the list (`place`), not numbers of pages: a list that moves while it is read neither
    repeats nor skips a case, and a page far down costs what the first one costs.
    """

    queue: str = ""
    state: str = ""
    category: str = ""
    assigned: str = ""  # me | none | the number of a person | "" (everyone)
    due: str = ""
    subject: str = ""
    older: int = 0  # days since it was opened, one of AGES
    unread: bool = False
    snoozed: bool = False  # what is put away instead of what is not
    after: str = ""
    before: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """Read the query string."""
        assigned, older = query.get("assigned", ""), query.get("older", "")
        person = assigned.isascii() and assigned.isdecimal() and len(assigned) < 10
        return cls(
            queue=query.get("queue", "")[:40].replace("\0", ""),
            state=query.get("state", "") if query.get("state", "") in (*STATES, "all") else "",
            category=query.get("category", "")[:24].replace("\0", ""),
            assigned=assigned if assigned in ("me", "none") or person else "",
            due=query.get("due", "") if query.get("due", "") in DUE else "",
            subject=query.get("subject", "")[:64].replace("\0", ""),
            older=int(older) if older in {str(days) for days in AGES} else 0,
            unread=query.get("unread", "") == "1",
            snoozed=query.get("snoozed", "") == "1",
            after=query.get("after", "")[:80],
            before=query.get("before", "")[:80],
        )

    def query(self) -> dict[str, str]:
        """The same as it stands in an address, without the place in the list."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        out = {name: "1" if value is True else str(value) for name, value in values.items() if value}
        return {name: value for name, value in out.items() if name not in ("after", "before")}


@dataclass(slots=True)
class Row:
    """One line of the list."""

    case: Case
    clock: Clock | None = None
    targets: list[Indicator] = field(default_factory=list)
    target_count: int = 0
    reporters: int = 0
    snooze: Snooze | None = None


@dataclass(slots=True)
class Page:
    """A page of the list. `total` counts the whole list, up to COUNTED (`over` then). `next` and `previous` are the places
    that lead on and back, "" at the ends."""

    rows: list[Row]
    total: int
    over: bool = False
    next: str = ""
    previous: str = ""


def asleep() -> Exists:
    """A case that is put away and has no answer that nobody has read."""
    return Exists(Snooze.objects.filter(case=OuterRef("pk"), ended_at=None))


def put_away() -> Q:
    """The same for counting: the few that are put away are looked at, instead of every open case."""
    return Q(pk__in=Snooze.objects.filter(ended_at=None).values("case_id"))


def awake() -> Q:
    """A case that is not put away, or has been answered since."""
    return ~asleep() | Q(unread__gt=0)


def selected(user: Any, filters: Filters, *, now: datetime) -> QuerySet[Case]:
    """The cases that match, one condition per line, in no order."""
    found = access.cases(user)
    if not filters.state:
        found = found.filter(closed_at=None)
    elif filters.state == "closed":
        found = found.filter(closed_at__isnull=False)
    elif filters.state != "all":
        found = found.filter(closed_at=None, state=filters.state)
    if filters.snoozed:
        found = found.filter(put_away())
    elif filters.state not in ("all", "closed"):
        found = found.filter(awake())
    if filters.queue:
        found = found.filter(queue=filters.queue)
    if filters.category:
        found = found.filter(category=filters.category)
    if filters.assigned == "me":
        found = found.filter(assigned_to_id=user.pk)
    elif filters.assigned == "none":
        found = found.filter(assigned_to=None)
    elif filters.assigned:
        found = found.filter(assigned_to_id=int(filters.assigned))
    if filters.due == "late":
        found = found.filter(late(now))
    elif filters.due:
        found = found.filter(next_due_at__lt=now + DUE[filters.due])
    if filters.older:
        found = found.filter(opened_at__lte=now - timedelta(days=filters.older))
    if filters.subject:
        found = found.filter(subject__ref=filters.subject)
    if filters.unread:
        found = found.filter(unread__gt=0)
    return found


def late(now: datetime) -> Q:
    """A duty of ours is past its time and not done: it runs and no tick has seen it, or it was missed and is still owed."""
    missed = Clock.objects.filter(case=OuterRef("pk"), actor="provider", state="breached", ended_at=None)
    return Q(next_due_at__lt=now) | Q(Exists(missed))


def page(user: Any, filters: Filters, *, now: datetime, total: int | None = None) -> Page:
    """One page of the list, the case that should be next on top; `total` where it was counted already. A constant number of
    statements, whatever the number of cases: closed cases newest first, all cases by number, open ones by urgency."""
    found = selected(user, filters, now=now)
    order = places.ORDER.get(filters.state, places.URGENCY)
    listed = found.select_related("subject", "assigned_to").defer("regimes")
    if back := places.read(order, filters.before):
        cases = list(places.beyond(listed, order, back, backwards=True)[: PAGE + 1])
        more_before, more_after = len(cases) > PAGE, True
        cases = list(reversed(cases[:PAGE]))
    else:
        start = places.read(order, filters.after)
        cases = list((places.beyond(listed, order, start) if start else places.sort(listed, order))[: PAGE + 1])
        more_before, more_after = start is not None, len(cases) > PAGE
        cases = cases[:PAGE]
    over = False
    if total is None and not (more_before or more_after):
        total = len(cases)
    if total is None:
        total = found.order_by()[: COUNTED + 1].count()
        total, over = min(total, COUNTED), total > COUNTED
    return Page(
        rows(cases),
        total,
        over,
        next=places.write(order, cases[-1]) if cases and more_after else "",
        previous=places.write(order, cases[0]) if cases and more_before else "",
    )


_NEAREST = Prepared(
    lambda cases: (
        Clock.objects.filter(case__in=cases, state__in=("running", "breached"))
        .only("case_id", "name", "title", "kind", "source", "state", "started_at", "due_at")
        .order_by(F("due_at").asc(nulls_last=True), "id")
    )
)
_TARGETS = Prepared(
    lambda cases: (
        Indicator.objects.filter(case__in=cases, role="target")
        .only("case_id", "kind", "value")
        .order_by("id")[: 40 * PAGE]
    )
)
_REPORTERS = Prepared(
    lambda cases: (
        Case.objects.filter(pk__in=cases)
        .annotate(who=Count("joinings__report__reporter__email", distinct=True))
        .values_list("pk", "who")
    )
)
_SNOOZES = Prepared(lambda cases: Snooze.objects.filter(case__in=cases, ended_at=None))


def rows(cases: Sequence[Case]) -> list[Row]:
    """Lines for these cases: nearest running clock, first targets, how many reporters."""
    numbers = [case.pk for case in cases]
    made = {case.pk: Row(case) for case in cases}
    for clock in _NEAREST(numbers):
        row = made[clock.case_id]
        # A breached duty is still owed, but a running one is what can still be kept.
        if row.clock is None or (row.clock.state == "breached" and clock.state == "running" and clock.due_at):
            row.clock = clock
    seen: dict[int, set[str]] = {number: set() for number in numbers}
    for indicator in _TARGETS(numbers):
        number = indicator.case_id or 0
        row, values = made[number], seen[number]
        if indicator.value not in values:
            values.add(indicator.value)
            row.target_count += 1
            if len(row.targets) < 2:
                row.targets.append(indicator)
    several = [case.pk for case in cases if case.report_count > 1]
    for number, who in _REPORTERS(several):
        made[number].reporters = who
    for snooze in _SNOOZES(numbers):
        made[snooze.case_id].snooze = snooze
    return list(made.values())


def held_for(user: Any) -> QuerySet[Decision]:
    """Held decisions that this person may settle: those that somebody else made."""
    if not access.may(user, "approve"):
        return Decision.objects.none()
    return access.decisions(user).filter(state="held").exclude(made_by=f"person:{user.pk}")


def open_appeals(user: Any) -> QuerySet[Appeal]:
    """Appeals that wait, the oldest first."""
    return access.appeals(user).filter(state="lodged").select_related("case__subject", "decision").order_by("lodged_at")
