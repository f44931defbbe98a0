"""From a complaint to a lawful, explained outcome, and back: what users of the cycle rely on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.flow.conftest import ANA, DIEGO, LUCIA, REASONS, Memory, Post, disable
from trustdesk.core.types import Actor, Channel, Refused
from trustdesk.flow import appeal, decide, duties, receive, tick
from trustdesk.interfaces.enforcer import Outcome
from trustdesk.models import Appeal, Asset, Case, Clock, Decision, Entry, Measure, Notice, Report, Subject, Task

pytestmark = pytest.mark.django_db
CUSTOMER = "abuse@orbital.example"
REPORTER = "csirt@bancoazul.example"


def codes(error: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in error.value.findings}


def test_a_report_becomes_an_open_case_of_its_customer_with_running_clocks(opened: Case, site: Asset, post: Post):
    assert (opened.category, opened.state, opened.subject, opened.asset) == ("phishing", "open", site.subject, site)
    assert opened.queue == "security"
    targets = {c.name: c for c in Clock.objects.filter(case=opened, regime="house-targets")}
    assert targets["decide-phishing"].state == "running"
    assert targets["acknowledge"].state == "met"
    assert [letter.to for letter in post.letters] == [REPORTER]
    assert Report.objects.get().state == "joined"


def test_a_second_report_on_the_same_site_joins_and_another_category_does_not(opened: Case, report, drain):
    report("https://login-bancoazul.example/other", reporter={"name": "B", "email": "b@example.net"})
    report(category="malware")
    drain()
    opened.refresh_from_db()
    assert opened.report_count == 2
    assert sorted(Case.objects.values_list("category", "report_count")) == [("malware", 1), ("phishing", 2)]


def test_the_same_message_twice_is_one_report(db: None, now: datetime, drain):
    raw = b"From: a@example.net\r\nMessage-ID: <1@example.net>\r\nSubject: x\r\n\r\nhttps://example.org/\r\n"
    first = receive.receive(receive.Incoming(raw, Channel.MAIL), now=now)
    again = receive.receive(receive.Incoming(b"Received: by mx\r\n" + raw, Channel.MAIL), now=now)
    both = receive.receive_many([receive.Incoming(raw, Channel.MAIL)] * 3, now=now)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert {first.report_id, again.report_id, *(r.report_id for r in both)} == {first.report_id}
    assert Report.objects.count() == 1


def test_what_is_not_ours_is_closed_and_the_reporter_is_told(db: None, site: Asset, report, drain, post: Post):
    report("https://elsewhere.example/phish")
    drain()
    case = Case.objects.get()
    assert (case.state, case.outcome, case.subject) == ("closed", "not_ours", None)
    assert sorted(Notice.objects.values_list("kind", "state")) == [("acknowledgement", "sent"), ("not_ours", "sent")]
    assert Decision.objects.get().automated


def test_the_whole_way_to_a_confirmed_measure(
    opened: Case, site: Asset, drain, enforcer: Memory, post: Post, now: datetime
):
    preview = decide.decide(opened.pk, disable(site), actor=ANA, now=now, seen=opened.seq, persist=False)
    assert preview.allowed and Decision.objects.count() == 0
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now, seen=opened.seq)
    assert (made.letters, made.measures) == (preview.letters, preview.measures)
    drain()
    opened.refresh_from_db()
    assert (opened.state, opened.outcome) == ("closed", "measures")
    assert Measure.objects.get().state == "confirmed" and len(enforcer.applied) == 1
    statement = Notice.objects.get(kind="statement_of_reasons")
    assert (statement.to_address, statement.language) == (CUSTOMER, "es")
    assert REASONS in statement.parts["facts"] or REASONS in statement.text
    assert {letter.to for letter in post.letters[1:]} == {CUSTOMER, REPORTER}


def test_a_spanish_customer_reads_the_clause_in_spanish(opened: Case, site: Asset, drain, post: Post, now: datetime):
    Subject.objects.filter(pk=site.subject_id).update(language="es-MX")
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    sent = next(letter for letter in post.letters if letter.language == "es")
    assert "Phishing y credenciales robadas" in sent.text and "hacerse pasar por otra persona" in sent.text
    assert "stolen credentials" not in sent.text and "pose as another" not in sent.text


def test_letters_quote_the_clause_as_it_stood_when_it_was_decided(
    opened: Case, site: Asset, drain, post: Post, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now).decision
    assert made is not None
    house = duties.policy()
    newer = replace(house, digest="0" * 64, clauses=tuple(replace(c, text="All is new.") for c in house.clauses))
    monkeypatch.setattr(duties, "policy", lambda: newer)
    drain()
    sent = Notice.objects.get(kind="statement_of_reasons")
    assert "All is new." not in sent.text and "hacerse pasar por otra persona" in " ".join(sent.text.split())
    assert duties.policy_of("1" * 64) is newer, "a text that nobody kept"


def test_a_decision_without_ground_clause_or_reasons_is_refused_with_every_finding(
    opened: Case, site: Asset, now: datetime
):
    with pytest.raises(Refused) as error:
        decide.decide(opened.pk, disable(site, ground="none", clause="", reasons="bad"), actor=ANA, now=now)
    assert {"decision.no_ground", "decision.reasons_short"} <= codes(error)
    assert Decision.objects.count() == 0


def test_a_stale_screen_cannot_decide(opened: Case, site: Asset, report, drain, now: datetime):
    seen = opened.seq
    report("https://login-bancoazul.example/new")
    drain()
    with pytest.raises(Refused) as error:
        decide.decide(opened.pk, disable(site), actor=ANA, now=now, seen=seen)
    assert codes(error) == {"decision.stale"}


@pytest.fixture
def held(opened: Case, customer: Subject, now: datetime) -> Decision:
    """A severe measure, waiting for a second person."""
    account = Asset.objects.create(subject=customer, kind="account", ref="acc-1", value="acc-1", role="hosting")
    choice = disable(account, measures=(decide.Wish("account_suspend", account.pk),))
    made = decide.decide(opened.pk, choice, actor=ANA, now=now).decision
    assert made is not None
    return made


def test_severe_measures_wait_for_another_person(held: Decision, drain, enforcer: Memory, now: datetime):
    drain()
    assert held.state == "held" and held.case.state == "held" and not enforcer.applied
    with pytest.raises(Refused) as error:
        decide.approve(held.pk, actor=ANA, now=now)
    assert codes(error) == {"approval.same_person"}
    decide.approve(held.pk, actor=DIEGO, now=now)
    drain()
    assert len(enforcer.applied) == 1
    with pytest.raises(Refused):
        decide.approve(held.pk, actor=LUCIA, now=now)


def test_a_held_decision_can_be_sent_back(held: Decision, drain, enforcer: Memory, now: datetime):
    decide.reject(held.pk, actor=DIEGO, now=now, why="Disable the site first.")
    drain()
    held.refresh_from_db()
    assert (held.state, Case.objects.get().state, enforcer.applied) == ("rejected", "open", [])


@pytest.fixture
def decided(opened: Case, site: Asset, drain, now: datetime) -> Decision:
    """A decision that stands, its measure confirmed."""
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now).decision
    drain()
    assert made is not None
    return made


def test_an_upheld_appeal_overrides_lifts_and_keeps_the_old_decision(
    decided: Decision, drain, enforcer: Memory, post: Post, now: datetime
):
    by = Actor("customer", "1")
    lodged = appeal.lodge(decided.pk, kind="appeal", text="It is our own training page.", by=by, actor=by, now=now)
    drain()
    assert Case.objects.get().state == "open"
    clear = decide.Choice("no_violation", reasons="The page is a training page that says so and stores nothing.")
    with pytest.raises(Refused) as error:
        appeal.resolve(lodged.pk, outcome="upheld", reasons=REASONS, actor=ANA, now=now, replacement=clear)
    assert codes(error) == {"appeal.same_person"}
    appeal.resolve(lodged.pk, outcome="upheld", reasons=REASONS, actor=DIEGO, now=now, replacement=clear)
    drain()
    decided.refresh_from_db()
    assert decided.state == "overridden" and decided.reasons == REASONS
    assert Measure.objects.get().state == "lifted" and enforcer.standing == {}
    assert (Case.objects.get().state, Case.objects.get().outcome) == ("closed", "no_violation")
    assert {"appeal_received", "appeal_outcome", "restored"} <= set(Notice.objects.values_list("kind", flat=True))


def test_a_dismissed_appeal_leaves_everything_and_cannot_be_repeated(
    decided: Decision, drain, enforcer: Memory, now: datetime
):
    by = Actor("customer", "1")
    lodged = appeal.lodge(decided.pk, kind="appeal", text="I do not agree with this.", by=by, actor=by, now=now)
    with pytest.raises(Refused) as error:
        appeal.lodge(decided.pk, kind="appeal", text="I do not agree with this.", by=by, actor=by, now=now)
    assert codes(error) == {"appeal.open"}
    appeal.resolve(lodged.pk, outcome="dismissed", reasons=REASONS, actor=DIEGO, now=now)
    drain()
    assert len(enforcer.standing) == 1 and Case.objects.get().state == "closed"
    with pytest.raises(Refused) as error:
        appeal.lodge(decided.pk, kind="appeal", text="I still do not agree.", by=by, actor=by, now=now)
    assert codes(error) == {"appeal.again"}


def test_an_appeal_after_the_window_is_refused(decided: Decision, now: datetime):
    by = Actor("customer", "1")
    with pytest.raises(Refused) as error:
        appeal.lodge(
            decided.pk, kind="appeal", text="Too late, I know.", by=by, actor=by, now=now + timedelta(days=190)
        )
    assert codes(error) == {"appeal.late"} and Appeal.objects.count() == 0


def test_forwarded_waits_for_the_customer_and_the_answer_brings_it_back(opened: Case, drain, post: Post, now: datetime):
    choice = decide.Choice(
        "forwarded", "policy", "2.1", reasons="We ask the customer to look at the page and to answer."
    )
    decide.decide(opened.pk, choice, actor=ANA, now=now)
    drain()
    opened.refresh_from_db()
    assert opened.state == "waiting" and Notice.objects.filter(kind="forward", to_address=CUSTOMER).exists()
    by = Actor("customer", str(opened.subject_id))
    appeal.answer(opened.pk, text="We removed the page.", by=by, actor=by, now=now + timedelta(hours=1))
    opened.refresh_from_db()
    assert (opened.state, opened.unread) == ("open", 1)
    assert Clock.objects.get(case=opened, name="answer").state == "met"


def test_nobody_answers_and_the_case_comes_back_by_itself(opened: Case, drain, now: datetime):
    choice = decide.Choice(
        "forwarded", "policy", "2.1", reasons="We ask the customer to look at the page and to answer."
    )
    decide.decide(opened.pk, choice, actor=ANA, now=now)
    drain()
    tick.tick(now + timedelta(hours=25))
    opened.refresh_from_db()
    assert opened.state == "open" and Clock.objects.get(case=opened, name="answer").state == "breached"


def test_each_breach_is_written_once(opened: Case, now: datetime):
    later = now + timedelta(days=2)
    assert tick.tick(later) >= 1
    assert tick.tick(later) == 0
    assert Entry.objects.filter(kind="clock.breached").count() == 1
    late = Clock.objects.get(case=opened, name="decide-phishing")
    assert late.state == "breached" and late.breached_at == late.due_at


def test_a_measure_that_fails_comes_back_to_people_and_can_be_tried_again(
    opened: Case, site: Asset, drain, enforcer: Memory, now: datetime
):
    from trustdesk.flow import enforce

    enforcer.trouble = [Outcome("failed", "400", "no such site")]
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    measure = Measure.objects.get()
    assert (measure.state, Case.objects.get().state) == ("failed", "open")
    assert enforce.retry(measure.pk, actor=ANA, now=now)
    drain()
    assert (Measure.objects.get().state, Case.objects.get().state) == ("confirmed", "closed")


def test_a_slow_enforcer_is_asked_again_with_the_same_key(
    opened: Case, site: Asset, drain, enforcer: Memory, now: datetime
):
    enforcer.trouble = [Outcome("failed", "503", "busy", retry=True), Outcome("pending", "202")]
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    for minutes in range(0, 60, 10):
        drain(now + timedelta(minutes=minutes))
    assert Measure.objects.get().state == "confirmed" and len(enforcer.applied) == 1
    assert not Task.objects.exists()


def test_the_customer_of_a_child_safety_case_is_never_told(site: Asset, report, drain, post: Post, now: datetime):
    report(category="child_safety")
    drain()
    case = Case.objects.get()
    choice = disable(site, clause="", ground="law", law="18 USC 2258A")
    made = decide.decide(case.pk, choice, actor=ANA, now=now).decision
    assert made is not None and made.state == "held"
    decide.approve(made.pk, actor=DIEGO, now=now)
    drain()
    assert post.to(CUSTOMER) == []


def test_a_report_about_two_customers_is_a_case_for_each(site: Asset, report, drain):
    other = Subject.objects.create(ref="c-2", name="Other", email="o@other.example")
    Asset.objects.create(subject=other, kind="prefix", ref="net", value="198.51.100.0/24", role="hosting", family=4,
                         low="c6336400", high="c63364ff")  # fmt: skip
    report(urls=["https://login-bancoazul.example/a", "http://198.51.100.7/b", "https://elsewhere.example/"])
    drain()
    assert Report.objects.count() == 1
    assert sorted(Case.objects.values_list("subject__ref", flat=True)) == ["c-1042", "c-2"]
    assert Entry.objects.filter(kind="report.received").count() == 1
    assert Entry.objects.filter(kind="report.joined").count() == 1


def test_a_measure_that_nobody_outside_can_see_goes_to_a_person_who_can_have_it_looked_at_again(
    opened: Case, site: Asset, drain, enforcer: Memory, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    from trustdesk.flow import enforce

    seeing = enforcer.confirm
    monkeypatch.setattr(enforcer, "confirm", lambda order: Outcome("failed", "not_observable"))
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    assert (Measure.objects.get().state, Case.objects.get().state) == ("applied", "open")
    assert not Task.objects.exists()
    monkeypatch.setattr(enforcer, "confirm", seeing)
    assert enforce.retry(Measure.objects.get().pk, actor=ANA, now=now)
    drain()
    assert (Measure.objects.get().state, Case.objects.get().state) == ("confirmed", "closed")


def test_no_clock_waits_for_a_letter_that_nobody_is_owed(site: Asset, report, drain, now: datetime):
    report(reporter={"name": "Feed", "email": "no-reply@feed.example"})
    drain()
    case = Case.objects.get()
    assert Clock.objects.get(case=case, name="acknowledge").state == "cancelled"
    decide.decide(case.pk, decide.Choice("no_violation", reasons=REASONS), actor=ANA, now=now)
    drain()
    assert not Clock.objects.filter(case=case, name="outcome").exists()
    assert not Clock.objects.filter(case=case, state="running", due_at__isnull=False).exists()
