"""A statement of reasons in the field names of the DSA Transparency Database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse

from tests.flow.conftest import ANA, REASONS, disable
from trustdesk import rules
from trustdesk.core.types import Category
from trustdesk.flow import decide
from trustdesk.models import Asset, Case, Decision, Notice
from trustdesk.queries import statements

pytestmark = pytest.mark.django_db
#: Categories of the API as of 1 July 2025 that our taxonomy uses.
CATEGORIES = {
    "CYBER_VIOLENCE", "CYBER_VIOLENCE_AGAINST_WOMEN", "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    "ILLEGAL_OR_HARMFUL_SPEECH", "INTELLECTUAL_PROPERTY_INFRINGEMENTS", "OTHER_VIOLATION_TC", "PROTECTION_OF_MINORS",
    "RISK_FOR_PUBLIC_SECURITY", "SCAMS_AND_FRAUD", "UNSAFE_AND_PROHIBITED_PRODUCTS", "VIOLENCE", "CONSUMER_INFORMATION",
    "NOT_SPECIFIED_NOTICE",
}  # fmt: skip


@pytest.fixture
def decision(opened: Case, site: Asset, drain, now: datetime) -> Decision:
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now).decision
    drain()
    assert made is not None
    return made


def test_the_letter_as_a_record(decision: Decision, client, person, now: datetime):
    letter = Notice.objects.get(kind="statement_of_reasons")
    record, findings = statements.dsa_record(letter)
    assert findings == ()
    assert record["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert record["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert record["incompatible_content_ground"] == "2.1 Phishing y credenciales robadas"
    assert record["decision_facts"] == REASONS and record["category"] == "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
    assert record["application_date"] == record["content_date"] == now.date().isoformat()
    assert record["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"  # the host of the test is not in the Union
    assert record["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert (record["content_language"], record["puid"]) == ("ES", f"{decision.case.code}-{decision.pk}")
    assert "orbital" not in str(record).lower() and "csirt" not in str(record).lower()
    client.force_login(person("ana", "investigator"))
    answer = client.get(reverse("staff:letter-dsa", args=[letter.pk]))
    assert answer.json() == {"record": record, "findings": []}
    other = Notice.objects.exclude(kind="statement_of_reasons").first()
    assert other is not None
    assert client.get(reverse("staff:letter-dsa", args=[other.pk])).status_code == 404


def test_a_host_in_the_union_acts_on_a_notice_under_article_16(site: Asset, report, drain, now: datetime):
    with override_settings(DESK=replace(settings.DESK, country="DE")):
        report()
        drain()
        made = decide.decide(Case.objects.get().pk, disable(site), actor=ANA, now=now).decision
        assert made is not None
        assert statements.statement(made).source == "notice"


@pytest.mark.parametrize("category", list(Category))
def test_every_category_has_a_word_of_the_database(decision: Decision, category: str):
    decision.case.category = category
    assert statements.statement(decision).category in CATEGORIES


@pytest.mark.parametrize("policy", sorted(rules.current().policies))
def test_every_measure_of_every_policy_makes_a_record_that_could_be_submitted(decision: Decision, policy: str):
    letter = Notice.objects.select_related("decision__case").get(kind="statement_of_reasons")
    assert letter.decision is not None
    letter.decision.policy_digest = rules.current().policies[policy].digest
    for rule in rules.current().policies[policy].measures:
        letter.decision.plan = [{"kind": rule.kind, "asset": 1, "target": ""}]
        record, findings = statements.dsa_record(letter)
        assert bool(findings) == (not rule.dsa), (rule.kind, findings)  # what restricts nothing is no statement


def test_on_the_law_and_with_a_mail_address_in_the_reasons(decision: Decision):
    letter = Notice.objects.select_related("decision__case").get(kind="statement_of_reasons")
    made = letter.decision
    assert made is not None
    made.ground, made.clause, made.law = "law", "", "Art. 3 Reg. (EU) 2021/784"
    record, findings = statements.dsa_record(letter)
    assert record["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT" and findings == ()
    assert record["illegal_content_legal_ground"] == made.law
    made.reasons = "We wrote to jane@example.com about the page that copies a bank and she agreed."
    _, findings = statements.dsa_record(letter)
    assert {f.field for f in findings} == {"decision_facts", "illegal_content_explanation"}
