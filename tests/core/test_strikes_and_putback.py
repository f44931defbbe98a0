"""Strikes that expire and can be taken back, reporters with their uncertainty, access that comes back in its window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from trustdesk.core.policies import Strikes
from trustdesk.core.putback import PutBack, may_restore, state
from trustdesk.core.strikes import Strike, reputation, standing

RULE = Strikes(warn_at=2, limit=3, expire_days=100, measure="account_suspend", categories=("copyright",))
DAY = date(2026, 6, 1)


def strikes(*ago: int) -> list[Strike]:
    return [Strike(f"d{n}", "copyright", DAY - timedelta(n)) for n in ago]


def test_warned_before_the_measure() -> None:
    assert standing(RULE, strikes(1), DAY).step == "none"
    assert standing(RULE, strikes(1, 2), DAY).step == "warn"
    assert standing(RULE, strikes(1, 2, 3), DAY).step == "warn"  # three, but nobody has warned yet
    answer = standing(RULE, strikes(1, 2, 3), DAY, warned_on=DAY - timedelta(2))
    assert (answer.step, answer.measure) == ("measure", "account_suspend")
    late = standing(RULE, strikes(1, 2, 3), DAY, warned_on=DAY - timedelta(1))
    assert late.step == "warn"  # the warning came after the last strike: nothing has happened since


def test_strikes_expire_to_the_day() -> None:
    assert len(standing(RULE, strikes(99), DAY).counted) == 1
    assert standing(RULE, strikes(100), DAY).counted == ()
    assert standing(RULE, strikes(99, 10), DAY).next_expiry == DAY + timedelta(1)


def test_a_strike_that_was_taken_back_or_is_of_another_kind_does_not_count() -> None:
    back = replace(strikes(5)[0], reversed_on=DAY)
    assert standing(RULE, [back], DAY).counted == ()
    assert len(standing(RULE, [back], DAY - timedelta(1)).counted) == 1
    assert standing(RULE, [replace(back, reversed_on=None, category="spam")], DAY).counted == ()
    assert standing(RULE, [Strike("f", "copyright", DAY + timedelta(1))], DAY).counted == ()


def test_reputation_says_how_little_it_knows() -> None:
    assert reputation(0, 0).share is None and (reputation(0, 0).low, reputation(0, 0).high) == (0.0, 1.0)
    one, many = reputation(1, 0), reputation(100, 0)
    assert one.share == many.share == 1.0
    assert one.low < 0.3 < 0.95 < many.low
    # Wilson's interval for 8 of 10, from the formula worked out by hand.
    eight = reputation(8, 2)
    assert (round(eight.low, 3), round(eight.high, 3)) == (0.490, 0.943)


EARLY, LATE = datetime(2026, 12, 7, tzinfo=UTC), datetime(2026, 12, 11, 23, 59, 59, tzinfo=UTC)
WINDOW = PutBack(EARLY, LATE)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("putback", "now", "expected"),
    [
        (WINDOW, EARLY - SECOND, "waiting"),
        (WINDOW, EARLY, "open"),
        (WINDOW, LATE, "open"),
        (WINDOW, LATE + SECOND, "overdue"),
        (replace(WINDOW, action_at=EARLY), EARLY + SECOND, "held"),
        (replace(WINDOW, action_at=LATE + SECOND), LATE + 2 * SECOND, "held"),  # late, but before access came back
        (replace(WINDOW, action_at=EARLY, action_over_at=LATE), LATE, "open"),
        (replace(WINDOW, restored_at=EARLY), LATE, "restored"),
        (replace(WINDOW, restored_at=EARLY - SECOND), LATE, "restored_early"),
        (replace(WINDOW, action_at=EARLY, restored_at=LATE), LATE, "restored_against_action"),
        (replace(WINDOW, action_at=LATE, restored_at=EARLY), LATE, "restored"),
        (replace(WINDOW, action_at=EARLY, action_over_at=LATE, restored_at=LATE), LATE + SECOND, "restored"),
    ],
)
def test_put_back(putback: PutBack, now: datetime, expected: str) -> None:
    assert state(putback, now) == expected
    assert bool(may_restore(putback, now)) == (expected not in ("open", "overdue"))
