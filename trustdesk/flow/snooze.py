"""Snooze: a case leaves the lists until a time, for a reason, and comes back by itself. Its clocks go on."""

from __future__ import annotations

from datetime import datetime, timedelta

from trustdesk.core.types import SYSTEM, Actor, Finding, Refused
from trustdesk.flow.record import locked, record
from trustdesk.models import Case, Snooze

#: Nobody puts a case away for longer than this at once.
LONGEST = timedelta(days=30)
#: States in which a case can be put away.
POSSIBLE = ("open", "waiting", "held", "enforcing")
BATCH = 500


def snooze(case_id: int, *, until: datetime, why: str, actor: Actor, now: datetime) -> Snooze:
    """Put a case away until `until`; one that is away already gets the new time and reason. Raises Refused.

    A clock of ours that falls due first brings it back then: nothing becomes late out of sight.
    """
    why = " ".join(why.replace("\0", "").split())
    findings = []
    if not why:
        findings.append(Finding("snooze.no_reason", "Say why, so that others need not wonder.", "why"))
    if until <= now:
        findings.append(Finding("snooze.past", "That time has passed.", "until"))
    if until > now + LONGEST:
        findings.append(Finding("snooze.too_long", f"At most {LONGEST.days} days at once.", "until"))
    if findings:
        raise Refused(*findings)
    with locked(case_id) as case:
        if case.state not in POSSIBLE:
            raise Refused(Finding("snooze.state", "Only a case that is open can be put away.", "case"))
        if case.next_due_at is not None and case.next_due_at > now:
            until = min(until, case.next_due_at)
        row = Snooze.objects.filter(case=case, ended_at=None).first() or Snooze(case=case)
        row.until, row.why, row.by, row.at = until, why[:300], str(actor), now
        record(case, "case.snoozed", {"snooze": row, "until": until}, actor=actor, now=now, rows=[row])
    return row


def wake(case_id: int, *, actor: Actor, now: datetime) -> bool:
    """Bring a case back before its time; False if it is not away (any more)."""
    with locked(case_id) as case:
        return _wake(case, actor=actor, now=now)


def _wake(case: Case, *, actor: Actor, now: datetime) -> bool:
    row = Snooze.objects.filter(case=case, ended_at=None).first()
    if row is None:
        return False
    row.ended_at = now
    record(case, "case.woken", {"snooze": row}, actor=actor, now=now, rows=[row])
    return True


def wake_due(now: datetime) -> int:
    """Bring back what is due. Returns how many came. One indexed query when none is; any number may ask at once."""
    back = 0
    while True:
        due = list(Snooze.objects.filter(ended_at=None, until__lte=now).values_list("case_id", flat=True)[:BATCH])
        for number in due:
            back += wake(number, actor=SYSTEM, now=now)
        if len(due) < BATCH:
            return back
