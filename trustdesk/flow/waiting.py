"""Waiting: what comes in from a sender who is suspended becomes a case like any other, and waits behind those of others.

Nothing is left unread, and nothing waits where a life is in danger or an authority speaks (`core.misuse`). Whether a report
waits goes by what it claims to be, the address in From or the account of the token: who leaves out the signature does not get
round it, and who forges the address of somebody who is suspended puts nobody's reports back but the forgery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from trustdesk import standing
from trustdesk.core import misuse, routing
from trustdesk.core.types import Actor, Form
from trustdesk.flow import duties
from trustdesk.flow.record import locked, record
from trustdesk.models import Case, Report, Suspension
from trustdesk.reading.canonical import registrable

if TYPE_CHECKING:
    from trustdesk.flow.triage import Job

#: What comes in on a case that waits and does not bring it back among the others.
QUIET = frozenset({Form.REPLY, Form.RETRACTION})


def running(identities: Iterable[str], *, now: datetime) -> dict[str, Suspension]:
    """Identity → the suspension that runs for it."""
    wanted = {name for name in identities if name}
    if not wanted:
        return {}
    found = Suspension.objects.filter(state="running", until__gt=now, identity__in=wanted)
    return {one.identity: one for one in found}


def mark(jobs: Sequence[Job], *, now: datetime) -> None:
    """Note with each report on its way into a case whether its sender is suspended. One statement for all of them.

    What had reached us before, and is only read now, does not wait; nor does old mail that is brought in."""
    claimed = {id(job): standing.identities_claimed(job.report, job.reading.reporter.email) for job in jobs}
    found = running((name for names in claimed.values() for name in names), now=now)
    for job in jobs:
        mine = (found[name] for name in claimed[id(job)] if name in found)
        at = job.report.received_at
        job.suspension = next((one for one in mine if one.began_at is not None and one.began_at <= at), None)
        if registrable(job.reading.reporter.email.rpartition("@")[2]) in settings.DESK.trusted_flaggers:
            job.suspension = None  # has priority, whoever it is in the end (DSA Article 22(1))


def waits(suspension: Suspension | None, *, category: str, form: str) -> bool:
    """Whether a report of that sender waits."""
    return suspension is not None and misuse.waits(duties.policy().misuse, category=category, form=form)


def of_report(report: Report, *, now: datetime) -> Suspension | None:
    """The suspension that runs for the sender of a report, as claimed."""
    email = report.reporter.email if report.reporter is not None else ""
    return next(iter(running(standing.identities_claimed(report, email), now=now).values()), None)


def of_complaint(by: Actor, *, now: datetime) -> Suspension | None:
    """The suspension that runs for who complains about a decision."""
    return next(iter(running([standing.complainant(str(by))[0]], now=now).values()), None)


def reprioritise(case: Case, *, now: datetime) -> None:
    """Set the priority from severity, harm and the nearest due clock; a case that waits is behind all others."""
    if case.queue == misuse.QUEUE:
        case.priority = 0
        return
    kind = duties.kind_of(case.category)
    case.priority = routing.priority(case.severity, kind.harm, case.next_due_at, now)


def put_back(case: Case, *, now: datetime) -> None:
    """Put a case that waits where it would have been; must run while it is locked, and with an entry that names the queue."""
    case.queue = routing.queue(duties.policy(), case.category, case.form)
    reprioritise(case, now=now)


def resume(case_id: int, *, actor: Actor, now: datetime) -> bool:
    """Take a case out of waiting; False if it does not wait (any more)."""
    with locked(case_id) as case:
        if case.queue != misuse.QUEUE:
            return False
        put_back(case, now=now)
        record(case, "case.resumed", {"queue": case.queue}, actor=actor, now=now)
    return True
