"""Reviews: which settled decisions get a second look for quality, and what the second looks say of the first.

The choice is a draw that nobody can steer: a keyed hash of the decision's case and time, known to whoever holds the desk's key
and to nobody who decides. The policy says how many of a hundred.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from trustdesk.core import journal
from trustdesk.core.policies import Reviews
from trustdesk.core.strikes import wilson
from trustdesk.core.types import Finding

#: Why a reviewer would have decided otherwise. `other` needs words.
REASONS = ("wrong_clause", "wrong_measure", "unclear_reasons", "missing_facts", "missed_law", "other")
#: A draw is a number below this; a share of one in a hundred chooses the lowest hundredth.
DRAWS = 10_000
#: Of fewer reviews than this a rate says little.
FEW = 30
WORDS = 2000


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of `done` reviews disagreed, and the range in which the share lies with 95 % certainty."""

    done: int
    disagreed: int
    share: float | None
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Too few to say much."""
        return self.done < FEW


def draw(key: bytes, case: int, made_at: datetime) -> int:
    """The number that a decision drew, from 0 to 9,999: the first eight bytes of an HMAC-SHA-256 over its case and time."""
    digest = hmac.new(key, f"review\n{case}\n{journal.instant(made_at)}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) % DRAWS


def share(rule: Reviews, *, category: str, automated: bool, severe: bool, maker: str) -> int:
    """Of a hundred such decisions so many get a second look: the highest share that applies."""
    applying = [rule.automated if automated else rule.people, rule.categories.get(category, 0)]
    applying.append(rule.deciders.get(maker, 0))
    if severe:
        applying.append(rule.severe)
    return max(applying)


def chosen(drawn: int, part: int) -> bool:
    """Whether a decision that drew `drawn` is looked at where `part` of a hundred are."""
    return drawn < part * (DRAWS // 100)


def rate(disagreed: int, done: int) -> Rate:
    """The share of disagreement with Wilson's interval at 95 %; no share of nothing."""
    low, high = wilson(disagreed, done)
    return Rate(done, disagreed, disagreed / done if done else None, low, high)


def may_review(reviewer: str, *, maker: str, second: str) -> tuple[Finding, ...]:
    """Findings against this person reviewing a decision; empty when they may."""
    if not reviewer.startswith("person:"):
        return (Finding("review.person", "Only a person reviews a decision.", "reviewer"),)
    if reviewer in (maker, second):
        text = "You made or confirmed this decision; somebody else reviews it."
        return (Finding("review.same_person", text, "reviewer"),)
    return ()


def verdict(*, agreed: bool, reason: str, words: str) -> tuple[Finding, ...]:
    """Findings against what a reviewer says; empty when it can stand."""
    if len(words) > WORDS:
        return (Finding("review.too_long", f"A review ends at {WORDS} characters.", "words"),)
    if agreed:
        return () if not reason else (Finding("review.reason", "Who agrees gives no reason against it.", "reason"),)
    if reason not in REASONS:
        return (Finding("review.reason", "Say what was wrong.", "reason"),)
    if reason == "other" and len(words.strip()) < 10:
        return (Finding("review.words", "Say in a sentence what was wrong.", "words"),)
    return ()
