"""A person's decision rests for a moment: nothing goes out, nothing is met, and its maker can take it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.flow.conftest import ANA, DIEGO, Memory, Post, disable
from trustdesk.core.types import Refused
from trustdesk.flow import decide, duties, undo, work
from trustdesk.insight.lake.facts import facts
from trustdesk.models import Asset, Case, Clock, Decision, Entry, Measure
from trustdesk.queries import journal
from trustdesk.verify import check

GRACE = timedelta(seconds=30)


def ledger() -> list[str]:
    """Findings about anything but the inventory, which the fixtures write by hand."""
    return [str(f) for f in check() if not f.note and not f.where.startswith(("trustdesk_subject", "trustdesk_asset"))]


def clocks() -> list[tuple[object, ...]]:
    return list(Clock.objects.order_by("id").values_list("name", "state", "due_at", "ended_at", "breached_at"))


def last(case: Case) -> Entry:
    return Entry.objects.filter(chain=case.pk).order_by("-seq")[0]


@pytest.fixture
def resting(opened: Case, site: Asset, now: datetime) -> Decision:
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now, grace=GRACE).decision
    assert made is not None
    return made


def test_nothing_goes_out_while_it_rests_and_everything_after(
    resting: Decision, drain: Callable[..., int], enforcer: Memory, post: Post, now: datetime
) -> None:
    before, letters = clocks(), len(post.letters)
    assert resting.state == "resting" and work.rests_until() == now + GRACE
    drain(now + timedelta(seconds=29))
    assert (enforcer.applied, len(post.letters), Measure.objects.count()) == ([], letters, 0)
    assert clocks() == before
    drain(now + GRACE)
    assert work.rests_until() is None
    drain(now + timedelta(minutes=5))
    assert (Decision.objects.get().state, Case.objects.get().state) == ("final", "closed")
    assert len(enforcer.applied) == 1
    assert len(post.letters) > letters
    made = Entry.objects.get(kind="decision.made")
    assert (made.actor, made.at) == (str(ANA), now + GRACE)
    assert ledger() == []


def test_who_made_it_takes_it_back_and_the_case_is_as_it_was(
    resting: Decision, opened: Case, site: Asset, drain: Callable[..., int], enforcer: Memory, post: Post, now: datetime
) -> None:
    before, letters, seq = clocks(), len(post.letters), last(opened).seq
    with pytest.raises(Refused):
        undo.undo(opened.pk, seq, actor=DIEGO, now=now)
    with pytest.raises(Refused):
        decide.take_back(resting.pk, to="open", actor=DIEGO, now=now)
    with pytest.raises(Refused) as refused:
        decide.decide(opened.pk, disable(site), actor=DIEGO, now=now)
    assert "decision.resting" in {f.code for f in refused.value.findings}
    undo.undo(opened.pk, seq, actor=ANA, now=now + timedelta(seconds=10))
    drain(now + timedelta(minutes=5))
    case = Case.objects.get()
    assert (Decision.objects.get().state, case.state, case.outcome) == ("taken_back", "open", "")
    assert (case.first_decision_at, case.open_key) == (None, case.merge_key)
    assert (enforcer.applied, len(post.letters), Measure.objects.count()) == ([], letters, 0)
    assert clocks() == before
    again = decide.decide(opened.pk, disable(site), actor=ANA, now=now + timedelta(minutes=6), grace=GRACE).decision
    assert again is not None
    drain(now + timedelta(minutes=7))
    assert set(Decision.objects.values_list("state", flat=True)) == {"taken_back", "final"}
    (counted,) = facts(journal.lines()).tables["fact_decision"]
    assert (counted["decision_id"], counted["final"], counted["is_first"]) == (again.pk, True, True)
    assert ledger() == []


def test_a_case_that_waited_for_an_answer_waits_again(
    opened: Case, site: Asset, drain: Callable[..., int], now: datetime
) -> None:
    decide.decide(opened.pk, decide.Choice("forwarded", reasons=disable(site).reasons), actor=ANA, now=now)
    drain()
    assert Case.objects.get().state == "waiting"
    decide.decide(opened.pk, disable(site), actor=ANA, now=now, grace=GRACE)
    undo.undo(opened.pk, last(opened).seq, actor=ANA, now=now)
    assert Case.objects.get().state == "waiting"
    decide.decide(opened.pk, decide.Choice("forwarded", reasons=disable(site).reasons), actor=ANA, now=now, grace=GRACE)
    drain(now + GRACE)
    assert Case.objects.get().state == "waiting"
    assert ledger() == []


def test_too_late_is_too_late(resting: Decision, opened: Case, drain: Callable[..., int], now: datetime) -> None:
    seq = last(opened).seq
    drain(now + GRACE)
    with pytest.raises(Refused) as refused:
        undo.undo(opened.pk, seq, actor=ANA, now=now + GRACE)
    assert {f.code for f in refused.value.findings} == {"undo.too_late"}
    assert not decide.settle(resting.pk, now=now + GRACE)
    assert ledger() == []


def test_what_waits_for_a_second_person_or_may_not_wait_does_not_rest(
    opened: Case, site: Asset, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Asset.objects.create(subject=site.subject, kind="account", ref="c-1042", value="c-1042", role="hosting")
    severe = disable(site, measures=(decide.Wish("account_suspend", account.pk),))
    held = decide.decide(opened.pk, severe, actor=ANA, now=now, grace=GRACE).decision
    assert held is not None and held.state == "held"
    decide.reject(held.pk, actor=DIEGO, now=now, why="Not the whole account.")
    policy = replace(duties.policy(), at_once=("phishing",))
    monkeypatch.setattr(duties, "policy", lambda: policy)
    made = decide.decide(opened.pk, disable(site), actor=ANA, now=now, grace=GRACE).decision
    assert made is not None and made.state == "final"
