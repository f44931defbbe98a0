"""A statement of reasons that was sent, in the field names of the DSA Transparency Database (`core.tdb`)."""

from __future__ import annotations

from typing import Any

from trustdesk import rules
from trustdesk.core import tdb
from trustdesk.core.said import said
from trustdesk.core.types import Finding
from trustdesk.models import Decision, Measure, Notice, Report
from trustdesk.queries.rulebook import policy_of


def dsa_record(notice: Notice) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The record of a letter of kind `statement_of_reasons`, and what keeps it from being submitted.

    The letter is the customer's; the record says the same of the decision without naming anybody. Raises ValueError for
    another kind of letter.
    """
    decision = notice.decision
    if notice.kind != "statement_of_reasons" or decision is None:
        raise ValueError(f"letter {notice.pk} is no statement of reasons")
    return tdb.record(statement(decision, language=notice.language))


def statement(decision: Decision, *, language: str = "") -> tdb.Statement:
    """What the database wants to know of a decision.

    The content's date is that of the incident if a report gave one, else of the first report: we seldom know when
    something was first put up.
    """
    case, policy = decision.case, policy_of(decision.policy_digest)
    names = [rule.dsa for w in decision.plan if (rule := policy.measure(w["kind"])) is not None and rule.dsa]
    clause = policy.clause(decision.clause)
    title = said(clause.title, language) if clause else ""
    ground = decision.law if decision.ground == "law" else f"{decision.clause} {title}".strip()
    if decision.ground == "law" and not ground:
        book = rules.current().regimes
        ground = "; ".join(book[row["id"]].source for row in case.regimes if row["id"] in book)
    first = Report.objects.filter(joinings__case=case).order_by("received_at").first()
    seen = min(first.incident_at or first.received_at, first.received_at) if first is not None else case.opened_at
    bitten = Measure.objects.filter(decision=decision, applied_at__isnull=False).order_by("applied_at").first()
    since = bitten.applied_at if bitten is not None and bitten.applied_at is not None else decision.made_at
    words = rules.current().taxonomy.category(case.category).maps.get("dsa", ())
    return tdb.Statement(
        puid=f"{case.code}-{decision.pk}",
        decisions=tuple(dict.fromkeys(names)),
        ground=decision.ground,
        ground_text=ground[:500],
        explanation=(said(clause.text, language) if clause and decision.ground == "policy" else decision.reasons)[
            :2000
        ],
        facts=decision.reasons[:5000],
        category=words[0] if words else "OTHER_VIOLATION_TC",
        source=_source(case.form, {row["id"] for row in case.regimes}),
        automated_detection=case.form == "alert",
        automated_decision="fully" if decision.automated else "no",
        content_date=seen.date(),
        application_date=since.date(),
        language=language,
    )


def _source(form: str, regimes: set[str]) -> str:
    """Where it began. Only a notice to a host under DSA Article 16 is called one."""
    if form == "alert":
        return "own"
    return "notice" if "eu-dsa-art16" in regimes and form in ("notice", "dmca", "referral", "unparsed") else "other"
