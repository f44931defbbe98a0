"""Notify: acknowledgements, outcomes, statements of reasons, forwards; who must not be told is not told.

A letter is composed and stored in one transaction with its journal entry (here), from what `trustdesk.flow.telling` knows of
the case, and sent by a task (`trustdesk.flow.delivery`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from trustdesk.core import clocks as engine
from trustdesk.core import deciding, journal, misuse
from trustdesk.core.types import NEVER_WRITTEN_TO, SYSTEM, Actor
from trustdesk.flow import duties, letters, links, silence, survey, waiting
from trustdesk.flow.elements import missing_of
from trustdesk.flow.letters import LetterFacts
from trustdesk.flow.record import Todo, locked, record
from trustdesk.flow.telling import FOR_CUSTOMER, facts_about, language_for, measure_of, reporters, usable
from trustdesk.flow.work import handler
from trustdesk.models import Appeal, Case, Clock, Decision, Measure, Notice, Report, Subject, Task
from trustdesk.settings.secrets import secret

#: Who can help a reporter whose complaint is not about us, where `desk.toml` says nothing of its own.
WHERE_TO_TURN = {
    "en": (
        "For a website: the company that hosts it. Look the address up at https://lookup.icann.org/ and write to the "
        "abuse contact of its registrar, who can tell you.",
        "For an IP address: the abuse contact that the regional registry names, found at https://search.arin.net/, "
        "https://apps.db.ripe.net/ or https://query.milacnic.lacnic.net/.",
        "If you lost money or somebody is in danger: your police, at once.",
    ),
    "es": (
        "Para un sitio web: la empresa que lo aloja. Busque la dirección en https://lookup.icann.org/ y escriba al "
        "contacto de abuso de su registrador, que podrá decírselo.",
        "Para una dirección IP: el contacto de abuso que indica el registro regional, en https://search.arin.net/, "
        "https://apps.db.ripe.net/ o https://query.milacnic.lacnic.net/.",
        "Si perdió dinero o alguien está en peligro: la policía, de inmediato.",
    ),
}
#: Why access comes back after a counter-notice, to the customer and to the claimant.
PUT_BACK = {
    "en": (
        "You received our notice that access was removed, and sent a counter-notice. The time in which the other side could "
        "show us a court action has passed ({law}), and none was shown. The law gives access back in this case; it does not "
        "say who is right."
    ),
    "es": (
        "Recibió nuestro aviso de que se había retirado el acceso y envió un contraaviso. Ha pasado el plazo en el que la "
        "otra parte podía mostrarnos una acción judicial ({law}) y no mostró ninguna. La ley devuelve el acceso en este caso; "
        "no dice quién tiene razón."
    ),
}
PUT_BACK_CLAIMANT = {
    "en": (
        "Our customer sent an effective counter-notice, of which you had a copy. The time in which a court action could be "
        "shown to us has passed ({law}), and none was. The law gives access back in this case; it does not say who is right."
    ),
    "es": (
        "Nuestro cliente envió un contraaviso eficaz, del que usted recibió copia. Ha pasado el plazo en el que se nos podía "
        "mostrar una acción judicial ({law}) y no se mostró ninguna. La ley devuelve el acceso en este caso; no dice quién "
        "tiene razón."
    ),
}


def words_for(texts: dict[str, str], language: str) -> str:
    """The text of the language, else the English one."""
    return texts.get(language, texts["en"])


def write(
    case: Case,
    kind: str,
    *,
    facts: LetterFacts,
    address: str,
    name: str,
    language: str,
    role: str,
    now: datetime,
    actor: Actor = SYSTEM,
    report: Report | None = None,
    decision: Decision | None = None,
    appeal: Appeal | None = None,
) -> Notice | None:
    """Compose and queue one letter; must run while the case is locked. None if the address is of no use."""
    if not usable(address):
        moot = duties.moot(case, f"notice.sent:{kind}", now=now)
        case.next_due_at = duties.next_due(case, moot)
        nobody = {"kind": kind, "to_role": role, "clocks": duties.described(moot)}
        record(case, "notice.not_possible", nobody, actor=actor, now=now, rows=moot)
        return None
    composed = letters.compose(kind, language, facts)
    tag = hmac.new(
        secret(settings.KEYS_DIR / "links.key").encode(), f"mid {case.pk} {case.seq}".encode(), "sha256"
    ).hexdigest()
    rule, about_rule = silence.forbids(case, kind, role, (composed.subject, composed.text))
    notice = Notice(
        case=case,
        report=report,
        decision=decision,
        appeal=appeal,
        kind=kind,
        to_role=role,
        to_name=name[:200],
        to_address=address,
        language=composed.language,
        title=composed.subject[:300],
        text=composed.text,
        html=composed.html,
        parts=composed.parts,
        message_id=f"<{case.code}.{case.seq + 1}.{tag[:16]}@{settings.DESK.address.rpartition('@')[2]}>".lower(),
        in_reply_to=report.message_id if report is not None and role == "reporter" else "",
        channel=settings.DESK.channel,
        state="withheld" if rule else "queued",
        detail=about_rule,
        created_at=now,
    )
    body = {
        "notice": notice,
        "kind": kind,
        "to_role": role,
        "language": notice.language,
        "state": notice.state,
        "content": hashlib.sha256(journal.canonical([notice.title, notice.text, notice.html]).encode()).hexdigest(),
        "report": report.pk if report else None,
        "decision": decision.pk if decision else None,
        "appeal": appeal.pk if appeal else None,
        "asks": bool(facts.survey),
    }
    changed: list[Clock] = []
    if rule:
        changed = duties.meet(case, f"notice.withheld:{kind}", now=now)
        case.next_due_at = duties.next_due(case, changed)
        body |= {"rule": rule, "clocks": duties.described(changed)}
    tasks = [] if rule else [Todo("send", {"notice": notice})]
    record(case, f"notice.{notice.state}", body, actor=actor, now=now, rows=[notice, *changed], tasks=tasks)
    return notice


def to_reporter(
    case: Case, report: Report, kind: str, *, facts: LetterFacts, now: datetime, **about: object
) -> Notice | None:
    """One letter to the sender of a report, with the private link to its status."""
    party = report.reporter
    if party is None:
        return None
    language = language_for(party.language)
    facts = replace(
        facts,
        where_to_turn=facts.where_to_turn or WHERE_TO_TURN.get(language, WHERE_TO_TURN["en"]),
        recipient="reporter",
        recipient_name=party.name,
        report_code=report.code,
        received_at=report.received_at,
        link=facts.link or links.status_url(report.pk),
    )
    return write(
        case, kind, facts=facts, address=party.email, name=party.name, language=language,
        role="reporter", now=now, report=report, **about,  # type: ignore[arg-type]
    )  # fmt: skip


def to_customer(case: Case, kind: str, *, facts: LetterFacts, now: datetime, **about: object) -> Notice | None:
    """One letter to the customer, with the private link to the case."""
    subject: Subject | None = case.subject
    if subject is None:
        return None
    link = facts.link or links.customer_url(case.pk, subject.pk)
    facts = replace(facts, recipient="customer", recipient_name=subject.name, link=link)
    return write(
        case, kind, facts=facts, address=subject.email, name=subject.name, language=language_for(subject.language),
        role="customer", now=now, **about,  # type: ignore[arg-type]
    )  # fmt: skip


def acknowledge(report_id: int, *, now: datetime) -> None:
    """Tell the reporter that the report is here, without undue delay (DSA Article 16(4))."""
    report = Report.objects.select_related("reporter").get(pk=report_id)
    if report.case_id is None or report.channel in NEVER_WRITTEN_TO:
        return
    with locked(report.case_id) as case:
        if Notice.objects.filter(report=report, kind="acknowledgement").exists():
            return
        facts = facts_about(case, report=report)
        if case.queue == misuse.QUEUE:
            facts = replace(facts, expected_by=None, waits_until=_waits_until(report, now=now))
        to_reporter(case, report, "acknowledgement", facts=facts, now=now)


def _waits_until(report: Report, *, now: datetime) -> datetime | None:
    """Until when what they hand in waits, if the sender was not told so before in the suspension that runs."""
    suspension = waiting.of_report(report, now=now)
    if suspension is None or suspension.began_at is None or report.reporter is None:
        return None
    said = Notice.objects.filter(kind="acknowledgement", to_address__iexact=report.reporter.email)
    if said.filter(created_at__gte=suspension.began_at, parts__has_key="waits").exists():
        return None
    return suspension.until


def about_decision(decision_id: int, *, now: datetime) -> None:
    """The letters that a final decision owes: to the customer, and to everyone who reported."""
    decision = Decision.objects.get(pk=decision_id)
    with locked(decision.case_id) as case:
        decision = Decision.objects.get(pk=decision_id)
        if decision.state not in ("final", "overridden") or Notice.objects.filter(decision=decision).exists():
            return
        reported, kinds = reporters(case), owed(case, decision)
        facts = facts_about(case, decision=decision)
        if "forward" in kinds:
            hours = duties.policy().answer_hours
            facts = replace(facts, answer_by=now + timedelta(hours=hours))
        for kind in kinds:
            if kind in FOR_CUSTOMER:
                to_customer(case, kind, facts=facts, now=now, decision=decision)
            else:
                for report in reported:
                    told = replace(facts, missing=missing_of(case, report)) if kind == "missing_elements" else facts
                    if kind == "outcome" and settings.DESK.survey:
                        told = replace(told, survey=survey.link_for_reporter(case.category, report.pk, decision))
                    to_reporter(case, report, kind, facts=told, now=now, decision=decision)


def owed(case: Case, decision: Decision) -> tuple[str, ...]:
    """The kinds of letters that a decision owes, judged on what is stored: the screen that decided may be long gone."""
    wishes = tuple(deciding.MeasureWish(w["kind"], str(w["asset"]), "", target=w["target"]) for w in decision.plan)
    draft = deciding.Draft(
        decision.outcome, decision.ground, decision.clause, decision.law, decision.reasons, "", wishes
    )
    facts = deciding.CaseFacts(
        category=case.category,
        form=case.form,
        has_subject=case.subject_id is not None,
        has_reporter=bool(reporters(case)),
        orders=duties.confirmed(case),
    )
    found = deciding.assess(duties.policy(), duties.applied_to(case), facts, draft, maker=decision.made_by)
    return (*found.letters, *(letter for letter, _why in found.silenced))  # written all the same, and withheld


def about_lifted(measure_id: int, *, now: datetime) -> None:
    """Tell the customer that a measure is gone."""
    measure = Measure.objects.select_related("decision").get(pk=measure_id)
    with locked(measure.case_id) as case:
        facts = facts_about(case, decision=measure.decision)
        latest = case.decisions.filter(state="final").order_by("-id").first()
        reasons = latest.reasons if latest else facts.reasons
        facts = replace(facts, measures=(measure_of(measure.kind, measure.target),), reasons=reasons)
        by_law = Appeal.objects.filter(decision=measure.decision, state="put_back").first()
        if by_law is not None:
            _about_put_back(case, by_law, facts, now=now)
            return
        to_customer(case, "restored", facts=facts, now=now, decision=latest)


def _about_put_back(case: Case, appeal: Appeal, facts: LetterFacts, *, now: datetime) -> None:
    """A counter-notice gave access back: both sides are told, each in their words and language."""
    windows = Clock.objects.filter(case=case).order_by("-id")
    law = next((c.source for c in windows if engine.meets(c.meets, "measure.lifted")), "")
    language = language_for(case.subject.language if case.subject else "")
    said = replace(facts, reasons=words_for(PUT_BACK, language).format(law=law))
    to_customer(case, "restored", facts=said, now=now, appeal=appeal)
    for report in reporters(case):
        language = language_for(report.reporter.language if report.reporter else "")
        said = replace(facts, reasons=words_for(PUT_BACK_CLAIMANT, language).format(law=law))
        to_reporter(case, report, "restored", facts=said, now=now, appeal=appeal)


def about_appeal(appeal_id: int, kind: str, *, now: datetime) -> None:
    """Confirm an appeal (`appeal_received`) or tell its outcome (`appeal_outcome`) to whoever lodged it."""
    appeal = Appeal.objects.select_related("decision").get(pk=appeal_id)
    with locked(appeal.case_id) as case:
        if Notice.objects.filter(appeal=appeal, kind=kind).exists():
            return
        facts = facts_about(case, decision=appeal.decision, appeal=appeal)
        if kind == "appeal_received" and case.queue == misuse.QUEUE:
            waits = waiting.of_complaint(Actor.parse(appeal.by), now=now)
            facts = replace(facts, expected_by=None, waits_until=waits.until if waits is not None else None)
        if kind == "appeal_outcome" and settings.DESK.survey:
            facts = replace(facts, survey=survey.link_after_appeal(case.category, appeal.pk))
        if appeal.by.startswith("customer"):
            to_customer(case, kind, facts=facts, now=now, appeal=appeal)
        else:
            report = Report.objects.select_related("reporter").get(pk=int(Actor.parse(appeal.by).id))
            to_reporter(case, report, kind, facts=facts, now=now, appeal=appeal)


@handler("acknowledge", batch=1)
def run_acknowledge(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Acknowledge the report of the task."""
    for task in tasks:
        acknowledge(task.arguments["report"], now=clock())


@handler("restored")
def run_restored(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Tell the customer that the measure of the task is gone."""
    for task in tasks:
        about_lifted(task.arguments["measure"], now=clock())


@handler("appeal_letter")
def run_appeal_letter(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Write the letter about an appeal."""
    for task in tasks:
        about_appeal(task.arguments["appeal"], task.arguments["kind"], now=clock())
