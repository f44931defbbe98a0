"""What the rules about roles speak of: one value with all its mentions, and what is known of the message."""

from __future__ import annotations

from dataclasses import dataclass, field

from trustdesk.core.types import Category, Role
from trustdesk.reading.extract import Found

#: What a value must weigh to be a target.
THRESHOLD = 2.0
#: Mentions of one value that are weighed; a log of 5,000 lines says the same thing 5,000 times.
MENTIONS = 8


@dataclass(slots=True)
class Value:
    """All mentions of one canonical value."""

    kind: str
    value: str
    host: str
    mentions: list[Found] = field(default_factory=list)
    score: float = -99.0
    best: Found | None = None
    log_lines: int = 0
    log_first: int = 0
    body: int = 0
    subject: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the message besides its text."""

    subject: str = ""
    category: Category | None = None
    own_domains: frozenset[str] = frozenset()  # registrable domains of the sender and who they write for
    recipient_domains: frozenset[str] = frozenset()


def confidence(score: float, role: Role) -> float:
    distance = score - THRESHOLD if role is Role.TARGET else THRESHOLD - score
    return round(min(max(0.5 + distance / 10.0, 0.2), 0.99), 2)
