"""What must not stand in a letter does not get out: for each such rule of the rulebook, attempts to send it all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.flow.conftest import ANA, REASONS, Post, disable
from tests.flow.test_silence import letter, on
from trustdesk import rules
from trustdesk.core.regime_rules import Regime, When, WithholdRule
from trustdesk.core.types import Refused
from trustdesk.flow import decide, delivery, notify, silence, telling
from trustdesk.flow.record import locked
from trustdesk.models import Case, Notice, Party, Report

pytestmark = pytest.mark.django_db

RULES = [
    (regime, rule)
    for regime in sorted(rules.current().regimes.values(), key=lambda r: r.id)
    for rule in regime.withheld
    if not rule.off
]
CASES = [
    pytest.param(regime, rule, to, data, id=f"{regime.id}-{rule.id}-{to}-{data}")
    for regime, rule in RULES
    for to in ("customer", "reporter")
    if to in rule.to
    for data in rule.data
]
#: No letter of the desk carries such a thing, and letters go to reporters and customers alone: people keep these.
BY_PEOPLE = {
    ("eu-dsa-art17", "pii"),
    ("std-lumen", "sensitive"),
    ("us-civil-process", "content"),
    ("us-sca-2703d", "content"),
    ("us-sca-subpoena", "content"),
}


def said(case: Case, data: str) -> list[str]:
    """What would give it away."""
    party = Party.objects.filter(kind="reporter").first()
    assert party is not None and case.subject is not None
    if data == "reporter":
        party.name, party.phone = "Rosa Quintero", "+52 55 5555 0100"
        party.save()
        return ["Rosa Quintero complained.", f"Write to {party.email.upper()}", f"Call {party.phone}, she answers."]
    if data == "customer":
        return [f"The site belongs to {case.subject.name}.", f"Their address: <{case.subject.email}>"]
    return ["See https://login-bancoazul.example/acceso for yourself."]


def test_every_rule_is_searched_for_or_named_as_a_persons():
    assert {(regime.id, rule.id) for regime, rule in RULES if not rule.data} == BY_PEOPLE
    assert len(CASES) >= 8


@pytest.mark.parametrize(("regime", "rule", "to", "data"), CASES)
def test_what_is_withheld_stands_in_no_letter(
    opened: Case, post: Post, now: datetime, regime: Regime, rule: WithholdRule, to: str, data: str
):
    on(opened, regime, rule_with_scope(rule))
    post.letters.clear()
    silent = silence.rule(opened, to=to, letter="outcome") is not None  # another rule says nothing goes at all
    texts = said(opened, data)
    for text in texts:
        queued = letter(opened, to, "outcome", now)
        Notice.objects.filter(pk=queued.pk).update(text=f"Good day.\n{text}\nRegards")
        delivery.send(queued.pk, clock=lambda: now)
        queued.refresh_from_db()
        assert queued.state == "withheld" and not post.letters, text
        assert silent or any(one.source in queued.detail for one in regime.withheld)
        delivery.release(opened.pk, now=now)
        queued.refresh_from_db()
        assert queued.state == "withheld"
        with pytest.raises(
            Refused
        ) as refused:  # a person who writes it into the reasons is told before anything is done
            decide.decide(opened.pk, replace(disable_one(opened), reasons=f"{REASONS} {text}"), actor=ANA, now=now)
        assert "decision.withheld" in {f.code for f in refused.value.findings}
    facts = replace(telling.facts_about(opened), reasons=texts[0], appeal_reasons=texts[0], outcome="no_violation")
    about = () if to == "customer" else (Report.objects.filter(joinings__case=opened)[0],)
    send = {"customer": notify.to_customer, "reporter": notify.to_reporter}[to]
    with locked(opened.pk) as case:
        kind = "appeal_outcome"
        facts = replace(facts, appeal_outcome="dismissed", appeal_decided_at=now)
        written = send(case, *about, kind, facts=facts, now=now)
    assert written is not None and (texts[0].split()[0] not in written.text or written.state == "withheld")
    if not silent:
        harmless = letter(opened, to, "outcome", now)
        delivery.send(harmless.pk, clock=lambda: now)
        assert len(post.letters) == 1


def rule_with_scope(rule: WithholdRule) -> WithholdRule:
    """As `on` reads it: such rules are not narrowed by categories, their regimes are."""

    class Narrow:
        only = When()

    return Narrow()  # type: ignore[return-value]


def disable_one(case: Case) -> decide.Choice:
    assert case.asset is not None
    return disable(case.asset)


def test_a_rights_holder_is_named_where_the_law_lets(opened: Case, post: Post, now: datetime):
    regime = rules.current().regimes["eu-dsa-art16"]
    on(opened, regime, rule_with_scope(regime.withheld[0]))
    text = said(opened, "reporter")
    assert silence.leak(opened, to="customer", texts=text) is not None
    opened.category = "copyright"
    opened.save()
    assert silence.leak(opened, to="customer", texts=text) is None


def test_a_name_within_a_word_or_an_address_is_not_the_name(opened: Case):
    regime = rules.current().regimes["us-dmca-512a"]
    on(opened, regime, rule_with_scope(regime.withheld[0]))
    assert silence.leak(opened, to="reporter", texts=["Orbital Hostings"]) is None
    assert silence.leak(opened, to="reporter", texts=["hosted by ORBITAL hosting."]) is not None
    assert silence.leak(opened, to="customer", texts=["Orbital Hosting"]) is None


def test_where_such_material_is_does_not_travel_by_mail(site, report, drain, post: Post, now: datetime):
    """The acknowledgement of a report about abuse of children goes out, and does not say where to find it."""
    report(category="child_safety")
    drain()
    case = Case.objects.get()
    regime = rules.current().regimes["us-2258a"]
    on(case, regime, rule_with_scope(regime.withheld[0]))
    assert telling.facts_about(case).targets == ()
