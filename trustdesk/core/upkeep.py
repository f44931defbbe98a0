"""Standing duties: what binds the provider as such and no case. A report on each year, a page that must be there, the
designation of an agent that lapses.

A rule says how often and until when; people say what was done. From both follows what is owed today. Nothing here is met
by itself: the desk cannot see a page of the Copyright Office.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from trustdesk.core.clocks import ahead
from trustdesk.core.regime_rules import Regime, UpkeepRule

#: Length of a period of each kind, in months.
MONTHS = {"month": 1, "half_year": 6, "year": 12}
#: So many days before a due date, and on the first day after it, people are reminded.
REMIND = (90, 30, 7, -1)
#: What is due within so many days is "soon".
SOON = timedelta(days=30)
ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deed:
    """A standing duty was done: `on` that day, for the period of that name (empty where the rule knows none)."""

    regime: str
    rule: str
    period: str
    on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """One duty as it stands today.

    `state`: done | soon | late | owed (a period is over, or nobody ever said that it was done; the rule names no last day).
    `period` is the one in question; `due` its last day, None where the rule has no number; `done_on` the last deed for it.
    """

    regime: Regime
    rule: UpkeepRule
    period: str
    due: date | None
    done_on: date | None
    state: str


def binds(
    regime: Regime, *, country: str, roles: Collection[str], on: date, switched_on: Collection[str], switched_off: Collection[str]
) -> bool:  # fmt: skip
    """Does a regime bind the provider itself on that day?

    As with cases, a country ties a law to the provider, or counsel's word in `desk.toml`; `roles` are those of its
    services. A law that is tied by a customer's country alone is not assumed here.
    """
    if regime.id in switched_off or not regime.in_force(on):
        return False
    if regime.id in switched_on:
        return True
    scope = regime.scope
    return (
        regime.switch == "on"
        and (not scope.countries or country in scope.countries)
        and ("any" in scope.roles or not set(scope.roles).isdisjoint(roles))
    )


def last_period(every: str, on: date) -> tuple[str, date, date]:
    """The last whole calendar period before that day: its name ("2026", "2026-H1", "2026-05"), first and last day."""
    length = MONTHS[every]
    index = (on.year * 12 + on.month - 1) // length - 1
    return _period(every, index)


def _period(every: str, index: int) -> tuple[str, date, date]:
    length = MONTHS[every]
    year, month = divmod(index * length, 12)
    first = date(year, month + 1, 1)
    name = {"year": f"{year}", "half_year": f"{year}-H{month // 6 + 1}", "month": f"{year}-{month + 1:02}"}[every]
    return name, first, ahead(first, length, "month") - ONE


def named(every: str, name: str) -> tuple[str, date, date] | None:
    """The period of that name, or None when a rule of this kind has no such period."""
    try:
        year = int(name[:4])
        if not 2000 <= year <= 9000:
            return None
        step = {"year": "1", "half_year": name[6:], "month": name[5:]}[every]
        made = _period(every, year * 12 // MONTHS[every] + int(step) - 1)
    except (ValueError, KeyError):
        return None
    return made if made[0] == name else None


def due(rule: UpkeepRule, *, period_end: date | None = None, done_on: date | None = None) -> date | None:
    """The last day: `within` months after the last day of a period, or `renews` months after it was last done; None where
    the rule has no number, or nobody ever said that it was done."""
    if rule.renews is not None:
        return ahead(done_on, rule.renews, "month") if done_on else None
    if rule.within is None or period_end is None:
        return None
    return ahead(period_end, rule.within, "month")


def standing(regimes: Iterable[Regime], deeds: Iterable[Deed], on: date) -> tuple[Standing, ...]:
    """Every standing duty of these regimes as it is on that day, the most pressing first."""
    done: dict[tuple[str, str, str], date] = {}
    for deed in deeds:
        key = (deed.regime, deed.rule, deed.period)
        done[key] = max(deed.on, done.get(key, deed.on))
    found = [_one(regime, rule, done, on) for regime in regimes for rule in regime.upkeeps if rule.in_force(on)]
    order = {"late": 0, "soon": 1, "owed": 2, "done": 3}
    return tuple(
        sorted(found, key=lambda s: (not s.rule.mandatory, order[s.state], s.due or date.max, s.regime.id, s.rule.id))
    )


def _one(regime: Regime, rule: UpkeepRule, done: dict[tuple[str, str, str], date], on: date) -> Standing:
    name, end = "", None
    if rule.every:
        name, _, end = last_period(rule.every, on)
    done_on = done.get((regime.id, rule.id, name))
    until = due(rule, period_end=end, done_on=done_on)
    if end is not None and not regime.in_force(end):
        return Standing(regime, rule, name, None, done_on, "done")  # the law was not there yet: nothing is owed
    if done_on and (rule.renews is None or until is None or until - on > SOON):
        state = "done"
    elif until is None:
        state = "owed"
    else:
        state = "late" if until < on else "soon" if until - on <= SOON else "owed"
    return Standing(regime, rule, name, until, done_on, state)


def reminder(one: Standing, on: date) -> int | None:
    """Which of REMIND has come for a duty that is not done, in days before its end; None when none has, or when the rule
    names no last day. The nearest to the end counts."""
    if one.due is None or not one.rule.mandatory or (one.state == "done" and one.rule.renews is None):
        return None
    left = (one.due - on).days
    come = [days for days in REMIND if left <= days]
    return min(come) if come else None
