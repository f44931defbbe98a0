"""What waits for one person beside cases: counted for the sidebar in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Value

from trustdesk.prepared import Prepared, together
from trustdesk.queries import access, reviews


@dataclass(frozen=True, slots=True)
class ForMe:
    """Reviews that the person may do, and feedback on their own decisions that they have not read."""

    reviews: int = 0
    feedback: int = 0


def _number(found: QuerySet[Any]) -> QuerySet[Any, Any]:
    return found.order_by().values(one=Value(1)).annotate(n=Count("pk")).values_list("n")


_FEEDBACK = Prepared(lambda sealed, me, since: _number(reviews.unread_by(sealed, me, since)))
_REVIEWS = Prepared(lambda sealed, me: _number(reviews.waiting_for(sealed, me)))


def count(user: Any, *, now: datetime) -> ForMe:
    """Count it."""
    who = (access.everything(user), f"person:{user.pk}")
    asked: dict[str, tuple[Any, ...]] = {"feedback": (_FEEDBACK, *who, now - reviews.PAST)}
    if access.may(user, "review"):
        asked["reviews"] = (_REVIEWS, *who)
    return ForMe(**{name: rows[0][0] for name, rows in together(**asked).items()})
