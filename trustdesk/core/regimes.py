"""Regimes: bodies of law or contract that create duties for a case, as dated and cited data.

A regime is chosen per case: the facts propose, and where the facts do not decide, a person confirms. Several regimes
run on one case at once, each with its own clocks. What the sources leave doubtful carries `off` with the reason and
starts nothing until somebody has read the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from trustdesk.core.regime_rules import (
    ROLES,
    ClockRule,
    Facts,
    Regime,
    SilenceRule,
)

__all__ = ["ROLES", "Applied", "ClockRule", "Facts", "Regime", "SilenceRule", "again", "applicable"]


@dataclass(frozen=True, slots=True)
class Applied:
    """A regime that applies to a case, or may: `certain` false asks a person to confirm; `why` says what is open."""

    regime: str
    version: str
    digest: str
    certain: bool
    why: str
    rules: Regime = field(compare=False, repr=False)
    facts: Facts = field(compare=False, repr=False)


def applicable(regimes: Iterable[Regime], facts: Facts, on: date) -> tuple[Applied, ...]:
    """The regimes that apply on that day, and those that may: certain ones first, then by id."""
    found = [applied for regime in regimes if (applied := _judge(regime, facts, on)) is not None]
    return tuple(sorted(found, key=lambda a: (not a.certain, a.regime)))


def again(regimes: Iterable[Regime], ids: Iterable[str], facts: Facts) -> tuple[Applied, ...]:
    """The regimes that were chosen earlier for a case, by id, for a later event; ids that are gone are left out.

    What the facts leave open stays open; what they say nothing about was chosen by a person, and is certain.
    """
    wanted = set(ids)
    out = []
    for regime in sorted(regimes, key=lambda r: r.id):
        if regime.id in wanted:
            judged = _judge(regime, facts, None)
            out.append(judged or _applied(regime, facts, True, "chosen for this case by a person"))
    return tuple(out)


def _applied(regime: Regime, facts: Facts, certain: bool, why: str) -> Applied:
    return Applied(regime.id, regime.version, regime.digest, certain, why, regime, facts)


def _judge(regime: Regime, facts: Facts, on: date | None) -> Applied | None:
    """None where it does not apply. A country that is not known is no link: a law applies because something ties it."""
    if regime.scope.standing or regime.id in facts.switched_off:
        return None
    if on is not None and not regime.in_force(on):
        return None
    if f"regime:{regime.id}" in facts.confirmed:
        return _applied(regime, facts, True, "confirmed by a person")
    if regime.switch != "on" and regime.id not in facts.switched_on:
        return None
    scope = regime.scope
    reasons: list[str] = []
    open_points: list[str] = []
    tests = (
        ("the category", facts.category, scope.categories),
        ("the form", facts.form, scope.forms),
        ("the service's role", facts.provider_role, scope.roles),
        ("the instrument", facts.instrument, scope.instruments),
    )
    for what, value, wanted in tests:
        if not wanted or "any" in wanted:
            continue
        if not value:
            open_points.append(f"{what} is not known")
        elif value not in wanted:
            return None
        else:
            reasons.append(f"{what} is {value}")
    decided = _decided(regime, facts)
    if scope.countries:
        linked = [f"the {who} is in {country}" for who, country in _countries(facts) if country in scope.countries]
        if not linked and not decided:
            return None
        reasons += linked
    if not decided:
        open_points.append(scope.ask or "a person confirms that it binds this service")
    return _applied(regime, facts, not open_points, "; ".join(open_points or [*reasons, *decided]))


def _countries(facts: Facts) -> tuple[tuple[str, str], ...]:
    return (
        ("provider", facts.provider_country),
        ("customer", facts.customer_country),
        ("reporter", facts.reporter_country),
    )


def _decided(regime: Regime, facts: Facts) -> list[str]:
    scope = regime.scope
    held = ["the operator says that it binds the service"] if regime.id in facts.switched_on else []
    for fact in scope.decided_by:
        name, _, value = fact.partition(":")
        if name == "any":
            held.append("it applies to every such case")
        elif name == "provider" and facts.provider_country in scope.countries:
            held.append("the provider's country decides")
        elif name == "form" and facts.form == value:
            held.append(f"a report of form {value} decides")
        elif name == "instrument" and facts.instrument and facts.instrument in scope.instruments:
            held.append(f"the instrument ({facts.instrument}) decides")
    return held
