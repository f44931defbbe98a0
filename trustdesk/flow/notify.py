"""Notify: acknowledgements, outcomes, statements of reasons, forwards; who must not be told is not told.

A letter is composed and stored in one transaction with its journal entry, and sent by a task. `send` is the one place
where letters leave, and the one place that asks whether a rule forbids it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from trustdesk.core import clocks as engine
from trustdesk.core import deciding, journal, states
from trustdesk.core.types import NEVER_WRITTEN_TO, NOT_REPORTS, SYSTEM, Actor, Role
from trustdesk.flow import duties, letters, links, silence, survey
from trustdesk.flow.elements import missing_of
from trustdesk.flow.letters import LetterFacts, LetterMeasure
from trustdesk.flow.plugins import channel
from trustdesk.flow.record import Todo, locked, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.interfaces.channel import Letter
from trustdesk.models import Appeal, Asset, Case, Clock, Decision, Indicator, Measure, Notice, Report, Subject, Task
from trustdesk.settings.secrets import secret

#: Addresses that only machines read; a letter there comes back or starts a loop.
UNREAD = re.compile(
    r"^(no-?_?reply|do-?not-?reply|donotreply|mailer-daemon|postmaster|bounces?)([+.-].*)?@", re.IGNORECASE
)
#: Never more letters of one kind to one address in an hour: the last fence against a loop of two machines.
PER_HOUR = 500
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
#: So many targets are handed to a letter, which shows the first and counts the rest.
TARGETS = 500


def usable(address: str) -> bool:
    """An address that a person may read and that is not our own."""
    if not address or UNREAD.match(address) or address.lower() == settings.DESK.address.lower():
        return False
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def reporters(case: Case) -> list[Report]:
    """One report for each distinct reporter of the case who can be written to, the earliest."""
    found: dict[str, Report] = {}
    joined = Report.objects.filter(joinings__case=case).exclude(form__in=[*NOT_REPORTS, "reply"])
    joined = joined.exclude(channel__in=NEVER_WRITTEN_TO)
    for report in joined.select_related("reporter").order_by("id")[:1000]:
        if report.reporter is not None and usable(report.reporter.email):
            found.setdefault(report.reporter.email.lower(), report)
    return list(found.values())


def language_for(preferred: str) -> str:
    """The language of a letter: what the recipient reads if we write it, else the desk's first."""
    short = preferred.partition("-")[0].lower()
    return short if short in settings.DESK.languages else settings.DESK.languages[0]


def addressees(case: Case, kinds: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    """(kind, to whom, language) of the letters that a decision would send."""
    result = []
    for kind in kinds:
        if kind in FOR_CUSTOMER:
            if case.subject is not None:
                result.append((kind, case.subject.name, language_for(case.subject.language)))
            continue
        for report in reporters(case):
            party = report.reporter
            assert party is not None
            result.append((kind, party.name or party.email, language_for(party.language)))
    return tuple(result)


FOR_CUSTOMER = frozenset({"statement_of_reasons", "forward", "ask", "restored", "strike_warning"})


def facts_about(
    case: Case, *, report: Report | None = None, decision: Decision | None = None, appeal: Appeal | None = None
) -> LetterFacts:
    """What letters about this case may say, before the recipient is known."""
    desk, policy = settings.DESK, duties.policy()
    on_case = Indicator.objects.filter(case=case, role=Role.TARGET).order_by("report_id", "position")
    if any(silence.hides(case, to, "material") for to in ("customer", "reporter")):
        on_case = on_case.none()  # where such material is does not travel by mail
    values = dict.fromkeys(on_case.values_list("value", flat=True)[:TARGETS])
    foreign = set()
    if case.subject_id is not None:
        foreign = set(on_case.filter(asset__isnull=True).values_list("value", flat=True)[:TARGETS])
    clause = policy.clause(decision.clause) if decision is not None and decision.clause else None
    first = report or case.first_reports.order_by("id").first()
    return LetterFacts(
        provider=desk.name,
        legal_name=desk.legal_name,
        address=desk.address,
        contact=desk.contact,
        case_code=case.code,
        report_code=first.code if first else "",
        received_at=first.received_at if first else case.opened_at,
        category=case.category,
        targets=tuple(v for v in values if v not in foreign),
        not_ours=tuple(v for v in values if v in foreign),
        outcome=decision.outcome if decision else "",
        ground=decision.ground if decision else "",
        law=_law(case, decision),
        clause_id=clause.id if clause else "",
        clause_title=clause.title if clause else "",
        clause_text=clause.text if clause else "",
        reasons=decision.reasons if decision else "",
        automated=decision.automated if decision else False,
        detection_automated=bool(first and first.form == "alert"),
        origin=ORIGINS.get(case.form, "notice"),
        measures=_measures(decision),
        decided_at=(decision.settled_at or decision.made_at) if decision else None,
        appeal_until=decision.appeal_until if decision else None,
        expected_by=_expected_by(case),
        out_of_court=desk.out_of_court,
        where_to_turn=tuple(desk.where_to_turn),
        appeal_received_at=appeal.lodged_at if appeal else None,
        appeal_outcome=appeal.state if appeal and appeal.state != "lodged" else "",
        appeal_reasons=appeal.reasons if appeal else "",
        appeal_decided_at=appeal.resolved_at if appeal else None,
        lifted=_lifted_by(appeal),
        counter_notice_elements=COUNTER_NOTICE if _is_takedown(case, decision) else (),
    )


ORIGINS: dict[str, Literal["notice", "own_initiative", "order"]] = {"order": "order", "alert": "own_initiative"}


def _expected_by(case: Case) -> datetime | None:
    """When we mean to have decided: the nearest running clock that a decision meets."""
    running = Clock.objects.filter(case=case, state="running", due_at__isnull=False).order_by("due_at")
    return next((c.due_at for c in running if engine.meets(c.meets, "decision.made")), None)


def _law(case: Case, decision: Decision | None) -> str:
    """The provision that a decision on the law names, or else the regimes of the case."""
    if decision is None or decision.ground != "law":
        return ""
    return decision.law or "; ".join(a.rules.source for a in duties.applied_to(case) if a.rules.kind == "statute")


def _measures(decision: Decision | None) -> tuple[LetterMeasure, ...]:
    if decision is None or decision.outcome != "measures":
        return ()
    names = dict(Asset.objects.filter(pk__in=[w["asset"] for w in decision.plan]).values_list("pk", "value"))
    return tuple(_measure(w["kind"], w["target"] or names.get(w["asset"], "")) for w in decision.plan)


def _lifted_by(appeal: Appeal | None) -> tuple[LetterMeasure, ...]:
    """The measures that end because the appeal was upheld."""
    if appeal is None or appeal.replacement is None:
        return ()
    again = {deciding.measure_key(w["kind"], str(w["asset"]), w["target"]) for w in appeal.replacement.plan}
    planned = {(w["kind"], w["asset"], w["target"]) for w in appeal.replacement.plan if not w["target"]}
    gone = Measure.objects.filter(decision=appeal.decision).exclude(state="cancelled")
    return tuple(
        _measure(m.kind, m.target)
        for m in gone
        if deciding.measure_key(m.kind, str(m.asset_id), m.target) not in again
        and (m.kind, m.asset_id, "") not in planned
    )


#: What a counter-notice needs (17 USC 512(g)(3)), as the letter explains it.
COUNTER_NOTICE = tuple(
    f"us-dmca-512c.el.cn-{part}" for part in ("signature", "material", "perjury", "identity", "jurisdiction", "service")
)


def _is_takedown(case: Case, decision: Decision | None) -> bool:
    """The customer of a copyright notice may answer with a counter-notice."""
    return decision is not None and any(row["id"] == "us-dmca-512c" for row in case.regimes)


def _measure(kind: str, target: str) -> LetterMeasure:
    rule = duties.policy().measure(kind)
    return LetterMeasure(kind=kind, title=rule.title if rule else kind, target=target)


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
    rule, about_rule = _forbids(case, kind, role, (composed.subject, composed.text))
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


def _forbids(case: Case, kind: str, role: str, texts: Iterable[str]) -> tuple[str, str]:
    """The id of the rule that keeps a letter back, and why in words with until when; ("", "") when it may go."""
    rule = silence.rule(case, to=role, letter=kind) or silence.leak(case, to=role, texts=texts)
    if rule is None:
        return "", ""
    return rule.id, f"{silence.said(rule)}; until: {rule.until}"[:2000]


def release(case_id: int, *, now: datetime) -> int:
    """Send what was withheld and may go now: the silence has ended. Returns how many letters go. Safe to repeat."""
    going = 0
    with locked(case_id) as case:
        for notice in Notice.objects.filter(case=case, state="withheld").order_by("id"):
            if _forbids(case, notice.kind, notice.to_role, (notice.title, notice.text))[0] or not notice.text:
                continue
            states.check("notice", notice.state, "queued")
            notice.state, notice.detail = "queued", ""
            on = duties.meet(case, f"notice.queued:{notice.kind}", now=now)
            case.next_due_at = duties.next_due(case, on)
            body = {
                "notice": notice,
                "kind": notice.kind,
                "to_role": notice.to_role,
                "state": "queued",
                "clocks": duties.described(on),
            }
            todo = Todo("send", {"notice": notice.pk})
            record(case, "notice.queued", body, actor=SYSTEM, now=now, rows=[notice, *on], tasks=[todo])
            going += 1
    return going


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
        link=links.status_url(report.pk),
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
    link = links.customer_url(case.pk, subject.pk)
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
        to_reporter(case, report, "acknowledgement", facts=facts_about(case, report=report), now=now)


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
        facts = replace(facts, measures=(_measure(measure.kind, measure.target),), reasons=reasons)
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


def words_for(texts: dict[str, str], language: str) -> str:
    """The text of the language, else the English one."""
    return texts.get(language, texts["en"])


def about_appeal(appeal_id: int, kind: str, *, now: datetime) -> None:
    """Confirm an appeal (`appeal_received`) or tell its outcome (`appeal_outcome`) to whoever lodged it."""
    appeal = Appeal.objects.select_related("decision").get(pk=appeal_id)
    with locked(appeal.case_id) as case:
        if Notice.objects.filter(appeal=appeal, kind=kind).exists():
            return
        facts = facts_about(case, decision=appeal.decision, appeal=appeal)
        if kind == "appeal_outcome" and settings.DESK.survey:
            facts = replace(facts, survey=survey.link_after_appeal(case.category, appeal.pk))
        if appeal.by.startswith("customer"):
            to_customer(case, kind, facts=facts, now=now, appeal=appeal)
        else:
            report = Report.objects.select_related("reporter").get(pk=int(Actor.parse(appeal.by).id))
            to_reporter(case, report, kind, facts=facts, now=now, appeal=appeal)


def send(notice_id: int, *, clock: Callable[[], datetime]) -> None:
    """Deliver one letter. The same Message-ID on each attempt, so that a second delivery can be seen to be the same."""
    notice = Notice.objects.select_related("case__asset", "case__subject").get(pk=notice_id)
    if notice.state != "queued":
        return
    case, now = notice.case, clock()
    rule, why = _forbids(case, notice.kind, notice.to_role, (notice.title, notice.text))
    if rule:  # what was forbidden since it was written
        _mark(notice, "withheld", why, now=now, rule=rule)
        return
    recent = Notice.objects.filter(to_address=notice.to_address, kind=notice.kind, sent_at__gt=now - timedelta(hours=1))
    if recent.count() >= PER_HOUR:
        raise TryLater(f"more than {PER_HOUR} letters of this kind to one address within an hour", 3600)
    desk = settings.DESK
    headers = [("Auto-Submitted", "auto-generated"), ("X-Trustdesk-Case", case.code)]
    if notice.in_reply_to:
        asked = f"<{notice.in_reply_to.strip('<>')}>"
        headers += [("In-Reply-To", asked), ("References", asked)]
    letter = Letter(
        message_id=notice.message_id,
        sender=f"{desk.name} <{desk.address}>",
        to=notice.to_address,
        subject=notice.title,
        text=notice.text,
        html=notice.html,
        language=notice.language,
        headers=tuple(headers),
        sent_at=now,
    )
    delivery = channel().deliver(letter)
    if delivery.status == "retry":
        raise TryLater(f"{delivery.code} {delivery.detail}")
    _mark(notice, delivery.status, f"{delivery.code} {delivery.detail}".strip(), now=clock())


#: What it means for the clocks that a letter went out.
SENT = {
    "outcome": "decision.communicated",
    "statement_of_reasons": "decision.communicated",
    "counter_notice_copy": "counter_notice.forwarded",
    "strike_warning": "warning.given",
}


def _mark(notice: Notice, state: str, detail: str, *, now: datetime, rule: str = "") -> None:
    with locked(notice.case_id) as case:
        notice = Notice.objects.get(pk=notice.pk)
        if notice.state == state:
            return
        states.check("notice", notice.state, state)
        notice.state, notice.detail = state, detail[:2000].replace("\0", "")
        met: list[Clock] = []
        if state in ("sent", "withheld"):
            met = duties.meet(case, f"notice.{state}:{notice.kind}", now=now)
        if state == "sent":
            notice.sent_at = now
            if notice.kind in SENT:
                met += duties.start(case, SENT[notice.kind], at=now)
        case.next_due_at = duties.next_due(case, met)
        body = {
            "notice": notice,
            "kind": notice.kind,
            "to_role": notice.to_role,
            "state": state,
            "clocks": duties.described(met),
        }
        if rule:
            body["rule"] = rule
        record(case, f"notice.{state}", body, actor=SYSTEM, now=now, rows=[notice, *met])


def bounced(notice_id: int, report_id: int, *, now: datetime) -> None:
    """A letter came back: the case says so, and a person sees it."""
    notice = Notice.objects.get(pk=notice_id)
    with locked(notice.case_id) as case:
        notice = Notice.objects.get(pk=notice_id)
        if notice.state != "sent":
            return
        notice.state = "bounced"
        body = {
            "notice": notice,
            "kind": notice.kind,
            "to_role": notice.to_role,
            "state": "bounced",
            "report": report_id,
        }
        record(case, "notice.bounced", body, actor=SYSTEM, now=now, rows=[notice])


@handler("acknowledge", batch=1)
def run_acknowledge(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Acknowledge the report of the task."""
    for task in tasks:
        acknowledge(task.arguments["report"], now=clock())


@handler("send")
def run_send(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Send the letter of the task."""
    for task in tasks:
        send(task.arguments["notice"], clock=clock)


@handler("release")
def run_release(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Send what the case of the task withheld and may send now."""
    for task in tasks:
        release(task.arguments["case"], now=clock())


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
