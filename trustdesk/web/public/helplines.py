"""Where children and victims find help: hotlines and takedown services by country, from `helplines.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Whom a service is for.
TOPICS = ("child", "images", "talk")


@dataclass(frozen=True, slots=True)
class Helpline:
    """One service. `country` is ISO 3166-1 alpha-2, "" for everywhere; `does` are topics it helps with."""

    name: str
    country: str
    does: frozenset[str]
    url: str
    phone: str
    source: str


@lru_cache(maxsize=1)
def _all() -> tuple[Helpline, ...]:
    document: dict[str, Any] = tomllib.loads(Path(__file__).with_name("helplines.toml").read_text("utf-8"))
    out = []
    for row in document["helpline"]:
        unknown = set(row) - {"name", "country", "does", "url", "phone", "source"}
        if unknown or not set(row["does"]) <= set(TOPICS) or not row["source"]:
            raise ValueError(f"helplines.toml: {row.get('name')}: {unknown or row['does']}")
        out.append(
            Helpline(
                row["name"],
                row.get("country", ""),
                frozenset(row["does"]),
                row["url"],
                row.get("phone", ""),
                row["source"],
            )
        )
    return tuple(out)


def countries() -> list[str]:
    """The countries that have services of their own in the list."""
    return sorted({line.country for line in _all() if line.country})


def found(country: str, topic: str) -> tuple[list[Helpline], list[Helpline]]:
    """Services of a country for a topic, and those that work everywhere."""
    fitting = [line for line in _all() if topic in line.does or "talk" in line.does]
    return [li for li in fitting if li.country == country and country], [li for li in fitting if not li.country]
