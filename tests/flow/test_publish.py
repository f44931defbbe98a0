"""`trustdesk publish`: counts what the desk did, writes nothing it was not asked to, and gives the same bytes again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.flow.conftest import ANA, REASONS, disable
from trustdesk import clock
from trustdesk.core.types import SYSTEM
from trustdesk.flow import appeal, checkpoint, decide
from trustdesk.models import Asset, Case, Checkpoint, Clock, Entry

WEEK = "2026-W47"
pytestmark = pytest.mark.django_db(transaction=True)


def published(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    call_command("publish", *arguments)
    return capsys.readouterr().out


def test_a_life_is_counted(
    capsys: pytest.CaptureFixture[str], opened: Case, site: Asset, now: datetime, drain: Callable[..., int]
) -> None:
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now + timedelta(hours=3)).decision
    assert made is not None
    drain(now + timedelta(hours=3))
    d = json.loads(published(capsys, "weekly", "--period", WEEK))
    assert d["received"] == {
        "total": 1, "by_form": {"notice": 1}, "by_category": {"phishing": 1}, "by_channel": {"form": 1},
    }  # fmt: skip
    assert (d["opened"], d["closed"], d["open_at_end"]) == (1, 1, 0)
    assert d["outcomes"] == {"measures": 1}
    assert d["time_to_first_decision"]["median_hours"] == 3.0
    ours = Clock.objects.filter(actor="provider", state="met", due_at__isnull=False)
    assert d["clocks"]["met"] == ours.filter(breached_at=None).count() > 0
    assert d["clocks"]["breached"] == ours.exclude(breached_at=None).count()
    assert d["measures"]["confirmed"] == 1
    assert d["checkpoint"]["id"] == Checkpoint.objects.latest("id").pk
    assert d["checkpoint"]["root"] == Checkpoint.objects.latest("id").root


@pytest.mark.one_database
def test_nothing_is_written_when_the_ledger_is_sealed_already(capsys: pytest.CaptureFixture[str], opened: Case) -> None:
    with time_machine.travel("2026-11-24T08:00:00Z", tick=False):
        first = published(capsys, "weekly", "--period", WEEK)
        entries, points = Entry.objects.count(), Checkpoint.objects.count()
        assert published(capsys, "weekly", "--period", WEEK) == first
        assert published(capsys, "weekly") == first, "the latest week that is over"
        for other in ("csv", "html"):
            assert published(capsys, "weekly", "--format", other) == published(capsys, "weekly", "--format", other)
    assert (Entry.objects.count(), Checkpoint.objects.count()) == (entries, points)
    assert points == 1


def test_a_week_that_goes_on_is_sealed_as_far_as_it_went(
    capsys: pytest.CaptureFixture[str], opened: Case, site: Asset, now: datetime
) -> None:
    checkpoint.checkpoint(now=now - timedelta(minutes=1), actor=SYSTEM)
    before = Checkpoint.objects.count()
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        published(capsys, "weekly", "--period", WEEK)
    assert Checkpoint.objects.count() == before + 1


def test_recording_puts_the_digest_of_the_bytes_into_the_ledger(
    capsys: pytest.CaptureFixture[str], opened: Case, tmp_path: Path
) -> None:
    out = tmp_path / "week.html"
    published(capsys, "weekly", "--period", WEEK, "--format", "html", "--out", str(out), "--record")
    entry = Entry.objects.get(kind="publication.made")
    assert entry.chain == 0 and entry.actor.startswith("system:cli")
    body = json.loads(entry.body)
    assert body["digest"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert (body["kind"], body["period"], body["format"]) == ("weekly", WEEK, "html")
    assert body["checkpoint"] == Checkpoint.objects.latest("id").pk


@pytest.mark.parametrize(
    "arguments",
    [("weekly", "--period", "2026-47"), ("monthly", "--period", WEEK), ("weekly", "--out", "/no/such/folder/x")],
)
def test_what_cannot_be_done_is_usage(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("publish", *arguments)
    assert refused.value.returncode == 2


def test_an_overturned_decision_counts_as_one(
    capsys: pytest.CaptureFixture[str], opened: Case, site: Asset, now: datetime, drain: Callable[..., int]
) -> None:
    from tests.flow.conftest import DIEGO
    from trustdesk.core.types import Actor

    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now).decision
    assert made is not None and opened.subject_id
    drain(now)
    by = Actor("customer", str(opened.subject_id))
    lodged = appeal.lodge(made.pk, kind="appeal", text="It is a training page.", by=by, actor=by, now=now)
    drain(now)
    appeal.resolve(
        lodged.pk, outcome="upheld", reasons=REASONS, actor=DIEGO, now=now + timedelta(hours=1),
        replacement=decide.Choice("no_violation", reasons=REASONS),
    )  # fmt: skip
    drain(now + timedelta(hours=1))
    d = json.loads(published(capsys, "monthly", "--period", "2026-11"))
    assert d["appeals"] == {"lodged": 1, "resolved": 1, "overturned": 1}
    assert d["measures"] == {"confirmed": 1, "lifted": 1, "failed": 0}
    assert d["reopened"] == 1 and d["closed"] == 2 and d["open_at_end"] == 0


def test_the_clock_of_the_desk_is_what_the_command_reads(capsys: pytest.CaptureFixture[str], db: None) -> None:
    with time_machine.travel("2026-11-23T00:00:00Z", tick=False):
        assert clock.now().isoformat().startswith("2026-11-23T00:00")
        assert json.loads(published(capsys, "weekly"))["period"] == WEEK
    with time_machine.travel("2026-11-22T23:59:59Z", tick=False):
        assert json.loads(published(capsys, "weekly"))["period"] == "2026-W46"
