"""When a suspension for misuse may be ordered: each condition alone stops it, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.core.misuse import NEVER_WAITS, Sender, Unfounded, Wish, counted, may_settle, may_suspend, waits
from trustdesk.core.policies import CIRCUMSTANCES, MAY_WAIT, Misuse, parse_policy
from trustdesk.core.strict import BadRules
from trustdesk.core.types import Category, Form
from trustdesk.rules import current

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Misuse(limit=3, window_days=180, days=30)
FOUND = tuple(Unfounded(f"case:{n}", NOW - n * DAY) for n in (1, 10, 20))
SENDER = Sender(verified=True, warned_at=NOW - 5 * DAY, unfounded=FOUND)
WISH = Wish(tuple(u.ref for u in FOUND), 14, dict.fromkeys(CIRCUMSTANCES, "looked at with care"), "because " * 10)


def codes(rule: Misuse = RULE, sender: Sender = SENDER, wish: Wish = WISH) -> list[str]:
    return [f.code for f in may_suspend(rule, sender, wish, now=NOW, min_reasons=40)]


def test_it_may_be_ordered() -> None:
    assert codes() == []
    assert codes(wish=replace(WISH, days=1)) == [] == codes(wish=replace(WISH, days=30))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rule": replace(RULE, days=0)}, "misuse.off"),
        ({"rule": replace(RULE, limit=4)}, "misuse.not_frequent"),
        ({"sender": replace(SENDER, verified=False)}, "misuse.unverified"),
        ({"sender": replace(SENDER, flagger=True)}, "misuse.flagger"),
        ({"sender": replace(SENDER, live="held")}, "misuse.again"),
        ({"sender": replace(SENDER, warned_at=None)}, "misuse.not_warned"),
        ({"sender": replace(SENDER, warned_at=FOUND[0].at)}, "misuse.nothing_since"),
        ({"wish": replace(WISH, days=31)}, "misuse.days"),
        ({"wish": replace(WISH, days=0)}, "misuse.days"),
        ({"wish": replace(WISH, reasons="short " * 5)}, "misuse.reasons_short"),
        ({"wish": replace(WISH, weighed=WISH.weighed | {"share": "  a  "})}, "misuse.not_weighed"),
        ({"wish": replace(WISH, grounds=(*WISH.grounds, "case:99"))}, "misuse.not_theirs"),
    ],
)
def test_each_condition_alone_stops_it(changes: dict[str, object], code: str) -> None:
    assert codes(**changes) == [code]  # type: ignore[arg-type]


def test_a_policy_may_weigh_less_and_what_it_does_not_name_is_not_asked() -> None:
    rule = replace(RULE, weigh=("number",))
    assert codes(rule, wish=replace(WISH, weighed={"number": "three in three weeks"})) == []


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 400), st.integers(2, 5))
def test_never_without_enough_and_one_since_the_warning(ages: list[int], warned: int, limit: int) -> None:
    found = tuple(Unfounded(f"case:{n}", NOW - age * DAY) for n, age in enumerate(ages))
    sender = Sender(verified=True, warned_at=NOW - warned * DAY, unfounded=found)
    rule = replace(RULE, limit=limit)
    chosen = replace(WISH, grounds=tuple(u.ref for u in counted(rule, found, now=NOW)))
    young = [age for age in ages if age <= rule.window_days]
    assert (codes(rule, sender, chosen) == []) == (len(young) >= limit and min(young) < warned)
    doubled = replace(chosen, grounds=chosen.grounds * 2)  # the same one twice counts once
    assert codes(rule, sender, doubled) == codes(rule, sender, chosen)


def test_what_waits() -> None:
    every = replace(RULE, forms=MAY_WAIT)
    waiting = {(c, f) for c in Category for f in Form if waits(every, category=c, form=f)}
    assert {f for _, f in waiting} == {Form.NOTICE, Form.DMCA}
    assert not {c for c, _ in waiting} & NEVER_WAITS
    assert {Category.PHISHING, Category.COPYRIGHT, Category.SPAM} <= {c for c, _ in waiting}


def test_who_ordered_it_does_not_confirm_it() -> None:
    assert may_settle("person:1", "person:2") == ()
    assert [f.code for f in may_settle("person:1", "person:1")] == ["misuse.same_person"]


def test_the_written_policies_say_what_is_done() -> None:
    book = current()
    for name in ("example-host", "example-cdn", "example-registrar"):
        rule = book.policies[name].misuse
        text = (book.root / "policies" / name / "texts" / "misuse.md").read_text(encoding="utf-8")
        assert f"When **{rule.limit}** plainly unfounded" in text and f"within **{rule.window_days} days**" in text
        assert f"at most **{rule.days} days**" in text and ("A second person confirms it" in text) == rule.second_person


def test_a_policy_without_the_table_suspends_nobody_and_a_strange_key_is_refused() -> None:
    document = {"id": "x", "title": "X", "version": "1", "misuse": {"days": 30, "forms": ["order"], "forever": True}}
    with pytest.raises(BadRules) as bad:
        parse_policy(document, file="policy.toml")
    where = {f.field for f in bad.value.findings}
    assert {"misuse.forms", "misuse.forever"} <= where
    assert Misuse().days == 0
