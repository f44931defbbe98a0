"""Counter-notice and put-back: effective date, copy to the claimant, the window, the court action that stops it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import override_settings

from tests.flow.conftest import ANA, DIEGO, Memory, Post, disable
from tests.flow.notices import dmca
from tests.flow.test_validity import clean
from trustdesk.core.types import Actor, Channel, Refused
from trustdesk.flow import appeal, confirm, decide, putback, receive, tick
from trustdesk.models import Appeal, Asset, Case, Clock, Decision, Entry, Measure, Notice, Task

pytestmark = pytest.mark.django_db
URL = "https://login-bancoazul.example/night.jpg"
DMCA = "us-dmca-512c"
#: Wednesday 18 November 2026; Thanksgiving (26) is no business day: the 10th is 3 December, the 14th the 9th.
OPENS = datetime(2026, 12, 3, 5, tzinfo=UTC)
DUE = datetime(2026, 12, 10, 4, 59, 59, tzinfo=UTC)
WHOLE = {
    "cn-material": "The files were taken down from https://login-bancoazul.example/night.jpg.",
    "cn-perjury": "I swear, under penalty of perjury, that I have a good faith belief that it was removed by mistake.",
    "cn-identity": "Orbital Hosting, telephone +52 55 5555 0100, street address Calle 1, Mexico City.",
    "cn-jurisdiction": "I consent to the jurisdiction of the federal district court.",
    "cn-service": "I will accept service of process from the complaining party.",
    "cn-signature": "/s/ R. Vega",
}


@pytest.fixture
def removed(site: Asset, drain, now: datetime) -> Decision:
    """Material taken down after a notice."""
    dmca(URL, now=now)
    drain()
    choice = disable(site, clause="3.1", measures=(decide.Wish("path_block", site.pk, URL),))
    made = decide.decide(Case.objects.get().pk, choice, actor=ANA, now=now).decision
    drain()
    assert made is not None and Measure.objects.get().state == "confirmed"
    return made


def counter(decision: Decision, now: datetime, *, without: str = "") -> Appeal:
    text = "Counter-notice\n\n" + "\n\n".join(part for name, part in WHOLE.items() if name != without)
    by = Actor("customer", str(decision.case.subject_id))
    return appeal.lodge(decision.pk, kind="counter_notice", text=text, by=by, actor=by, now=now)


def test_the_whole_way_from_counter_notice_to_access(
    removed: Decision, drain, enforcer: Memory, post: Post, now: datetime
):
    lodged = counter(removed, now)
    drain()
    window = Clock.objects.get(regime=DMCA, name="putback")
    assert (window.not_before, window.due_at) == (OPENS, DUE)
    copy = Notice.objects.get(kind="counter_notice_copy")
    assert copy.to_address == "lena@photos.example" and copy.state == "sent"
    assert "Calle 1" in copy.parts["counter_notice"] and "3 December 2026" in copy.parts["restore_after"]
    assert Clock.objects.get(regime=DMCA, name="forward-cn").state == "met"
    early = OPENS - timedelta(seconds=1)
    tick.tick(early)
    drain(early)
    assert len(enforcer.standing) == 1 and Appeal.objects.get().state == "lodged"
    clean()
    drain(OPENS)
    assert enforcer.standing == {} and Measure.objects.get().state == "lifted"
    window.refresh_from_db()
    assert (window.state, window.breached_at) == ("met", None)
    lodged.refresh_from_db()
    assert (lodged.state, lodged.resolved_by, lodged.resolved_at) == ("put_back", "system", OPENS)
    removed.refresh_from_db()
    assert removed.state == "final" and Case.objects.get().state == "closed"  # nobody said that it was wrong
    told = {n.to_role: n for n in Notice.objects.filter(kind="restored")}
    assert set(told) == {"customer", "reporter"} and told["customer"].language == "es"
    assert "contraaviso" in told["customer"].parts["reasons"] and "512(g)(2)(C)" in told["reporter"].parts["reasons"]
    clean()


@pytest.mark.parametrize("lacking", sorted(WHOLE))
def test_without_one_element_nothing_comes_back_and_the_customer_is_asked(
    removed: Decision, drain, enforcer: Memory, now: datetime, lacking: str
):
    lodged = counter(removed, now, without=lacking)
    drain()
    assert not putback.effective(lodged)
    assert not Clock.objects.filter(name__in=("putback", "forward-cn")).exists()
    asked = Notice.objects.get(kind="ask")
    assert (asked.to_role, asked.appeal_id) == ("customer", lodged.pk)
    assert asked.parts["question"].count("\n- ") == 1 or asked.parts["question"].count("- ") >= 1
    drain(DUE)
    assert len(enforcer.standing) == 1 and not Notice.objects.filter(kind="counter_notice_copy").exists()


def test_what_comes_later_makes_it_effective_later(removed: Decision, drain, enforcer: Memory, now: datetime):
    lodged = counter(removed, now, without="cn-service")
    whole = now + timedelta(days=5)  # a Monday: ten business days without Thanksgiving end on 8 December
    changes = {f"{DMCA}.el.cn-service": True}
    with pytest.raises(Refused):
        putback.correct(lodged.pk, changes, why="by mail", actor=ANA, now=whole, effective_at=whole + timedelta(days=1))
    assert putback.correct(lodged.pk, changes, why="sent by mail on the 23rd", actor=ANA, now=whole, effective_at=whole)
    drain(whole)
    assert Clock.objects.get(name="putback").not_before == datetime(2026, 12, 8, 5, tzinfo=UTC)
    drain(OPENS)
    assert len(enforcer.standing) == 1
    drain(datetime(2026, 12, 8, 5, tzinfo=UTC))
    assert enforcer.standing == {}
    clean()


def test_a_correction_can_take_the_effect_away(removed: Decision, drain, enforcer: Memory, now: datetime):
    lodged = counter(removed, now)
    drain()
    changes = {f"{DMCA}.el.cn-identity": False}
    assert not putback.correct(lodged.pk, changes, why="the address is a fake", actor=ANA, now=now)
    assert Clock.objects.get(name="putback").state == "cancelled"
    drain(DUE)
    assert len(enforcer.standing) == 1
    clean()


def test_a_court_action_holds_it_and_its_end_frees_it(removed: Decision, drain, enforcer: Memory, now: datetime):
    counter(removed, now)
    drain()
    case = Case.objects.get()
    shown = now + timedelta(days=3)
    with pytest.raises(Refused):
        putback.court_action(case.pk, court="", number="", why="they mean to sue", actor=ANA, now=shown)
    putback.court_action(case.pk, court="S.D.N.Y.", number="26-cv-1", why="complaint, page 1", actor=ANA, now=shown)
    assert Clock.objects.get(name="putback").state == "cancelled"
    drain(DUE + timedelta(days=30))
    assert len(enforcer.standing) == 1 and Case.objects.get().state == "open"
    over = DUE + timedelta(days=40)
    putback.court_action(case.pk, court="S.D.N.Y.", number="26-cv-1", why="dismissed", actor=ANA, now=over, over=True)
    drain(over)
    assert enforcer.standing == {} and Appeal.objects.get().state == "put_back"
    with pytest.raises(Refused):
        putback.court_action(case.pk, court="S.D.N.Y.", number="27-cv-2", why="another one", actor=ANA, now=over)
    clean()


def test_a_counter_notice_by_mail_is_read_and_judged_and_counts_from_its_arrival(
    removed: Decision, drain, samples, now: datetime
):
    """The answer to our statement of reasons, as people write it; a worker came to it a day later."""
    statement = Notice.objects.get(kind="statement_of_reasons")
    mail = email.message_from_bytes((samples / "dmca-counter-notice-en.eml").read_bytes(), policy=email.policy.SMTP)
    for name in ("In-Reply-To", "References"):
        del mail[name]
        mail[name] = statement.message_id
    receive.receive(receive.Incoming(bytes(mail), Channel.MAIL), now=now)
    drain(now + timedelta(days=1))
    lodged = Appeal.objects.get()
    assert (lodged.kind, lodged.by) == ("counter_notice", f"customer:{removed.case.subject_id}")
    assert putback.effective(lodged) and "Content-Type" not in lodged.text
    window = Clock.objects.get(name="putback")
    assert (window.started_at, window.not_before) == (now, OPENS)
    clean()


def test_a_court_order_beats_the_put_back(removed: Decision, drain, enforcer: Memory, now: datetime):
    counter(removed, now)
    drain()
    confirm.confirm(Case.objects.get().pk, "court_order", why="order of 20 November", actor=ANA, now=now)
    drain(OPENS)
    assert len(enforcer.standing) == 1
    assert [f.code for f in putback.restore(Appeal.objects.get().pk, now=DUE)] == ["putback.order"]


def test_a_missed_window_is_a_breach_and_access_still_comes_back(
    removed: Decision, drain, enforcer: Memory, now: datetime
):
    counter(removed, now)
    drain()
    Task.objects.filter(name="putback").delete()  # nobody worked for three weeks
    late = DUE + timedelta(days=2)
    tick.tick(late)
    drain(late)
    window = Clock.objects.get(name="putback")
    assert (window.state, window.breached_at) == ("met", DUE) and enforcer.standing == {}
    clean()


def test_it_waits_for_a_decision_that_is_held(removed: Decision, drain, enforcer: Memory, customer, now: datetime):
    counter(removed, now)
    drain()
    account = Asset.objects.create(subject=customer, kind="account", ref="acc-1", value="acc-1", role="hosting")
    choice = disable(account, clause="3.1", measures=(decide.Wish("account_suspend", account.pk),))
    held = decide.decide(Case.objects.get().pk, choice, actor=ANA, now=now).decision
    assert held is not None and held.state == "held"
    drain(OPENS)
    assert len(enforcer.standing) == 1
    decide.reject(held.pk, actor=DIEGO, now=OPENS, why="Wait for the window.")
    drain(OPENS + timedelta(hours=2))
    assert enforcer.standing == {}
    clean()


def test_an_account_that_was_suspended_is_not_put_back(site: Asset, customer, drain, enforcer: Memory, now: datetime):
    """512(g) speaks of material; accounts of repeat infringers rest on 512(i)."""
    dmca(URL, now=now)
    drain()
    account = Asset.objects.create(subject=customer, kind="account", ref="acc-1", value="acc-1", role="hosting")
    choice = disable(account, clause="3.1", measures=(decide.Wish("account_suspend", account.pk),))
    held = decide.decide(Case.objects.get().pk, choice, actor=ANA, now=now).decision
    assert held is not None
    decide.approve(held.pk, actor=DIEGO, now=now)
    drain()
    lodged = counter(held, now)
    drain(OPENS)
    assert len(enforcer.standing) == 1
    assert "putback.nothing" in {f.code for f in putback.restore(lodged.pk, now=OPENS)}


def test_an_effective_counter_notice_is_not_dismissed(removed: Decision, drain, now: datetime):
    lodged = counter(removed, now)
    with pytest.raises(Refused) as error:
        appeal.resolve(lodged.pk, outcome="dismissed", reasons="x" * 60, actor=DIEGO, now=now)
    assert {f.code for f in error.value.findings} == {"appeal.effective"}


def test_an_upheld_appeal_ends_it_before_the_window(removed: Decision, drain, enforcer: Memory, now: datetime):
    lodged = counter(removed, now)
    drain()
    reasons = "The photograph is the customer's own; the notice was wrong, and the claimant has said so."
    clear = decide.Choice("no_violation", reasons=reasons)
    appeal.resolve(lodged.pk, outcome="upheld", reasons=reasons, actor=DIEGO, now=now, replacement=clear)
    drain()
    assert enforcer.standing == {} and Clock.objects.get(name="putback").state == "met"
    drain(DUE)
    assert Entry.objects.filter(kind="putback.ordered").count() == 0
    clean()


def test_restoring_twice_is_restoring_once(removed: Decision, drain, now: datetime):
    lodged = counter(removed, now)
    drain(OPENS)
    assert [f.code for f in putback.restore(lodged.pk, now=OPENS)][0] == "putback.closed"
    assert Entry.objects.filter(kind="putback.ordered").count() == 1


def test_mexico_alone_gives_nothing_back_by_rule(site: Asset, report, drain, enforcer: Memory, now: datetime):
    """The restore clock of LFDA 114 Octies ships switched off until counsel has read the text."""
    report(url=URL, category="copyright")
    drain()
    case = Case.objects.get()
    why = "no service of ours is in the United States"
    confirm.confirm(case.pk, f"regime:{DMCA}", why=why, actor=ANA, now=now, holds=False)
    case.refresh_from_db()
    assert {r["id"] for r in case.regimes if r["certain"]} == {"house-targets", "mx-lfda-114-octies"}
    choice = disable(site, clause="3.1", measures=(decide.Wish("path_block", site.pk, URL),))
    made = decide.decide(case.pk, choice, actor=ANA, now=now).decision
    drain()
    assert made is not None
    lodged = counter(made, now)
    drain(DUE + timedelta(days=30))
    assert len(enforcer.standing) == 1 and Appeal.objects.get().state == "lodged"
    assert "putback.no_window" in {f.code for f in putback.restore(lodged.pk, now=DUE)}


def test_canada_forwards_and_removes_nothing(site: Asset, report, drain, enforcer: Memory, post: Post, now: datetime):
    with override_settings(DESK=replace(settings.DESK, country="CA")):
        report(url=URL, category="copyright")
        drain()
        case = Case.objects.get()
        assert "ca-notice-and-notice" in {r["id"] for r in case.regimes if r["certain"]}
        choice = decide.Choice("forwarded", "law", reasons="The law of Canada asks us to pass the notice on to you.")
        decide.decide(case.pk, choice, actor=ANA, now=now)
        drain()
        assert Clock.objects.get(regime="ca-notice-and-notice", name="forward").state == "met"
        assert Notice.objects.get(kind="forward").state == "sent"
        assert enforcer.applied == [] and Measure.objects.count() == 0
        assert not Clock.objects.filter(name="putback").exists()
