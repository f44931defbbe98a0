"""Misuse: a person warns who sends plainly unfounded reports or complaints, and may suspend the handling of them for a time.

DSA Article 23(2) to (4). Whether it may be ordered is `core.misuse`; whom it counts against is `trustdesk.standing`; what waits
meanwhile is `flow.waiting`. Ordered by a person, confirmed by a second one where the policy asks, told to who it binds with the
reasons and a private link to object; it ends by itself, and earlier where a person sees reason to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trustdesk import standing
from trustdesk.core import misuse as rule_of
from trustdesk.core import states
from trustdesk.core.types import SYSTEM, Actor, Finding, Refused
from trustdesk.flow import duties, links, notify, telling, waiting
from trustdesk.flow.letters import LetterFacts
from trustdesk.flow.record import Todo, locked, record
from trustdesk.flow.work import handler
from trustdesk.models import Case, Notice, Report, Suspension, Task

LIMIT = 20_000
#: So many due ones are seen to in one call.
BATCH = 500
STEP = {
    "en": "we handle your reports and complaints after those of others for a time; we go on reading every one",
    "es": "durante un tiempo atendemos sus reportes y reclamaciones después de los demás; seguimos leyendo cada uno",
}


def warn(case_id: int, report_id: int, *, actor: Actor, now: datetime) -> Notice | None:
    """Warn somebody whose reports were plainly unfounded, on a person's word alone.

    Raises Refused for a report that is not of the case, and while nothing of theirs was decided to be unfounded. A warning
    about reports that are not verified to be theirs is a word to the address, and no ground for anything later.
    """
    with locked(case_id) as case:
        report = _report(case, report_id)
        assert report.reporter is not None
        identity, verified = standing.identity_of(report)
        known = standing.known_of(identity, verified=verified) if verified else None
        count = len(known.sender.unfounded) if known else standing.reputation_of(report.reporter.email).unfounded
        if count == 0:
            raise Refused(Finding("strike.nothing", "Nothing of theirs was found to be unfounded so far.", "report"))
        facts = _warning(telling.facts_about(case, report=report), count, report.reporter.language)
        return notify.to_reporter(case, report, "misuse_warning", facts=facts, now=now, actor=actor)


def warn_sender(case_id: int, email: str, *, actor: Actor, now: datetime) -> Notice | None:
    """`warn` for the newest report of the case that came from an address. Raises Refused."""
    mine = Report.objects.filter(joinings__case_id=case_id, reporter__email__iexact=email).order_by("-id")
    number = mine.values_list("pk", flat=True).first() if email else None
    return warn(case_id, number or 0, actor=actor, now=now)


def warn_customer(case_id: int, *, actor: Actor, now: datetime) -> Notice | None:
    """Warn the customer of a case whose complaints were plainly unfounded. Raises Refused."""
    with locked(case_id) as case:
        if case.subject is None:
            raise Refused(Finding("misuse.nobody", "No customer of ours is on this case.", "case"))
        known = standing.known_of(f"customer:{case.subject.pk}", verified=True)
        if not known.sender.unfounded:
            raise Refused(Finding("strike.nothing", "Nothing of theirs was found to be unfounded so far.", "case"))
        facts = _warning(telling.facts_about(case), len(known.sender.unfounded), case.subject.language)
        return notify.to_customer(case, "misuse_warning", facts=facts, now=now, actor=actor)


def _warning(facts: LetterFacts, count: int, language: str) -> LetterFacts:
    step = STEP.get(telling.language_for(language), STEP["en"])
    return replace(facts, strikes=count, strike_limit=duties.policy().misuse.limit, consequence=step)


def _report(case: Case, report_id: int) -> Report:
    report = Report.objects.select_related("reporter").filter(pk=report_id, joinings__case=case).first()
    if report is None or report.reporter is None:
        raise Refused(Finding("strike.report", "That report is not of this case.", "report"))
    return report


def suspend(case_id: int, report_id: int | None, wish: rule_of.Wish, *, actor: Actor, now: datetime) -> Suspension:
    """Suspend the sender of a report of the case, or with `report_id` None its customer as one who complains.

    Raises Refused with every finding. Where the policy wants a second person it is held until one confirms it.
    """
    policy = duties.policy()
    with locked(case_id) as case:
        report = _report(case, report_id) if report_id is not None else None
        if report is not None:
            identity, verified = standing.identity_of(report)
        else:
            identity, verified = (f"customer:{case.subject_id}", True) if case.subject_id else ("", False)
        known = standing.known_of(identity, verified=verified)
        least = policy.min_reasons
        findings = rule_of.may_suspend(policy.misuse, known.sender, wish, now=now, min_reasons=least)
        if len(wish.reasons) > LIMIT or any(len(text) > LIMIT for text in wish.weighed.values()):
            text = f"Reasons and what was weighed end at {LIMIT} characters each."
            findings = (*findings, Finding("misuse.too_long", text, "reasons"))
        if findings:
            raise Refused(*findings)
        complains = report is None or not any(ref.startswith("case:") for ref in wish.grounds)
        held = policy.misuse.second_person
        row = Suspension(
            case=case,
            report=report,
            subject=case.subject if report is None else None,
            who="complainant" if complains else "reporter",
            identity=identity,
            grounds=list(dict.fromkeys(wish.grounds)),
            warning=known.warning,
            weighed={n: _plain(wish.weighed[n]) for n in rule_of.TITLES if wish.weighed.get(n, "").strip()},
            reasons=_plain(wish.reasons),
            days=wish.days,
            policy=f"{policy.id}@{policy.version}",
            policy_digest=policy.digest,
            state="held" if held else "running",
            made_by=str(actor),
            made_at=now,
        )
        duties.remember(case, now=now)
        if held:
            _write(row, case, "suspension.held", actor=actor, now=now)
        else:
            _begin(row, case, "suspension.ordered", actor=actor, now=now)
    return row


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()


def _write(row: Suspension, case: Case, kind: str, *, actor: Actor, now: datetime, **more: object) -> None:
    body: dict[str, object] = {"suspension": row, "state": row.state, "who": row.who, "until": row.until, **more}
    if kind in ("suspension.held", "suspension.ordered"):
        body |= {"days": row.days, "grounds": row.grounds, "warning": row.warning_id, "policy": row.policy}
        body |= {"policy_digest": row.policy_digest}
    tasks = []
    if row.state in ("ended", "lifted"):
        tasks.append(Todo("resume", {"suspension": row.pk}, key=f"resume:{row.pk}"))
    record(case, kind, body, actor=actor, now=now, rows=[row], tasks=tasks)


def _begin(row: Suspension, case: Case, kind: str, *, actor: Actor, now: datetime) -> None:
    row.state, row.began_at, row.until = "running", now, now + timedelta(days=row.days)
    _write(row, case, kind, actor=actor, now=now)
    facts = replace(
        _facts(row, case),
        strikes=len(row.grounds),
        warned_at=row.warning.sent_at,
        waits_from=row.began_at,
        reasons=row.reasons,
        weighed=tuple((name, row.weighed[name]) for name in rule_of.TITLES if name in row.weighed),
        appeal_until=contest_until(row),
    )
    _tell(row, case, "suspension", facts, actor=actor, now=now)


def _facts(row: Suspension, case: Case) -> LetterFacts:
    facts = telling.facts_about(case, report=row.report)
    return replace(facts, waits_until=row.until, link=links.suspension_url(row.pk), targets=())


def _tell(row: Suspension, case: Case, kind: str, facts: LetterFacts, *, actor: Actor, now: datetime) -> None:
    if row.report is not None:
        notify.to_reporter(case, row.report, kind, facts=facts, now=now, actor=actor)
    else:
        notify.to_customer(case, kind, facts=facts, now=now, actor=actor)


def _load(number: int) -> Suspension:
    return Suspension.objects.select_related("warning", "report__reporter", "subject").get(pk=number)


def approve(number: int, *, actor: Actor, now: datetime) -> Suspension:
    """A second person confirms; it begins now. What it rests on is looked at again: a finding may have fallen since, or be
    looked at again itself. Raises Refused."""
    with locked(_load(number).case_id) as case:
        row = _load(number)
        states.check("suspension", row.state, "running")
        policy, known = duties.policy(), standing.known_of(row.identity, verified=True)
        wish = rule_of.Wish(tuple(row.grounds), row.days, row.weighed, row.reasons)
        sender, least = replace(known.sender, live=""), policy.min_reasons
        findings = rule_of.may_settle(row.made_by, str(actor))
        findings += rule_of.may_suspend(policy.misuse, sender, wish, now=now, min_reasons=least)
        if findings:
            raise Refused(*findings)
        row.settled_by, row.settled_at = str(actor), now
        _begin(row, case, "suspension.approved", actor=actor, now=now)
    return row


def reject(number: int, *, why: str, actor: Actor, now: datetime) -> Suspension:
    """A second person sends it back with a reason (or who ordered it takes it back); nothing begins. Raises Refused."""
    why = _reason(why)
    with locked(_load(number).case_id) as case:
        row = _load(number)
        states.check("suspension", row.state, "rejected")
        row.state, row.settled_by, row.settled_at, row.settled_why = "rejected", str(actor), now, why
        _write(row, case, "suspension.rejected", actor=actor, now=now)
    return row


def lift(number: int, *, why: str, actor: Actor, now: datetime) -> Suspension:
    """End a suspension before its time, with a reason that its addressee is told. Raises Refused."""
    why = _reason(why)
    with locked(_load(number).case_id) as case:
        row = _load(number)
        states.check("suspension", row.state, "lifted")
        row.state, row.ended_at, row.ended_by, row.ended_why = "lifted", now, str(actor), why
        _write(row, case, "suspension.lifted", actor=actor, now=now)
        facts = replace(_facts(row, case), appeal_outcome="lifted", appeal_reasons=why)
        _tell(row, case, "suspension_answer", facts, actor=actor, now=now)
    return row


def _reason(text: str) -> str:
    text = _plain(text)
    least = duties.policy().min_reasons
    if not least <= len(" ".join(text.split())) <= LIMIT:
        raise Refused(Finding("misuse.reasons_short", f"Give reasons of at least {least} characters.", "why"))
    return text


def end_due(now: datetime) -> int:
    """End what has had its time. Returns how many. One indexed query when none is due; any number may ask at once."""
    ended = 0
    while True:
        due = Suspension.objects.filter(state="running", until__lte=now).order_by("until")
        numbers = list(due.values_list("pk", flat=True)[:BATCH])
        for number in numbers:
            with locked(_load(number).case_id) as case:
                row = _load(number)
                if row.state != "running":
                    continue
                row.state, row.ended_at, row.ended_by = "ended", now, str(SYSTEM)
                _write(row, case, "suspension.ended", actor=SYSTEM, now=now)
                ended += 1
        if len(numbers) < BATCH:
            return ended


def contest_until(row: Suspension) -> datetime:
    """Until when its addressee may object: as long as against a decision (DSA Article 20(1))."""
    return duties.appeal_until(row.began_at or row.made_at)


def may_contest(row: Suspension, *, now: datetime) -> tuple[Finding, ...]:
    """What stands in the way of an objection; empty when it may be made."""
    if row.began_at is None or row.state not in ("running", "ended"):
        return (Finding("misuse.over", "This suspension does not stand (any more).", "text"),)
    if row.contest_state:
        return (Finding("misuse.contested", "We have your objection already.", "text"),)
    if now > contest_until(row):
        return (Finding("appeal.late", f"The time to object ended on {contest_until(row):%Y-%m-%d}.", "text"),)
    return ()


def contest(number: int, *, text: str, now: datetime) -> Suspension:
    """Whom it binds objects, behind their private link. Raises Refused."""
    text = _plain(text)
    if not 10 <= len(text) <= LIMIT:
        raise Refused(Finding("appeal.no_reason", "Say in a sentence or two why it is wrong.", "text"))
    with locked(_load(number).case_id) as case:
        row = _load(number)
        findings = may_contest(row, now=now)
        if findings:
            raise Refused(*findings)
        row.contest, row.contest_state, row.contested_at = text, "lodged", now
        by = Actor("reporter", str(row.report_id)) if row.report_id else Actor("customer", str(row.subject_id))
        _write(row, case, "suspension.contested", actor=by, now=now)
    return row


def answer(number: int, *, upheld: bool, reasons: str, actor: Actor, now: datetime) -> Suspension:
    """Somebody who had no part in the suspension decides the objection; an upheld one ends it. Raises Refused."""
    reasons = _reason(reasons)
    with locked(_load(number).case_id) as case:
        row = _load(number)
        if row.contest_state != "lodged":
            raise Refused(Finding("misuse.answered", "There is no objection that waits for an answer.", "number"))
        if str(actor) in (row.made_by, row.settled_by):
            raise Refused(Finding("misuse.same_person", "You had a part in it; somebody else has to look.", "actor"))
        row.contest_state = "upheld" if upheld else "dismissed"
        row.answer, row.answered_by, row.answered_at = reasons, str(actor), now
        if upheld and row.state == "running":
            row.state, row.ended_at, row.ended_by = "lifted", now, str(actor)
        _write(row, case, "suspension.answered", actor=actor, now=now, contest_state=row.contest_state)
        facts = replace(_facts(row, case), appeal_outcome=row.contest_state, appeal_reasons=reasons)
        if row.state != "running":
            facts = replace(facts, waits_until=None)
        _tell(row, case, "suspension_answer", facts, actor=actor, now=now)
    return row


@handler("resume")
def run_resume(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Put back what waited for the suspension of the task."""
    for task in tasks:
        waits = standing.waiting(_load(task.arguments["suspension"]).identity)
        for number in waits.order_by("id").values_list("pk", flat=True):
            waiting.resume(number, actor=SYSTEM, now=clock())
