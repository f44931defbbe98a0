"""Retention: kept how long and why, what would go today, erased only when told, and never under a preservation."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.flow.conftest import ANA, DIEGO, disable
from tests.flow.notices import dmca
from tests.flow.test_validity import clean
from trustdesk import clock, evidence
from trustdesk.core.types import Actor, Channel, Refused
from trustdesk.flow import appeal, confirm, decide, duties, forget, links, notes, receive, retain, retention
from trustdesk.models import (
    Appeal,
    Asset,
    Case,
    Decision,
    Entry,
    Evidence,
    Fact,
    Indicator,
    Measure,
    Note,
    Notice,
    Party,
    Report,
)
from trustdesk.verify import check

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def closed(opened: Case, site: Asset, drain, now: datetime) -> Case:
    """A phishing case, decided and closed today; nothing but the house keeps it."""
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    opened.refresh_from_db()
    assert opened.state == "closed"
    return opened


def only(now: datetime) -> retention.Held:
    found = list(retention.review(now))
    assert len(found) == 1
    return found[0]


def run(monkeypatch: pytest.MonkeyPatch, now: datetime, *args: str) -> list[dict[str, object]]:
    """The lines about evidence, and the sums."""
    return [line for line in everything(monkeypatch, now, *args) if "letters" not in line]


def everything(monkeypatch: pytest.MonkeyPatch, now: datetime, *args: str) -> list[dict[str, object]]:
    monkeypatch.setattr(clock, "now", lambda: now)
    out = io.StringIO()
    call_command("retain", "--json", *args, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_house_keeps_it_as_long_as_it_can_be_appealed_to_the_day(closed: Case, now: datetime):
    last = now + 183 * DAY
    held = only(last)
    assert held.verdict.keep and held.until == last.date() and "can be appealed" in held.verdict.why[0]
    gone = only(last + DAY)
    assert not gone.verdict.keep and gone.verdict.why == ("no rule keeps it",)


def test_nothing_young_and_nothing_open_goes(opened: Case, now: datetime):
    assert list(retention.review(now + 29 * DAY)) == []
    assert only(now + 4000 * DAY).verdict.why == (f"preserved: case {opened.code} is open",)


def test_the_longest_rule_wins_and_is_named(site: Asset, drain, now: datetime):
    """A notice under 17 USC 512: three years after the case was closed (507(b)); the strike of a year is shorter."""
    dmca("https://login-bancoazul.example/1.jpg", now=now)
    drain()
    choice = disable(site, clause="3.1", measures=(decide.Wish("path_block", site.pk),))
    decide.decide(Case.objects.get().pk, choice, actor=ANA, now=now)
    drain()
    assert only(now + 300 * DAY).until == now.date().replace(year=2029)
    held = only(now + 400 * DAY)
    assert held.verdict.keep and [w for w in held.verdict.why if "us-dmca-512c records" in w]
    assert not [w for w in held.verdict.why if "strike" in w]
    assert not only(now.replace(year=2029) + DAY).verdict.keep


def test_a_dry_run_says_what_would_go_and_changes_nothing(closed: Case, now: datetime, monkeypatch):
    later = now + 184 * DAY
    before = Entry.objects.count()
    line, total = run(monkeypatch, later)
    assert (line["what"], line["cases"]) == ("would go", [closed.code])
    assert total["summary"] == {"would go": 1} and total["dry_run"] is True
    assert Entry.objects.count() == before and Evidence.objects.get().erased_at is None
    assert evidence.get(Evidence.objects.get().pk)


def test_do_it_erases_and_the_ledger_stays_whole(closed: Case, now: datetime, monkeypatch):
    later = now + 184 * DAY
    line, total = run(monkeypatch, later, "--do-it")
    assert line["what"] == "erased" and total["dry_run"] is False
    tombstone = Evidence.objects.get()
    assert tombstone.erased_at == later and tombstone.erased_why.startswith("retention ended")
    with pytest.raises(evidence.Erased):
        evidence.get(tombstone.pk)
    clean()
    assert run(monkeypatch, later, "--do-it") == [
        {"summary": {}, "words": {}, "bytes": 0, "dry_run": False, "rulebook": retention.version()}
    ]


def test_preservation_beats_retention_and_erasure(closed: Case, now: datetime, monkeypatch):
    later = now + 184 * DAY
    confirm.confirm(closed.pk, "preservation", why="18 USC 2703(f) letter", actor=ANA, now=now)
    line, total = run(monkeypatch, later, "--do-it", "--kept")
    assert (line["what"], line["why"]) == ("kept", [f"preserved: preservation on case {closed.code}"])
    with pytest.raises(Refused) as error:
        retain.erase(Evidence.objects.get().pk, "somebody wants it gone", actor=ANA, now=later)
    assert [f.code for f in error.value.findings] == ["erase.preserved"]
    confirm.confirm(closed.pk, "preservation", why="it ran out", actor=ANA, now=later, holds=False)
    assert run(monkeypatch, later, "--do-it")[0]["what"] == "erased"
    clean()


def test_what_came_up_since_the_review_is_respected(closed: Case, now: datetime):
    later = now + 184 * DAY
    held = only(later)
    confirm.confirm(closed.pk, "preservation", why="18 USC 2703(f) letter", actor=ANA, now=later)
    with pytest.raises(ValueError, match="kept by now"):
        retention.carry_out(held, actor=ANA, now=later)
    assert Evidence.objects.get().erased_at is None


def test_mail_that_is_no_report_goes_after_a_month(db: None, drain, now: datetime):
    raw = b"From: ana@example.net\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nI am away until Monday.\r\n"
    receive.receive(receive.Incoming(raw, Channel.MAIL), now=now)
    drain()
    assert Case.objects.count() == 0
    assert only(now + 30 * DAY + timedelta(hours=1)).verdict.keep
    assert not only(now + 31 * DAY + timedelta(hours=1)).verdict.keep


def test_names_in_mail_that_is_no_report_go_after_a_month(db: None, drain, now: datetime, monkeypatch):
    raw = b"From: Ana Soto <ana@example.net>\r\nMessage-ID: <1@ana.example.net>\r\nAuto-Submitted: auto-replied\r\n" \
          b"Subject: Out of office\r\n\r\nI am away until Monday.\r\n"  # fmt: skip
    receive.receive(receive.Incoming(raw, Channel.MAIL, envelope_from="ana@example.net"), now=now)
    drain()
    assert forget.aside(now + 29 * DAY).reports == ()
    later = now + 31 * DAY
    dry = next(line for line in everything(monkeypatch, later) if line.get("words") == "set aside")
    assert (dry["what"], dry["reports"], dry["parties"]) == ("would go", 1, 1) and Party.objects.get().email
    everything(monkeypatch, later, "--do-it")
    kept = Report.objects.get()
    assert (kept.title, kept.envelope_from, kept.message_id, kept.state) == ("", "", "", "set_aside")
    assert (Party.objects.get().name, Party.objects.get().email) == ("", "")
    assert Entry.objects.filter(chain=0, kind="words.erased").count() == 1
    assert not [line for line in everything(monkeypatch, later, "--do-it") if line.get("words") == "set aside"]
    clean()


def test_words_of_people_go_with_the_case_and_the_ledger_stays_whole(closed: Case, now: datetime, monkeypatch):
    assert list(forget.review(now + 29 * DAY)) == []
    kept = next(iter(forget.review(now + 100 * DAY)))
    assert kept.verdict.keep and "can be appealed" in kept.verdict.why[0]
    with pytest.raises(Refused):
        forget.forget(closed.pk, "too early", actor=ANA, now=now + 100 * DAY)
    later = now + 184 * DAY
    words = next(line for line in everything(monkeypatch, later) if "letters" in line)
    assert words["what"] == "would go" and words["letters"] == 3 and words["parties"] == 1
    assert Notice.objects.filter(text="").count() == 0  # a dry run
    before = counted(later)
    run(monkeypatch, later, "--do-it")
    held = [*Notice.objects.values_list("title", "text", "html", "to_name", "to_address"),
            *Party.objects.values_list("name", "email", "organisation", "phone", "address"),
            *Report.objects.values_list("title", "envelope_from", "message_id")]  # fmt: skip
    assert not any("".join(row) for row in held)
    assert all(n.detail.startswith("erased: ") and n.parts == {} for n in Notice.objects.all())
    assert Notice.objects.filter(state="sent").count() == 3  # that they went is not forgotten
    assert counted(later) == before
    assert list(forget.review(later)) == []
    clean()


def counted(until: datetime) -> str:
    """The figures of the whole time as a publication would give them."""
    entries = Entry.objects.order_by("id").exclude(kind__contains="eras")
    return hashlib.sha256("\n".join(entries.values_list("hash", flat=True)).encode()).hexdigest()


def test_a_preservation_and_a_letter_that_waits_keep_the_words(closed: Case, now: datetime):
    later = now + 400 * DAY
    confirm.confirm(closed.pk, "preservation", why="2703(f) letter", actor=ANA, now=now)
    assert "preservation" in next(iter(forget.review(later))).verdict.why[0]
    confirm.confirm(closed.pk, "preservation", why="released", actor=ANA, now=now, holds=False)
    assert not next(iter(forget.review(later))).verdict.keep
    letter = Notice.objects.filter(kind="outcome")
    letter.update(state="withheld")
    assert next(iter(forget.review(later))).verdict.why[0] == "a letter waits until it may go"


def test_a_report_on_two_customers_keeps_its_parties_as_long_as_one_case_does(closed: Case, now: datetime):
    report = closed.first_reports.get()
    other = Case.objects.create(category="phishing", form="notice", queue="security", merge_key="x", opened_at=now,
                                last_report_at=now, state="open")  # fmt: skip
    report.joinings.create(case=other, at=now)
    words = next(iter(forget.review(now + 400 * DAY)))
    assert words.letters and not words.parties and not words.reports


@pytest.fixture
def cleared(opened: Case, site: Asset, drain, now: datetime) -> Case:
    """The case with a note, facts and a measure that was ordered and lifted on appeal: nothing of it stands any more."""
    notes.add(opened.pk, "The same people as in spring, says Marta.", actor=ANA, now=now)
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now).decision
    drain()
    assert made is not None
    confirm.confirm(opened.pk, "court_order", why="paper of court 7", actor=ANA, now=now)
    by = Actor("customer", str(opened.subject_id))
    lodged = appeal.lodge(made.pk, kind="appeal", text="It was my own page.", by=by, actor=by, now=now)
    why = "It was the customer's own page, as their papers show without a doubt."
    clear = decide.Choice("no_violation", reasons=why, notes="ask Marta")
    appeal.resolve(lodged.pk, outcome="upheld", reasons=why, actor=DIEGO, now=now, replacement=clear)
    drain()
    opened.refresh_from_db()
    assert opened.state == "closed" and opened.measures.get().state == "lifted"
    return opened


def held_of(case: Case) -> str:
    """Every word that the desk's tables hold on the case."""
    said: list[object] = [case.title]
    said += Decision.objects.filter(case=case).values_list("reasons", "notes", "settled_why", "plan")
    said += Measure.objects.filter(case=case).values_list("target", "detail")
    said += Fact.objects.filter(case=case).values_list("about", "value")
    said += Indicator.objects.filter(report__joinings__case=case).values_list("value", "raw", "host")
    said += Note.objects.filter(case=case).values_list("text")
    said += Appeal.objects.filter(case=case).values_list("text", "reasons")
    return repr(said)


def test_facts_indicators_and_reasons_go_and_the_account_stays(cleared: Case, now: datetime, monkeypatch):
    words = ("login-bancoazul", "imitates the sign-in", "Marta", "own page", "c-1042", "site-88213", "court 7")
    before = held_of(cleared)
    assert all(word in before for word in words)
    cleared.signs.create(key="0" * 32, at=now)
    later = now + 184 * DAY
    dry = next(line for line in everything(monkeypatch, later) if "letters" in line)
    assert dry["what"] == "would go" and dry["indicators"] == 1 and dry["decisions"] == 2 and dry["measures"] == 1
    assert dry["facts"] == Fact.objects.filter(case=cleared).count() and dry["notes"] == 1 and dry["appeals"] == 1
    assert held_of(cleared) == before  # a dry run
    rows = everything(monkeypatch, later)[-1]["rows"]
    assert rows["decisions"] == 2 and rows["facts"] == dry["facts"] and rows["letters"] == dry["letters"]
    account = list(Entry.objects.exclude(kind__contains="eras").order_by("id").values_list("hash", flat=True))
    run(monkeypatch, later, "--do-it")
    cleared.refresh_from_db()
    after = held_of(cleared)
    assert not [word for word in words if word in after]
    decided = [
        (d.outcome, d.clause, d.state, [(p["kind"], p["asset"]) for p in d.plan])
        for d in cleared.decisions.order_by("id")
    ]
    assert decided[0][:3] == ("measures", "2.1", "overridden") and decided[0][3][0][0] == "site_disable"
    assert Indicator.objects.filter(case=cleared, role="target", kind="url").exists()
    assert not cleared.signs.exists()
    assert duties.confirmed(cleared) == frozenset({"court_order"})  # what binds keeps its form
    assert list(Entry.objects.exclude(kind__contains="eras").order_by("id").values_list("hash", flat=True)) == account
    assert list(forget.review(later)) == []
    clean()
    Decision.objects.filter(case=cleared, outcome="measures").update(
        reasons="Other reasons, put there by hand much later on."
    )
    assert [f.code for f in check() if f.where.startswith("trustdesk_decision")] == ["row.changed"]


def test_reasons_emptied_without_an_entry_are_no_tombstone(cleared: Case):
    Decision.objects.filter(case=cleared, outcome="no_violation").update(reasons="")
    assert {"row.changed", "decision.reasons"} <= {f.code for f in check() if f.where.startswith("trustdesk_decision")}


def test_what_still_bites_keeps_its_reasons(closed: Case, now: datetime, monkeypatch):
    """The site is still down: the customer may ask why, and the enforcer must know what to lift."""
    later = now + 184 * DAY
    run(monkeypatch, later, "--do-it")
    measure = closed.measures.get()
    assert measure.state == "confirmed" and measure.target and closed.decisions.get().reasons
    assert not Indicator.objects.filter(case=closed).exclude(value="").exists()
    clean()


@pytest.mark.one_database
def test_pages_of_a_case_that_was_forgotten_are_there(cleared: Case, now: datetime, monkeypatch):
    report, subject = cleared.first_reports.get(), cleared.subject_id
    run(monkeypatch, now + 184 * DAY, "--do-it")
    client, person = Client(), User.objects.create(username="eva")
    person.groups.add(Group.objects.get_or_create(name="senior")[0])
    client.force_login(person)
    for address in (
        reverse("staff:case", args=[cleared.code]), reverse("staff:law-case", args=[cleared.code]),
        reverse("staff:report", args=[report.code]), reverse("staff:queue") + "?state=closed",
        reverse("staff:sender", args=[report.code]), links.status_url(report.pk), links.customer_url(cleared.pk, subject or 0),
    ):  # fmt: skip
        page = client.get(address)
        assert page.status_code == 200 and "]example/acceso" not in page.content.decode(), address
