"""The half-year of a large CDN as journal entries, and its own count of every number, kept while they are made.

The counting here shares no code with the product: plain counters beside the dice.
"""

from __future__ import annotations

import json
import random
import sqlite3
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from trustdesk.core.journal import canonical, entry_hash

MIX = tomllib.loads((Path(__file__).parent / "half_year.toml").read_text("utf-8"))
START, END = (datetime.fromisoformat(MIX[k]).replace(tzinfo=UTC) for k in ("from", "to"))
QUARTERS = {"2025-Q3": (START, datetime(2025, 10, 1, tzinfo=UTC)), "2025-Q4": (datetime(2025, 10, 1, tzinfo=UTC), END)}

Event = tuple[str, datetime, dict[str, Any]]


class Truth:
    """What was made, quarter by quarter."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {q: Counter() for q in QUARTERS}
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.days: Counter[tuple[str, str]] = Counter()
        self.categories: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, at: datetime, *names: str) -> None:
        """One more of each, in the quarter of `at`."""
        quarter = "2025-Q3" if at < QUARTERS["2025-Q3"][1] else "2025-Q4"
        for name in names:
            self.counts[quarter][name] += 1

    def report(self, quarter: str) -> dict[str, Any]:
        """The numbers of one quarter under the names of the report."""
        c = self.counts[quarter]
        start, end = QUARTERS[quarter]
        before = sum((self.counts[q] for q in QUARTERS if QUARTERS[q][1] <= start), Counter[str]())
        held = before["opened"] - before["closed"] + before["reopened"]

        def of(prefix: str) -> dict[str, int]:
            return {k.removeprefix(prefix): n for k, n in c.items() if k.startswith(prefix)}

        return {
            "received": {"total": c["received"], "by_form": of("form:"), "by_category": of("category:"),
                         "by_channel": of("door:")},
            "opened": c["opened"], "closed": c["closed"], "reopened": c["reopened"], "outcomes": of("outcome:"),
            "decisions": {"total": c["decided"], "automated": c["automated"], "held": 0, "sent_back": 0},
            "time_to_first_decision": quantiles(self.waits[quarter])
            | {"by_people": quantiles(self.waits[quarter + " people"])},
            "clocks": {"met": c["met"], "breached": c["breached"], "met_without_due_time": 0,
                       "by_kind": {"target": {"met": c["met"], "breached": c["breached"]}}},
            "appeals": {"lodged": c["lodged"], "resolved": c["resolved"], "overturned": c["overturned"]},
            "measures": {"confirmed": c["confirmed"], "lifted": c["lifted"], "failed": 0},
            "notices": {"sent": c["sent"], "bounced": 0},
            "open_at_start": held, "open_at_end": held + c["opened"] - c["closed"] + c["reopened"],
            "by_day": [
                {"day": (start + timedelta(days=n)).date().isoformat()}
                | {k: self.days[k, (start + timedelta(days=n)).date().isoformat()] for k in ("received", "opened", "closed")}
                for n in range((end - start).days)
            ],
        }  # fmt: skip


def quantiles(seconds: list[float]) -> dict[str, Any]:
    """Median and 95th percentile in hours, linear between neighbours."""
    ranked = sorted(seconds)

    def at(share: float) -> float | None:
        if not ranked:
            return None
        place = share * (len(ranked) - 1)
        low = int(place)
        high = min(low + 1, len(ranked) - 1)
        return round((ranked[low] + (ranked[high] - ranked[low]) * (place - low)) / 3600, 2)

    return {"median_hours": at(0.5), "p95_hours": at(0.95), "cases": len(ranked)}


def notices(share: float) -> Iterator[tuple[dict[str, Any], int]]:
    """(category, items) of each notice, shuffled; with share 1 both sums are exactly those published."""
    drawn: list[tuple[dict[str, Any], int]] = []
    for category in MIX["category"]:
        count = max(1, round(category["notices"] * share))
        items = max(count, round(category["items"] * share))
        each, rest = divmod(items, count)
        drawn += [(category, each + (n < rest)) for n in range(count)]
    random.Random(2025).shuffle(drawn)
    yield from drawn


def lives(share: float, truth: Truth) -> Iterator[tuple[int, list[Event]]]:
    """(case, its entries), and the count of them in `truth`. The rule table of the mix decides each case."""
    dice = random.Random(451)
    span = (END - START).total_seconds()
    doors, weights = list(MIX["doors"]), list(MIX["doors"].values())
    every = max(1, round(MIX["notices"] / MIX["appeals"]))
    for number, (category, items) in enumerate(notices(share), 1):
        received = START + timedelta(seconds=int(dice.random() * span))
        door = dice.choices(doors, weights)[0]
        yield number, life(number, category, items, received, door, dice, truth, appealed=number % every == 0)


def life(
    number: int, category: dict[str, Any], items: int, received: datetime, door: str, dice: random.Random, truth: Truth,
    *, appealed: bool,
) -> list[Event]:  # fmt: skip
    """One case from its notice to its end, or to the end of the half-year."""
    name, form, due = category["id"], category["form"], received + timedelta(hours=category["due_hours"])
    clock = {"id": number, "name": f"decide-{name}", "regime": "house-targets", "kind": "target", "actor": "provider"}
    running = clock | {"due": due, "state": "running", "breached": None}
    about = {"category": name, "form": form, "queue": "rights" if form == "dmca" else "security"}
    events: list[Event] = [
        ("case.opened", received, about | {"case_state": "new", "severity": 3, "regimes": [], "clocks": [running]}),
        ("report.received", received, {"report": number, "form": form, "category": name, "channel": door,
                                       "received_at": received, "indicators": items, "targets": items}),
    ]  # fmt: skip
    truth.add(received, "received", f"form:{form}", f"category:{name}", f"door:{door}", "opened")
    day = received.date().isoformat()
    truth.days["received", day] += 1
    truth.days["opened", day] += 1
    truth.categories[name]["notices"] += 1
    truth.categories[name]["items"] += items
    automated = dice.random() < category["automated"]
    mean = category["seconds_automated"] if automated else category["hours_by_people"] * 3600
    decided = received + timedelta(seconds=1 + int(dice.expovariate(1 / mean)))
    late = decided > due
    if late and due < END:
        events.append(("clock.breached", due, {"clocks": [running | {"state": "breached", "breached": due}]}))
        truth.add(due, "breached")
    if decided >= END:
        return events
    measured = dice.random() < category["measures"]
    outcome = "measures" if measured else "no_violation"
    ended = running | {"state": "met", "breached": due if late else None}
    body = {"decision": number, "outcome": outcome, "ground": category["ground"] if measured else "none",
            "automated": automated, "policy": "cdn@2025.1", "clocks": [ended], "overridden": [],
            "case_state": "enforcing" if measured else "closed",
            "measures": [{"id": number, "kind": category["measure"], "state": "ordered"}] if measured else []}  # fmt: skip
    events.append(("decision.made", decided, body))
    truth.add(decided, "decided", f"outcome:{outcome}", *(["automated"] if automated else []))
    if not late:
        truth.add(decided, "met")
    quarter = "2025-Q3" if decided < QUARTERS["2025-Q3"][1] else "2025-Q4"
    waited = (decided - received).total_seconds()
    truth.waits[quarter].append(waited)
    truth.categories[name][outcome] += 1
    if not automated:
        truth.waits[quarter + " people"].append(waited)
    closed = decided
    if measured:
        closed = decided + timedelta(seconds=3)
        if closed < END:
            events.append(("measure.applied", decided, {"measure": number, "state": "applied"}))
            seen = {"measure": number, "state": "confirmed", "case_state": "closed"}
            events.append(("measure.confirmed", closed, seen))
            truth.add(closed, "confirmed")
    if closed < END:
        truth.add(closed, "closed")
        truth.days["closed", closed.date().isoformat()] += 1
        letter = {"notice": number, "kind": "outcome", "to_role": "reporter"}
        events.append(("notice.queued", closed, letter | {"state": "queued", "report": number}))
        events.append(("notice.sent", closed, letter | {"state": "sent"}))
        truth.add(closed, "sent")
        if appealed and measured:
            _appeal(number, closed, dice, truth, events)
    return events


def _appeal(number: int, closed: datetime, dice: random.Random, truth: Truth, events: list[Event]) -> None:
    lodged = closed + timedelta(days=dice.uniform(0.1, 20))
    if lodged >= END:
        return
    body = {"appeal": number, "decision": number, "kind": "appeal", "by": "customer", "case_state": "open"}
    events.append(("appeal.lodged", lodged, body | {"clocks": []}))
    truth.add(lodged, "lodged", "reopened")
    resolved = lodged + timedelta(days=dice.uniform(0.1, 20))
    if resolved >= END:
        return
    over = dice.random() < MIX["overturned_share"]
    ended = {"appeal": number, "decision": number, "state": "upheld" if over else "dismissed", "case_state": "closed"}
    events.append(("appeal.resolved", resolved, ended | {"clocks": []}))
    truth.add(resolved, "resolved", "closed", *(["overturned"] if over else []))
    truth.days["closed", resolved.date().isoformat()] += 1


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body as its readers get it from the journal."""
    decoded: dict[str, Any] = json.loads(canonical(body))
    return decoded


def write(database: Path, share: float, truth: Truth, *, after: int = 0) -> tuple[int, int]:
    """All of it into the journal of a desk on SQLite, each entry hashed in the chain of its case: cases and entries.

    `after`: the number of the last case that is there already.
    """
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-1000000")
    connection.execute("BEGIN")
    sql = "INSERT INTO trustdesk_entry (chain, seq, kind, at, actor, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    cases = entries = 0
    batch: list[tuple[Any, ...]] = []
    for number, events in lives(share, truth):
        prev, case = "", after + number
        for seq, (kind, at, body) in enumerate(events, 1):
            text = canonical(body)
            digest = entry_hash(chain=case, seq=seq, kind=kind, at=at, actor="system", body=text, prev=prev)
            stored = at.strftime("%Y-%m-%d %H:%M:%S.%f") if at.microsecond else at.strftime("%Y-%m-%d %H:%M:%S")
            batch.append((case, seq, kind, stored, "system", text, prev, digest))
            prev = digest
        cases = number
        if len(batch) > 20_000:
            connection.executemany(sql, batch)
            entries += len(batch)
            batch.clear()
    connection.executemany(sql, batch)
    entries += len(batch)
    connection.execute("COMMIT")
    connection.close()
    return cases, entries
