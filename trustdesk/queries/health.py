"""Is the desk at work, and how much lies on it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Min, Model

from trustdesk.models import Case, Clock, Measure, Notice, Report, Task

#: Where the ticker says that it lives.
HEARTBEAT_KEY = "trustdesk.heartbeat"
#: A task that is due and has waited longer means that nobody works; a clock-watcher silent for longer is dead.
LATE = timedelta(minutes=10)
SILENT = timedelta(seconds=60)

Counts = dict[tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class Health:
    """`oldest_due`: how long the oldest due task has waited; `ticked`: how long ago the clocks were looked at. None if
    there is no such task, or nobody ever looked."""

    oldest_due: timedelta | None
    ticked: timedelta | None

    @property
    def worker_ok(self) -> bool:
        """Work is being done."""
        return self.oldest_due is None or self.oldest_due < LATE

    @property
    def ticker_ok(self) -> bool:
        """The clocks are being watched."""
        return self.ticked is not None and self.ticked < SILENT


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by label values, and the free space in octets."""

    reports: Counts
    cases: Counts
    tasks: Counts
    clocks: Counts
    measures: Counts
    notices: Counts
    disk_free: int


def health(*, now: datetime) -> Health:
    """Look at tasks and heartbeat. Raises Django's database errors when there is no database to look at."""
    oldest = Task.objects.filter(state="queued", due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    beaten = cache.get(HEARTBEAT_KEY)
    return Health(now - oldest if oldest else None, now - datetime.fromisoformat(beaten) if beaten else None)


def figures() -> Figures:
    """Everything that is counted, from the tables at this moment."""
    return Figures(
        reports=_by(Report, "channel"),
        cases=_by(Case, "state", "queue"),
        tasks=_by(Task, "state"),
        clocks=_by(Clock, "kind", "state"),
        measures=_by(Measure, "state"),
        notices=_by(Notice, "state"),
        disk_free=shutil.disk_usage(settings.HOME).free,
    )


def _by(model: type[Model], *fields: str) -> Counts:
    rows = model._default_manager.values(*fields).annotate(n=Count("pk")).order_by(*fields)
    return {tuple(str(row[f]) for f in fields): row["n"] for row in rows}


def is_new() -> bool:
    """Nothing ever came in here."""
    return not Report.objects.exists()


def embedded() -> bool:
    """The desk keeps its own SQLite file; one writer at a time is all there is."""
    return connection.vendor == "sqlite"
