"""Reread: read the kept bytes of a report again with today's reader, and put right what follows from it.

The reading before is replaced, in the tables and by an entry `report.reread` on every case the report is in. Nothing
is moved: a report that belongs elsewhere by the new reading joins the right case as well, the case it was in names
that one and is marked as unread, and a person decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from trustdesk.core import states
from trustdesk.core.types import NEVER_WRITTEN_TO, NOT_REPORTS, Actor, ClaimedParty, Finding, Reading, Refused
from trustdesk.flow import duties, parse, triage, waiting
from trustdesk.flow.locate import host_of, hosts_of, locate
from trustdesk.flow.record import Draft, Group, Todo, add_tasks, record_all
from trustdesk.flow.work import handler
from trustdesk.models import Case, Indicator, Joining, Party, Report, Task

#: What a reading settles of a party.
NAMED = ("name", "email", "organisation", "phone", "address", "country")


@dataclass(frozen=True, slots=True)
class Reread:
    """What came of it. `cases` are those that the report joined beside the ones it was in."""

    changed: bool
    cases: tuple[str, ...] = ()


def reread(report_id: int, *, actor: Actor, now: datetime) -> Reread:
    """Read a report again. One that was never placed, because reading it failed, is placed now.

    Safe to repeat: the same reading changes nothing and writes nothing. Raises Refused when the bytes are not held any
    more, Report.DoesNotExist.
    """
    report = Report.objects.select_related("evidence").get(pk=report_id)
    if report.evidence.erased_at is not None:
        raise Refused(Finding("reread.erased", "The original was erased and cannot be read again.", "report"))
    reading = parse.parse(report)
    if report.state == "received":
        triage.open_or_join([(report, reading)], actor=actor, now=now)
        Task.objects.filter(name="parse", key=f"parse:{report.pk}", state="dead").delete()
        return Reread(True, tuple(j.case.code for j in Joining.objects.filter(report=report).select_related("case")))
    for attempt in range(5):
        try:
            with transaction.atomic():
                return _again(report_id, reading, actor=actor, now=now)
        except IntegrityError:  # somebody opened the same case meanwhile; look again
            if attempt == 4:
                raise
    raise AssertionError("unreachable")


#: Problems that a newer reader, or a key that was put in its place, may not have.
CURABLE = ("encrypted", "parser_failed", "reader_failed")


def poor() -> QuerySet[Report]:
    """The reports that nobody could read, or not well: reading failed for good, they came out as `unparsed`, or with a
    problem that may be gone by now. Not those whose bytes were erased."""
    given_up = Task.objects.filter(
        name="parse", state="dead", key=Concat(Value("parse:"), Cast(OuterRef("pk"), CharField()))
    )
    known = Report.objects.filter(evidence__erased_at=None).annotate(noted=Cast("problems", TextField()))
    bad = Q(form="unparsed")
    for code in CURABLE:
        bad |= Q(noted__contains=f'"{code}"')
    return known.filter(bad | Q(Exists(given_up), state="received")).order_by("id")


def ask_again(*, actor: Actor, now: datetime) -> int:
    """Have all of them read again, each as a task of its own; how many. Asking twice has them read once."""
    numbers = list(poor().values_list("pk", flat=True))
    for at in range(0, len(numbers), 1000):
        with transaction.atomic():
            todos = [
                Todo("reread", {"report": n, "by": str(actor)}, key=f"reread:{n}") for n in numbers[at : at + 1000]
            ]
            add_tasks(todos, now=now)
    return len(numbers)


def under_way() -> int:
    """How many reports still wait to be read again."""
    return Task.objects.filter(name="reread").exclude(state="dead").count()


@handler("reread")
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Read the report of the task again; what was erased meanwhile is left alone."""
    for task in tasks:
        with suppress(Refused):
            reread(task.arguments["report"], actor=Actor.parse(task.arguments["by"]), now=clock())


def _again(report_id: int, reading: Reading, *, actor: Actor, now: datetime) -> Reread:
    reports = Report.objects.select_for_update(of=("self",)).select_related("evidence", "reporter", "principal")
    report = reports.get(pk=report_id)
    before = list(Indicator.objects.filter(report=report).order_by("position"))
    job = triage.Job(report, reading)
    old = _lock(job, now=now)
    was = {"form": report.form, "category": report.category, "indicators": len(before)}
    seen = _claims(report, before)
    triage.fill(report, reading)
    parties = _parties(report, reading)
    after = [triage.indicator(report, n, claimed) for n, claimed in enumerate(reading.indicators)]
    if _claims(report, after) == seen:
        return Reread(False)  # nothing was saved; the instances are ours alone

    Indicator.objects.filter(report=report).delete()
    drafts: list[Draft] = []
    joined: list[Case] = []
    kept: set[int] = set()
    by_claim = {id(c): row for c, row in zip(reading.indicators, after, strict=True)}
    triage.find_cases([job])
    waiting.mark([job], now=now)
    for placing in job.placings:
        found = placing.case
        known = None if found is None else next((c for c in old if c.pk == found.pk), found)
        case = _fitting(old, placing, reading) or known
        if case is None:
            case = triage.new_case(job, placing, now=now)
            duties.keep({row["digest"] for row in case.regimes}, now=now)
            drafts.append(triage.opening(job, case, actor=actor, now=now))
        for target in placing.targets:
            if id(target) in by_claim:
                by_claim[id(target)].case = case
                by_claim[id(target)].asset = job.assets.get(host_of(target.kind, target.value))
        kept.add(id(case))
        if not any(case.pk is not None and case.pk == other.pk for other in old):
            joined.append(case)
            drafts.append(_without_empty(triage.joining(job, case, after, first=False, actor=actor, now=now)))
    drafts += _told(job, old, kept, joined, parties, after, was, actor=actor, now=now)
    record_all(drafts)
    return Reread(True, tuple(case.code for case in joined))


def _lock(job: triage.Job, *, now: datetime) -> list[Case]:
    """Lock the cases the report is in and those it may go to, all in the order of their numbers, and give the first;
    sets the placings."""
    report, reading = job.report, job.reading
    job.assets = locate(hosts_of(reading.targets), on=now.date())
    answered = triage.answered_by([job])
    job.answered = next((answered[m] for m in reading.references if m in answered), None)
    job.placings = [] if reading.form in NOT_REPORTS else triage.groups(job)
    numbers = list(Joining.objects.filter(report=report).values_list("case_id", flat=True))
    wanted = Q(pk__in=numbers) | Q(open_key__in=[p.merge_key for p in job.placings])
    locked = Case.objects.select_for_update(of=("self",)).select_related("subject", "asset").filter(wanted)
    cases = {case.pk: case for case in locked.order_by("id")}
    return [cases[number] for number in sorted(numbers)]


def _fitting(old: Sequence[Case], placing: triage.Placing, reading: Reading) -> Case | None:
    """The case the report is in already and still belongs to."""
    category = triage.category_of(reading)
    same = (c for c in old if (c.category, c.subject_id) == (category, placing.subject_id))
    return next((c for c in same if (c.form == "unparsed") == (reading.form == "unparsed")), None)


def _told(
    job: triage.Job,
    old: Sequence[Case],
    kept: set[int],
    joined: Sequence[Case],
    parties: list[Party],
    after: list[Indicator],
    was: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> list[Draft]:
    """`report.reread` on every case the report was in, or on the desk's chain if it was in none."""
    report, reading = job.report, job.reading
    tasks: list[Todo] = []
    if joined and report.state in ("set_aside", "linked"):
        states.check("report", report.state, "joined")
        report.state = "joined"
        if report.channel not in NEVER_WRITTEN_TO:
            tasks.append(Todo("acknowledge", {"report": report}))
    if joined and not any(id(case) in kept for case in old):
        report.case = joined[0]
    drafts = []
    chains: list[Case | None] = [*old] or [None]
    for case in chains:
        body: dict[str, Any] = {
            "report": report,
            "form": report.form,
            "category": report.category,
            "reader": report.reader,
            "indicators": len(after),
            "targets": len(reading.targets),
            "before": was,
            "to": list(joined),
        }
        if case is not None and id(case) not in kept:
            case.unread += 1  # it may be empty now: a person looks
            body["unread"] = case.unread
        rows: list[Any] = [*parties, report, Group(f"indicators/{report.pk}", after)]
        if after:
            rows[-1] = Group("indicators/report", after)
        drafts.append(Draft(case, "report.reread", body, actor, now, rows=rows, tasks=tasks))
        tasks = []
    return drafts


def _parties(report: Report, reading: Reading) -> list[Party]:
    """The parties as they are claimed now; what was verified of the sender stays with the row."""
    parties = [_party(report.reporter, "reporter", reading.reporter, reading)]
    report.reporter = parties[0]
    if reading.principal is not None:
        report.principal = _party(report.principal, "principal", reading.principal, reading)
        parties.append(report.principal)
    else:
        report.principal = None
    return parties


def _party(known: Party | None, kind: str, claimed: ClaimedParty, reading: Reading) -> Party:
    fresh = triage.party(kind, claimed, reading)
    if known is None:
        return fresh
    for name in (*NAMED, "language"):
        setattr(known, name, getattr(fresh, name))
    return known


def _claims(report: Report, indicators: Sequence[Indicator]) -> Any:
    """What a change of reading would change, as a value."""
    parties = [
        [getattr(p, name) for name in NAMED] if p is not None else None for p in (report.reporter, report.principal)
    ]
    return (
        (report.form, report.category, report.title, report.language, report.incident_at, report.message_id),
        (dict(report.elements), list(report.problems), parties),
        [(i.kind, i.value, i.role, i.start, i.end, i.raw) for i in indicators],
    )


def _without_empty(draft: Draft) -> Draft:
    draft.rows = [row for row in draft.rows if not isinstance(row, Group) or row.rows]
    return draft
