"""Enricher: indicator → facts, each with its source and its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class FactValue:
    """One enrichment result: what was found, where, and when. Never an opinion.

    `name` is dotted and starts with the enricher's name (`dns.a`, `dns.status`); `value` is canonical text (an
    address, a host name in A-labels without the final dot); `source` names who said so (`dns:192.0.2.53`).
    `observed_at` is aware; `valid_for` (seconds) is how long the source stands by it (a DNS TTL), else None.
    """

    name: str
    value: str
    source: str
    observed_at: datetime
    valid_for: int | None = None


@runtime_checkable
class Enricher(Protocol):
    """Finds facts about indicators of the kinds it names.

    Built with one mapping (its table in the configuration). Called outside any transaction; may do I/O within its
    own time limit. It never raises for what the world does: "the name does not exist" and "nobody answered" are facts.
    """

    name: str
    kinds: frozenset[str]

    def enrich(self, kind: str, value: str, *, now: datetime) -> tuple[FactValue, ...]:
        """Facts about the indicator; empty for a kind that is not in `kinds` or a value that is not one."""
        ...
