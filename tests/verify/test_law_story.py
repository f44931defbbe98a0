"""What the checker does not believe of put-backs and confirmations, whoever wrote the entry."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.verify.world import ANA, World, choice, world
from trustdesk.core.types import SYSTEM, Actor
from trustdesk.flow import appeal, decide
from trustdesk.flow.record import locked, record
from trustdesk.models import Appeal, Case, Clock
from trustdesk.verify import check

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(now: datetime, tmp_path):
    with world(now, tmp_path) as here:
        yield here


def lodged(desk: World, kind: str) -> Appeal:
    case = desk.case("https://shop-1.example/login")
    made = decide.decide(case.pk, choice(case, "site_disable"), actor=ANA, now=desk.now).decision
    desk.work()
    assert made is not None
    by = Actor("customer", str(case.subject_id))
    made_appeal = appeal.lodge(made.pk, kind=kind, text="That was a mistake.", by=by, actor=by, now=desk.now)
    assert [str(f) for f in check() if not f.note] == []
    return made_appeal


def put_back(desk: World, lodged: Appeal, not_before: datetime) -> list[str]:
    """A writer gone wrong gives access back."""
    with locked(lodged.case_id) as case:
        lodged.state, lodged.resolved_by, lodged.resolved_at = "put_back", "system", desk.now
        body = {"appeal": lodged, "decision": lodged.decision_id, "not_before": not_before, "measures": []}
        record(case, "putback.ordered", body, actor=SYSTEM, now=desk.now, rows=[lodged])
    return [f.code for f in check() if not f.note]


def test_access_that_came_back_before_its_day(desk: World, now: datetime):
    assert "putback.early" in put_back(desk, lodged(desk, "counter_notice"), now.replace(year=2027))


def test_a_put_back_of_what_is_no_counter_notice(desk: World, now: datetime):
    assert "putback.kind" in put_back(desk, lodged(desk, "appeal"), now)


def test_a_confirmation_that_no_person_gave(desk: World):
    case = desk.case("https://shop-1.example/login")
    with locked(case.pk) as held:
        record(held, "case.confirmed", {"fact": "ndo", "holds": True}, actor=SYSTEM, now=desk.now)
    assert [f.code for f in check() if not f.note] == ["case.confirmed"]
    assert Case.objects.get(pk=case.pk).state == "open"


def test_a_clock_whose_law_is_not_kept(desk: World):
    desk.case("https://shop-3.example/login")
    assert "clock.no_text" not in {f.code for f in check()}
    Clock.objects.filter(regime="house-targets").update(regime_version="0")  # texts themselves cannot be deleted
    assert "clock.no_text" in {f.code for f in check()}
