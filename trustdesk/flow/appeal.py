"""Appeal: the customer (or the reporter) answers, or asks to look again; another person than the decider does.

An upheld appeal is a new decision that overrides the old one. The old one stays in the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from trustdesk import evidence
from trustdesk.core import misuse, states
from trustdesk.core.types import NOT_REPORTS, SYSTEM, Actor, Channel, Finding, Form, Refused
from trustdesk.flow import decide, delivery, duties, parse, putback, triage, waiting, withdraw
from trustdesk.flow.record import Todo, locked, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.models import Appeal, Case, Clock, Decision, Evidence, Joining, Notice, Party, Report, Task
from trustdesk.reading import dmca
from trustdesk.reading.identity import identity

LIMIT = 20_000
APPEALS_EACH = 2


def may_appeal(decision: Decision, by: Actor, *, now: datetime) -> tuple[Finding, ...]:
    """What stands in the way of an appeal by this party; empty when it may be lodged."""
    if decision.state not in ("final",):
        return (Finding("appeal.not_final", "This decision has been replaced or is not final yet.", "decision"),)
    until = decision.appeal_until or duties.appeal_until(decision.made_at)
    if now > until:
        return (Finding("appeal.late", f"The time to appeal ended on {until:%Y-%m-%d}.", "decision"),)
    earlier = Appeal.objects.filter(case_id=decision.case_id, by=str(by))
    if earlier.filter(state="lodged").exists():
        return (Finding("appeal.open", "Your appeal is with us already; you will hear from us.", "decision"),)
    if earlier.filter(decision=decision).exists():
        return (Finding("appeal.again", "This decision was looked at again already.", "decision"),)
    if earlier.count() >= APPEALS_EACH:
        return (Finding("appeal.often", "This case was looked at again as often as we do.", "decision"),)
    return ()


def lodge(
    decision_id: int,
    *,
    kind: str,
    text: str,
    by: Actor,
    actor: Actor,
    now: datetime,
    language: str = "",
    elements: Mapping[str, bool] | None = None,
    received_at: datetime | None = None,
) -> Appeal:
    """Lodge an appeal against a decision. The words are kept first. Raises Refused.

    A counter-notice is judged by the regimes of the case: by `elements` as a reader found them, else by its words, and
    has its effect from `received_at` on.
    """
    text = text.replace("\0", "").strip()
    if len(text) < 10:
        raise Refused(Finding("appeal.no_reason", "Say in a sentence or two why the decision is wrong.", "text"))
    if len(text) > LIMIT:
        raise Refused(Finding("appeal.too_long", f"Please keep it under {LIMIT} characters.", "text"))
    # With its circumstances: the same words may come again after these have been erased.
    raw = f"Decision: {decision_id}\nFrom: {by}\nDate: {now.isoformat()}\n\n{text}".encode()
    digest = evidence.put(raw)
    decision = Decision.objects.get(pk=decision_id)
    with locked(decision.case_id) as case:
        decision = Decision.objects.select_for_update().get(pk=decision_id)
        findings = may_appeal(decision, by, now=now)
        if findings:
            raise Refused(*findings)
        kept = _kept(digest, raw, now=now)
        appeal = Appeal(
            case=case,
            decision=decision,
            kind=kind,
            by=str(by),
            text=text,
            evidence=kept,
            language=language[:12],
            lodged_at=now,
        )
        queue = _queue(case, kind, by, now=now)
        if case.state == "closed":
            states.check("case", case.state, "open")
            case.state, case.closed_at = "open", None
        clocks = duties.start(case, "appeal.lodged", at=now)
        case.next_due_at = duties.next_due(case, clocks)
        case.unread += 1
        triage.reprioritise(case, now=now)
        body = {
            "appeal": appeal,
            "decision": decision,
            "kind": kind,
            "by": by.kind,
            "evidence": digest,
            "state": "lodged",
            "case_state": case.state,
            "unread": case.unread,
            "clocks": duties.described(clocks),
            **queue,
        }
        tasks = [Todo("appeal_letter", {"appeal": appeal, "kind": "appeal_received"})]
        record(case, "appeal.lodged", body, actor=actor, now=now, rows=[kept, appeal, *clocks], tasks=tasks)
        if kind == "counter_notice":
            shown = dict(elements) if elements else {e.id: e.present for e in dmca.counter_elements(text)}
            putback.judge(case, appeal, shown, at=received_at or now, actor=SYSTEM, now=now)
    return appeal


def _queue(case: Case, kind: str, by: Actor, *, now: datetime) -> dict[str, str]:
    """A complaint of somebody who is suspended waits, if it is all that there is to do on the case; a counter-notice never
    does. Anything else takes the case out of waiting. What the entry says of the queue."""
    suspension = waiting.of_complaint(by, now=now) if kind == "appeal" and case.state == "closed" else None
    if suspension is not None and waiting.waits(suspension, category=case.category, form=Form.NOTICE):
        case.queue = misuse.QUEUE
    elif case.queue == misuse.QUEUE:
        waiting.put_back(case, now=now)
    else:
        return {}
    return {"queue": case.queue}


def lodge_report(case_id: int, report_id: int, *, actor: Actor, now: datetime) -> Appeal:
    """Lodge a report of the case as the customer's counter-notice, on a person's word: by mail it may answer no letter of
    ours, or nobody recognised it. It has its effect from when it was received. Raises Refused."""
    report = Report.objects.filter(pk=report_id, joinings__case_id=case_id).first()
    if report is None or report.form in NOT_REPORTS:
        raise Refused(Finding("counter_notice.report", "That message is not of this case.", "report"))
    case = Case.objects.get(pk=case_id)
    decision = Decision.objects.filter(case=case, state="final", outcome="measures").order_by("-id").first()
    if decision is None or case.subject_id is None:
        text = "There is no decision for measures that a counter-notice could answer."
        raise Refused(Finding("counter_notice.nothing", text, "case"))
    if report.received_at <= decision.made_at:
        text = "It came before the decision, so it cannot answer it."
        raise Refused(Finding("counter_notice.early", text, "report"))
    return lodge(
        decision.pk,
        kind="counter_notice",
        text=parse.parse(report).text[:LIMIT],
        by=Actor("customer", str(case.subject_id)),
        actor=actor,
        now=now,
        language=report.language,
        elements=report.elements if report.form == Form.COUNTER_NOTICE else None,
        received_at=report.received_at,
    )


def _kept(digest: str, raw: bytes, *, now: datetime) -> Evidence:
    found = Evidence.objects.filter(pk=digest).first()
    return found or Evidence(digest=digest, size=len(raw), media_type="text/plain; charset=utf-8", stored_at=now)


def resolve(
    appeal_id: int, *, outcome: str, reasons: str, actor: Actor, now: datetime, replacement: decide.Choice | None = None
) -> Appeal:
    """Decide an appeal: `upheld` or `partly_upheld` with the decision that replaces the old one, or `dismissed`.

    The person who made or confirmed the decision cannot judge the appeal against it. Raises Refused.
    """
    appeal = Appeal.objects.select_related("decision").get(pk=appeal_id)
    findings = _may_resolve(appeal, outcome, reasons, actor, replacement)
    if findings:
        raise Refused(*findings)
    made: Decision | None = None
    with locked(appeal.case_id) as case:
        appeal = Appeal.objects.select_for_update(of=("self",)).select_related("decision").get(pk=appeal_id)
        if appeal.state != "lodged":
            raise Refused(Finding("appeal.resolved", "This appeal was resolved already.", "appeal"))
        if replacement is not None and outcome != "dismissed":
            preview = decide.decide(
                case.pk, replacement, actor=actor, now=now, overrides=appeal.decision, appeal=appeal
            )
            made = preview.decision
            case.refresh_from_db()
        states.check("appeal", appeal.state, outcome)
        appeal.state, appeal.resolved_by, appeal.resolved_at = outcome, str(actor), now
        appeal.reasons, appeal.replacement = reasons.replace("\0", ""), made
        deeds = ("appeal.resolved", f"appeal.resolved:{outcome}")
        closed = outcome == "dismissed" and case.state == "open"
        met = (duties.close if closed else duties.meet)(case, *deeds, now=now)
        if closed:
            case.state, case.closed_at = "closed", now
        case.next_due_at = duties.next_due(case, met)
        body = {
            "appeal": appeal,
            "decision": appeal.decision_id,
            "state": outcome,
            "replacement": made.pk if made else None,
            "case_state": case.state,
            "closed": closed,
            "clocks": duties.described(met),
        }
        tasks = [Todo("appeal_letter", {"appeal": appeal, "kind": "appeal_outcome"})]
        record(case, "appeal.resolved", body, actor=actor, now=now, rows=[appeal, *met], tasks=tasks)
    return appeal


def _may_resolve(
    appeal: Appeal, outcome: str, reasons: str, actor: Actor, replacement: decide.Choice | None
) -> tuple[Finding, ...]:
    findings = []
    if str(actor) in (appeal.decision.made_by, appeal.decision.settled_by):
        text = "You made or confirmed this decision; somebody else has to look at the appeal."
        findings.append(Finding("appeal.same_person", text, "appeal"))
    if outcome == "dismissed" and putback.effective(appeal):
        text = "This counter-notice is effective: correct its elements or record a court action; it is not dismissed."
        findings.append(Finding("appeal.effective", text, "outcome"))
    if outcome not in ("upheld", "partly_upheld", "dismissed"):
        findings.append(Finding("appeal.outcome", "Choose: upheld, partly upheld or dismissed.", "outcome"))
    if len(" ".join(reasons.split())) < duties.policy().min_reasons:
        least = duties.policy().min_reasons
        findings.append(
            Finding("appeal.reasons_short", f"Give reasons of at least {least} characters; they are sent.", "reasons")
        )
    if outcome in ("upheld", "partly_upheld") and replacement is None:
        findings.append(
            Finding(
                "appeal.no_replacement", "An upheld appeal needs the decision that replaces the old one.", "outcome"
            )
        )
    return tuple(findings)


def answer(case_id: int, *, text: str, by: Actor, actor: Actor, now: datetime, language: str = "") -> Report:
    """The customer answers on their page: kept as evidence and as a report of form `reply`. Raises Refused."""
    text = text.replace("\0", "").strip()
    if not text or len(text) > LIMIT:
        raise Refused(Finding("answer.length", f"Write between 1 and {LIMIT} characters.", "text"))
    raw = f"Case: {case_id}\nFrom: {by}\nDate: {now.isoformat()}\n\n{text}".encode()
    digest = evidence.put(raw)
    with locked(case_id) as case:
        party = Party(kind="customer", name=case.subject.name if case.subject else "", language=language[:12])
        kept = _kept(digest, raw, now=now)
        report = Report(
            evidence=kept, identity=identity(raw), channel=Channel.PORTAL, received_at=now, state="joined", form=Form.REPLY,
            category=case.category, language=language[:12], title="", reader="portal", reporter=party, case=case,
        )  # fmt: skip
        case.report_count += 1
        case.last_report_at = now
        case.unread += 1
        body = {
            "report": report,
            "evidence": digest,
            "channel": report.channel,
            "form": report.form,
            "category": report.category,
            "received_at": now,
            "unread": case.unread,
        }
        met = _answered(case, now=now)
        body |= {"case_state": case.state, "clocks": duties.described(met)}
        rows = [kept, party, Joining(report=report, case=case, at=now), report, *met]
        record(case, "report.received", body, actor=actor, now=now, rows=rows)
    return report


def _answered(case: Case, *, now: datetime) -> list[Clock]:
    """What an answer does to a case that waited for it; the clocks that it meets."""
    if case.state == "waiting":
        states.check("case", case.state, "open")
        case.state = "open"
    met = duties.meet(case, "answer.received", now=now)
    case.next_due_at = duties.next_due(case, met)
    triage.reprioritise(case, now=now)
    return met


def take_reply(report_id: int, notice_id: int, *, now: datetime) -> None:
    """A message that answers one of our letters: an answer, a counter-notice, or the letter coming back."""
    report = Report.objects.select_related("reporter").get(pk=report_id)
    notice = Notice.objects.select_related("case", "decision").get(pk=notice_id)
    if report.form == Form.BOUNCE:
        delivery.bounced(notice_id, report_id, now=now)
        return
    if report.form in ("auto_reply", "ticket_ack", "newsletter", "delivery_test"):
        return
    if report.form == Form.COUNTER_NOTICE and notice.to_role == "customer" and notice.decision is not None:
        by = Actor("customer", str(notice.case.subject_id or ""))
        if not may_appeal(notice.decision, by, now=now):
            text = parse.parse(report).text[:LIMIT]
            lodge(
                notice.decision.pk,
                kind="counter_notice",
                text=text,
                by=by,
                actor=SYSTEM,
                now=now,
                language=report.language,
                elements=report.elements,
                received_at=report.received_at,
            )
            return
    with locked(notice.case_id) as case:
        met = _answered(case, now=now)
        body = {
            "report": report.pk,
            "notice": notice.pk,
            "by": notice.to_role,
            "case_state": case.state,
            "clocks": duties.described(met),
        }
        record(case, "answer.received", body, actor=SYSTEM, now=now, rows=met)


def take_counter(report_id: int, case_id: int, *, now: datetime) -> Appeal | None:
    """A counter-notice by mail that answers no letter of ours, lodged against the decision that its customer has to bear.

    Only if the address in From is the customer's and proven: the law gives access back for it. Else a person reads it.
    Raises TryLater while it is still being checked who sent it. Safe to repeat.
    """
    if withdraw.being_checked(report_id):
        raise TryLater("who sent the counter-notice is still being checked", pause=10)
    report = Report.objects.select_related("reporter").get(pk=report_id)
    case = Case.objects.select_related("subject").get(pk=case_id)
    decision = Decision.objects.filter(case=case, state="final", outcome="measures").order_by("-id").first()
    if case.subject is None or decision is None or report.reporter is None or not withdraw.proven(report):
        return None
    by = Actor("customer", str(case.subject_id))
    if report.reporter.email.lower() != case.subject.email.lower() or may_appeal(decision, by, now=now):
        return None
    return lodge(
        decision.pk,
        kind="counter_notice",
        text=parse.parse(report).text[:LIMIT],
        by=by,
        actor=SYSTEM,
        now=now,
        language=report.language,
        elements=report.elements,
        received_at=report.received_at,
    )


@handler("counter")
def run_counter(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Lodge the counter-notice of the task, if it is the customer's."""
    for task in tasks:
        take_counter(task.arguments["report"], task.arguments["case"], now=clock())


@handler("answered")
def run_answered(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """See to a message that answers one of our letters."""
    for task in tasks:
        take_reply(task.arguments["report"], task.arguments["notice"], now=clock())
