"""The figures of the public transparency page: what came in, what was done, who asked, in the manner of large providers.

Made from the ledger at a checkpoint like every publication, so the page shows nothing that cannot be made again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from trustdesk.insight.publications.suppression import suppressed
from trustdesk.insight.transparency.counted import Row
from trustdesk.insight.transparency.dsa import NotFilled
from trustdesk.insight.transparency.fill import hours

HOSTED = frozenset({"hosting", "online_platform", "user_to_user"})
PASSED = frozenset({"pass_through", "caching", "access", "dns_resolver"})
#: National security process of the United States, of which only bands may be told (50 USC 1874(a)(3)): NSLs and FISA
#: orders together, for half a year, in steps of 250 that begin with 0-249.
BANDED = ("us-nsl", "us-fisa")
BAND = 250


def period(name: str, today: date) -> tuple[str, date, date]:
    """`2026`, `2026-H1`, `2026-Q3` or `2026-10`; "" is the latest half-year that is over. Raises NotFilled."""
    if not name:
        name = f"{today.year - 1}-H2" if today.month < 7 else f"{today.year}-H1"
    year, _, rest = name.strip().upper().partition("-")
    months = {"": (1, 12), "H1": (1, 6), "H2": (7, 12), "Q1": (1, 3), "Q2": (4, 6), "Q3": (7, 9), "Q4": (10, 12)}
    months |= {f"{n:02}": (n, n) for n in range(1, 13)}
    if len(year) != 4 or not (year.isascii() and year.isdigit()) or rest not in months or not 1990 <= int(year) < 9999:
        raise NotFilled(f"{name!r} is no period; write it like 2026, 2026-H1, 2026-Q3 or 2026-10")
    begins, ends = months[rest]
    after = date(int(year) + ends // 12, ends % 12 + 1, 1)
    return f"{year}-{rest}" if rest else year, date(int(year), begins, 1), after - timedelta(days=1)


def document(
    tables: Mapping[str, list[Row]], inputs: Mapping[str, Any], checkpoint: dict[str, Any] | None
) -> dict[str, Any]:
    """The figures as one plain document, in a fixed order."""
    first, last = date.fromisoformat(inputs["first"]), date.fromisoformat(inputs["last"])
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)

    def inside(at: datetime | None) -> bool:
        return at is not None and start <= at < end

    secret = {c["case_id"] for c in tables["fact_case"] if set(BANDED) & set((c.get("regimes") or "").split(","))}
    open_ = {name: [row for row in rows if row.get("case_id") not in secret] for name, rows in tables.items()}
    reports = [r for r in open_["fact_report"] if r["is_report"] and inside(r["received_at"])]
    orders = [r for r in open_["fact_legal_request"] if inside(r["received_at"])]
    applied = [m for m in open_["fact_measure"] if inside(m.get("applied_at"))]
    appeals = [a for a in open_["fact_appeal"] if inside(a["lodged_at"])]
    decided = [d for d in open_["fact_decision"] if d["final"] and inside(d["happened_at"])]
    return {
        "kind": "transparency",
        "period": inputs["period"],
        "first": inputs["first"],
        "last": inputs["last"],
        "provider": inputs["provider"],
        "reports": _reports(reports, inputs["role"]),
        "decisions": {
            "total": len(decided),
            "automated": sum(bool(d["automated"]) for d in decided),
            "by_outcome": _ranked(d["outcome"] for d in decided),
        },
        "measures": {
            "total": len(applied),
            "automated": sum(bool(m["automated"]) for m in applied),
            "own_initiative": sum(bool(m["own_initiative"]) for m in applied),
            "on_the_law": sum(m["ground"] == "law" for m in applied),
            "lifted": sum(inside(m.get("lifted_at")) for m in open_["fact_measure"]),
            "by_kind": _ranked(m["kind"] for m in applied),
        },
        "appeals": {
            "lodged": len(appeals),
            "upheld": sum(a["state"] == "upheld" for a in appeals),
            "partly_upheld": sum(a["state"] == "partly_upheld" for a in appeals),
            "dismissed": sum(a["state"] == "dismissed" for a in appeals),
            "withdrawn": sum(a["state"] == "withdrawn" for a in appeals),
            "open": sum(a["state"] == "lodged" for a in appeals),
            "by_kind": _ranked(a["kind"] for a in appeals),
        },
        "governments": _governments(orders),
        "national_security": _band(tables, secret, inside) if _may_band(inputs) else None,
        "checkpoint": checkpoint,
    }


def _reports(reports: list[Row], role: str) -> dict[str, Any]:
    groups: dict[str, list[Row]] = {}
    for row in reports:
        groups.setdefault(row["category"], []).append(row)
    rows = []
    for name, them in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        roles = [row.get("service_role") or role for row in them]
        waits = [(row["first_decision_at"] - row["received_at"]).total_seconds() / 3600 for row in them
                 if row.get("first_decision_at")]  # fmt: skip
        rows.append(
            {
                "category": name,
                "received": len(them),
                "items": sum(row["targets"] for row in them),
                "hosted": sum(r in HOSTED for r in roles),
                "passed_through": sum(r in PASSED for r in roles),
                "with_measures": sum(row.get("first_outcome") == "measures" for row in them),
                "median_hours": float(hours(waits)) if waits else None,
            }
        )
    return {
        "total": len(reports),
        "items": sum(row["targets"] for row in reports),
        "trusted_flaggers": sum(bool(row.get("trusted_flagger")) for row in reports),
        "by_category": rows,
    }


def _governments(orders: list[Row]) -> dict[str, Any]:
    """Requests by country and kind. Countries with few requests are pooled: one request may tell of one person."""
    rows = []
    for kind in ("act", "information"):
        mine = [r for r in orders if r["kind"] == kind]
        counts = Counter((r.get("country") or "").upper() or "unknown" for r in mine)
        shown = suppressed(dict(sorted(counts.items())))
        for country, number in sorted(shown.items(), key=lambda item: (-(item[1] or 0), item[0])):
            if number is None:
                continue
            them = [r for r in mine if ((r.get("country") or "").upper() or "unknown") == country]
            rows.append(_request(kind, country, them))
        hidden = [r for r in mine if shown[(r.get("country") or "").upper() or "unknown"] is None]
        if hidden:
            rows.append(_request(kind, "others", hidden))
    return {"total": len(orders), "rows": rows}


def _request(kind: str, country: str, them: list[Row]) -> dict[str, Any]:
    """A row says what came of the requests only where enough of them stand behind it."""
    few = len(them) < 5
    complied = sum(r.get("outcome") == "measures" for r in them)
    return {
        "kind": kind,
        "country": country,
        "received": len(them),
        "items": None if few else sum(r["items"] for r in them),
        "followed": None if few else complied,
    }


def _may_band(inputs: Mapping[str, Any]) -> bool:
    return bool(inputs.get("national_security")) and inputs["period"][4:6] == "-H"


def _band(tables: Mapping[str, list[Row]], secret: set[int], inside: Any) -> dict[str, str]:
    """Never the number itself: the band that holds it."""
    cases = [c for c in tables["fact_case"] if c["case_id"] in secret and inside(c["first_report_at"])]
    low = len(cases) // BAND * BAND
    return {"band": f"{low}-{low + BAND - 1}", "source": "50 USC 1874(a)(3)"}


def _ranked(names: Iterable[str]) -> dict[str, int]:
    counted = Counter(names)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
