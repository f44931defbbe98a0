"""Records for public registers: nothing leaves by itself, nothing leaves twice, and nobody is named in it."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.flow.conftest import ANA, REASONS, disable
from trustdesk.core.types import Problem, Refused
from trustdesk.flow import decide, registers, work
from trustdesk.integrations.dsa_tdb.simulator import Simulator
from trustdesk.management import submitting
from trustdesk.management.parts import load_handlers
from trustdesk.models import Asset, Case, Decision, Entry, Submission, Task
from trustdesk.queries import registers as built
from trustdesk.settings.desk import DeskError
from trustdesk.settings.submissions import plans

pytestmark = pytest.mark.django_db(transaction=True)
NAMED = f"{REASONS} The reporter is reporter@example.org, +49 30 1234567."


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    server = Simulator()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    tables = {"dsa_tdb": {"url": server.url, "token": "test", "timeout": 2}}
    monkeypatch.setattr(settings, "DESK", dataclasses.replace(settings.DESK, exchanges=tables))
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def decided(opened: Case, site: Asset, now: datetime, drain: Callable[..., int]) -> Decision:
    """A decision whose statement of reasons was sent; its reasons name somebody."""
    made = decide.decide(opened.pk, disable(site, reasons=NAMED), actor=ANA, now=now + timedelta(hours=1)).decision
    assert made is not None
    drain(now + timedelta(hours=1))
    return made


def submit(now: datetime, *arguments: str) -> int:
    with time_machine.travel(now + timedelta(days=1), tick=False):
        try:
            call_command("submit", *arguments)
        except SystemExit as leaving:
            return int(leaving.code or 0)
        except CommandError as error:
            return error.returncode
    return 0


def test_nothing_leaves_unless_told_to(
    database: Simulator, decided: Decision, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit(now, "dsa_tdb") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["key"] == shown["record"]["puid"]
    assert "reporter@example.org" not in json.dumps(shown)
    assert "1234567" not in json.dumps(shown)
    assert {tuple(pair) for pair in shown["redacted"]} == {("decision_facts", "email"), ("decision_facts", "phone")}
    assert (Submission.objects.count(), Task.objects.filter(name="submit").count(), database.requests) == (0, 0, [])


def test_off_without_a_table(decided: Decision, now: datetime) -> None:
    assert submit(now, "dsa_tdb", "--do-it") == 2
    assert not Submission.objects.exists()


def test_sent_once(database: Simulator, decided: Decision, now: datetime) -> None:
    later = now + timedelta(days=1)
    assert submit(now, "dsa_tdb", "--do-it") == 0
    database.trouble = [503]
    assert work.run_once(lambda: later, names=["submit"]) == 1
    assert Submission.objects.get().state == "queued", "the register was busy; the task is owed still"
    assert work.run_once(lambda: later + timedelta(minutes=1), names=["submit"]) == 1
    row = Submission.objects.get()
    assert (row.state, row.attempts, bool(row.reference)) == ("sent", 2, True)
    assert submit(now, "dsa_tdb", "--do-it") == 0
    assert work.run_once(lambda: later + timedelta(hours=1), names=["submit"]) == 0
    assert list(database.statements) == [row.key]
    assert "reporter@example.org" not in json.dumps(database.statements)
    kinds = list(Entry.objects.filter(kind__startswith="submission.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["submission.queued", "submission.put_off", "submission.sent"]


def test_refused_ones_come_back_to_a_person_and_leave_when_mended(
    database: Simulator, decided: Decision, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    later = now + timedelta(days=1)
    record = next(iter(built.dsa(now)))
    bad: dict[str, Any] = record.payload | {"category": "STATEMENT_CATEGORY_NEW"}
    wanted = [registers.Wanted(record.key, record.case_id, bad, record.decision_id)]
    assert registers.queue("dsa_tdb", wanted, actor=ANA, now=later) == {"queued": 1, "needs_person": 0, "there": 0}
    work.run_once(lambda: later, names=["submit"])
    row = Submission.objects.get()
    assert row.state == "needs_person"
    assert [finding["field"] for finding in row.findings] == ["category"]
    assert submit(now, "dsa_tdb", "--waiting") == 1
    assert "category does not know" in capsys.readouterr().out.replace("category category", "category")
    assert registers.queue("dsa_tdb", wanted, actor=ANA, now=later)["there"] == 1, "not again as it is"
    assert submit(now, "dsa_tdb", "--do-it") == 0
    work.run_once(lambda: later, names=["submit"])
    assert Submission.objects.get().state == "sent"
    assert not database.statements[row.key]["category"].endswith("NEW")


def test_what_the_register_would_refuse_does_not_even_leave(
    database: Simulator, decided: Decision, now: datetime
) -> None:
    Decision.objects.filter(pk=decided.pk).update(plan=[])
    assert submit(now, "dsa_tdb", "--do-it") == 1
    assert Submission.objects.get().state == "needs_person"
    assert database.requests == []


def test_lumen_lets_out_only_what_the_rules_say(decided: Decision, now: datetime) -> None:
    case = decided.case
    assert list(built.lumen(now)) == [], "phishing is no matter for Lumen"
    Case.objects.filter(pk=case.pk).update(category="copyright")
    found = next(iter(built.lumen(now)))
    text = json.dumps(found.payload)
    assert "reporter@example.org" not in text
    assert found.payload["type"] == "DMCA"
    names = {row["name"]: row["entity_attributes"]["name"] for row in found.payload["entity_notice_roles_attributes"]}
    assert names["recipient"] == settings.DESK.name
    assert ("body", "email") in found.redacted
    report = case.first_reports.get()
    assert report.reporter is not None
    assert report.reporter.name
    assert report.reporter.name not in text
    Case.objects.filter(pk=case.pk).update(regimes=[{"id": "us-2705", "version": "1", "digest": "x"}])
    assert list(built.lumen(now)) == [], "a gag"
    Case.objects.filter(pk=case.pk).update(regimes=[], category="ncii")
    assert list(built.lumen(now)) == [], "never about intimate images"


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, database: Simulator) -> Callable[..., None]:
    def say(**table: Any) -> None:
        desk = dataclasses.replace(settings.DESK, submissions={"dsa_tdb": table})
        monkeypatch.setattr(settings, "DESK", desk)

    return say


def test_by_itself_nothing_leaves_until_it_was_rehearsed(
    database: Simulator, decided: Decision, now: datetime, plan: Callable[..., None]
) -> None:
    at = now + timedelta(days=1)
    assert submitting.run(at) == 0, "off is the default"
    plan(mode="send", since=now.date(), every_minutes=30)
    assert (submitting.run(at), submitting.run(at)) == (1, 0)
    load_handlers()
    assert work.run_once(lambda: at, names=[registers.LOOK]) == 1
    said = json.loads(Entry.objects.get(kind="register.rehearsed", chain=0).body)
    assert (said["would_leave"], said["would_wait"], Submission.objects.count()) == (1, 0, 0)
    assert work.run_once(lambda: at, names=[registers.LOOK]) == 0, "the next look is owed for later"
    at += timedelta(minutes=30)
    work.run_until_idle(lambda: at)
    assert Submission.objects.get().state == "sent" and len(database.statements) == 1
    for _ in range(3):
        at += timedelta(minutes=30)
        work.run_until_idle(lambda at=at: at)
    assert len(database.requests) == 1 and Entry.objects.filter(kind="register.rehearsed").count() == 1
    plan(mode="off")
    work.run_until_idle(lambda: at + timedelta(minutes=30))
    assert not Task.objects.exists(), "switched off: no look is owed any more"


def test_a_register_that_was_away_for_days_gets_what_it_missed(
    database: Simulator, decided: Decision, now: datetime, plan: Callable[..., None]
) -> None:
    at = now + timedelta(days=1)
    assert submit(now, "dsa_tdb", "--do-it") == 0
    Task.objects.filter(name="submit").update(state="dead")
    registers.rehearsed("dsa_tdb", [], actor=ANA, now=at)
    plan(mode="send", since=now.date())
    submitting.run(at)
    load_handlers()
    work.run_until_idle(lambda: at)
    assert Submission.objects.get().state == "sent" and len(database.requests) == 1


def test_a_dry_run_goes_on_looking_and_sends_nothing(
    database: Simulator, decided: Decision, now: datetime, plan: Callable[..., None]
) -> None:
    plan(mode="dry_run")
    at = now + timedelta(days=1)
    submitting.run(at)
    load_handlers()
    for hours in range(3):
        work.run_until_idle(lambda hours=hours: at + timedelta(hours=hours))
    assert Entry.objects.filter(kind="register.rehearsed").count() == 1, "the same is not written twice"
    assert (Submission.objects.count(), database.requests) == (0, [])


def test_a_hundred_at_once_and_one_bad_one_keeps_none_back(
    database: Simulator, decided: Decision, now: datetime
) -> None:
    record, at = next(iter(built.dsa(now))), now + timedelta(days=1)
    many = [
        registers.Wanted(key, record.case_id, record.payload | {"puid": key} | ({"category": "x"} if n == 120 else {}))
        for n in range(250)
        if (key := f"{record.key}-{n}")
    ]
    assert registers.queue("dsa_tdb", many, actor=ANA, now=at)["queued"] == 250
    assert work.run_once(lambda: at, names=["submit"]) == 1
    assert built.tally("dsa_tdb") == {"needs_person": 1, "sent": 249}
    assert database.requests == ["/api/v1/statements"] * 4, "100, 100 of which one was wrong, 99 again, 50"


def test_a_person_sends_again_or_leaves_out(database: Simulator, decided: Decision, now: datetime) -> None:
    at, record = now + timedelta(days=1), next(iter(built.dsa(now)))
    bad = registers.Wanted(record.key, record.case_id, record.payload | {"category": "x"}, record.decision_id)
    other = registers.Wanted("other", record.case_id, record.payload | {"puid": "other", "category": "x"})
    registers.queue("dsa_tdb", [bad, other], actor=ANA, now=at)
    work.run_once(lambda: at, names=["submit"])
    first, second = Submission.objects.order_by("id")
    with pytest.raises(Refused):
        registers.again(first.pk, dataclasses.replace(bad, problems=(Problem("x", "wrong", "category"),)),
                        actor=ANA, now=at)  # fmt: skip
    again = built.rebuilt(first)
    assert again is not None
    registers.again(first.pk, registers.checked(again, None), actor=ANA, now=at)
    with pytest.raises(Refused):
        registers.leave_out(second.pk, " ", actor=ANA, now=at)
    registers.leave_out(second.pk, "It was a test of ours.", actor=ANA, now=at)
    work.run_once(lambda: at, names=["submit"])
    assert built.tally("dsa_tdb") == {"left_out": 1, "sent": 1}
    for number in (first.pk, second.pk):
        with pytest.raises(Refused):
            registers.leave_out(number, "It was a test of ours.", actor=ANA, now=at)
    kinds = list(Entry.objects.filter(kind__startswith="submission.").order_by("id").values_list("kind", flat=True))
    assert kinds[-4:] == ["submission.queued", "submission.queued", "submission.left_out", "submission.sent"]


@pytest.mark.parametrize(
    "table",
    [
        {"mode": "on"},
        {"mode": "send"},
        {"mode": "dry_run", "since": "2026-11-01"},
        {"every_minutes": 0},
        {"at": "noon"},
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(DeskError):
        plans({"dsa_tdb": table}, {"dsa_tdb": {}})
    with pytest.raises(DeskError):
        plans({"dsa_tdb": {"mode": "send", "since": date(2026, 11, 1)}}, {})
