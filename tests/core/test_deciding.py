"""Which decisions are allowed, which wait for a second person, and which letters they owe."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from trustdesk.core import deciding
from trustdesk.core.deciding import CaseFacts, Draft, assess, forbidden, may_approve
from trustdesk.core.policies import Policy
from trustdesk.core.regimes import Applied, Facts, SilenceRule, again, applicable
from trustdesk.core.types import Finding
from trustdesk.rules import Rulebook

REASONS = "The page at the address copies a bank's sign-in form and collects credentials."
CASE = CaseFacts(category="phishing", form="notice", provider_role="hosting", assets=frozenset({"a1", "a2"}))
GOOD = Draft("measures", "policy", "2.1", reasons=REASONS, measures=(("path_block", "a1", "url"),))


@pytest.fixture(scope="module")
def policy(book: Rulebook) -> Policy:
    return book.policies["example-host"]


@pytest.fixture(scope="module")
def regimes(book: Rulebook) -> tuple[Applied, ...]:
    facts = Facts(category="phishing", form="notice", provider_role="hosting", provider_country="ES")
    return applicable(book.regimes.values(), facts, date(2026, 11, 22))


def codes(findings: tuple[Finding, ...], *, blocking: bool = True) -> set[str]:
    return {f.code for f in findings if f.blocks or not blocking}


def test_a_complete_decision_is_allowed_and_owes_both_letters(policy: Policy, regimes: tuple[Applied, ...]) -> None:
    answer = assess(policy, regimes, CASE, GOOD, maker="person:ana")
    assert answer.findings == ()
    assert answer.allowed and not answer.needs_second
    assert answer.letters == ("statement_of_reasons", "outcome")
    assert "decision.made" in answer.clocks_met


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reasons": "Bad."}, "decision.reasons_short"),
        ({"reasons": " " * 200}, "decision.reasons_short"),
        ({"ground": "none", "clause": ""}, "decision.no_ground"),
        ({"clause": ""}, "decision.no_clause"),
        ({"clause": "9.9"}, "decision.unknown_clause"),
        ({"measures": ()}, "decision.no_measures"),
        ({"outcome": "no_violation"}, "decision.measures_unwanted"),
        ({"outcome": "maybe"}, "decision.outcome"),
        ({"ground": "taste"}, "decision.ground"),
        ({"measures": (("vanish", "a1", "url"),)}, "measure.unknown"),
        ({"measures": (("path_block", "a9", "url"),)}, "measure.foreign_asset"),
        ({"measures": (("path_block", "a1", "mailbox"),)}, "measure.asset_kind"),
        ({"measures": (("path_block", "a1", "url"), ("path_block", "a1", "url"))}, "measure.twice"),
        ({"measures": (("domain_hold", "a1", "domain"),)}, "measure.role"),
    ],
)
def test_each_gap_is_a_finding(
    policy: Policy, regimes: tuple[Applied, ...], change: dict[str, object], code: str
) -> None:
    answer = assess(policy, regimes, CASE, replace(GOOD, **change), maker="person:ana")
    assert code in codes(answer.findings)
    assert not answer.allowed


def test_law_needs_a_law(policy: Policy, regimes: tuple[Applied, ...]) -> None:
    draft = Draft("measures", "law", reasons=REASONS, measures=(("path_block", "a1", "url"),))
    assert "decision.no_law" in codes(assess(policy, (), CASE, draft, maker="person:ana").findings)
    assert assess(policy, regimes, CASE, draft, maker="person:ana").allowed
    assert assess(policy, (), CASE, replace(draft, law="Criminal code s. 1"), maker="person:ana").allowed


def test_severe_protected_and_mass_measures_wait(policy: Policy, regimes: tuple[Applied, ...]) -> None:
    severe = replace(GOOD, measures=(("account_suspend", "a1", "account"),))
    answer = assess(policy, regimes, CASE, severe, maker="person:ana")
    assert answer.needs_second and "severe" in answer.why_second and answer.clocks_met == ("decision.held",)
    assert assess(policy, regimes, replace(CASE, protected=True), GOOD, maker="person:ana").needs_second
    many = replace(GOOD, measures=tuple(("path_block", f"a{n}", "url") for n in range(26)))
    free = replace(CASE, assets=frozenset())
    assert assess(policy, regimes, free, many, maker="person:ana").needs_second
    assert not assess(
        policy, regimes, free, replace(many, measures=many.measures[:25]), maker="person:ana"
    ).needs_second


def test_the_second_person_is_another_person() -> None:
    assert may_approve("person:ana", "person:ben") == ()
    for approver in ("person:ana", "", "system:auto", "plugin:x"):
        assert may_approve("person:ana", approver)


def test_automation_has_a_quota_and_a_short_list(policy: Policy, regimes: tuple[Applied, ...]) -> None:
    draft = replace(GOOD, automated=True)
    assert assess(policy, regimes, CASE, draft, maker="system:rule").allowed
    used = replace(CASE, automated_today=policy.automated_per_day)
    assert "automation.quota" in codes(assess(policy, regimes, used, draft, maker="system:rule").findings)
    other = replace(draft, measures=(("site_disable", "a1", "site"),))
    assert "automation.measure" in codes(assess(policy, regimes, CASE, other, maker="system:rule").findings)


def test_another_category_warns_but_does_not_block(policy: Policy, regimes: tuple[Applied, ...]) -> None:
    answer = assess(policy, regimes, replace(CASE, category="spam"), GOOD, maker="person:ana")
    assert answer.allowed
    assert "decision.other_category" in codes(answer.findings, blocking=False)


def test_child_safety_tells_no_customer(policy: Policy, regimes: tuple[Applied, ...]) -> None:
    case = replace(CASE, category="child_safety")
    draft = replace(GOOD, clause="4.1", measures=(("site_disable", "a1", "site"),))
    answer = assess(policy, regimes, case, draft, maker="person:ana")
    assert answer.letters == ("outcome",)
    assert answer.silenced[0][0] == "statement_of_reasons"
    assert answer.needs_second
    assert forbidden((), "child_safety", to="customer", letter="forward") is not None
    assert forbidden((), "phishing", to="customer", letter="forward") is None


def test_a_gag_binds_only_while_the_order_is_there(book: Rulebook) -> None:
    facts = Facts(category="data_request", form="order", provider_role="hosting", provider_country="US")
    applied = again(book.regimes.values(), ["eu-dsa-art17"], facts)[0]
    gag = SilenceRule("gag", "t", "18 USC 2705(b)", "house", "high", to=("customer",), until="the order ends")
    gag = replace(gag, only=replace(gag.only, needs=("ndo",)))
    applied = replace(applied, rules=replace(applied.rules, silences=(gag,)))
    ask = {"to": "customer", "letter": "statement_of_reasons"}
    assert forbidden((applied,), "data_request", **ask) is None
    assert forbidden((applied,), "data_request", **ask, orders=frozenset({"ndo"})) is gag
    assert (
        forbidden(
            (replace(applied, rules=replace(applied.rules, silences=(replace(gag, off="x"),))),),
            "data_request",
            **ask,
            orders=frozenset({"ndo"}),
        )
        is None
    )


@pytest.mark.parametrize(
    ("outcome", "letters"),
    [
        ("not_ours", ("not_ours",)),
        ("insufficient", ("missing_elements",)),
        ("duplicate", ("outcome",)),
        ("forwarded", ("forward", "outcome")),
    ],
)
def test_letters_by_outcome(
    policy: Policy, regimes: tuple[Applied, ...], outcome: str, letters: tuple[str, ...]
) -> None:
    draft = Draft(outcome, "none", reasons=REASONS)
    answer = assess(policy, regimes, CASE, draft, maker="person:ana")
    assert answer.allowed and answer.letters == letters
    silent = assess(policy, regimes, replace(CASE, has_reporter=False), draft, maker="person:ana")
    assert set(silent.letters) <= {"forward"}


def test_grounds_and_outcomes_are_closed_lists() -> None:
    assert deciding.GROUNDS == ("law", "policy", "none")
    assert len(deciding.OUTCOMES) == 6
