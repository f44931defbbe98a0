"""Misuse of reports and complaints: warned, suspended by people for a time, told, contested; what comes in meanwhile waits
and is never lost, and danger to life does not wait."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from django.conf import settings

from tests.flow.conftest import ANA, DIEGO, LUCIA, disable
from tests.flow.test_validity import clean
from trustdesk import standing
from trustdesk.core import misuse as rule_of
from trustdesk.core.types import SYSTEM, Actor, Channel, Refused
from trustdesk.flow import appeal, decide, misuse, receive, tick, waiting
from trustdesk.models import Asset, Case, Entry, Notice, Report, Suspension
from trustdesk.reading.submission import submission

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TROLL = "troll@rivals.example"
REASONS = "The page is an ordinary shop of the customer's own; nothing on it imitates anybody."
WHY = "Again and again they name the shop of a rival, which we found to be honest each time, and told them so."
WEIGHED = {
    "number": "three within a week, none of them right",
    "share": "all that they ever sent",
    "gravity": "each could have cost an honest shop its day",
    "intent": "their letters say that they mean to be rid of a rival",
}


@pytest.fixture(autouse=True)
def checking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk believes what its own mail server says of signatures."""
    desk = replace(settings.DESK, trusted_authserv=("mx.nube-norte.example",), trusted_flaggers=("flaggers.example",))
    monkeypatch.setattr(settings, "DESK", desk)


@pytest.fixture
def mail(site: Asset, drain) -> Callable[..., Report]:
    """A report by mail, signed by the domain in From unless told otherwise, worked."""
    count = iter(range(1, 10_000))

    def send(
        at: datetime, *, sender: str = TROLL, signed: bool = True, about: str = "phishing", host: str = ""
    ) -> Report:
        number = next(count)
        letter = EmailMessage()
        if signed:
            letter["Authentication-Results"] = f"mx.nube-norte.example; dkim=pass header.d={sender.partition('@')[2]}"
        letter["From"], letter["To"] = sender, settings.DESK.address
        letter["Subject"] = f"{about} on your network {number}"
        letter["Message-ID"] = f"<{number}.{at:%Y%m%d%H%M%S}@{sender.partition('@')[2]}>"
        letter["Date"] = at
        url = f"https://{host or 'login-bancoazul.example'}/{number}"
        letter.set_content(f"Hello abuse team,\n\nthis is used for {about}:\n\n  {url}\n\nPlease take it down.\n")
        got = receive.receive(receive.Incoming(bytes(letter), Channel.MAIL, envelope_from=sender), now=at)
        drain(at)
        return Report.objects.select_related("reporter").get(pk=got.report_id)

    return send


@pytest.fixture
def unfounded(mail, drain) -> Callable[..., Report]:
    """A report that is decided to be unfounded."""

    def once(at: datetime, **how: object) -> Report:
        report = mail(at, **how)
        assert report.case is not None
        decide.decide(report.case.pk, decide.Choice("no_violation", reasons=REASONS), actor=ANA, now=at)
        drain(at)
        return report

    return once


def wish(*reports: Report, **changes: object) -> rule_of.Wish:
    made = rule_of.Wish(tuple(f"case:{r.case_id}" for r in reports), 14, WEIGHED, WHY)
    return replace(made, **changes)  # type: ignore[arg-type]


def refused(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as no:
        act()
    return {finding.code for finding in no.value.findings}


@pytest.fixture
def warned(unfounded, drain, now: datetime) -> list[Report]:
    """Two unfounded reports, a warning, and a third after it."""
    reports = [unfounded(now), unfounded(now + DAY)]
    misuse.warn(reports[1].case_id or 0, reports[1].pk, actor=ANA, now=now + DAY)
    drain(now + DAY)
    return [*reports, unfounded(now + 2 * DAY)]


@pytest.fixture
def suspended(warned: list[Report], drain, now: datetime) -> Suspension:
    """Their suspension, ordered by one and confirmed by another."""
    at = now + 2 * DAY
    row = misuse.suspend(warned[2].case_id or 0, warned[2].pk, wish(*warned), actor=ANA, now=at)
    assert row.state == "held"
    misuse.approve(row.pk, actor=DIEGO, now=at)
    drain(at)
    return Suspension.objects.get(pk=row.pk)


def test_nobody_is_suspended_before_a_warning_and_something_since(unfounded, drain, now: datetime) -> None:
    reports = [unfounded(now + n * timedelta(hours=1)) for n in range(3)]
    at = now + DAY
    case, last = reports[2].case_id or 0, reports[2].pk
    order = lambda *given, **changes: refused(  # noqa: E731
        lambda: misuse.suspend(case, last, wish(*given, **changes), actor=ANA, now=at)
    )
    assert order(*reports) == {"misuse.not_warned"}
    warning = misuse.warn(case, last, actor=ANA, now=at)
    assert warning is not None and "3" in warning.parts["facts"]
    assert order(*reports) == {"misuse.not_warned"}  # it waits to go out
    drain(at)
    assert order(*reports) == {"misuse.nothing_since"}
    at += DAY
    reports.append(unfounded(at))
    assert order(*reports[2:]) == {"misuse.not_frequent"}
    assert order(*reports, days=31) == {"misuse.days"} == order(*reports, days=0)
    assert order(*reports, weighed={**WEIGHED, "intent": " "}) == {"misuse.not_weighed"}
    assert order(*reports, reasons="a nuisance") == {"misuse.reasons_short"}
    assert order(*reports, grounds=(*wish(*reports).grounds, "case:999")) == {"misuse.not_theirs"}
    assert not Suspension.objects.exists()
    at += 180 * DAY  # the window of the policy has passed over them
    assert {"misuse.not_frequent", "misuse.not_theirs"} <= order(*reports)


def test_a_second_person_confirms_it_and_the_sender_is_told_all(
    warned: list[Report], post, drain, now: datetime
) -> None:
    at = now + 2 * DAY
    row = misuse.suspend(warned[2].case_id or 0, warned[2].pk, wish(*warned), actor=ANA, now=at)
    assert refused(lambda: misuse.approve(row.pk, actor=ANA, now=at)) == {"misuse.same_person"}
    again = lambda: misuse.suspend(warned[2].case_id or 0, warned[2].pk, wish(*warned), actor=DIEGO, now=at)  # noqa: E731
    assert refused(again) == {"misuse.again"}
    assert not Notice.objects.filter(kind="suspension").exists()
    misuse.approve(row.pk, actor=DIEGO, now=at)
    drain(at)
    letter = Notice.objects.get(kind="suspension")
    assert (letter.to_role, letter.to_address, letter.state) == ("reporter", TROLL, "sent")
    assert WHY in letter.parts["reasons"] and WEIGHED["intent"] in letter.parts["weighed"]
    assert "4 December 2026" in letter.parts["until"] and "Of what you sent us, 3 were" in letter.parts["facts"]
    assert "/suspended/" in letter.text and post.to(TROLL)
    clean()


def test_what_it_rests_on_is_looked_at_again_when_it_is_confirmed(warned: list[Report], now: datetime) -> None:
    at = now + 2 * DAY
    row = misuse.suspend(warned[2].case_id or 0, warned[2].pk, wish(*warned), actor=ANA, now=at)
    by = Actor("reporter", str(warned[0].pk))
    text = "It did imitate our shop that day."
    appeal.lodge(warned[0].case.decisions.get().pk, kind="appeal", text=text, by=by, actor=by, now=at)
    found = refused(lambda: misuse.approve(row.pk, actor=DIEGO, now=at))
    assert found == {"misuse.not_frequent", "misuse.not_theirs"}


def test_who_sends_it_back_gives_a_reason_and_nothing_begins(warned: list[Report], mail, now: datetime) -> None:
    at = now + 2 * DAY
    row = misuse.suspend(warned[2].case_id or 0, warned[2].pk, wish(*warned), actor=ANA, now=at)
    assert refused(lambda: misuse.reject(row.pk, why="no", actor=DIEGO, now=at)) == {"misuse.reasons_short"}
    misuse.reject(row.pk, why="They were wrong three times, and one was a near miss; warn again.", actor=DIEGO, now=at)
    assert mail(at + DAY).case.queue == "security"
    clean()


def test_what_comes_in_meanwhile_is_a_case_that_waits_and_the_sender_is_told_once(
    suspended: Suspension, mail, now: datetime
) -> None:
    at = now + 3 * DAY
    first, second = mail(at), mail(at + timedelta(hours=1), signed=False)
    assert (first.case.state, first.case.queue, first.case.priority) == ("open", "suspended", 0)
    assert second.case_id == first.case_id  # the same site: the same case
    told = [n.parts.get("waits", "") for n in Notice.objects.filter(kind="acknowledgement").order_by("-id")[:2]]
    assert told[0] == "" and "4 December 2026" in told[1]
    assert not any("by" in n.text and "aim" in n.text for n in Notice.objects.filter(report=first))
    tick.tick(at + 5 * DAY)  # late clocks do not carry it to the front
    assert Case.objects.get(pk=first.case_id).priority == 0
    clean()


def test_what_had_come_before_does_not_wait(suspended: Suspension, site: Asset, drain, now: datetime) -> None:
    letter = f"From: {TROLL}\r\nSubject: phishing\r\nMessage-ID: <old@rivals.example>\r\n\r\nhttps://login-bancoazul.example/old\r\n"
    incoming = receive.Incoming(letter.encode(), Channel.MAIL, received_at=now + DAY)
    got = receive.receive(incoming, now=now + 3 * DAY)
    drain(now + 3 * DAY)
    assert Case.objects.get(joinings__report=got.report_id).queue == "security"


def test_who_else_reports_the_same_takes_it_out_of_waiting(suspended: Suspension, mail, now: datetime) -> None:
    report = mail(now + 3 * DAY)
    other = mail(now + 3 * DAY, sender="soc@bank.example")
    case = Case.objects.get(pk=report.case_id)
    assert other.case_id == case.pk and case.queue == "security" and case.priority > 0
    clean()


@pytest.mark.parametrize("about", ["child sexual abuse material", "a threat to kill somebody"])
def test_danger_to_life_does_not_wait(suspended: Suspension, mail, about: str, now: datetime) -> None:
    case = mail(now + 3 * DAY, about=about).case
    assert case.category in rule_of.NEVER_WAITS and case.queue in ("safety", "general") and case.priority > 0


def test_orders_flaggers_and_what_nobody_understood_do_not_wait() -> None:
    rule = settings_rule()
    assert rule_of.waits(rule, category="phishing", form="notice")
    for form in ("order", "referral", "counter_notice", "retraction", "reply", "alert", "unparsed", "dmca"):
        assert not rule_of.waits(rule, category="phishing", form=form)
    assert not rule_of.waits(rule, category="government_order", form="notice")


def settings_rule():
    from trustdesk.flow import duties

    return duties.policy().misuse


def test_it_ends_by_itself_and_what_waited_goes_on(suspended: Suspension, mail, drain, now: datetime) -> None:
    report = mail(now + 3 * DAY)
    last = suspended.until
    assert last == now + 16 * DAY
    tick.tick(last - timedelta(seconds=1))
    assert Suspension.objects.get().state == "running"
    assert mail(last + timedelta(seconds=1), host="other.login-bancoazul.example").case is not None
    assert tick.tick(last) and not misuse.end_due(last)
    drain(last)
    row = Suspension.objects.get()
    assert (row.state, row.ended_at, row.ended_by) == ("ended", last, str(SYSTEM))
    case = Case.objects.get(pk=report.case_id)
    assert case.queue == "security" and case.priority > 0 and case.state == "open"
    assert mail(last + DAY, host="login-bancoazul.example").case.queue == "security"
    clean()


def test_a_person_lifts_it_and_says_why(suspended: Suspension, mail, drain, now: datetime) -> None:
    report, at = mail(now + 3 * DAY), now + 4 * DAY
    misuse.lift(
        suspended.pk, why="They have named the person who wrote the reports, and she has left.", actor=LUCIA, now=at
    )
    drain(at)
    assert Case.objects.get(pk=report.case_id).queue == "security"
    letter = Notice.objects.get(kind="suspension_answer")
    assert "before its time" in letter.parts["outcome"] and "she has left" in letter.parts["reasons"]
    assert refused(lambda: misuse.lift(suspended.pk, why="x" * 60, actor=LUCIA, now=at)) == {"state.not_allowed"}
    clean()


@pytest.mark.parametrize(("upheld", "state"), [(True, "lifted"), (False, "running")])
def test_it_is_contested_and_somebody_else_answers(
    suspended: Suspension, mail, drain, upheld: bool, state: str, now: datetime
) -> None:
    report, at = mail(now + 3 * DAY), now + 4 * DAY
    assert refused(lambda: misuse.contest(suspended.pk, text="No.", now=at)) == {"appeal.no_reason"}
    misuse.contest(suspended.pk, text="Two of the three were right when I sent them.", now=at)
    again = lambda: misuse.contest(suspended.pk, text="I say it again, and louder.", now=at)  # noqa: E731
    assert refused(again) == {"misuse.contested"}
    for actor in (ANA, DIEGO):
        reply = lambda who=actor: misuse.answer(suspended.pk, upheld=True, reasons=WHY, actor=who, now=at)  # noqa: E731
        assert refused(reply) == {"misuse.same_person"}
    misuse.answer(
        suspended.pk, upheld=upheld, reasons="We looked at all three pages again as they stood.", actor=LUCIA, now=at
    )
    drain(at)
    row = Suspension.objects.get()
    assert (row.state, row.contest_state) == (state, "upheld" if upheld else "dismissed")
    assert Case.objects.get(pk=report.case_id).queue == ("security" if upheld else "suspended")
    assert Notice.objects.get(kind="suspension_answer").state == "sent"
    clean()


def test_a_forged_sender_gets_nobody_suspended(unfounded, drain, now: datetime) -> None:
    """Anybody can write an address into From; what is not signed counts against nobody."""
    victim = "press@newspaper.example"
    forged = [unfounded(now + n * DAY, sender=victim, signed=False) for n in range(3)]
    misuse.warn(forged[1].case_id or 0, forged[1].pk, actor=ANA, now=now + DAY)
    drain(now + DAY)
    at = now + 3 * DAY
    order = lambda report: misuse.suspend(report.case_id or 0, report.pk, wish(*forged), actor=ANA, now=at)  # noqa: E731
    assert {"misuse.unverified", "misuse.not_theirs"} <= refused(lambda: order(forged[2]))
    real = unfounded(at, sender=victim)
    assert {"misuse.not_warned", "misuse.not_theirs"} <= refused(lambda: order(real))
    known = standing.known_of(f"mail:{victim}", verified=True)
    assert [u.ref for u in known.sender.unfounded] == [f"case:{real.case_id}"]


def test_a_trusted_flagger_is_not_suspended_here(unfounded, drain, now: datetime) -> None:
    reports = [unfounded(now + n * DAY, sender="desk@flaggers.example") for n in range(3)]
    misuse.warn(reports[1].case_id or 0, reports[1].pk, actor=ANA, now=now)
    drain(now + 2 * DAY)
    order = lambda: misuse.suspend(reports[2].case_id or 0, reports[2].pk, wish(*reports), actor=ANA, now=now + 3 * DAY)  # noqa: E731
    assert "misuse.flagger" in refused(order)


def test_a_finding_that_is_looked_at_again_does_not_count(warned: list[Report], now: datetime) -> None:
    identity = f"mail:{TROLL}"
    assert len(standing.known_of(identity, verified=True).sender.unfounded) == 3
    decision = warned[0].case.decisions.get()
    by = Actor("reporter", str(warned[0].pk))
    appeal.lodge(
        decision.pk, kind="appeal", text="It did imitate our shop that day.", by=by, actor=by, now=now + 3 * DAY
    )
    known = standing.known_of(identity, verified=True)
    assert len(known.sender.unfounded) == 2 and known.reputation.unfounded == 3


@pytest.mark.one_database
def test_a_customer_who_complains_without_ground_waits_as_well(site: Asset, mail, drain, now: datetime) -> None:
    """Complaints under Article 20: dismissed, warned of, suspended; a counter-notice would not wait."""
    by = Actor("customer", str(site.subject_id))
    lost = []
    for number in range(4):
        at = now + number * DAY
        report = mail(at, sender="soc@bank.example")
        choice = disable(
            site, measures=(decide.Wish("path_block", site.pk, f"https://login-bancoazul.example/x{number}"),)
        )
        made = decide.decide(report.case.pk, choice, actor=ANA, now=at).decision
        drain(at)
        lodged = appeal.lodge(made.pk, kind="appeal", text="It is none of your business.", by=by, actor=by, now=at)
        if number < 3:
            assert Case.objects.get(pk=report.case_id).queue == "security"
            appeal.resolve(lodged.pk, outcome="dismissed", reasons=REASONS, actor=DIEGO, now=at)
            lost.append(lodged)
        drain(at)
        if number == 1:
            misuse.warn_customer(report.case_id or 0, actor=ANA, now=at)
            drain(at)
        if number == 2:
            wanted = rule_of.Wish(tuple(f"appeal:{a.pk}" for a in lost), 14, WEIGHED, WHY)
            row = misuse.suspend(report.case_id or 0, None, wanted, actor=ANA, now=at)
            misuse.approve(row.pk, actor=DIEGO, now=at)
            drain(at)
    row = Suspension.objects.get()
    assert (row.who, row.subject_id, row.report_id) == ("complainant", site.subject_id, None)
    assert Notice.objects.get(kind="suspension").to_role == "customer"
    waits = Case.objects.get(pk=report.case_id)
    assert waits.queue == "suspended" and [c.pk for c in standing.waiting(row.identity)] == [waits.pk]
    assert Notice.objects.filter(case=waits, kind="appeal_received").get().parts["waits"]
    tick.tick(row.until)
    drain(row.until)
    assert Case.objects.get(pk=waits.pk).queue == "security"
    clean()


def test_a_person_takes_a_case_out_of_waiting(suspended: Suspension, mail, now: datetime) -> None:
    case = mail(now + 3 * DAY).case
    assert waiting.resume(case.pk, actor=ANA, now=now + 3 * DAY) and not waiting.resume(
        case.pk, actor=ANA, now=now + 3 * DAY
    )
    assert Case.objects.get(pk=case.pk).queue == "security"
    assert Entry.objects.filter(chain=case.pk, kind="case.resumed").count() == 1
    clean()


def test_tokens_of_the_api_are_who_they_are(site: Asset, report, drain, warned: list[Report], now: datetime) -> None:
    """An account is verified by its token, whatever address it names."""
    given = report(at=now)
    Report.objects.filter(pk=given.report_id).update(account="bulk-7")
    drain()
    kept = Report.objects.select_related("reporter").get(pk=given.report_id)
    assert standing.identity_of(kept) == ("account:bulk-7", True)
    assert standing.identities_claimed(kept, "a@b.example") == ("account:bulk-7", "mail:a@b.example")
    assert [r.pk for r in standing.reports_of("account:bulk-7")] == [kept.pk]


STEPS = [*["report", "decide"] * 4, "warn", "suspend", "suspend", "settle", "settle", "lift", "contest"]


@pytest.mark.one_database
def test_a_life_of_many_steps_keeps_what_is_promised(site: Asset, drain, now: datetime) -> None:
    """Seventy steps in an order nobody chose: whatever happens, what waits waits for a reason, nothing is lost, and the ledger
    tells the same story."""
    chance = random.Random(2)
    at, handed, done = now, 0, Counter[str]()
    for _ in range(70):
        at += timedelta(hours=chance.choice((1, 5, 30, 80)))
        tick.tick(at)
        drain(at)
        step = chance.choice(STEPS)
        handed += step == "report"
        try:
            done[step] += bool(_step(step, chance, site, at))
        except Refused as refusal:
            done[f"no {step}"] += 1
            assert all(f.code.split(".")[0] in ("misuse", "strike", "state", "appeal") for f in refusal.findings)
        drain(at)
        live = Suspension.objects.filter(state__in=("held", "running"))
        assert live.count() == len({row.identity for row in live})
        names = {row.identity.partition(":")[2] for row in live.filter(state="running")}
        for case in Case.objects.filter(queue="suspended", closed_at=None):
            assert {report.account for report in Report.objects.filter(joinings__case=case)} <= names
            assert case.priority == 0
        assert Report.objects.filter(state="joined").count() == handed  # read, every one
    assert min(done[step] for step in ("report", "decide", "warn", "suspend", "settle")) > 0, done
    assert Suspension.objects.exclude(began_at=None).exists()
    for row in Suspension.objects.exclude(began_at=None):
        assert row.settled_by not in ("", row.made_by) and row.warning.sent_at <= row.made_at
    clean()


def _step(step: str, chance: random.Random, site: Asset, at: datetime) -> object:
    people, why = [ANA, DIEGO, LUCIA], "We looked at it again, with all that we know of it by now."
    if step == "report":
        fields = {"category": "phishing", "urls": [f"https://login-bancoazul.example/{at:%d%H}"], "description": "Look.",
                  "reporter": {"email": "bulk@robots.example"}, "nonce": at.isoformat()}  # fmt: skip
        account = chance.choice(("alpha", "alpha", "beta"))
        incoming = receive.Incoming(submission(fields), Channel.API, media_type="application/json", account=account)
        return receive.receive(incoming, now=at).report_id
    report = Report.objects.filter(account="alpha").order_by("-id").first()
    row = Suspension.objects.order_by("-id").first()
    if step == "decide" and (case := Case.objects.filter(state="open").order_by("id").first()) is not None:
        return decide.decide(case.pk, decide.Choice("no_violation", reasons=REASONS), actor=ANA, now=at)
    if step in ("warn", "suspend") and report is not None and report.case_id:
        if step == "warn":
            return misuse.warn(report.case_id, report.pk, actor=ANA, now=at)
        known = standing.known_of("account:alpha", verified=True)
        refs = tuple(u.ref for u in rule_of.counted(settings_rule(), known.sender.unfounded, now=at))
        return misuse.suspend(report.case_id, report.pk, rule_of.Wish(refs, 3, WEIGHED, WHY), actor=ANA, now=at)
    if row is None:
        return None
    if step == "settle":
        return misuse.approve(row.pk, actor=chance.choice(people), now=at)
    if step == "lift":
        return misuse.lift(row.pk, why=why, actor=LUCIA, now=at)
    if step == "contest":
        if row.contest_state == "lodged":
            return misuse.answer(row.pk, upheld=chance.random() < 0.5, reasons=why, actor=chance.choice(people), now=at)
        return misuse.contest(row.pk, text="We meant no harm by any of it.", now=at)
    return None
