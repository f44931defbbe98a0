"""Extend: a period that the law or an authority makes longer, or to which a paper gives its end where the rule has only a
word ("within the time that the order names"). The old end stays in the journal beside the new one."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from trustdesk import rules
from trustdesk.core import clocks as engine
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import duties, triage
from trustdesk.flow.record import locked, record
from trustdesk.models import Clock, Fact

#: Name of the facts that hold why a period was made longer.
EXTENDED = "law.extended"


def extend(
    clock_id: int, *, why: str, actor: Actor, now: datetime, by: int | None = None, until: datetime | None = None
) -> Clock:
    """Make a running or paused clock due later: `by` so many of its rule's own units, counted on its calendar from the old
    last day (Regulation 1182/71 Art. 3), or `until` an instant that a paper names.

    A clock without an end gets its first one by `until`. Raises Refused without a reason, to whoever is no person, for a
    clock that has ended, and for an end that is not later (than the old one, or than the start).
    """
    why = why.replace("\0", "").strip()
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("extend.why", "Say in 3 to 500 characters which rule or paper makes it longer.", "why"))
    if actor.kind != "person":
        raise Refused(Finding("extend.person", "Only a person of the desk extends a period.", "actor"))
    with locked(Clock.objects.values_list("case_id", flat=True).get(pk=clock_id)) as case:
        clock = Clock.objects.get(pk=clock_id)
        if clock.state not in ("running", "paused") or (clock.due_at is None and until is None):
            text = "Only a period that runs can be extended; one without an end needs the day that a paper names."
            raise Refused(Finding("extend.ended", text, "clock"))
        later = until if until is not None else _counted(clock, by or 0)
        if later <= (clock.due_at or clock.started_at):
            raise Refused(Finding("extend.not_later", "The new end must lie after the old one.", "until"))
        was, clock.due_at = clock.due_at, later
        case.next_due_at = duties.next_due(case, [clock])
        triage.reprioritise(case, now=now)
        value = {
            "clock": clock.pk,
            "title": clock.title,
            "was": was.isoformat() if was else "",
            "until": later.isoformat(),
            "why": why,
        }
        fact = Fact(case=case, about=case.code, name=EXTENDED, value=value, source=str(actor), observed_at=now)
        body = {"fact": fact, "was": was, "clocks": duties.described([clock])}
        record(case, "clock.extended", body, actor=actor, now=now, rows=[clock, fact])
    return clock


def _counted(clock: Clock, by: int) -> datetime:
    regime = rules.current().regimes.get(clock.regime)
    rule = regime.clock(clock.name, clock.started_at.date()) if regime is not None else None
    if rule is None or by < 1:
        raise Refused(Finding("extend.until", "Give the day on which it ends.", "until"))
    assert clock.due_at is not None
    calendars = rules.current().calendars
    return engine.extend(rule, by, due_at=clock.due_at, calendars=calendars, location=settings.DESK.country)
