"""What waits for one person beside cases: counted for the sidebar in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from trustdesk.queries import access, reviews


@dataclass(frozen=True, slots=True)
class ForMe:
    """Reviews that the person may do, and feedback on their own decisions that they have not read."""

    reviews: int = 0
    feedback: int = 0


def _count(found: QuerySet[Any]) -> Coalesce:
    counted = found.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def count(user: Any, *, now: datetime) -> ForMe:
    """Count it."""
    asked = {"feedback": _count(reviews.unread(user, now=now))}
    if access.may(user, "review"):
        asked["reviews"] = _count(reviews.waiting(user))
    row = get_user_model()._default_manager.filter(pk=user.pk).values(**asked).first()
    return ForMe(**(row or {}))
