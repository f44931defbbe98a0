"""A calendar changes: due times move only when told to, and the journal holds both times."""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.flow.conftest import Memory
from tests.flow.test_putback import DUE, OPENS, counter
from tests.flow.test_putback import removed as removed
from tests.flow.test_validity import clean
from trustdesk import clock, rules
from trustdesk.core.types import Actor
from trustdesk.flow import recompute, tick
from trustdesk.models import Case, Clock, Decision, Entry

pytestmark = pytest.mark.django_db
OPERATOR = Actor("system", "cli:0")


@pytest.fixture
def rulebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rulebook of one's own."""
    mine = tmp_path / "rulebook"
    shutil.copytree(Path(__file__).parents[2] / "rulebook", mine)
    monkeypatch.setenv("TRUSTDESK_RULEBOOK", str(mine))
    look_again()
    assert rules.current().regimes
    return mine


def one_more_day_off(rulebook: Path, day: str = "2026-12-01") -> None:
    """Congress gives everybody a day off."""
    file = rulebook / "calendars" / "days" / "US.toml"
    text = file.read_text()
    assert "[holidays]" in text
    file.write_text(text.replace("[holidays]", f'[holidays]\n"A day of mourning" = ["{day}"]', 1))
    look_again()


def look_again() -> None:
    """The desk looks at its rulebook at most once a second."""
    rules._looked = float("-inf")


@pytest.fixture
def window(rulebook: Path, removed: Decision, drain, now: datetime) -> Clock:
    counter(removed, now)
    drain()
    window = Clock.objects.get(name="putback")
    assert (window.not_before, window.due_at) == (OPENS, DUE)
    return window


def test_nothing_moves_by_itself(window: Clock, rulebook: Path, drain, now: datetime):
    assert list(recompute.review()) == []
    one_more_day_off(rulebook)
    tick.tick(now + timedelta(hours=1))
    drain(now + timedelta(hours=1))
    window.refresh_from_db()
    assert (window.not_before, window.due_at) == (OPENS, DUE)
    found = list(recompute.review())
    assert [(m.clock.pk, m.moves) for m in found] == [(window.pk, True)]
    assert found[0].due_at == DUE + timedelta(days=1) and found[0].version != window.calendar_version


def test_the_move_is_written_with_both_times_and_the_put_back_follows(
    window: Clock, rulebook: Path, drain, enforcer: Memory, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    one_more_day_off(rulebook)
    before = Entry.objects.count()
    monkeypatch.setattr(clock, "now", lambda: now)
    out = io.StringIO()
    call_command("recount", stdout=out)
    assert "1 clocks counted with an older calendar, 1 would move" in out.getvalue()
    assert Entry.objects.count() == before
    call_command("recount", "--do-it", stdout=out)
    window.refresh_from_db()
    later = OPENS + timedelta(days=1)
    assert (window.not_before, window.due_at) == (later, DUE + timedelta(days=1))
    entry = Entry.objects.get(kind="clock.recomputed")
    body = json.loads(entry.body)
    assert body["was"][0]["due"].startswith("2026-12-10T04:59:59") and body["clocks"][0]["due"].startswith("2026-12-11")
    assert entry.actor.startswith("system:cli")
    clean()
    drain(OPENS)
    assert len(enforcer.standing) == 1
    drain(later)
    assert enforcer.standing == {}
    clean()


def test_an_earlier_due_time_reaches_the_queue(window: Clock, rulebook: Path, drain, enforcer: Memory, now: datetime):
    file = rulebook / "calendars" / "days" / "US.toml"
    file.write_text(file.read_text().replace('"2026-11-26"', '"2026-11-28"'))  # not a day off after all
    look_again()
    recompute.carry_out(window.case_id, actor=OPERATOR, now=now)
    assert Clock.objects.get(pk=window.pk).not_before == datetime(2026, 12, 2, 5, tzinfo=UTC)
    drain(datetime(2026, 12, 2, 5, tzinfo=UTC))
    assert enforcer.standing == {}


def test_what_cannot_be_counted_again_is_named_and_stays(window: Clock, rulebook: Path, now: datetime):
    one_more_day_off(rulebook)
    file = rulebook / "regimes" / "us-dmca-512c" / "regime.toml"
    file.write_text(file.read_text().replace('id = "putback"', 'id = "put-back"'))
    look_again()
    found = list(recompute.review())
    assert [m.why for m in found] == ["the rule is not in the rulebook any more"] and not found[0].moves
    assert recompute.carry_out(window.case_id, actor=OPERATOR, now=now) == ()
    assert Case.objects.get().next_due_at is not None
