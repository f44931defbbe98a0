"""What people record, what begins and ends with it, and what stands still: duties, pauses, gags, longer periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.flow.conftest import ANA, DIEGO, Post, disable
from tests.flow.notices import dmca
from trustdesk import rules, verify
from trustdesk.core.types import SYSTEM, Refused
from trustdesk.flow import appeal, confirm, decide, duties, events, extend, tick
from trustdesk.models import Case, Clock, Entry, Notice

pytestmark = pytest.mark.django_db

TOLD = "told them on the telephone"


def under(case: Case, *idents: str, now: datetime) -> Case:
    """The case under these regimes, each confirmed by a person."""
    for ident in idents:
        confirm.confirm(case.pk, f"regime:{ident}", why="counsel says so", actor=ANA, now=now)
    case.refresh_from_db()
    return case


def clock(case: Case, name: str) -> Clock:
    return Clock.objects.filter(case=case, name=name).latest("id")


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refused.value.findings}


def clean() -> None:
    """The checker agrees; the tests' own customer and site stand in no journal."""
    found = [
        f for f in verify.check() if not f.where.startswith(("trustdesk_subject/", "trustdesk_asset/", "evidence/"))
    ]
    assert not found, found


@pytest.fixture
def child(site, report, drain) -> Case:
    report(category="child_safety")
    drain()
    return Case.objects.get()


PARTS = ("us-2258a.el.provider-contact", "us-2258a.el.facts")


def test_a_filing_is_owed_from_knowledge_on_and_outlives_the_case(child: Case, site, drain, now):
    under(child, "us-2258a", now=now)
    assert not Clock.objects.filter(case=child, name="report").exists()
    assert "knowledge.gained" in events.open_to(child)
    events.say(child.pk, "knowledge.gained", at=now, actor=ANA, now=now, note="saw what the hotline described")
    owed = clock(child, "report")
    assert (owed.state, owed.due_at, owed.regime, owed.actor) == ("running", None, "us-2258a", "provider")
    held = decide.decide(child.pk, disable(site), actor=ANA, now=now)
    assert held.decision is not None
    decide.approve(held.decision.pk, actor=DIEGO, now=now)
    drain()
    child.refresh_from_db()
    owed.refresh_from_db()
    assert (child.state, owed.state) == ("closed", "running")
    with pytest.raises(Refused) as refused:
        events.say(child.pk, "filing.submitted:ncmec", at=now, actor=ANA, now=now, note=TOLD, parts=PARTS[:1])
    assert codes(refused) == {"filing.part_missing"} and "facts" in str(refused.value)
    said = events.say(
        child.pk, "filing.submitted:ncmec", at=now, actor=ANA, now=now, note=TOLD, number="CT-1", parts=PARTS
    )
    owed.refresh_from_db()
    assert owed.state == "met"
    events.withdraw(said.pk, why="it was another case", actor=ANA, now=now + timedelta(hours=1))
    again = clock(child, "report")
    assert again.pk != owed.pk and (again.state, again.started_at) == ("running", owed.started_at)
    with pytest.raises(Refused) as refused:
        events.withdraw(said.pk, why="twice", actor=ANA, now=now)
    assert codes(refused) == {"event.withdrawn"}
    clean()


def test_a_record_that_started_a_clock_takes_it_along_when_it_is_taken_back(child: Case, now):
    under(child, "us-2258a", now=now)
    said = events.say(child.pk, "knowledge.gained", at=now, actor=ANA, now=now, note="a hash matched")
    events.withdraw(said.pk, why="the hash was another's", actor=ANA, now=now)
    assert clock(child, "report").state == "cancelled"
    assert events.recorded(child) == []
    clean()


def test_a_duty_that_no_clock_counts_is_owed_all_the_same(opened: Case, now):
    under(opened, "mx-lfpdppp", now=now)
    events.say(opened.pk, "breach.known", at=now, actor=ANA, now=now, note="a backup lay open")
    owed = clock(opened, "duty-breach")
    rule = next(d for d in rules.current().regimes["mx-lfpdppp"].duties if d.id == "breach")
    assert (owed.state, owed.source, owed.meets) == ("running", rule.source, ["duty.done:breach"])
    assert rule.to in owed.title
    events.say(opened.pk, "duty.done:breach", at=now, actor=ANA, now=now, note=TOLD)
    owed.refresh_from_db()
    assert owed.state == "met"
    clean()


def test_duties_of_a_registrar_are_ours_and_a_first_day_is_waited_for(opened: Case, now):
    under(opened, "icann-udrp", now=now)
    events.say(opened.pk, "udrp_decision.received", at=now, actor=ANA, now=now, note="D2026-0001")
    told, wait = clock(opened, "impl-date"), clock(opened, "impl-wait")
    assert told.actor == wait.actor == "provider" and told.due_at is not None and wait.due_at is None
    assert not Clock.objects.filter(case=opened, name="duty-parties").exists()  # a clock counts it
    opened.refresh_from_db()
    assert opened.next_due_at is not None and opened.next_due_at <= told.due_at
    with pytest.raises(Refused) as refused:
        events.say(opened.pk, "duty.done:impl-wait", at=now, actor=ANA, now=now, note=TOLD)
    assert codes(refused) == {"event.too_early"}
    later = wait.not_before + timedelta(days=1)
    events.say(opened.pk, "duty.done:impl-wait", at=later, actor=ANA, now=later, note=TOLD)
    wait.refresh_from_db()
    assert wait.state == "met"
    tick.tick(later)
    told.refresh_from_db()
    assert told.state == "breached"
    clean()


@pytest.mark.parametrize(
    ("event", "at", "note", "shows", "code"),
    [
        ("csea.unheard_of", 0, TOLD, "", "event.unknown"),
        ("breach.known", 0, TOLD, "", "event.unknown"),  # no regime of this case speaks of it
        ("court_action.accepted", 0, TOLD, "", "event.unknown"),  # has a form of its own
        ("decision.made", 0, TOLD, "", "event.unknown"),  # the desk's own
        ("order.received", 1, TOLD, "", "event.at"),
        ("order.received", -5000, TOLD, "", "event.at"),
        ("order.received", 0, "", "", "event.note"),
        ("order.received", 0, TOLD, "0" * 64, "event.evidence"),
    ],
)
def test_what_cannot_have_happened_is_refused(opened: Case, now, event, at, note, shows, code):
    under(opened, "eu-tco", now=now)
    with pytest.raises(Refused) as refused:
        events.say(opened.pk, event, at=now + timedelta(days=at), actor=ANA, now=now, note=note, shows=shows)
    assert codes(refused) == {code}
    assert not Entry.objects.filter(kind="event.recorded").exists()


def test_only_people_record_and_extend(opened: Case, now):
    under(opened, "eu-tco", now=now)
    with pytest.raises(Refused):
        events.say(opened.pk, "order.received", at=now, actor=SYSTEM, now=now, note=TOLD)
    with pytest.raises(Refused):
        extend.extend(clock(opened, "decide-phishing").pk, by=1, why=TOLD, actor=SYSTEM, now=now)


def test_a_question_stops_the_clock_and_the_answer_lets_it_go_on(site, report, drain, post: Post, now):
    report(category="fraud")
    drain()
    case = Case.objects.get()
    target = clock(case, "decide-fraud")
    asked = now + timedelta(hours=2)
    choice = decide.Choice("forwarded", reasons="A shop that takes money and sends nothing, says the report.")
    decide.decide(case.pk, choice, actor=ANA, now=asked)
    drain(asked)
    stands = clock(case, "decide-fraud")
    assert (stands.state, stands.due_at) == ("paused", target.due_at)
    case.refresh_from_db()
    assert case.next_due_at == clock(case, "answer").due_at  # what stands still drives nothing
    tick.tick(target.due_at + timedelta(minutes=1))
    assert clock(case, "decide-fraud").state == "paused"
    answered = asked + timedelta(hours=5)
    by = appeal.Actor("customer", str(case.subject_id))
    appeal.answer(case.pk, text="We sell what we show.", by=by, actor=by, now=answered)
    goes = clock(case, "decide-fraud")
    assert goes.state == "running" and goes.due_at == target.due_at + timedelta(hours=5)
    clean()


def test_no_answer_lets_the_clock_go_on_too(site, report, drain, now):
    report(category="fraud")
    drain()
    case = Case.objects.get()
    decide.decide(
        case.pk,
        decide.Choice("forwarded", reasons="A shop that takes money and sends nothing, says the report."),
        actor=ANA,
        now=now,
    )
    drain()
    late = clock(case, "answer").due_at + timedelta(minutes=1)
    tick.tick(late)
    goes = clock(case, "decide-fraud")
    assert (goes.state, clock(case, "answer").state) == ("running", "breached") and goes.due_at > late
    clean()


def gagged(case: Case, now: datetime, **more: object) -> None:
    under(case, "us-2705", now=now)
    confirm.confirm(case.pk, "ndo", why="order 26-mj-1", actor=ANA, now=now, **more)  # type: ignore[arg-type]


def test_a_gag_keeps_a_letter_back_until_its_last_day_and_then_it_goes(opened: Case, site, drain, post: Post, now):
    until = now + timedelta(days=30)
    gagged(opened, now, until=until)
    under(opened, "eu-dsa-art17", now=now)
    post.letters.clear()
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    kept = Notice.objects.filter(case=opened, state="withheld")
    assert {n.kind for n in kept} == {"statement_of_reasons", "outcome"} and not post.letters
    assert all("18 USC 2705" in n.detail and "until: " in n.detail for n in kept)
    stands = Clock.objects.filter(case=opened, state="paused").values_list("meets", flat=True)
    assert ["notice.sent:statement_of_reasons"] in list(stands)
    said = Entry.objects.filter(chain=opened.pk, kind="notice.withheld")
    assert said.count() == 2 and all('"rule":"gag"' in body for body in said.values_list("body", flat=True))
    drain(until - timedelta(seconds=1))
    tick.tick(until - timedelta(seconds=1))
    assert not post.letters
    after = until + timedelta(seconds=1)
    tick.tick(after)
    drain(after)
    assert {letter.to for letter in post.letters} == {"abuse@orbital.example", "csirt@bancoazul.example"}
    assert not Notice.objects.filter(case=opened, state="withheld").exists()
    assert not Clock.objects.filter(case=opened, state="paused").exists()
    assert clock(opened, "order-ndo").state == "expired"
    clean()


def test_a_gag_without_a_day_ends_when_a_person_says_so(opened: Case, site, drain, post: Post, now):
    gagged(opened, now)
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    post.letters.clear()
    drain(now + timedelta(days=900))
    assert not post.letters
    later = now + timedelta(days=901)
    confirm.confirm(opened.pk, "ndo", why="the court lifted it", actor=DIEGO, now=later, holds=False)
    drain(later)
    assert [letter.to for letter in post.letters].count("abuse@orbital.example") == 1
    clean()


def test_a_second_gag_keeps_back_what_the_first_one_released(opened: Case, site, drain, post: Post, now):
    gagged(opened, now, until=now + timedelta(days=30))
    under(opened, "eu-tco", now=now)
    confirm.confirm(opened.pk, "nondisclosure", why="the authority decided so", actor=ANA, now=now)
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    post.letters.clear()
    after = now + timedelta(days=31)
    tick.tick(after)
    drain(after)
    assert [letter.to for letter in post.letters] == ["csirt@bancoazul.example"]  # TCO silences towards the customer


def test_the_six_weeks_of_tco_run_out_and_can_be_made_longer(opened: Case, now):
    under(opened, "eu-tco", now=now)
    events.say(opened.pk, "order.received", at=now, actor=ANA, now=now, note="order 7/2026")
    assert clock(opened, "remove").due_at == now + timedelta(hours=1)
    assert not Clock.objects.filter(case=opened, name="gag").exists()
    confirm.confirm(opened.pk, "nondisclosure", why="the order says so", actor=ANA, now=now)
    gag = clock(opened, "gag")
    assert gag.expires and gag.due_at.astimezone(UTC).date() - now.date() == timedelta(weeks=6)
    first = gag.due_at
    extend.extend(gag.pk, by=6, why="decision of 20 December", actor=ANA, now=now)
    gag.refresh_from_db()
    assert gag.due_at - first >= timedelta(weeks=6)
    tick.tick(first + timedelta(seconds=1))
    assert clock(opened, "gag").state == "running"
    tick.tick(gag.due_at + timedelta(seconds=1))
    assert clock(opened, "gag").state == "expired"
    assert "nondisclosure" not in duties.confirmed(opened)
    with pytest.raises(Refused) as refused:
        extend.extend(gag.pk, by=6, why="too late", actor=ANA, now=now)
    assert codes(refused) == {"extend.ended"}
    clean()


def test_what_lapses_is_no_breach_and_drives_nothing(opened: Case, now):
    under(opened, "eu-tco", now=now)
    events.say(opened.pk, "order.received", at=now, actor=ANA, now=now, note="order 7/2026")
    option = clock(opened, "cross-border")
    assert option.expires
    tick.tick(now + timedelta(hours=49))
    option.refresh_from_db()
    assert (option.state, option.breached_at) == ("expired", None)
    assert clock(opened, "remove").state == "breached"
    clean()


def test_the_shortest_clock_drives_the_queue_and_the_others_run(opened: Case, now):
    before = opened.next_due_at
    assert before == now + timedelta(hours=4)  # the house's own target
    under(opened, "eu-tco", now=now)
    events.say(opened.pk, "order.received", at=now, actor=ANA, now=now, note="order 7/2026")
    opened.refresh_from_db()
    assert opened.next_due_at == now + timedelta(hours=1) and clock(opened, "decide-phishing").state == "running"


def test_the_text_of_a_law_is_kept_from_the_opening_on(opened: Case):
    from trustdesk.models import RuleText

    kept = set(RuleText.objects.values_list("pk", flat=True))
    assert {row["digest"] for row in opened.regimes} <= kept and opened.regimes


def test_a_notice_is_passed_on_by_itself_where_the_policy_lets(site, drain, post: Post, now, monkeypatch):
    """Canada's notice-and-notice: forwarded without a person, and nothing is removed."""
    lets = replace(duties.policy(), automated_letters=("forward",))
    monkeypatch.setattr(duties, "policy", lambda: lets)
    dmca("https://login-bancoazul.example/night.jpg", now=now)
    drain()
    case = Case.objects.get()
    assert not Notice.objects.filter(kind="forward").exists()  # no regime of this case asks for it
    under(case, "ca-notice-and-notice", now=now)
    drain()
    sent = Notice.objects.get(kind="forward")
    assert (sent.state, sent.to_address) == ("sent", "abuse@orbital.example")
    assert clock(case, "forward").state == "met"
    case.refresh_from_db()
    assert (case.state, case.measures.count()) == ("open", 0)
    clean()


def test_a_service_that_the_operator_says_is_bound_is_bound(site, report, drain, settings):
    settings.DESK = replace(settings.DESK, switched_on=("eu-dsa-art16",), switched_off=("house-targets",))
    report()
    drain()
    case = Case.objects.get()
    row = next(r for r in case.regimes if r["id"] == "eu-dsa-art16")
    assert row["certain"] and "operator says" in row["why"]
    assert "house-targets" not in {r["id"] for r in case.regimes}


def test_an_order_names_the_end_that_the_law_leaves_to_it(opened: Case, now):
    under(opened, "eu-dsa-orders", now=now)
    events.say(opened.pk, "order.received", at=now, actor=ANA, now=now, note="order of the court of Lille")
    owed = clock(opened, "feedback-act")
    assert owed.due_at is None
    with pytest.raises(Refused) as refused:
        extend.extend(owed.pk, by=2, why="no rule counts it", actor=ANA, now=now)
    assert codes(refused) == {"extend.ended"}
    with pytest.raises(Refused) as refused:
        extend.extend(owed.pk, until=owed.started_at, why="not later", actor=ANA, now=now)
    assert codes(refused) == {"extend.not_later"}
    named = now + timedelta(hours=36)
    extend.extend(owed.pk, until=named, why="number 4 of the order", actor=ANA, now=now)
    owed.refresh_from_db()
    assert owed.due_at == named and opened.clocks.filter(due_at=named).exists()
    opened.refresh_from_db()
    assert opened.next_due_at is not None and opened.next_due_at <= named
    tick.tick(named + timedelta(seconds=1))
    owed.refresh_from_db()
    assert owed.state == "breached"
    clean()
