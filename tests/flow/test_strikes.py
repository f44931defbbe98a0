"""Strikes: counted from decisions, expiring, taken back by an appeal, and a warning before anything follows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User

from tests.flow.conftest import ANA, DIEGO, disable
from tests.flow.notices import dmca
from tests.flow.test_putback import OPENS, counter
from tests.flow.test_validity import clean
from trustdesk import standing
from trustdesk.core.policies import Strikes
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import appeal, decide, misuse, strikes
from trustdesk.models import Asset, Case, Decision, Entry, Notice, Subject, Task
from trustdesk.queries import strikes as shown

pytestmark = pytest.mark.django_db
#: example-host: warned at 2, the limit is 3, a strike lasts 365 days; copyright counts, phishing does not.
DAY = timedelta(days=1)
REASONS = "The photograph is the customer's own, and the claimant has said so in writing."


@pytest.fixture
def infringe(site: Asset, drain):
    """A notice about another file each time, upheld."""
    count = iter(range(1, 100))

    def once(at: datetime) -> Decision:
        number = next(count)
        url = f"https://login-bancoazul.example/{number}.jpg"
        dmca(url, now=at, number=number)
        drain(at)
        case = Case.objects.order_by("-id").first()
        assert case is not None
        choice = disable(site, clause="3.1", measures=(decide.Wish("path_block", site.pk, url),))
        made = decide.decide(case.pk, choice, actor=ANA, now=at).decision
        drain(at)
        assert made is not None
        return made

    return once


def codes(preview: decide.Preview) -> set[str]:
    return {f.code for f in preview.findings if f.code.startswith("strike")}


def test_warned_at_the_second_and_the_step_is_named_at_the_third(
    infringe, site: Asset, customer: Subject, drain, now: datetime
):
    infringe(now)
    assert not Notice.objects.filter(kind="strike_warning").exists()
    second = infringe(now + DAY)
    warning = Notice.objects.get(kind="strike_warning")
    assert (warning.to_role, warning.decision_id, warning.state) == ("customer", second.pk, "sent")
    assert "2" in warning.parts["facts"] and "3" in warning.parts["consequence"]
    assert "2027" in warning.parts["consequence"]  # when the latest stops counting
    later = now + 2 * DAY
    dmca("https://login-bancoazul.example/third.jpg", now=later, number=50)
    drain(later)
    case = Case.objects.order_by("-id").first()
    assert case is not None
    choice = disable(site, clause="3.1", measures=(decide.Wish("path_block", site.pk),))
    preview = decide.decide(case.pk, choice, actor=ANA, now=later, persist=False)
    assert codes(preview) == {"strike.count", "strike.limit"} and preview.allowed
    assert "account_suspend" in next(f.message for f in preview.findings if f.code == "strike.limit")
    decide.decide(case.pk, choice, actor=ANA, now=later)
    drain(later)
    assert not any("repeat" in planned for d in Decision.objects.all() for planned in d.plan)  # another measure
    record = standing.record_of(customer.pk, now=later)
    assert (record.standing.step, record.standing.measure) == ("measure", "account_suspend")
    assert Notice.objects.filter(kind="strike_warning").count() == 1
    clean()


def test_the_step_after_warning_and_limit_is_marked_for_the_account(infringe, customer: Subject, drain, now: datetime):
    """DSA Article 23(1): the whole path, and what Article 24(1)(b) has to count of it."""
    infringe(now)
    infringe(now + DAY)  # warned
    account = Asset.objects.create(subject=customer, kind="account", ref="acc-1", value="acc-1", role="hosting")
    later = now + 2 * DAY
    dmca("https://login-bancoazul.example/third.jpg", now=later, number=70)
    drain(later)
    case = Case.objects.order_by("-id").first()
    assert case is not None
    choice = disable(account, clause="3.1", measures=(decide.Wish("account_suspend", account.pk),))
    assert codes(decide.decide(case.pk, choice, actor=ANA, now=later, persist=False)) == {"strike.count", "strike.step"}
    held = decide.decide(case.pk, choice, actor=ANA, now=later).decision
    assert held is not None and held.state == "held"  # severe: a second person
    decide.approve(held.pk, actor=DIEGO, now=later)
    drain(later)
    held.refresh_from_db()
    assert held.plan[0]["repeat"] is True
    bodies = Entry.objects.filter(chain=case.pk, kind__in=("decision.held", "decision.approved")).values_list(
        "body", flat=True
    )
    assert [json.loads(b)["repeat"] for b in bodies] == [True, True]
    others = Entry.objects.filter(kind="decision.made").values_list("body", flat=True)
    assert not any(json.loads(b)["repeat"] for b in others)
    clean()


def test_suspending_without_a_warning_is_pointed_out(infringe, customer: Subject, drain, now: datetime):
    infringe(now)
    account = Asset.objects.create(subject=customer, kind="account", ref="acc-1", value="acc-1", role="hosting")
    dmca("https://login-bancoazul.example/next.jpg", now=now + DAY, number=60)
    drain(now + DAY)
    case = Case.objects.order_by("-id").first()
    assert case is not None
    choice = disable(account, clause="3.1", measures=(decide.Wish("account_suspend", account.pk),))
    preview = decide.decide(case.pk, choice, actor=ANA, now=now + DAY, persist=False)
    assert "strike.not_warned" in codes(preview) and preview.allowed  # a person weighs it (DSA Art. 23(3))


def test_strikes_expire(infringe, customer: Subject, now: datetime):
    infringe(now)
    assert len(standing.record_of(customer.pk, now=now + 364 * DAY).standing.counted) == 1
    assert standing.record_of(customer.pk, now=now + 365 * DAY).standing.counted == ()


def test_an_upheld_appeal_takes_the_strike_back(infringe, customer: Subject, drain, now: datetime):
    made = infringe(now)
    by = Actor("customer", str(customer.pk))
    lodged = appeal.lodge(made.pk, kind="appeal", text="It is my own picture.", by=by, actor=by, now=now)
    clear = decide.Choice("no_violation", reasons=REASONS)
    appeal.resolve(lodged.pk, outcome="upheld", reasons=REASONS, actor=DIEGO, now=now + DAY, replacement=clear)
    drain(now + DAY)
    assert len(standing.record_of(customer.pk, now=now).standing.counted) == 1  # as it stood that day
    assert standing.record_of(customer.pk, now=now + DAY).standing.counted == ()


def test_a_put_back_takes_the_strike_back(infringe, customer: Subject, drain, now: datetime):
    counter(infringe(now), now)
    drain(OPENS)
    assert standing.record_of(customer.pk, now=OPENS - DAY).standing.counted != ()
    assert standing.record_of(customer.pk, now=OPENS).standing.counted == ()


def test_a_milder_decision_on_appeal_is_still_one_strike_of_the_first_day(
    infringe, site: Asset, customer: Subject, drain, now: datetime
):
    made = infringe(now)
    by = Actor("customer", str(customer.pk))
    lodged = appeal.lodge(made.pk, kind="appeal", text="It is half my own picture.", by=by, actor=by, now=now)
    milder = disable(site, clause="3.1", measures=(decide.Wish("warning_page", site.pk),))
    appeal.resolve(lodged.pk, outcome="partly_upheld", reasons=REASONS, actor=DIEGO, now=now + DAY, replacement=milder)
    drain(now + DAY)
    counted = standing.record_of(customer.pk, now=now + DAY).standing.counted
    assert [s.on for s in counted] == [now.date()]


def test_what_the_policy_does_not_count_is_no_strike(opened: Case, site: Asset, drain, now: datetime):
    preview = decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    assert codes(preview) == set() and opened.subject_id is not None
    assert standing.record_of(opened.subject_id, now=now).standing.counted == ()


def test_a_policy_that_names_no_step_warns_of_none(infringe, monkeypatch: pytest.MonkeyPatch, now: datetime):
    monkeypatch.setattr(standing, "_rule", lambda: Strikes(categories=("copyright",)))
    infringe(now)
    infringe(now + DAY)
    assert not Notice.objects.filter(kind="strike_warning").exists()
    assert not Task.objects.filter(name="strikes").exclude(error="").exists()


def test_a_warning_is_sent_once_however_often_the_task_runs(infringe, now: datetime):
    infringe(now)
    second = infringe(now + DAY)
    assert strikes.warn(second.pk, now=now + DAY) is None
    assert Notice.objects.filter(kind="strike_warning").count() == 1


def test_reporters_are_measured_by_outcome_and_never_left_unread(infringe, site: Asset, drain, now: datetime):
    assert standing.reputation_of("lena@photos.example").share is None
    made = infringe(now)
    with pytest.raises(Refused):
        report = made.case.first_reports.get()
        misuse.warn(made.case_id, report.pk, actor=ANA, now=now)
    for number in range(20, 29):
        dmca(f"https://login-bancoazul.example/{number}.jpg", now=now, number=number)
        drain()
        case = Case.objects.order_by("-id").first()
        assert case is not None and case.state == "open"  # read like every other
        decide.decide(case.pk, decide.Choice("no_violation", reasons=REASONS), actor=ANA, now=now)
    known = standing.reputation_of("LENA@photos.example")
    assert (known.upheld, known.unfounded, known.share) == (1, 9, 0.1)
    assert 0.01 < known.low < 0.1 < known.high < 0.41
    ana = User.objects.create(username="ana")
    ana.groups.add(Group.objects.get_or_create(name="investigator")[0])
    email, shown_as, code = shown.of_case(ana, made.case, now=now).reporters[0]
    assert (email, shown_as, code) == ("lena@photos.example", known, made.case.first_reports.get().code)
    report = Case.objects.order_by("-id")[0].first_reports.get()
    warned = misuse.warn(report.case_id, report.pk, actor=ANA, now=now)
    assert warned is not None and "9" in warned.parts["facts"]
