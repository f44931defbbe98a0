"""What is owed: a duty of a regime begins with its event and is a clock of its own where no clock of the regime counts it.

A law that says "tell them" with a number is a clock already; one that says it with a word, or without one, is owed all the
same, and a duty that nobody counts is a duty that nobody does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trustdesk.core.clocks import ClockDraft, meets
from trustdesk.core.regime_rules import DutyRule, Regime
from trustdesk.core.regimes import Applied

#: What the number of a duty would be, by the kind of its regime.
KIND = {"statute": "statutory", "treaty": "statutory", "contract": "contract"}
#: Prefix of the names of clocks that are duties.
PREFIX = "duty-"


def owed(applied: Iterable[Applied], event: str, *, at: datetime) -> tuple[ClockDraft, ...]:
    """The duties that begin with an event, of regimes that are certain, as clocks without a number.

    Left out are duties that a clock of the same regime counts, and those that the rule leaves to us (`mandatory` false).
    """
    return tuple(
        _draft(a, duty, at)
        for a in applied
        if a.certain
        for duty in a.rules.duties
        if duty.event == event
        and duty.mandatory
        and duty.in_force(at.date())
        and duty.only.holds(a.facts)
        and not _counted(a, duty, at)
    )


def _counted(a: Applied, duty: DutyRule, at: datetime) -> bool:
    """A clock of the regime that begins with the same event is met by the same deed."""
    return any(
        clock.starts_on == duty.event
        and clock.in_force(at.date())
        and clock.when.holds(a.facts)
        and any(meets(clock.met_by, deed) for deed in duty.deeds)
        for clock in a.rules.clocks
    )


def _draft(a: Applied, duty: DutyRule, at: datetime) -> ClockDraft:
    return ClockDraft(
        name=PREFIX + duty.id,
        title=f"{duty.title} → {duty.to}",
        regime=a.regime,
        version=a.version,
        kind=KIND.get(a.rules.kind, "target"),
        source=duty.source,
        calendar="",
        calendar_version="",
        starts_at=at,
        not_before=None,
        due_at=None,
        meets=duty.deeds,
        actor="provider",
        shape="standard",
        standard=duty.when,
    )


def lacking(regimes: Iterable[Regime], deed: str, parts: Iterable[str]) -> tuple[str, ...]:
    """Titles of the required parts that a filing lacks; `parts` are the ids of those that it has (`regime.el.id`).

    Which filing needs which parts stands in the duty that it meets.
    """
    there = set(parts)
    return tuple(
        element.title
        for regime in regimes
        for duty in regime.duties
        if duty.document and not duty.off and meets(duty.deeds, deed)
        for element in regime.elements
        if element.document == duty.document
        and element.requirement == "required"
        and not element.off
        and f"{regime.id}.el.{element.id}" not in there
    )
