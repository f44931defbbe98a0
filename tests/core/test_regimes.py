"""Which law runs on a case: what the facts decide, what they propose, and what they leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from trustdesk.core.regimes import Facts, again, applicable
from trustdesk.rules import Rulebook

ON = date(2026, 11, 22)
COPYRIGHT = Facts(category="copyright", form="dmca", provider_role="hosting", provider_country="US")


def ids(book: Rulebook, facts: Facts, *, certain: bool | None = None) -> set[str]:
    found = applicable(book.regimes.values(), facts, ON)
    return {a.regime for a in found if certain is None or a.certain is certain}


def test_several_regimes_run_on_one_case(book: Rulebook) -> None:
    facts = replace(COPYRIGHT, customer_country="ES", reporter_country="MX")
    assert ids(book, facts, certain=True) == {"us-dmca-512c", "house-targets"}
    assert ids(book, facts, certain=False) == {"eu-dsa-art16", "eu-dsa-art17", "mx-lfda-114-octies"}


def test_the_role_is_that_of_the_service(book: Rulebook) -> None:
    by_role = {
        role: ids(book, replace(COPYRIGHT, provider_role=role), certain=True)
        for role in ("hosting", "caching", "pass_through")
    }
    assert "us-dmca-512c" in by_role["hosting"] and "us-dmca-512b" not in by_role["hosting"]
    assert by_role["caching"] >= {"us-dmca-512b"} and "us-dmca-512a" not in by_role["caching"]
    assert by_role["pass_through"] >= {"us-dmca-512a", "us-dmca-512b"}


def test_an_unknown_country_ties_no_law(book: Rulebook) -> None:
    facts = Facts(category="phishing", form="notice", provider_role="hosting")
    assert ids(book, facts) == {"house-targets"}


def test_what_is_unknown_is_said(book: Rulebook) -> None:
    facts = Facts(category="data_request", form="order", provider_role="hosting", provider_country="US")
    found = {a.regime: a for a in applicable(book.regimes.values(), facts, ON)}
    assert not found["us-sca-warrant"].certain
    assert "the instrument is not known" in found["us-sca-warrant"].why
    known = ids(book, replace(facts, instrument="warrant"), certain=True)
    assert known & {r for r in book.regimes if r.startswith("us-")} == {"us-sca-warrant"}


def test_a_person_and_the_operator_decide(book: Rulebook) -> None:
    facts = Facts(
        category="fraud", form="notice", provider_role="hosting", provider_country="US", customer_country="IT"
    )
    assert "eu-dsa-art16" in ids(book, facts, certain=False)
    assert "eu-dsa-art16" in ids(book, replace(facts, confirmed=frozenset({"regime:eu-dsa-art16"})), certain=True)
    assert "eu-dsa-art16" in ids(book, replace(facts, switched_on=frozenset({"eu-dsa-art16"})), certain=True)
    assert "eu-dsa-art16" not in ids(book, replace(facts, switched_off=frozenset({"eu-dsa-art16"})))


def test_certain_ones_come_first_and_carry_what_was_in_force(book: Rulebook) -> None:
    found = applicable(book.regimes.values(), replace(COPYRIGHT, customer_country="ES"), ON)
    assert [a.certain for a in found] == sorted((a.certain for a in found), reverse=True)
    for a in found:
        assert book.texts[a.digest][:2] == (a.regime, a.version)


def test_again_keeps_what_was_chosen(book: Rulebook) -> None:
    facts = replace(COPYRIGHT, customer_country="ES")
    chosen = [a.regime for a in applicable(book.regimes.values(), facts, ON)]
    later = {a.regime: a.certain for a in again(book.regimes.values(), [*chosen, "gone-by-now", "us-2258a"], facts)}
    assert later.keys() == {*chosen, "us-2258a"}
    assert later["us-dmca-512c"] and not later["eu-dsa-art16"]
    assert later["us-2258a"]  # the facts say nothing of it: a person put it on the case


def test_standing_duties_are_put_on_no_case(book: Rulebook) -> None:
    standing = {r.id for r in book.regimes.values() if r.scope.standing}
    assert standing >= {"eu-dsa-transparency", "std-lumen", "us-dmca-eligibility"}
    for category in ("copyright", "other", "data_request"):
        for role in ("hosting", "online_platform", "pass_through"):
            facts = Facts(
                category=category,
                form="notice",
                provider_role=role,
                provider_country="DE",
                switched_on=frozenset(standing),
            )
            assert not ids(book, facts) & standing


def test_every_silence_can_be_broken_by_nobody(book: Rulebook) -> None:
    """Each rule of silence, with the orders it needs, stops every letter to each party that it names."""
    from trustdesk.core.deciding import forbidden
    from trustdesk.core.notices import LETTERS

    count = 0
    for regime in book.regimes.values():
        for rule in regime.silences:
            facts = Facts(
                category=next((c for c in regime.scope.categories if c != "any"), "phishing"),
                form=(regime.scope.forms or ("order",))[0],
                provider_role=next((r for r in regime.scope.roles if r != "any"), "hosting"),
                provider_country=(regime.scope.countries or ("US",))[0],
                instrument=(regime.scope.instruments or ("",))[0],
                switched_on=frozenset({regime.id}),
            )
            applied = applicable([regime], facts, date(2027, 11, 22))
            assert applied, regime.id
            orders = frozenset(rule.only.needs)
            for to in rule.to:
                for letter in LETTERS:
                    count += 1
                    assert forbidden(applied, facts.category, to=to, letter=letter, orders=orders) is not None, (
                        regime.id,
                        rule.id,
                    )
                    ended = frozenset(rule.ends_on)
                    if rule.ends_on and facts.category != "child_safety":
                        assert (
                            forbidden(applied, facts.category, to=to, letter=letter, orders=orders, happened=ended)
                            is None
                        )
                    if rule.only.needs and len(regime.silences) == 1:
                        assert forbidden(applied, facts.category, to=to, letter=letter) is None
    assert count > 200
