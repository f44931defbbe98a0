"""What waits for one person beside cases; counted with the other numbers of the sidebar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Value

from trustdesk.prepared import Prepared
from trustdesk.queries import access, desk, reviews


@dataclass(frozen=True, slots=True)
class ForMe:
    """Notes that name the person, reviews that they may do, and feedback on their own decisions that they have not read."""

    mentions: int = 0
    reviews: int = 0
    feedback: int = 0


def _number(found: QuerySet[Any]) -> QuerySet[Any, Any]:
    return found.order_by().values(nothing=Value("")).annotate(n=Count("pk")).values_list("nothing", "n")


_MENTIONS = Prepared(lambda sealed, person: _number(desk.mentions_of(sealed, person)))
_FEEDBACK = Prepared(lambda sealed, me, since: _number(reviews.unread_by(sealed, me, since)))
_REVIEWS = Prepared(lambda sealed, me: _number(reviews.waiting_for(sealed, me)))


def questions(user: Any, *, now: datetime) -> dict[str, tuple[Any, ...]]:
    """What there is to count, for `together`; each answer is an empty text and a number."""
    sealed = access.everything(user)
    who = (sealed, f"person:{user.pk}")
    asked: dict[str, tuple[Any, ...]] = {"feedback": (_FEEDBACK, *who, now - reviews.PAST)}
    asked["mentions"] = (_MENTIONS, sealed, user.pk)
    if access.may(user, "review"):
        asked["reviews"] = (_REVIEWS, *who)
    return asked
