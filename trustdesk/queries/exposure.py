"""How much graphic material a person has looked at; shown to that person, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from trustdesk.core.rights import GRAPHIC
from trustdesk.models import Case, Look, Pause
from trustdesk.queries import access

#: A preview is shown for so long after the look was written down.
SHOWN_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Graphic looks of a person: within a day, a week and thirty days; the day's limit; since when they pause."""

    day: int
    week: int
    month: int
    limit: int
    paused_since: datetime | None
    last: list[Look]

    @property
    def left(self) -> int:
        """How many more today."""
        return max(0, self.limit - self.day)


def of(user: Any, *, now: datetime) -> Exposure:
    """The exposure of the person who asks."""
    mine = Look.objects.filter(person_id=user.pk, graphic=True)
    within = {
        name: Count("pk", filter=Q(at__gt=now - timedelta(days=days))) for name, days in (("day", 1), ("week", 7))
    }
    sums = mine.filter(at__gt=now - timedelta(days=30)).aggregate(month=Count("pk"), **within)
    pause = Pause.objects.filter(person_id=user.pk, ended_at=None).first()
    last = list(mine.select_related("report").order_by("-at", "-id")[:20])
    return Exposure(
        limit=settings.DESK.exposure_per_day, paused_since=pause.began_at if pause else None, last=last, **sums
    )


def paused(user: Any) -> bool:
    """Whether the person who asks has paused from graphic material."""
    return Pause.objects.filter(person_id=user.pk, ended_at=None).exists()


def bearable(user: Any, found: QuerySet[Case]) -> QuerySet[Case]:
    """The cases of `found` that may be put before the person unasked: none of a graphic category while they pause."""
    return found.exclude(category__in=GRAPHIC) if paused(user) else found


def current(user: Any, number: int, *, now: datetime) -> Look:
    """A look of this person that has just been written down. Raises Look.DoesNotExist for any other."""
    access.require(user, "see_files")
    return Look.objects.select_related("report").get(pk=number, person_id=user.pk, at__gt=now - SHOWN_FOR)


def looks(user: Any, report_id: int) -> list[Look]:
    """Who looked at the files of a report, the newest first."""
    access.require(user, "see_custody")
    return list(Look.objects.filter(report_id=report_id).select_related("person").order_by("-at", "-id")[:100])
