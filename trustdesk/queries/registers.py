"""Records as they would leave for a public register: built from the case, and stripped of what says who somebody is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from trustdesk import rules
from trustdesk.core.types import Problem, Role
from trustdesk.models import Case, Decision, Indicator, Notice, Party, Report, Submission
from trustdesk.queries import statements
from trustdesk.reading.redaction import redact

#: Free texts of a statement of reasons (Art. 24(5): no personal data may be submitted).
TEXTS = ("decision_facts", "illegal_content_explanation", "incompatible_content_explanation",
         "illegal_content_legal_ground", "incompatible_content_ground", "source_identity")  # fmt: skip
URLS = 200  # addresses of one work; Lumen keeps more, a reader reads fewer


@dataclass(frozen=True, slots=True)
class Record:
    """One record, what was taken out of it (field, kind), and why it cannot leave."""

    key: str
    case_id: int
    decision_id: int | None
    payload: dict[str, Any]
    redacted: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]


def dsa(since: datetime) -> Iterator[Record]:
    """The statements of reasons that were sent since then, as records for the DSA Transparency Database."""
    letters = Notice.objects.filter(
        kind="statement_of_reasons", state="sent", sent_at__gte=since, decision__isnull=False
    )
    seen: set[int] = set()
    for letter in letters.select_related("decision__case__subject").order_by("id").iterator(chunk_size=200):
        decision = letter.decision
        if decision is None or decision.pk in seen:
            continue
        seen.add(decision.pk)
        payload, findings = statements.dsa_record(letter)
        names = _names(decision.case)
        taken: list[tuple[str, str]] = []
        for name in TEXTS:
            if isinstance(text := payload.get(name), str):
                payload[name], kinds = redact(text, names)
                taken += [(name, kind) for kind in kinds]
        left = [f for f in findings if "mail address" not in f.message]  # that is what was taken out
        yield Record(
            key=str(payload["puid"]),
            case_id=decision.case_id,
            decision_id=decision.pk,
            payload=payload,
            redacted=tuple(taken),
            problems=tuple(Problem(f.code, f.message, f.field) for f in left),
        )


def _names(case: Case) -> list[str]:
    """Names of everybody whom the case knows."""
    reports = Report.objects.filter(joinings__case=case)
    people = Party.objects.filter(reports__in=reports) | Party.objects.filter(principal_of__in=reports)
    names = [n for row in people.distinct().values_list("name", "organisation", "email")[:200] for n in row]
    if case.subject is not None:
        names += [case.subject.name, case.subject.email]
    return [name for name in names if name and name.strip().lower() != settings.DESK.name.lower()]


def policy() -> Mapping[str, Any]:
    """The operator's rules for Lumen, from the rulebook. Raises OSError or ValueError where they cannot be read."""
    return tomllib.loads((rules.root() / "registers" / "lumen.toml").read_text("utf-8"))


def lumen(since: datetime) -> Iterator[Record]:
    """Notices about which was decided since then, as records for Lumen. What the rules never let out is not even built."""
    said = policy()
    never = set(said["never_regimes"])
    decisions = Decision.objects.filter(state="final", made_at__gte=since, case__form__in=said["forms"])
    decisions = decisions.filter(case__category__in=set(said["categories"]) - set(said["never_categories"]))
    for decision in decisions.select_related("case__subject").order_by("id").iterator(chunk_size=200):
        case = decision.case
        if never & {row["id"] for row in case.regimes}:
            continue
        report = Report.objects.filter(joinings__case=case).order_by("received_at").first()
        if report is None:
            continue
        payload, taken = _notice(decision, report, said["fields"])
        yield Record(f"{case.code}-{decision.pk}", case.pk, decision.pk, payload, tuple(taken), ())


def _notice(
    decision: Decision, report: Report, fields: Mapping[str, str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    case = decision.case
    names, taken = _names(case), list[tuple[str, str]]()

    def rule(name: str, text: str) -> str:
        """The text as the rule of its field leaves it. A field without a rule never leaves."""
        how = fields.get(name, "drop")
        if not text or how == "keep":
            return text
        if how == "redact":
            clean, kinds = redact(text, names, keep=frozenset({"url"}))
            taken.extend((name, kind) for kind in kinds)
            return clean
        taken.append((name, "dropped"))
        return ""

    rows = Indicator.objects.filter(report=report, kind="url").order_by("position")
    urls = [i.value for i in rows.filter(role=Role.TARGET)[:URLS]]
    originals = [i.value for i in rows.filter(role=Role.REFERENCE)[:URLS]]
    parties = [
        ("recipient", rule("recipient.name", settings.DESK.name), rule("recipient.country", settings.DESK.country))
    ]
    for role, party in (("sender", report.reporter), ("principal", report.principal)):
        if party is None and role == "principal":
            continue
        organisation = rule(f"{role}.organisation", party.organisation if party else "")
        person = rule(f"{role}.person", party.name if party else "")
        parties.append(
            (role, organisation or person or "REDACTED", rule(f"{role}.country", party.country if party else ""))
        )
    work: dict[str, Any] = {"description": rule("works.description", report.title or case.category)}
    if fields.get("works.infringing_urls") == "keep":
        work["infringing_urls_attributes"] = [{"url": url} for url in urls]
    if fields.get("works.copyrighted_urls") == "keep" and originals:
        work["copyrighted_urls_attributes"] = [{"url": url} for url in originals]
    payload = {
        "type": _type(case),
        "title": rule("title", f"{_type(case)} notice to {settings.DESK.name}"),
        "subject": rule("subject", report.title),
        "body": rule("body", decision.reasons),
        "date_received": rule("date_received", report.received_at.date().isoformat()),
        "action_taken": rule("action_taken", "Yes" if decision.plan else "No"),
        "jurisdiction_list": rule("jurisdiction_list", (report.reporter.country if report.reporter else "")),
        "works_attributes": [work],
        "entity_notice_roles_attributes": [
            {
                "name": role,
                "entity_attributes": {"name": name, "kind": "organization"} | ({"country_code": c} if c else {}),
            }
            for role, name, c in parties
            if name
        ],
    }
    return {name: value for name, value in payload.items() if value != ""}, taken


def _type(case: Case) -> str:
    if case.form == "counter_notice":
        return "Counternotice"
    if case.form == "order":
        return "GovernmentRequest"
    return {"copyright": "DMCA", "trademark": "Trademark"}.get(case.category, "Other")


def waiting(exchange: str) -> list[Submission]:
    """Records that wait for a person, oldest first."""
    return list(Submission.objects.filter(exchange=exchange, state="needs_person").order_by("id"))


def tally(exchange: str) -> dict[str, int]:
    """How many records of each state there are."""
    found: dict[str, int] = {}
    for state in Submission.objects.filter(exchange=exchange).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
