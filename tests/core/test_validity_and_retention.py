"""Documents and their elements; how long things are kept, and what beats what."""

from __future__ import annotations

from datetime import date

from trustdesk.core.regime_rules import RetentionRule
from trustdesk.core.retention import Kept, kept, may_go, until
from trustdesk.core.validity import judge
from trustdesk.rules import Rulebook

WHOLE = ("written", "signature", "work", "material", "contact", "goodfaith", "accuracy-perjury")


def test_verdicts_raise_the_events_that_start_clocks(book: Rulebook) -> None:
    dmca = book.regimes["us-dmca-512c"]
    assert judge(dmca, "notice", dict.fromkeys(WHOLE, True)).event == "notice.valid"
    without = dict.fromkeys(WHOLE, True) | {"signature": False}
    curable = judge(dmca, "notice", without)
    assert curable.event == "notice.curable" and [e.id for e in curable.missing] == ["signature"]
    assert judge(dmca, "notice", {}).verdict == "no_effect" and judge(dmca, "notice", {}).event == ""
    assert judge(dmca, "love letter", {}).verdict == "unknown"


def test_every_element_of_a_dmca_notice_matters(book: Rulebook) -> None:
    dmca = book.regimes["us-dmca-512c"]
    for name in WHOLE:
        verdict = judge(dmca, "notice", {other: True for other in WHOLE if other != name})
        assert [e.id for e in verdict.missing] == [name]
        assert verdict.verdict == ("no_effect" if name in ("work", "material", "contact") else "curable")


def test_a_conditional_element_counts_when_it_is_mentioned(book: Rulebook) -> None:
    epoc = book.regimes["eu-eevidence-epoc"]
    base = dict.fromkeys(("issuing", "addressee", "user", "category", "timerange", "law", "notified"), True)
    assert judge(epoc, "epoc", base).verdict == "valid"
    assert judge(epoc, "epoc", base | {"emergency": False}).verdict == "incomplete"


def test_what_the_form_must_allow_is_only_helpful(book: Rulebook) -> None:
    answer = judge(book.regimes["eu-dsa-art16"], "notice", {})
    assert answer.verdict == "valid"
    assert {e.id for e in answer.helpful} == {"explanation", "location", "identity", "goodfaith"}


def rule(obligation: str, period: int | None = 1, unit: str = "year") -> RetentionRule:
    return RetentionRule(obligation, "t", "law", "memory", "high", period=period, unit=unit, obligation=obligation)


def item(obligation: str, period: int | None = 1) -> Kept:
    r, since = rule(obligation, period), date(2028, 2, 29)
    return Kept("r", r, since, until(r, since))


def test_leap_days_and_rules_without_a_number() -> None:
    assert until(rule("must_keep"), date(2028, 2, 29)) == date(2029, 2, 28)
    assert until(rule("must_keep", 6, "month"), date(2026, 8, 31)) == date(2027, 2, 28)
    assert until(rule("must_keep", None, ""), date(2028, 2, 29)) is None


def test_the_last_day_is_still_kept() -> None:
    assert may_go([item("must_keep")], date(2029, 2, 28)).keep
    assert not may_go([item("must_keep")], date(2029, 3, 1)).keep


def test_preservation_beats_deletion_and_keeping_beats_deleting() -> None:
    later = date(2035, 1, 1)
    assert may_go([item("must_delete")], later).must_go
    held = may_go([item("must_delete")], later, preserved=["18 USC 2703(f) of 3 May"])
    assert held.keep and not held.must_go and "2703(f)" in held.why[0]
    both = may_go([item("must_delete"), item("must_keep", 100)], later)
    assert both.keep and not both.must_go
    assert not may_go([item("must_delete")], date(2028, 6, 1)).must_go
    assert may_go([item("must_keep", None)], later).keep  # without a number a person decides
    assert not may_go([item("allowed")], date(2028, 3, 1)).keep
    assert may_go([], later).why == ("no rule keeps it",)


def test_kept_finds_the_rules_that_events_started(book: Rulebook) -> None:
    regimes = [book.regimes["us-2258a"], book.regimes["us-dmca-512c"], book.regimes["icann-udrp"]]
    found = kept(regimes, {"filing.submitted": date(2026, 1, 1), "case.closed": date(2026, 2, 1)})
    assert {(k.regime, k.rule.id) for k in found} == {
        ("us-2258a", "contents"), ("us-2258a", "longer"), ("us-2258a", "secure"), ("us-dmca-512c", "records"),
    }  # fmt: skip
    assert {k.until for k in found if k.rule.id == "contents"} == {date(2027, 1, 1)}
