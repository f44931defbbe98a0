"""Attend: who works on which case, and which answers have been read. No two people hold the same case."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow.record import locked, record
from trustdesk.models import Case

#: States in which a case waits for a person to act.
ACTIONABLE = ("open",)


def take_next(found: QuerySet[Case], *, person: int, actor: Actor, now: datetime) -> Case | None:
    """Give the most urgent free case of `found` to `person`, or the one they hold there already; None if there is none.

    Two people who ask at once get two cases: the row is locked while it is given, and rows that others have locked are
    passed over (PostgreSQL), or one waits for the other (SQLite).
    """
    with transaction.atomic():
        free = found.filter(Q(assigned_to=None) | Q(assigned_to_id=person), state__in=ACTIONABLE)
        free = free.order_by("-priority", F("next_due_at").asc(nulls_last=True), "id")
        if connection.features.has_select_for_update_skip_locked:
            free = free.select_for_update(skip_locked=True, of=("self",))
        number = free.values_list("pk", flat=True).first()
        if number is None:
            return None
        return assign(number, to=person, actor=actor, now=now)


def assign(case_id: int, *, to: int | None, actor: Actor, now: datetime, take_over: bool = False) -> Case:
    """Give a case to a person, or back to the queue with `to` None. Giving it to whoever has it changes nothing.

    Raises Refused when somebody else holds it and `take_over` is not set: work is not pulled away silently.
    """
    with locked(case_id) as case:
        if case.assigned_to_id == to:
            return case
        if to is not None and case.assigned_to_id is not None and not take_over:
            raise Refused(Finding("case.taken", "Somebody else has this case. Ask them, or take it over.", "case"))
        if case.state == "closed" and to is not None:
            raise Refused(Finding("case.closed", "This case is closed.", "case"))
        case.assigned_to_id, case.assigned_at = to, now if to is not None else None
        record(case, "case.assigned", {"assigned_to": to, "assigned_at": case.assigned_at}, actor=actor, now=now)
    return case


def read(case_id: int, *, actor: Actor, now: datetime) -> Case:
    """Somebody on the desk has read the answers that came in."""
    with locked(case_id) as case:
        if case.unread:
            case.unread = 0
            record(case, "case.read", {"unread": 0}, actor=actor, now=now)
    return case
