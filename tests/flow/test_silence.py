"""Who must not be told is not told: for each rule of silence in the rulebook, an attempt to break it at the one place
that sends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.flow.conftest import ANA, Post
from trustdesk import rules
from trustdesk.core.regime_rules import Regime, SilenceRule
from trustdesk.flow import confirm, delivery, notify, silence, telling
from trustdesk.flow.record import locked, record
from trustdesk.models import Case, Notice, Report

pytestmark = pytest.mark.django_db

RULES = [
    (regime, rule)
    for regime in sorted(rules.current().regimes.values(), key=lambda r: r.id)
    for rule in regime.silences
    if not rule.off
]
#: Whom letters go to; authorities and the public are told by other doors.
TOLD = ("customer", "reporter")
CASES = [
    pytest.param(regime, rule, to, id=f"{regime.id}-{rule.id}-{to}")
    for regime, rule in RULES
    for to in TOLD
    if to in rule.to
]


def letter(case: Case, to: str, kind: str, now: datetime) -> Notice:
    """A letter in the queue, however it came there."""
    address = {"customer": "abuse@orbital.example", "reporter": "csirt@bancoazul.example"}[to]
    return Notice.objects.create(
        case=case, kind=kind, to_role=to, to_address=address, language="en", title="t", text="x", html="<p>x</p>",
        message_id=f"<{case.pk}.{to}.{kind}.{case.notices.count()}@nube-norte.example>", channel="mailbox", created_at=now,
    )  # fmt: skip


def on(case: Case, regime: Regime, rule: SilenceRule) -> None:
    """The case runs under that regime alone, and is about something that the rule speaks of."""
    wanted = rule.only.categories or regime.scope.categories
    row = {"id": regime.id, "version": regime.version, "digest": regime.digest, "certain": False, "why": "test"}
    case.regimes = [row]
    case.category = case.category if "any" in wanted or case.category in wanted else wanted[0]
    case.save()


def tried(case: Case, to: str, kind: str, post: Post, now: datetime) -> Notice:
    notice = letter(case, to, kind, now)
    post.letters.clear()
    delivery.send(notice.pk, clock=lambda: now)
    notice.refresh_from_db()
    assert (notice.state == "sent") == bool(post.letters)
    return notice


def by_other_routes(case: Case, to: str, post: Post, now: datetime) -> list[str]:
    """What goes out when the letter is written by the flow, tried again after a failure, tried again after it was
    withheld, and as the answer to an appeal."""
    post.letters.clear()
    facts = telling.facts_about(case)
    party = {"customer": notify.to_customer, "reporter": notify.to_reporter}[to]
    about = () if to == "customer" else (Report.objects.filter(joinings__case=case)[0],)
    with locked(case.pk) as held:
        written = party(held, *about, "appeal_received", facts=replace(facts, appeal_received_at=now), now=now)
        assert written is not None and written.state == "withheld"
    delivery.send(written.pk, clock=lambda: now)
    failed = letter(case, to, "appeal_outcome", now)
    Notice.objects.filter(pk=failed.pk).update(state="failed")
    Notice.objects.filter(pk=failed.pk).update(state="queued")
    delivery.send(failed.pk, clock=lambda: now)
    delivery.release(case.pk, now=now)
    for waiting in Notice.objects.filter(case=case, state="queued"):
        delivery.send(waiting.pk, clock=lambda: now)
    return [sent.subject for sent in post.letters]


def test_there_are_rules_to_break():
    assert len(RULES) >= 15 and {r.id for r, _ in RULES} >= {"us-2258a", "us-nsl", "us-2705", "icann-udrp"}


@pytest.mark.parametrize(("regime", "rule", "to"), CASES)
def test_no_letter_gets_past_the_rule(
    opened: Case, post: Post, now: datetime, regime: Regime, rule: SilenceRule, to: str
):
    on(opened, regime, rule)
    kinds = rule.letters or ("statement_of_reasons", "forward", "ask", "outcome", "acknowledgement", "strike_warning")
    if rule.only.needs:
        child = opened.category == "child_safety" and to == "customer"
        assert tried(opened, to, kinds[0], post, now).state == ("withheld" if child else "sent")
        for need in rule.only.needs:  # the gag binds from the order on
            confirm.confirm(opened.pk, need, why="the order itself", actor=ANA, now=now)
    for kind in kinds:
        notice = tried(opened, to, kind, post, now)
        assert notice.state == "withheld", f"{kind} went out"
        assert "; until: " in notice.detail and len(notice.detail) > 10
        assert silence.forbidden(opened, to=to, letter=kind)
    assert not by_other_routes(opened, to, post, now), "it went out by another route"
    if rule.only.needs and opened.category != "child_safety":
        for need in rule.only.needs:  # until a person says that it is over
            confirm.confirm(opened.pk, need, why="the court lifted it", actor=ANA, now=now, holds=False)
        assert tried(opened, to, kinds[0], post, now).state == "sent"
    for event in rule.ends_on:
        with locked(opened.pk) as case:
            record(case, event, {"state": "applied"}, actor=ANA, now=now)
        assert tried(opened, to, kinds[0], post, now).state == "sent"


def test_child_safety_never_tells_the_customer_whatever_the_regimes_say(opened: Case, post: Post, now: datetime):
    opened.category, opened.regimes = "child_safety", []
    opened.save()
    assert tried(opened, "customer", "statement_of_reasons", post, now).state == "withheld"


def test_a_regime_that_nobody_has_confirmed_silences_too(opened: Case, post: Post, now: datetime):
    regime = rules.current().regimes["us-fisa"]
    on(opened, regime, regime.silences[0])
    assert opened.regimes[0]["certain"] is False
    assert tried(opened, "customer", "statement_of_reasons", post, now).state == "withheld"


def test_an_order_on_another_case_silences_nothing(opened: Case, post: Post, now: datetime, report, drain):
    regime = rules.current().regimes["us-2705"]
    report("https://login-bancoazul.example/b", category="malware")
    drain()
    other = Case.objects.exclude(pk=opened.pk).get()
    on(opened, regime, regime.silences[0])
    on(other, regime, regime.silences[0])
    confirm.confirm(other.pk, "ndo", why="order 26-mj-1", actor=ANA, now=now)
    assert tried(opened, "customer", "outcome", post, now).state == "sent"
    assert tried(other, "customer", "outcome", post, now).state == "withheld"
