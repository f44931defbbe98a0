"""Withdraw: a reporter takes a complaint back.

It has effect by itself only if it comes from who complained: the address in From is that of the complaint and it is
proven (DKIM, DMARC, SPF or a key we know, `flow.authenticate`). From anybody else a retraction changes nothing; a person of
the desk reads it and may confirm it. A case all of whose complaints are taken back and that nobody has decided is closed
without a decision. What was decided stays until a person decides anew: the case comes back to them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import Model

from trustdesk.core import states
from trustdesk.core.types import SYSTEM, Actor, Finding, Form, Refused
from trustdesk.flow import duties
from trustdesk.flow.answering import complaints
from trustdesk.flow.record import locked, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.models import Case, Entry, Fact, Indicator, Report, Task

KIND = "report.withdrawn"
#: Name of the fact that holds why a person took a retraction for genuine.
FACT = "report.withdrawn"


def withdraw(report_id: int, case_id: int, *, now: datetime) -> tuple[Report, ...]:
    """What a retraction that came in takes back by itself; empty if that is for a person to say. Safe to repeat.

    Raises TryLater while it is still being checked who sent it.
    """
    if being_checked(report_id):
        raise TryLater("who sent the retraction is still being checked", pause=10)
    with locked(case_id) as case:
        retraction = _retraction(case, report_id)
        if case.state == "new":
            raise TryLater("the case is still being looked up", pause=10)
        if _done(case, report_id) or not proven(retraction):
            return ()
        covered = taken_back(case, retraction)
        if covered:
            _take_back(case, retraction, covered, "", actor=SYSTEM, now=now)
    return tuple(covered)


def confirm(case_id: int, report_id: int, *, why: str, actor: Actor, now: datetime) -> tuple[Report, ...]:
    """A person has made sure that a retraction is genuine; it takes back what it names of the same address, and all
    complaints of the case if it names nothing and its address is none of theirs. Raises Refused."""
    why = why.replace("\0", "").strip()
    if actor.kind != "person":
        raise Refused(Finding("confirm.person", "Only a person of the desk confirms.", "actor"))
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("withdraw.no_reason", "Say in 3 to 500 characters how you made sure.", "why"))
    with locked(case_id) as case:
        try:
            retraction = _retraction(case, report_id)
        except Report.DoesNotExist:
            raise Refused(Finding("withdraw.report", "That is no retraction on this case.", "report")) from None
        if _done(case, report_id):
            raise Refused(Finding("withdraw.done", "This retraction has had its effect already.", "report"))
        if case.state in ("new", "held"):
            raise Refused(Finding("withdraw.state", "Not while the case is being looked up or is held.", "case"))
        covered = taken_back(case, retraction, anybody=True)
        if not covered:
            raise Refused(Finding("withdraw.nothing", "It takes back no complaint of this case.", "report"))
        _take_back(case, retraction, covered, why, actor=actor, now=now)
    return tuple(covered)


def being_checked(report_id: int) -> bool:
    """Whether `flow.authenticate` has yet to say who sent a report."""
    return Task.objects.filter(name="authenticate", arguments__report=report_id).exclude(state="dead").exists()


def proven(report: Report) -> bool:
    """Whether the address in From is proven."""
    return report.reporter is not None and any(v.startswith("from:") for v in report.reporter.verified)


def taken_back(case: Case, retraction: Report, *, anybody: bool = False) -> list[Report]:
    """The complaints of the case that a retraction takes back: of the same address, and about nothing that it does not
    name. With `anybody` those of other addresses too, where the retraction's own has none."""
    address = retraction.reporter.email.lower() if retraction.reporter is not None else ""
    back = withdrawn(case)
    standing = [r for r in complaints(case) if r.pk not in back]
    own = [r for r in standing if address and r.reporter is not None and r.reporter.email.lower() == address]
    if not own and anybody:
        own = standing
    named = _targets([retraction.pk]).get(retraction.pk, set())
    of = _targets([r.pk for r in own])
    return [r for r in own if not named or of.get(r.pk, set()) <= named]


def withdrawn(case: Case) -> set[int]:
    """The numbers of the reports of a case that were taken back."""
    said = Entry.objects.filter(chain=case.pk, kind=KIND).values_list("body", flat=True)
    return {number for body in said for number in json.loads(body)["withdrawn"]}


def waiting(case: Case) -> list[Report]:
    """Retractions on a case that had no effect yet: a person looks."""
    found = Report.objects.filter(joinings__case=case, form=Form.RETRACTION).select_related("reporter").order_by("id")
    return [r for r in found[:50] if not _done(case, r.pk)]


def _done(case: Case, report_id: int) -> bool:
    said = Entry.objects.filter(chain=case.pk, kind=KIND).values_list("body", flat=True)
    return any(json.loads(body)["report"] == report_id for body in said)


def _retraction(case: Case, report_id: int) -> Report:
    return Report.objects.select_related("reporter").get(pk=report_id, form=Form.RETRACTION, joinings__case=case)


def _targets(numbers: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for report_id, value in Indicator.objects.filter(report__in=numbers, role="target").values_list(
        "report_id", "value"
    ):
        found.setdefault(report_id, set()).add(value)
    return found


def _take_back(
    case: Case, retraction: Report, covered: Sequence[Report], why: str, *, actor: Actor, now: datetime
) -> None:
    back = withdrawn(case) | {r.pk for r in covered}
    all_of_it = all(r.pk in back for r in complaints(case))
    undecided = not case.decisions.exclude(state="rejected").exists()
    if all_of_it and undecided and case.state in ("open", "waiting"):
        states.check("case", case.state, "closed")
        clocks = duties.close(case, KIND, now=now)
        case.state, case.open_key, case.closed_at = "closed", None, now
    else:
        clocks = duties.meet(case, KIND, now=now)
        # What was decided, or what others complain of, is for a person to weigh; the retraction is unread in the case.
        if case.state == "closed":
            states.check("case", case.state, "open")
            case.state, case.closed_at = "open", None
    case.next_due_at = duties.next_due(case, clocks)
    body = {
        "report": retraction.pk,
        "withdrawn": [r.pk for r in covered],
        "all": all_of_it,
        "proven": actor == SYSTEM,
        "case_state": case.state,
        "closed": case.state == "closed",
        "clocks": duties.described(clocks),
    }
    rows: list[Model] = [*clocks]
    if actor != SYSTEM:
        value = {"why": why, "withdrawn": [r.code for r in covered]}
        rows.append(Fact(case=case, about=retraction.code, name=FACT, value=value, source=str(actor), observed_at=now))
    record(case, KIND, body, actor=actor, now=now, rows=rows)


@handler("withdraw")
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Let the retraction of the task have its effect, if it may."""
    for task in tasks:
        withdraw(task.arguments["report"], task.arguments["case"], now=clock())
