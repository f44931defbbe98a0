"""Reports that go out by mail when a period is over, as the [reports] tables of `desk.toml` ask for.

[reports.team]
kind = "weekly"
to = ["team@nube-norte.example"]
format = "pdf"
language = "en"
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from trustdesk.core.types import Actor
from trustdesk.flow import mailing, publish, telling
from trustdesk.insight import periods
from trustdesk.settings.desk import DeskError

log = logging.getLogger("trustdesk.reports")
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
    """Make and owe what is due. Returns how many reports; safe to call at any time and from several processes."""
    if not settings.DESK.reports:
        return 0
    done = 0
    for schedule in schedules(settings.DESK.reports):
        try:
            done += _one(schedule, now)
        except Exception:  # a report that cannot be made must not keep clocks from being watched; it is tried again
            log.exception("the scheduled report %s could not be made", schedule.name)
    return done


def _one(schedule: Schedule, now: datetime) -> bool:
    period = periods.last_full(schedule.kind, now - SETTLE)
    if now - period.end > AT_MOST or mailing.queued(schedule.name, schedule.kind, period.name):
        return False
    from trustdesk.insight import publication
    from trustdesk.insight.publications.formats import write
    from trustdesk.insight.publications.summary import summary
    from trustdesk.insight.publications.texts import texts
    from trustdesk.queries import publications

    point = publish.seal_now(actor=ACTOR, now=now)
    if point is None:  # a desk on which nothing ever happened has nothing to report
        return False
    named = publications.named(point)
    document = publication.account(publications.lines_at(point), period, checkpoint=named, provider=settings.DESK.name)
    t = texts(schedule.language)
    title = t.title(schedule.kind, period.name)
    inputs = {"provider": settings.DESK.name, "language": schedule.language}
    entry = publish.made(
        schedule.kind, period.name, schedule.format, write(schedule.format, document, schedule.language),
        checkpoint_id=point.pk, actor=ACTOR, now=now, inputs=inputs, reason=t.gettext("scheduled"),
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
    return mailing.queue(letter, json.loads(entry.body)["publication"], actor=ACTOR, now=now)
