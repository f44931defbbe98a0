"""Whether the desk is well, and its numbers for Prometheus."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count, Q

from trustdesk.models import Case, Checkpoint, Clock, Measure, Notice, Report, Task
from trustdesk.queries import traffic

#: A task that is due and has waited longer than this means that nobody works.
LATE = 600.0


@dataclass(frozen=True, slots=True)
class Health:
    """`oldest_due_task` is in seconds. `listener` tells whether the mail door answers on its port."""

    database: bool
    oldest_due_task: float
    listener: bool

    @property
    def well(self) -> bool:
        """Everything answers and nothing waits for long."""
        return self.database and self.listener and self.oldest_due_task < LATE


def check(*, now: datetime) -> Health:
    """Look at the database, the task table and the listener. Never raises."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        late = traffic.work(now=now).late
    except Error:
        return Health(False, 0.0, _listens())
    return Health(True, late, _listens())


def _listens() -> bool:
    try:
        with socket.create_connection(("127.0.0.1", settings.LMTP_PORT), 0.5):
            return True
    except OSError:
        return False


#: (metric, help, label names, [(label values, number)])
Sample = tuple[str, str, tuple[str, ...], list[tuple[tuple[str, ...], float]]]


def metrics(*, now: datetime) -> list[Sample]:
    """Gauges counted from the tables at this moment."""
    work = traffic.work(now=now)
    last = Checkpoint.objects.order_by("-id").values_list("at", flat=True).first()
    late = Clock.objects.filter(state="running").aggregate(n=Count("pk", filter=Q(due_at__lt=now)))["n"]
    return [
        ("trustdesk_cases", "Cases by state", ("state",), _by(Case, "state")),
        ("trustdesk_open_cases", "Cases that are not closed, by queue", ("queue",), _open_by_queue()),
        ("trustdesk_reports", "Reports by channel and state", ("channel", "state"), _by(Report, "channel", "state")),
        ("trustdesk_measures", "Measures by state", ("state",), _by(Measure, "state")),
        ("trustdesk_notices", "Letters by kind and state", ("kind", "state"), _by(Notice, "kind", "state")),
        ("trustdesk_clocks", "Clocks by kind and state", ("kind", "state"), _by(Clock, "kind", "state")),
        ("trustdesk_clocks_overdue", "Running clocks whose time is up and that no tick has seen yet", (), [((), late)]),
        ("trustdesk_tasks", "Tasks by name and state", ("name", "state"), _by(Task, "name", "state")),
        ("trustdesk_oldest_due_task_seconds", "How long the oldest due task has waited", (), [((), work.late)]),
        (
            "trustdesk_checkpoint_age_seconds",
            "Age of the newest checkpoint of the ledger",
            (),
            [((), (now - last).total_seconds())] if last else [],
        ),
    ]


def _by(model: type, *fields: str) -> list[tuple[tuple[str, ...], float]]:
    rows = model.objects.values(*fields).annotate(n=Count("pk")).order_by(*fields)  # type: ignore[attr-defined]
    return [(tuple(str(row[f]) for f in fields), row["n"]) for row in rows]


def _open_by_queue() -> list[tuple[tuple[str, ...], float]]:
    rows = Case.objects.exclude(state="closed").values("queue").annotate(n=Count("pk")).order_by("queue")
    return [((row["queue"],), row["n"]) for row in rows]
