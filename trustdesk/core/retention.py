"""How long something is kept, and what would go today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from trustdesk.core.clocks import ahead
from trustdesk.core.regime_rules import Regime, RetentionRule


@dataclass(frozen=True, slots=True)
class Kept:
    """One rule on one thing. `until` is the last day on which it must be kept (or may be, for must_delete); None where
    the rule gives no number, which means that a person decides."""

    regime: str
    rule: RetentionRule
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may happen to a thing on a day: `keep` with the reasons, or not. `must_go` when a rule demands erasure."""

    keep: bool
    must_go: bool
    why: tuple[str, ...]


def until(rule: RetentionRule, since: date) -> date | None:
    """The last day of a retention period that begins on `since`; None where the rule has no number."""
    if rule.period is None or not rule.unit:
        return None
    return ahead(since, rule.period, rule.unit)


def kept(regimes: Iterable[Regime], events: Mapping[str, date]) -> tuple[Kept, ...]:
    """The retention rules that the events of a case have started. `events` maps an event to the day it happened."""
    return tuple(
        Kept(regime.id, rule, events[rule.starts_on], until(rule, events[rule.starts_on]))
        for regime in regimes
        for rule in regime.retention
        if not rule.off and rule.starts_on in events
    )


def may_go(rules: Iterable[Kept], on: date, *, preserved: Iterable[str] = ()) -> Verdict:
    """May the thing be erased on that day?

    Preservation (`preserved` names the requests and orders in force) beats every deletion; a duty to keep beats a duty
    to delete, because what is gone cannot be brought back. A rule without a number keeps until a person decides.
    """
    holds = tuple(f"preserved: {name}" for name in preserved)
    keeps, goes = [], []
    for item in rules:
        label = f"{item.regime} {item.rule.id} ({item.rule.source})"
        if item.rule.obligation == "must_delete":
            if item.until is None or on > item.until:
                goes.append(f"must go: {label}")
        elif item.rule.obligation != "allowed" and (item.until is None or on <= item.until):
            keeps.append(f"keep until {item.until or 'a person decides'}: {label}")
    if holds or keeps:
        return Verdict(True, False, (*holds, *keeps))
    return Verdict(False, bool(goes), tuple(goes) or ("no rule keeps it",))
