"""Recompute: count running clocks again after a calendar changed. A due time never shifts silently.

A clock keeps the version of the calendar that it was counted with. When the rulebook has another one, `review` says which
due times would move and why; `carry_out` moves those of one case and writes both times into its journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from trustdesk import rules
from trustdesk.core import clocks as engine
from trustdesk.core.clocks import ClockDraft
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import duties, putback, triage
from trustdesk.flow.record import locked, record
from trustdesk.models import Case, Clock, Task


@dataclass(frozen=True, slots=True)
class Moved:
    """One clock under the calendars of today. `why` is set where it cannot be counted again: the rule is gone, or the
    calendar does not cover the years; such a clock stays as it is."""

    clock: Clock
    not_before: datetime | None
    due_at: datetime | None
    version: str
    why: str = ""

    @property
    def moves(self) -> bool:
        """The times differ, not the version alone."""
        return not self.why and (self.not_before, self.due_at) != (self.clock.not_before, self.clock.due_at)


def review() -> Iterator[Moved]:
    """The running and paused clocks that were counted with another version of their calendar, case by case."""
    running = Clock.objects.filter(state__in=("running", "paused")).exclude(calendar_version="").order_by()
    stale = [
        (calendar, version)
        for calendar, version in running.values_list("calendar", "calendar_version").distinct()
        if _version(calendar) != version
    ]
    for calendar, version in sorted(stale):
        found = running.filter(calendar=calendar, calendar_version=version).select_related("case")
        for clock in found.order_by("case_id", "id").iterator():
            yield _again(clock)


def _version(calendar: str) -> str:
    calendars = rules.current().calendars
    try:
        found = calendars.find(calendar)
        return calendars.version(found, calendars.place(found, settings.DESK.country))
    except Refused:
        return ""


def _again(clock: Clock) -> Moved:
    regime = rules.current().regimes.get(clock.regime)
    rule = regime.clock(clock.name, clock.started_at.date()) if regime is not None else None
    if rule is None:
        return Moved(
            clock, clock.not_before, clock.due_at, clock.calendar_version, "the rule is not in the rulebook any more"
        )
    try:
        fresh: ClockDraft = engine.start(
            rule, at=clock.started_at, calendars=rules.current().calendars, location=settings.DESK.country
        )
    except Refused as refused:
        return Moved(clock, clock.not_before, clock.due_at, clock.calendar_version, str(refused))
    return Moved(clock, fresh.not_before, fresh.due_at, fresh.calendar_version)


def carry_out(case_id: int, *, actor: Actor, now: datetime) -> Sequence[Moved]:
    """Count the stale clocks of a case again and write what they were and what they are. Returns what changed.

    A clock that ended meanwhile, or cannot be counted again, is left as it is.
    """
    with locked(case_id) as case:
        stale = [
            c
            for c in Clock.objects.filter(case=case, state__in=("running", "paused")).exclude(calendar_version="")
            if _version(c.calendar) != c.calendar_version
        ]
        moved = [m for m in map(_again, stale) if not m.why]
        if not moved:
            return ()
        was = [
            {
                "id": m.clock.pk,
                "not_before": m.clock.not_before,
                "due": m.clock.due_at,
                "calendar": m.clock.calendar_version,
            }
            for m in moved
        ]
        for m in moved:
            m.clock.not_before, m.clock.due_at, m.clock.calendar_version = m.not_before, m.due_at, m.version
        clocks = [m.clock for m in moved]
        case.next_due_at = duties.next_due(case, clocks)
        triage.reprioritise(case, now=now)
        _putbacks(case, clocks)
        body = {"was": was, "clocks": duties.described(clocks)}
        record(case, "clock.recomputed", body, actor=actor, now=now, rows=clocks)
    return moved


def _putbacks(case: Case, clocks: Sequence[Clock]) -> None:
    """A put-back is owed on the first day of its window, wherever that is now."""
    opens = [c.not_before for c in clocks if putback.is_window(c) and c.not_before is not None]
    keys = [f"putback:{number}" for number in case.appeals.filter(kind="counter_notice").values_list("pk", flat=True)]
    for at in opens:
        Task.objects.filter(key__in=keys, state="queued").update(due_at=at)
