"""What changed and why: against the period before and the same a year ago, and who contributed to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Names that a report compares, and where its document holds them.
COMPARED = {
    "received": ("received", "total"),
    "opened": ("opened",),
    "closed": ("closed",),
    "reopened": ("reopened",),
    "decisions": ("decisions", "total"),
    "median_hours": ("time_to_first_decision", "median_hours"),
    "p95_hours": ("time_to_first_decision", "p95_hours"),
    "clocks_met": ("clocks", "met"),
    "clocks_breached": ("clocks", "breached"),
    "appeals_lodged": ("appeals", "lodged"),
    "overturned": ("appeals", "overturned"),
    "measures_confirmed": ("measures", "confirmed"),
    "notices_sent": ("notices", "sent"),
    "open_at_end": ("open_at_end",),
}


def compared(now: dict[str, Any], then: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """Each number with what it was: {"now", "then", "change", "percent"}. What cannot be said is null, never a guess:
    no change from nothing known, no percent of zero."""
    return {name: change(_at(now, path), _at(then, path)) for name, path in COMPARED.items()}


def change(now: float | None, then: float | None) -> dict[str, float | None]:
    """One number against another."""
    if now is None or then is None:
        return {"now": now, "then": then, "change": None, "percent": None}
    moved = round(now - then, 2)
    return {"now": now, "then": then, "change": moved, "percent": round(moved * 100 / then, 1) if then else None}


def contributions(now: Mapping[str, int], then: Mapping[str, int]) -> list[dict[str, Any]]:
    """Each part's share in the change of the whole, largest first. The changes add up to it exactly, because every row
    that was counted is in exactly one part."""
    parts = [{"name": name, "then": then.get(name, 0), "now": now.get(name, 0),
              "change": now.get(name, 0) - then.get(name, 0)} for name in sorted({*now, *then})]  # fmt: skip
    return sorted(parts, key=lambda part: (-abs(part["change"]), -part["now"], part["name"]))


def _at(document: dict[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = document
    for name in path:
        value = value[name]
    found: float | None = value
    return found
