"""Repeat infringers and misuse: strikes that are counted, expire and can be appealed; reporters measured by outcome.

17 USC 512(i)(1)(A) asks for a policy that ends the accounts of repeat infringers, applied with reason. DSA Art. 23 asks to
suspend who frequently provides plainly illegal content, and who frequently sends plainly unfounded notices; each after a
warning, each weighed case by case (23(3)). Nothing here suspends anybody: it says what a person should look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from trustdesk.core.policies import Strikes


@dataclass(frozen=True, slots=True)
class Strike:
    """One counted consequence of a decision. `reversed_on`: an appeal, a counter-notice or an override took it back."""

    decision: str
    category: str
    on: date
    reversed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subject stands. `step`: none | warn | measure. `counted` are the strikes that count today; `next_expiry` is
    the first day on which one of them no longer does."""

    step: str
    counted: tuple[Strike, ...]
    measure: str = ""
    next_expiry: date | None = None


@dataclass(frozen=True, slots=True)
class Reputation:
    """How often a reporter's notices led to a measure: the share, and the range in which it lies with 95 % certainty.

    A wide range means that little is known. Shown to people, and never a reason to leave a notice unread.
    """

    upheld: int
    unfounded: int
    share: float | None
    low: float
    high: float


def standing(rule: Strikes, strikes: Iterable[Strike], on: date, *, warned_on: date | None = None) -> Standing:
    """Count the strikes of one subject on a day.

    A strike counts for `expire_days` days after its own day, unless it was taken back by then. Without a warning that came
    before the last counted strike, the step is to warn, however many there are (DSA Art. 23(1)).
    """
    lasts = timedelta(days=rule.expire_days)
    counted = tuple(
        sorted(
            (
                s
                for s in strikes
                if s.on <= on < s.on + lasts
                and (s.reversed_on is None or s.reversed_on > on)
                and (not rule.categories or s.category in rule.categories)
            ),
            key=lambda s: (s.on, s.decision),
        )
    )
    expiry = counted[0].on + lasts if counted else None
    warned = warned_on is not None and bool(counted) and warned_on < counted[-1].on
    if len(counted) >= rule.limit and warned:
        return Standing("measure", counted, rule.measure, expiry)
    if len(counted) >= rule.warn_at:
        return Standing("warn", counted, next_expiry=expiry)
    return Standing("none", counted, next_expiry=expiry)


def reputation(upheld: int, unfounded: int) -> Reputation:
    """Wilson's interval at 95 % over a reporter's decided notices (duplicates and `not_ours` count for neither side)."""
    n = upheld + unfounded
    low, high = wilson(upheld, n)
    return Reputation(upheld, unfounded, upheld / n if n else None, low, high)


def wilson(count: int, n: int) -> tuple[float, float]:
    """Wilson's interval at 95 % for a share of `count` in `n`; everything is possible of nothing."""
    if n == 0:
        return 0.0, 1.0
    z = 1.959964
    share = count / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - spread), min(1.0, middle + spread)
