"""Statements of reasons in the words of the DSA Transparency Database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from trustdesk.core.tdb import DECISIONS, Statement, record
from trustdesk.rules import Rulebook

GOOD = Statement(
    puid="2026-000007_1",
    decisions=("DECISION_VISIBILITY_CONTENT_DISABLED",),
    ground="policy",
    ground_text="Clause 2.1, phishing",
    explanation="The page copies a bank's sign-in form.",
    facts="A notice named the page; we looked at it and found the form.",
    category="SCAMS_AND_FRAUD",
    source="notice",
    automated_detection=False,
    automated_decision="no",
    content_date=date(2026, 11, 20),
    application_date=date(2026, 11, 21),
)


def test_a_record_has_every_required_field() -> None:
    out, findings = record(GOOD)
    assert findings == ()
    assert out == {
        "puid": "2026-000007_1",
        "decision_facts": GOOD.facts,
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "Clause 2.1, phishing",
        "incompatible_content_explanation": GOOD.explanation,
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "hosted content or service",
        "category": "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        "content_date": "2026-11-20",
        "application_date": "2026-11-21",
        "source_type": "SOURCE_ARTICLE_16",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }


def test_the_law_as_ground_and_an_end() -> None:
    out, findings = record(
        replace(
            GOOD,
            ground="law",
            decisions=("DECISION_ACCOUNT_SUSPENDED",),
            ends_on=date(2026, 12, 1),
            territory=("ES", "DE"),
            language="es",
        )
    )
    assert findings == ()
    assert out["illegal_content_legal_ground"] == GOOD.ground_text and "incompatible_content_ground" not in out
    assert (
        out["decision_account"] == "DECISION_ACCOUNT_SUSPENDED" and out["end_date_account_restriction"] == "2026-12-01"
    )
    assert out["territorial_scope"] == ["DE", "ES"] and out["content_language"] == "ES"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"decisions": ()}, "decision_visibility"),
        ({"decisions": ("DECISION_BANISHED",)}, "decision_visibility"),
        ({"decisions": ("DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED")}, "decision_account"),
        ({"puid": "a b"}, "puid"),
        ({"puid": ""}, "puid"),
        ({"puid": "x" * 501}, "puid"),
        ({"facts": "x" * 5001}, "decision_facts"),
        ({"facts": "  "}, "decision_facts"),
        ({"facts": "Reported by jane@example.com."}, "decision_facts"),
        ({"explanation": "x" * 2001}, "incompatible_content_explanation"),
        ({"ground_text": "x" * 501}, "incompatible_content_ground"),
        ({"ground": "taste"}, "decision_ground"),
        ({"source": "rumour"}, "source_type"),
        ({"automated_decision": "maybe"}, "automated_decision"),
        ({"content_types": ("HOLOGRAM",)}, "content_type"),
        ({"ends_on": date(2026, 11, 1)}, "application_date"),
    ],
)
def test_what_may_not_be_submitted(change: dict[str, object], field: str) -> None:
    _, findings = record(replace(GOOD, **change))
    assert field in {f.field for f in findings}


def test_what_only_looks_like_an_address_passes() -> None:
    assert record(replace(GOOD, facts="The account @example posted at 10:00 @ noon."))[1] == ()


def test_measures_and_categories_have_their_names(book: Rulebook) -> None:
    """Every category, and every measure that restricts something, can be submitted."""
    for info in book.taxonomy.categories:
        assert len(info.maps["dsa"]) == 1
    for policy in book.policies.values():
        for measure in policy.measures:
            assert (measure.dsa in DECISIONS) or measure.kind in ("forward_to_host", "verification_ask"), measure.kind
