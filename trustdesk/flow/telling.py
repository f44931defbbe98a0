"""What a letter may say about a case, and who could be told: read from the stored case, before the recipient is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from trustdesk.core import clocks as engine
from trustdesk.core import deciding
from trustdesk.core.types import NEVER_WRITTEN_TO, NOT_REPORTS, Role
from trustdesk.flow import duties, silence
from trustdesk.flow.letters import LetterFacts, LetterMeasure
from trustdesk.models import Appeal, Asset, Case, Clock, Decision, Indicator, Measure, Report

#: Addresses that only machines read; a letter there comes back or starts a loop.
UNREAD = re.compile(
    r"^(no-?_?reply|do-?not-?reply|donotreply|mailer-daemon|postmaster|bounces?)([+.-].*)?@", re.IGNORECASE
)
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
    under = duties.policy_of(decision.policy_digest) if decision is not None else policy
    clause = under.clause(decision.clause) if decision is not None and decision.clause else None
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
    return tuple(measure_of(w["kind"], w["target"] or names.get(w["asset"], "")) for w in decision.plan)


def _lifted_by(appeal: Appeal | None) -> tuple[LetterMeasure, ...]:
    """The measures that end because the appeal was upheld."""
    if appeal is None or appeal.replacement is None:
        return ()
    again = {deciding.measure_key(w["kind"], str(w["asset"]), w["target"]) for w in appeal.replacement.plan}
    planned = {(w["kind"], w["asset"], w["target"]) for w in appeal.replacement.plan if not w["target"]}
    gone = Measure.objects.filter(decision=appeal.decision).exclude(state="cancelled")
    return tuple(
        measure_of(m.kind, m.target)
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


def measure_of(kind: str, target: str) -> LetterMeasure:
    """A measure as letters name it."""
    rule = duties.policy().measure(kind)
    return LetterMeasure(kind=kind, title=rule.title if rule else kind, target=target)
