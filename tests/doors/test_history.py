"""Bringing in the mail of years: by its own dates, without growing, again after a kill, and without a letter to anybody."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from benchmarks.history import write
from tests.doors.desk import Desk
from tests.processes import ROOT, TRUSTDESK, own_desk
from trustdesk.core.types import Channel
from trustdesk.flow import receive, telling, work
from trustdesk.models import Asset, Case, Entry, Notice, Report

MESSAGES = 2000
START = datetime(2023, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def mbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "abuse.mbox"
    write(path, MESSAGES)
    return path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with own_desk(tmp_path) as environment:
        desk = Desk(environment, 'name = "Host"\naddress = "abuse@host.example"\n')
        desk.set_up()
        try:
            yield desk
        finally:
            desk.close()


def import_history(desk: Desk, mbox: Path) -> list[dict[str, object]]:
    done = desk.command("receive", str(mbox), "--received-at", "date-header")
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_by_its_own_dates_and_again_after_a_kill(desk: Desk, mbox: Path) -> None:
    process = desk.start("receive", str(mbox), "--received-at", "date-header", stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while desk.one("SELECT count(*) FROM trustdesk_report") < 300:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    desk.kill(process)
    before = desk.one("SELECT count(*) FROM trustdesk_report")
    assert before < MESSAGES, "it was killed in the middle"
    said = import_history(desk, mbox)
    assert len(said) == MESSAGES
    assert sum(bool(line["duplicate"]) for line in said) == before
    assert [bool(line["duplicate"]) for line in said] == sorted(
        (bool(line["duplicate"]) for line in said), reverse=True
    )
    assert desk.one("SELECT count(*) FROM trustdesk_report") == MESSAGES
    assert desk.query("SELECT DISTINCT channel FROM trustdesk_report") == [("history",)]
    first, last = desk.query("SELECT min(received_at), max(received_at) FROM trustdesk_report")[0]
    assert str(first).startswith("2023-01-02")
    assert str(last) > "2023-01-20"


@pytest.mark.one_database
def test_memory_stays_flat(desk: Desk, mbox: Path, tmp_path: Path) -> None:
    """The peak of the process for eight times the messages is about the same; the interpreter itself is 60 MB of it."""
    lines = mbox.read_bytes()
    small = tmp_path / "small.mbox"
    small.write_bytes(lines[: lines.index(b"\nFrom ", len(lines) // 8) + 1])
    peaks = [peak(desk, path) for path in (small, mbox)]
    assert peaks[1] < peaks[0] + 12_000, f"kilobytes at most: {peaks}"


def peak(desk: Desk, mbox: Path) -> int:
    """The most memory, in kilobytes, that the import of a file takes."""
    script = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL);"
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    command = [TRUSTDESK[0], "-c", script, *TRUSTDESK, "receive", str(mbox), "--received-at", "date-header"]
    done = subprocess.run(command, env=desk.environment, cwd=ROOT, capture_output=True, check=True, timeout=300)
    return int(done.stdout)


def message(number: int, sent: datetime) -> bytes:
    return (
        f"From: Reporter <r{number}@reporter.example>\r\nTo: abuse@host.example\r\nSubject: Phishing {number}\r\n"
        f"Message-ID: <h{number}@reporter.example>\r\nDate: {format_datetime(sent)}\r\n\r\n"
        f"Phishing page: https://login-bancoazul.example/{number}\r\n"
    ).encode()


def bring_in(*batch: tuple[bytes, Channel], now: datetime) -> None:
    receive.receive_many([receive.Incoming(raw, channel) for raw, channel in batch], now=now)
    work.run_until_idle(lambda: now)


@pytest.fixture
def site(db: None) -> Asset:
    from trustdesk.models import Subject

    customer = Subject.objects.create(ref="c-1", name="Orbital", email="abuse@orbital.example", language="en")
    return Asset.objects.create(
        subject=customer, kind="site", ref="s-1", value="login-bancoazul.example", role="hosting"
    )


def test_nobody_is_written_to_on_account_of_history(site: Asset, now: datetime) -> None:
    """Neither an acknowledgement, nor the outcome that "not ours" would send without anybody deciding."""
    foreign = message(2, now).replace(b"login-bancoazul.example", b"elsewhere.example")
    bring_in((message(1, now), Channel.HISTORY), (foreign, Channel.HISTORY), now=now)
    assert sorted(Case.objects.values_list("state", flat=True)) == ["closed", "open"]
    assert not Notice.objects.exists()
    assert not Entry.objects.filter(kind__startswith="notice.").exists()
    assert json.loads(Entry.objects.filter(kind="report.received").first().body)["channel"] == "history"


def test_who_writes_today_on_the_same_case_is_answered(site: Asset, now: datetime) -> None:
    bring_in((message(1, now), Channel.HISTORY), now=now)
    bring_in((message(2, now), Channel.MAIL), now=now)
    assert list(Notice.objects.values_list("kind", "to_address")) == [("acknowledgement", "r2@reporter.example")]
    case = Case.objects.get()
    assert case.report_count == 2
    assert [r.code for r in telling.reporters(case)] == [Report.objects.get(channel="mail").code]


@pytest.mark.one_database
def test_what_is_recent_is_answered_although_it_is_imported(desk: Desk, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for number, age in enumerate((timedelta(minutes=5), timedelta(hours=47), timedelta(hours=49), timedelta(days=900))):
        (tmp_path / f"{number}.eml").write_bytes(message(number, now - age))
    mails = [str(tmp_path / f"{number}.eml") for number in range(4)]
    asked = "SELECT channel FROM trustdesk_report ORDER BY received_at DESC"
    assert desk.command("receive", "--received-at", "date-header", *mails).returncode == 0
    assert [row[0] for row in desk.query(asked)] == ["import", "import", "history", "history"]
    for number, (option, channel) in enumerate((("--no-letters", "history"), ("--letters", "import")), 10):
        path = tmp_path / f"{number}.eml"
        path.write_bytes(message(number, now - timedelta(days=900)))
        assert desk.command("receive", option, str(path)).returncode == 0
        assert desk.query("SELECT channel FROM trustdesk_report ORDER BY id DESC")[0] == (channel,)


def test_the_samples_dates_are_read(mbox: Path) -> None:
    """What the other tests rest on: the generated mailbox has a date and an id of its own for every message."""
    text = mbox.read_bytes()
    assert len(re.findall(rb"(?m)^From ", text)) == MESSAGES
    assert len(set(re.findall(rb"(?m)^Message-ID: (.*)$", text))) == MESSAGES
