"""Validity: is the notice good enough under each regime of the case, what is missing, and which clocks does that start?

The reader says which elements it found; a regime judges (`core.validity`); a person may correct an element, and the
regime judges again. Every verdict is a row of its own, the newest counts. Where a regime asks for an element that no
reader looks for, the verdict is `open`: the notice counts as good until a person has looked, because a clock that starts
too early does no harm and one that starts too late does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trustdesk.core.regimes import Applied
from trustdesk.core.types import SYSTEM, Actor, Finding, Refused
from trustdesk.flow import duties, notify, parse, telling, triage
from trustdesk.flow.elements import LOCATED, VERDICT, fact, judged, missing_of, verdicts
from trustdesk.flow.record import Todo, locked, record
from trustdesk.flow.work import handler
from trustdesk.models import Case, Clock, Fact, Indicator, Notice, Report, Task
from trustdesk.reading import dmca


def elements_of(case: Case, report: Report) -> dict[str, bool]:
    """What the reader found, by full id. A complaint about copyright that looks like no notice is read as one all the
    same, so that what it lacks can be asked for."""
    found = dict(report.elements)
    targets = Indicator.objects.filter(report=report, role="target").exists()
    found[LOCATED] = targets
    family = any(row["id"].startswith("us-dmca-512") for row in case.regimes)
    if family and case.category == "copyright" and not any(name.startswith(dmca.PREFIX) for name in found):
        text = parse.parse(report).text
        found |= {e.id: e.present for e in dmca.notice_elements(text, has_target=targets)}
    return found


def judge(report_id: int, case_id: int, *, now: datetime) -> None:
    """Judge a report under every regime of a case, start the clocks that follow and ask for what is missing.

    Done once for each report, case and regime; safe to repeat.
    """
    report = Report.objects.select_related("reporter", "evidence").get(pk=report_id)
    if report.evidence.erased_at is not None:
        return
    with locked(case_id) as case:
        done = {regime for about, regime in verdicts(case) if about == report.code}
        applied = [a for a in _applied(case, report) if a.regime not in done]
        if applied:
            _write(case, report, applied, elements_of(case, report), "", SYSTEM, now=now)


def correct(
    case_id: int, report_id: int, changes: Mapping[str, bool], *, why: str, actor: Actor, now: datetime
) -> None:
    """A person says that elements of a notice are there or are not; the regimes judge again.

    `changes` maps full ids (`us-dmca-512c.el.signature`) to whether they are there. Raises Refused for an element that no
    regime of the case knows, without a reason, and for a report that is not of this case.
    """
    why = why.replace("\0", "").strip()
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("validity.no_reason", "Say in 3 to 500 characters what shows it.", "why"))
    with locked(case_id) as case:
        report = Report.objects.select_related("reporter").filter(pk=report_id, joinings__case=case).first()
        if report is None:
            raise Refused(Finding("validity.report", "That report is not of this case.", "report"))
        known = {
            f"{a.regime}.el.{e.id}"
            for a in duties.applied_to(case)
            for e in a.rules.elements
            if e.document == duties.document_of(a.rules, report.form)
        }
        strangers = sorted(set(changes) - known)
        if strangers or not changes:
            text = f"No regime of this case asks for {', '.join(strangers) or 'nothing'}."
            raise Refused(Finding("validity.element", text, "elements"))
        _write(case, report, _applied(case, report), _last(case, report) | dict(changes), why, actor, now=now)


def _last(case: Case, report: Report) -> dict[str, bool]:
    """The elements as they were judged last."""
    latest = Fact.objects.filter(case=case, name=VERDICT, about=report.code).order_by("-id").first()
    return dict(latest.value["all"]) if latest is not None else elements_of(case, report)


def _applied(case: Case, report: Report) -> list[Applied]:
    """The regimes of the case that judge such a report."""
    return [a for a in duties.applied_to(case) if duties.document_of(a.rules, report.form)]


def _write(
    case: Case,
    report: Report,
    applied: Sequence[Applied],
    elements: dict[str, bool],
    why: str,
    actor: Actor,
    *,
    now: datetime,
) -> None:
    before = verdicts(case)
    verdict_of = {a.regime: judged(a.rules, duties.document_of(a.rules, report.form), elements) for a in applied}
    facts = [fact(case, report.code, v, elements, why, actor, now=now) for v in verdict_of.values()]
    after = before | {(report.code, v.regime): v.event for v in verdict_of.values()}
    clocks = _clocks(case, applied, before, after, at=report.received_at, now=now)
    case.next_due_at = duties.next_due(case, clocks)
    triage.reprioritise(case, now=now)
    body = {
        "report": report.pk,
        "corrected": actor != SYSTEM,
        "verdicts": [[v.regime, v.version, v.document, v.verdict] for v in verdict_of.values()],
        "clocks": duties.described(clocks),
    }
    tasks = []
    certain = {a.regime for a in applied if a.certain}
    if any(v.verdict == "curable" and v.regime in certain for v in verdict_of.values()):
        tasks.append(Todo("ask_missing", {"report": report.pk, "case": case.pk}, key=f"missing:{case.pk}:{report.pk}"))
    tasks += _owed(case, report, applied, {v.regime: v.verdict for v in verdict_of.values()})
    record(case, "notice.judged", body, actor=actor, now=now, rows=[*facts, *clocks], tasks=tasks)


def _owed(case: Case, report: Report, applied: Sequence[Applied], verdicts: Mapping[str, str]) -> list[Todo]:
    """Letters that a certain regime wants on a good notice, and that the policy sends without a person."""
    wanted = {
        duty.letter
        for a in applied
        if a.certain and verdicts[a.regime] in ("valid", "open")
        for duty in a.rules.duties
        if duty.event == "report.received" and duty.mandatory and duty.letter in duties.policy().automated_letters
    }
    about = {"report": report.pk, "case": case.pk}
    return [
        Todo("owed_letter", about | {"kind": kind}, key=f"owed:{case.pk}:{report.pk}:{kind}") for kind in sorted(wanted)
    ]


def pass_on(report_id: int, case_id: int, kind: str, *, now: datetime) -> Notice | None:
    """Send the customer what a regime wants passed on, once for each report; the case goes on as it would."""
    report = Report.objects.get(pk=report_id)
    with locked(case_id) as case:
        if case.subject_id is None or Notice.objects.filter(case=case, report=report, kind=kind).exists():
            return None
        answer_by = now + timedelta(hours=duties.policy().answer_hours)
        facts = replace(telling.facts_about(case, report=report), answer_by=answer_by)
        return notify.to_customer(case, kind, facts=facts, now=now, report=report)


def _clocks(
    case: Case,
    applied: Iterable[Applied],
    before: Mapping[tuple[str, str], str],
    after: Mapping[tuple[str, str], str],
    *,
    at: datetime,
    now: datetime,
) -> list[Clock]:
    """The clocks that begin, and those that rested on an event that no verdict raises any more."""
    changed: list[Clock] = []
    for a in applied:
        old = {event for (_, ident), event in before.items() if ident == a.regime and event}
        new = {event for (_, ident), event in after.items() if ident == a.regime and event}
        gone = {c.id for c in a.rules.clocks if c.starts_on in old - new}
        for clock in Clock.objects.filter(case=case, regime=a.regime, state="running", name__in=gone):
            duties.end(clock, "cancelled", now=now)
            changed.append(clock)
        had = set(
            Clock.objects.filter(case=case, regime=a.regime).exclude(state="cancelled").values_list("name", flat=True)
        )
        for event in sorted(new):
            changed += [c for c in duties.start(case, event, at=at, applied=(a,)) if c.name not in had]
    return changed


def ask_missing(report_id: int, case_id: int, *, now: datetime) -> Notice | None:
    """Write to the sender what the notice lacks (17 USC 512(c)(3)(B)(ii)); once for each report."""
    report = Report.objects.select_related("reporter").get(pk=report_id)
    with locked(case_id) as case:
        missing = missing_of(case, report)
        if not missing or case.state == "closed":
            return None
        if Notice.objects.filter(case=case, report=report, kind="missing_elements").exists():
            return None
        facts = replace(telling.facts_about(case, report=report), missing=missing)
        return notify.to_reporter(case, report, "missing_elements", facts=facts, now=now)


@handler("judge")
def run_judge(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Judge the report of the task."""
    for task in tasks:
        judge(task.arguments["report"], task.arguments["case"], now=clock())


@handler("owed_letter")
def run_owed_letter(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Pass the report of the task on."""
    for task in tasks:
        pass_on(task.arguments["report"], task.arguments["case"], task.arguments["kind"], now=clock())


@handler("ask_missing")
def run_ask_missing(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Ask for what the report of the task lacks."""
    for task in tasks:
        ask_missing(task.arguments["report"], task.arguments["case"], now=clock())
