"""What another policy would have meant for the decisions that were made."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.flow.conftest import ANA, disable
from trustdesk import clock
from trustdesk.flow import decide
from trustdesk.models import Asset, Case
from trustdesk.queries import law

pytestmark = pytest.mark.django_db
HOUSE = Path(__file__).parents[2] / "rulebook" / "policies" / "example-host" / "policy.toml"


@pytest.fixture
def decided(opened: Case, site: Asset, drain, now: datetime) -> Case:
    decide.decide(opened.pk, disable(site), actor=ANA, now=now)
    drain()
    return opened


def diff(new: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, *days: str) -> list[str]:
    monkeypatch.setattr(clock, "now", lambda: now)
    out = io.StringIO()
    call_command("rulebook", "diff", str(HOUSE), str(new), "--replay", *days, stdout=out)
    return out.getvalue().splitlines()


def test_the_same_policy_decides_the_same(decided: Case, now: datetime, monkeypatch):
    assert diff(HOUSE, now + timedelta(days=1), monkeypatch) == ["0 of 1 decisions would have come out differently"]


def test_a_severe_measure_would_have_waited_for_a_second_person(
    decided: Case, now: datetime, monkeypatch, tmp_path: Path
):
    new = tmp_path / "policy.toml"
    text = HOUSE.read_text()
    title = 'title.en = "Take a site offline"\n'
    assert text.count(title) == 1
    new.write_text(text.replace(title, f"{title}severe = true\n"))
    lines = diff(new, now + timedelta(days=1), monkeypatch)
    assert f"case {decided.code}: second person: not needed → Take a site offline is severe" in lines
    assert lines[-1] == "1 of 1 decisions would have come out differently"


def test_only_the_period_counts_and_reasons_do_not_travel(decided: Case, now: datetime, monkeypatch):
    assert diff(HOUSE, now + timedelta(days=40), monkeypatch, "30")[-1].startswith("0 of 0")
    found = list(law.decided(now, now + timedelta(days=1)))
    assert [d.id for d in found] == [decided.code]
    assert set(found[0].draft.reasons) == {"x"} and found[0].draft.wishes[0].kind == "site_disable"
