"""Reports that go out by mail when a period is over, as the [reports] tables of `desk.toml` ask for.

[reports.team]
kind = "weekly"
to = ["team@nube-norte.example"]
format = "pdf"
language = "en"
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from trustdesk.core.types import Actor
from trustdesk.flow import mailing, publish, telling, work
from trustdesk.flow.record import Todo
from trustdesk.insight import periods
from trustdesk.settings.desk import DeskError

#: The task that makes one report.
TASK = "make_report"
ACTOR = Actor("system", "reports")
#: A report waits so long after its period, for mail that was received before midnight and read after it.
SETTLE = timedelta(hours=1)
#: What is older was missed long ago (the desk was off, or the schedule is new) and is not sent late.
AT_MOST = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One table of [reports]. `format` and `language` as `trustdesk publish` knows them."""

    name: str
    kind: str = "weekly"
    to: tuple[str, ...] = ()
    format: str = "pdf"
    language: str = "en"


def schedules(tables: dict[str, Any]) -> list[Schedule]:
    """Read the tables strictly. Raises DeskError."""
    from trustdesk.insight.publications.formats import FORMATS, LANGUAGES

    known = {f.name for f in fields(Schedule)} - {"name"}
    made = []
    for name, table in tables.items():
        where = f"desk.toml: [reports.{name}]"
        if not isinstance(table, dict) or not table.keys() <= known:
            raise DeskError(f"{where} is a table of {', '.join(sorted(known))}")
        to = table.get("to", [])
        if not isinstance(to, list) or not to or not all(isinstance(a, str) and telling.usable(a) for a in to):
            raise DeskError(f"{where} to must be a list of mail addresses that people read")
        one = Schedule(name, **(table | {"to": tuple(to)}))
        for value, allowed in ((one.kind, periods.KINDS), (one.format, tuple(FORMATS)), (one.language, LANGUAGES)):
            if value not in allowed:
                raise DeskError(f"{where} {value!r} is none of {', '.join(allowed)}")
        made.append(one)
    return made


def run(now: datetime) -> int:
    """Owe what is due; a worker makes it. Returns how many reports; safe to call at any time and from several processes."""
    owed = []
    for schedule in schedules(settings.DESK.reports):
        if period := _due(schedule, now):
            about = {"schedule": schedule.name, "period": period.name}
            owed.append(Todo(TASK, about, key=f"{TASK}/{schedule.name}/{period.name}"))
    return work.owe(owed, now=now)


def _due(schedule: Schedule, now: datetime) -> periods.Period | None:
    """The period that this schedule owes a report on."""
    period = periods.last_full(schedule.kind, now - SETTLE)
    late = now - period.end > AT_MOST
    return None if late or mailing.queued(schedule.name, schedule.kind, period.name) else period


@work.handler(TASK, lease=timedelta(hours=2))
def make(tasks: Sequence[Any], clock: Callable[[], datetime]) -> None:
    """Make the reports that the tasks name, as far as somebody still asks for them."""
    known = {schedule.name: schedule for schedule in schedules(settings.DESK.reports)}
    for task in tasks:
        schedule = known.get(task.arguments["schedule"])
        if schedule is None:
            continue
        period = periods.named(schedule.kind, task.arguments["period"])
        if not mailing.queued(schedule.name, schedule.kind, period.name):
            _make(schedule, period, clock)


def _make(schedule: Schedule, period: periods.Period, clock: Callable[[], datetime]) -> None:
    from trustdesk.insight import publication
    from trustdesk.insight.publications.formats import write
    from trustdesk.insight.publications.summary import summary
    from trustdesk.insight.publications.texts import texts
    from trustdesk.queries import publications

    point = publish.seal_now(actor=ACTOR, now=clock())
    if point is None:  # a desk on which nothing ever happened has nothing to report
        return
    named = publications.named(point)
    document = publication.account(publications.lines_at(point), period, checkpoint=named, provider=settings.DESK.name)
    t = texts(schedule.language)
    title = t.title(schedule.kind, period.name)
    inputs = {"provider": settings.DESK.name, "language": schedule.language}
    entry = publish.made(
        schedule.kind, period.name, schedule.format, write(schedule.format, document, schedule.language),
        checkpoint_id=point.pk, actor=ACTOR, now=clock(), inputs=inputs, reason=t.gettext("scheduled"),
    )  # fmt: skip
    text = "\n\n".join(
        (
            title,
            summary(document, t),
            t.gettext("The whole report is attached."),
            f"{settings.DESK.name} · {t.days(document)}",
        )
    )
    letter = mailing.Mailing(
        schedule.name,
        schedule.kind,
        period.name,
        schedule.to,
        schedule.language,
        f"{title} · {settings.DESK.name}",
        text,
    )
    mailing.queue(letter, json.loads(entry.body)["publication"], actor=ACTOR, now=clock())
