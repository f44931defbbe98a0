"""Reading a report again: what a better reader finds replaces what was found, and nothing is moved in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from tests.flow.conftest import ANA, Post
from trustdesk.core.types import Channel, Claimed, Form, Problem, Reading, Refused, Role
from trustdesk.flow import parse, receive, reread, retain, work
from trustdesk.interfaces.reading import read
from trustdesk.models import Asset, Case, Entry, Indicator, Joining, Notice, Party, Report, Subject, Task
from trustdesk.reading.submission import submission
from trustdesk.verify import run as verify

RAW = (
    b"From: CSIRT <csirt@bancoazul.example>\r\nTo: abuse@nube-norte.example\r\nSubject: Phishing\r\n"
    b"Message-ID: <1@bancoazul.example>\r\nDate: Wed, 18 Nov 2026 08:00:00 +0000\r\n\r\n"
    b"Phishing page that imitates our bank: https://login-bancoazul.example/acceso\r\n"
)
UNREAD = Reading(form=Form.UNPARSED, subject="Phishing", parser="old")


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reading | Exception | None], None]:
    """Set what the reader makes of a message; None: what today's reader makes of it."""

    def install(reading: Reading | Exception | None) -> None:
        def fake(raw: bytes, **how: object) -> Reading:
            if isinstance(reading, Exception):
                raise reading
            return reading if reading is not None else read(raw)

        monkeypatch.setattr(parse, "read", fake)

    return install


@pytest.fixture
def came(site: Asset, drain: Callable[..., int], reader: Callable[..., None], now: datetime) -> Callable[..., Report]:
    """Take in a message and have it read by a reader that sees `reading` in it."""

    def take(reading: Reading | Exception | None, raw: bytes = RAW, channel: Channel = Channel.MAIL) -> Report:
        reader(reading)
        receipt = receive.receive(receive.Incoming(raw, channel), now=now)
        drain()
        reader(None)
        return Report.objects.get(pk=receipt.report_id)

    return take


@pytest.fixture(autouse=True)
def _stays_clean(db: None) -> object:
    """After each test the ledger explains all that stands."""
    yield
    ours = ("trustdesk_subject/", "trustdesk_asset/")  # made by the test itself, without a journal
    assert [f for f in verify.check() if not f.note and not f.where.startswith(ours)] == []


def kinds(case: Case) -> list[str]:
    return list(Entry.objects.filter(chain=case.pk).order_by("seq").values_list("kind", flat=True))


def again(report: Report, now: datetime) -> reread.Reread:
    return reread.reread(report.pk, actor=ANA, now=now)


def test_what_nobody_understood_goes_to_the_right_case(came: Callable[..., Report], site: Asset, now: datetime) -> None:
    report = came(UNREAD)
    old = Case.objects.get()
    assert (old.form, old.subject_id) == ("unparsed", None)
    done = again(report, now)
    assert done.changed
    new = Case.objects.exclude(pk=old.pk).get()
    assert done.cases == (new.code,)
    assert (new.category, new.asset_id, new.report_count) == ("phishing", site.pk, 1)
    assert kinds(new) == ["case.opened", "report.joined"]
    said = json.loads(Entry.objects.get(chain=old.pk, kind="report.reread").body)
    assert (said["to"], said["before"]["form"], said["form"]) == ([new.pk], "unparsed", "notice")
    old.refresh_from_db()
    assert (old.unread, old.state) == (1, "open"), "a person decides what becomes of it"
    assert set(Joining.objects.filter(report=report).values_list("case_id", flat=True)) == {old.pk, new.pk}
    report.refresh_from_db()
    assert (report.form, report.case_id, report.reader) == ("notice", new.pk, "plain")
    target = Indicator.objects.get(report=report, role="target")
    assert (target.case_id, target.asset_id) == (new.pk, site.pk)


def test_it_joins_a_case_that_is_open_already(came: Callable[..., Report], opened: Case, now: datetime) -> None:
    report = came(UNREAD)
    assert again(report, now).cases == (opened.code,)
    opened.refresh_from_db()
    assert opened.report_count == 2
    assert kinds(opened)[-1] == "report.joined"
    assert Case.objects.count() == 2


def test_the_same_reading_changes_nothing(came: Callable[..., Report], now: datetime) -> None:
    report = came(None)
    before = Entry.objects.count(), list(Indicator.objects.values_list("pk", flat=True))
    assert again(report, now) == reread.Reread(False)
    assert (Entry.objects.count(), list(Indicator.objects.values_list("pk", flat=True))) == before


def test_a_second_time_changes_nothing_more(came: Callable[..., Report], now: datetime) -> None:
    report = came(UNREAD)
    again(report, now)
    entries = Entry.objects.count()
    assert again(report, now) == reread.Reread(False)
    assert Entry.objects.count() == entries


def test_roles_are_put_right_within_the_case(came: Callable[..., Report], now: datetime) -> None:
    wrong = replace(read(RAW), indicators=(*read(RAW).indicators, Claimed("domain", "bank.example", Role.TARGET)))
    report = came(wrong)
    case = Case.objects.get()
    party = report.reporter_id
    done = again(report, now)
    assert (done.changed, done.cases) == (True, ())
    assert "bank.example" not in set(Indicator.objects.values_list("value", flat=True))
    assert kinds(case)[-1] == "report.reread"
    case.refresh_from_db()
    assert (case.unread, case.report_count) == (0, 1)
    report.refresh_from_db()
    assert (report.reporter_id, Party.objects.count()) == (party, 1), "the party stays who it was"


def test_another_customer_turns_up(came: Callable[..., Report], now: datetime) -> None:
    other = Subject.objects.create(ref="c-2", name="Other", email="abuse@other.example", language="en")
    Asset.objects.create(subject=other, kind="site", ref="s-2", value="other.example", role="hosting")
    urls = ["https://login-bancoazul.example/acceso", "https://other.example/acceso"]
    raw = submission({"category": "phishing", "urls": urls, "description": "It imitates our bank."})
    full = read(raw)
    assert len(full.targets) == 2
    report = came(replace(full, indicators=full.indicators[:1]), raw)
    case = Case.objects.get()
    done = again(report, now)
    new = Case.objects.exclude(pk=case.pk).get()
    assert (done.cases, new.subject_id) == ((new.code,), other.pk)
    case.refresh_from_db()
    assert case.unread == 0, "it still belongs there"


def test_nothing_is_left_of_what_it_named(
    came: Callable[..., Report], reader: Callable[..., None], now: datetime
) -> None:
    report = came(None)
    reader(replace(read(RAW), indicators=()))
    assert again(report, now).changed
    assert not Indicator.objects.exists()


def test_what_could_not_be_read_at_all(
    came: Callable[..., Report], drain: Callable[..., int], post: Post, now: datetime
) -> None:
    report = came(RuntimeError("a fault of ours"))
    Task.objects.filter(name="parse").update(state="dead")
    assert report.state == "received"
    done = again(report, now)
    assert [case.code for case in Case.objects.all()] == list(done.cases)
    report.refresh_from_db()
    assert report.state == "joined"
    assert not Task.objects.filter(name="parse").exists()
    drain()
    assert [letter.to for letter in post.letters] == ["csirt@bancoazul.example"]


def test_what_was_taken_for_no_report(
    came: Callable[..., Report], drain: Callable[..., int], post: Post, now: datetime
) -> None:
    report = came(Reading(form=Form.NEWSLETTER, subject="Phishing", reporter=read(RAW).reporter, parser="old"))
    assert (report.state, Case.objects.count()) == ("set_aside", 0)
    done = again(report, now)
    case = Case.objects.get()
    assert done.cases == (case.code,)
    report.refresh_from_db()
    assert (report.state, report.case_id) == ("joined", case.pk)
    assert Entry.objects.filter(chain=0, kind="report.reread").count() == 1
    drain()
    assert Notice.objects.get().kind == "acknowledgement"
    assert len(post.letters) == 1


def test_what_is_no_report_after_all_stays_and_is_looked_at(
    came: Callable[..., Report], reader: Callable[..., None], now: datetime
) -> None:
    report = came(None)
    reader(Reading(form=Form.AUTO_REPLY, subject="Phishing"))
    assert again(report, now) == reread.Reread(True)
    report.refresh_from_db()
    case = Case.objects.get()
    assert (report.state, report.form, case.unread, case.state) == ("joined", "auto_reply", 1, "open")


def test_what_was_erased_cannot_be_read_again(came: Callable[..., Report], now: datetime) -> None:
    report = came(None)
    retain.erase(report.evidence_id, "court order", actor=ANA, now=now)
    with pytest.raises(Refused):
        again(report, now)


def test_nobody_is_acknowledged_twice(
    came: Callable[..., Report], drain: Callable[..., int], post: Post, now: datetime
) -> None:
    report = came(replace(UNREAD, reporter=read(RAW).reporter))
    assert len(post.letters) == 1
    again(report, now)
    drain()
    assert len(post.letters) == 1


def test_the_worker_goes_on_beside_it(came: Callable[..., Report], now: datetime) -> None:
    """The new case is enriched by the task that was written with it."""
    report = came(UNREAD)
    again(report, now)
    work.run_until_idle(lambda: now)
    assert set(Case.objects.values_list("state", flat=True)) == {"open"}


def test_all_that_could_not_be_read_in_one_go(
    came: Callable[..., Report], reader: Callable[..., None], drain: Callable[..., int], now: datetime, site: Asset
) -> None:
    """After a fix: the failed, the unparsed and the encrypted are read again, each once; what was read well is not."""
    from io import StringIO

    from django.core.management import call_command

    mails = [RAW.replace(b"<1@", b"<%d@" % n).replace(b"acceso", b"p%d" % n) for n in range(4)]
    well = came(None, mails[0])
    dead = came(ValueError("no such luck"), mails[1])
    Task.objects.filter(name="parse").update(state="dead")
    unread = came(UNREAD, mails[2])
    locked = came(Reading(form=Form.NOTICE, parser="old", problems=(Problem("encrypted", "closed"),)), mails[3])
    waiting = reread.poor().values_list("pk", flat=True)
    assert set(waiting) == {dead.pk, unread.pk, locked.pk}
    out = StringIO()
    call_command("reread", stdout=out)
    assert "3 reports would be read again" in out.getvalue() and not Task.objects.filter(name="reread").exists()
    reader(None)
    assert reread.ask_again(actor=ANA, now=now) == 3
    call_command("reread", "--do-it", stdout=out)
    assert reread.under_way() == 3, "asked twice, read once"
    drain()
    assert (reread.under_way(), list(waiting.all())) == (0, [])
    assert not Task.objects.filter(state="dead").exists()
    told = Entry.objects.filter(kind="report.reread").values_list("actor", flat=True)
    assert set(told) == {str(ANA)} and len(told) >= 2
    well.refresh_from_db()
    assert well.state == "joined"
    assert reread.ask_again(actor=ANA, now=now) == 0
