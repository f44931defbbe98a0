"""What the house policy offers for a case: clauses and measures that fit, the recommended ones marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from trustdesk import rules
from trustdesk.core.policies import Clause, Policy
from trustdesk.core.routing import queue as queue_of
from trustdesk.core.types import Category, Form
from trustdesk.models import Asset, Case

#: The inventory speaks of prefixes; a policy speaks of addresses.
POLICY_KIND = {"prefix": "ip"}


__all__ = ["Asset", "Case", "Clause", "Offer", "Policy", "clauses", "offers", "policy", "queues"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A measure that may be used on some assets of the case."""

    kind: str
    title: str
    severe: bool
    reversible: bool
    assets: tuple[Asset, ...]
    recommended_by: str = ""  # id of the clause that recommends it


def policy() -> Policy:
    """The house policy in force."""
    return rules.current().policies[settings.DESK.policy]


def policy_of(digest: str) -> Policy:
    """The version of the policy that a decision was made under, as long as it lies in the rulebook; else the one in force."""
    return next((version for version in rules.current().versions if version.digest == digest), None) or policy()


def clauses(category: str) -> tuple[Clause, ...]:
    """The clauses that speak of a category, the most severe first, then all others in their order."""
    house = policy()
    fitting = house.clauses_for(category)
    return (*fitting, *(c for c in house.clauses if c not in fitting))


def offers(case: Case, assets: Iterable[Asset]) -> list[Offer]:
    """The measures for a case, recommended ones first and otherwise up the ladder."""
    house = policy()
    fitting: dict[str, list[Asset]] = {}
    for asset in assets:
        for rule in house.measures_for(asset.role, POLICY_KIND.get(asset.kind, asset.kind)):
            fitting.setdefault(rule.kind, []).append(asset)
    first = next(iter(house.clauses_for(case.category)), None)
    wanted = first.measures if first else ()
    found = [
        Offer(
            m.kind,
            m.title,
            m.severe,
            m.reversible,
            tuple(fitting[m.kind]),
            first.id if first and m.kind in wanted else "",
        )
        for m in sorted(house.measures, key=lambda m: m.rung)
        if m.kind in fitting
    ]
    return sorted(found, key=lambda o: wanted.index(o.kind) if o.kind in wanted else len(wanted))


def queues() -> list[str]:
    """Every queue that the policy can route to."""
    house = policy()
    names = {queue_of(house, category, form) for category in Category for form in Form}
    return sorted(names | {house.default_queue})
