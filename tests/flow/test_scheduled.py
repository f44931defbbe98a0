"""Reports that go out by mail when their period is over: to whom they were promised, once, with the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from tests.flow.conftest import Post
from trustdesk.flow import work
from trustdesk.integrations.letters import as_bytes
from trustdesk.management import parts, scheduled
from trustdesk.models import Case, Entry, Publication, Task
from trustdesk.settings.desk import DeskError

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = {"team": {"kind": "weekly", "to": ["team@nube-norte.example", "lead@nube-norte.example"], "format": "pdf"}}
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_a_week_that_is_over_goes_out_once(
    opened: Case, post: Post, monkeypatch: pytest.MonkeyPatch, settings: Any, drain: Callable[..., int]
) -> None:
    settings.DESK = replace(settings.DESK, reports=TABLES)
    monkeypatch.setattr("trustdesk.flow.mailing.channel", lambda: post)
    early = MONDAY.replace(hour=0, minute=30)
    assert scheduled.run(early) == 1
    assert scheduled.run(early) == 0, "what waits is not owed again"
    assert not Publication.objects.exists(), "whoever watches the clocks computes nothing"
    assert work.run_once(lambda: early, but=parts.LONG) == 0, "nor does a worker that has letters to send"
    work.run_until_idle(lambda: early)
    assert not Publication.objects.filter(period="2026-W47"), "first the mail has to settle"
    assert scheduled.run(MONDAY) == 1
    work.run_until_idle(lambda: MONDAY)
    assert scheduled.run(MONDAY) == 0, "what is made is not owed again"
    kept = Publication.objects.get(kind="weekly", period="2026-W47")
    sent = [letter for letter in post.letters if letter.attachments and "W47" in letter.attachments[0].name]
    assert sorted(letter.to for letter in sent) == ["lead@nube-norte.example", "team@nube-norte.example"]
    for letter in sent:
        assert letter.attachments[0].name == "weekly-2026-W47.pdf" and letter.attachments[0].content.startswith(b"%PDF")
        assert "received 1 report this week" in letter.text
        raw = as_bytes(letter, now=MONDAY)
        assert raw == as_bytes(letter, now=MONDAY) and b"application/pdf" in raw
    assert kept.format == "pdf" and Entry.objects.filter(kind="publication.mailed").count() == 4
    bodies = [json.loads(e.body) for e in Entry.objects.filter(kind__startswith="publication.")]
    assert "nube-norte" not in json.dumps(bodies), "the ledger names nobody"
    assert scheduled.run(MONDAY) == 0 and work.run_until_idle(lambda: MONDAY) == 0


def test_what_cannot_be_made_is_tried_again_and_then_waits_for_a_person(
    opened: Case, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DESK = replace(settings.DESK, reports={"team": {"kind": "weekly", "to": ["team@nube-norte.example"]}})
    monkeypatch.setattr(scheduled, "_make", Mock(side_effect=OSError("no room")))
    assert scheduled.run(MONDAY) == 1
    now = MONDAY
    for _ in range(len(work.PAUSES) + 1):
        assert work.run_once(lambda now=now: now, names=parts.LONG) == 1
        assert scheduled.run(now) == 0
        now += timedelta(hours=12)
    task = Task.objects.get(name=scheduled.TASK)
    assert task.state == "dead" and "no room" in task.error and not Publication.objects.exists()


def test_a_long_computation_is_not_begun_a_second_time_beside_the_first(opened: Case, settings: Any) -> None:
    settings.DESK = replace(settings.DESK, reports={"team": {"kind": "weekly", "to": ["team@nube-norte.example"]}})
    assert scheduled.run(MONDAY) == 1 and len(work.claim(now=MONDAY)) == 1
    assert work.claim(now=MONDAY + timedelta(hours=1)) == []
    assert len(work.claim(now=MONDAY + timedelta(hours=3))) == 1, "whoever had it must be dead"


def test_what_was_missed_long_ago_is_not_sent_late(
    opened: Case, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    tables = {"boss": {"kind": "quarterly", "to": ["boss@nube-norte.example"]}}
    settings.DESK = replace(settings.DESK, reports=tables)
    assert scheduled.run(MONDAY) == 0


@pytest.mark.parametrize(
    "table",
    [{"kind": "daily", "to": ["a@b.example"]}, {"to": []}, {"to": ["nobody"]}, {"to": ["a@b.example"], "at": "noon"},
     {"to": ["a@b.example"], "format": "docx"}],
)  # fmt: skip
def test_a_schedule_that_cannot_be_kept_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(DeskError):
        scheduled.schedules({"x": table})
