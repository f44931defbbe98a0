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
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Plan:
    """One notice and what becomes of it. What would happen after the half-year stands here and does not happen.

    `closed` is when it is first closed; an appeal is (lodged, resolved, whether it is upheld).
    """

    number: int
    category: dict[str, Any]
    items: int
    received: datetime
    door: str
    automated: bool
    decided: datetime
    measured: bool
    appeal: tuple[datetime, datetime, bool] | None

    @property
    def due(self) -> datetime:
        """The end of the only clock of a case."""
        return self.received + timedelta(hours=self.category["due_hours"])

    @property
    def outcome(self) -> str:
        """Of the first decision."""
        return "measures" if self.measured else "no_violation"

    @property
    def silent(self) -> bool:
        """Whether the customer is told nothing: the desk withholds letters to whom might destroy what the police needs."""
        return self.category["id"] == "child_safety"


def plans(share: float, *, every: int = 0) -> Iterator[Plan]:
    """What happens to each notice. The rule table of the mix decides; each `every`-th that is measured is appealed against."""
    dice = random.Random(451)
    span = (END - START).total_seconds()
    doors, weights = list(MIX["doors"]), list(MIX["doors"].values())
    every = every or max(1, round(MIX["notices"] / MIX["appeals"]))
    for number, (category, items) in enumerate(notices(share), 1):
        received = START + timedelta(seconds=int(dice.random() * span))
        door = dice.choices(doors, weights)[0]
        if door == "api" and category["id"] in MIX["not_by_api"]:
            door = "form"
        automated = dice.random() < category["automated"]
        mean = category["seconds_automated"] if automated else category["hours_by_people"] * 3600
        decided = received + timedelta(seconds=1 + int(dice.expovariate(1 / mean)))
        measured = dice.random() < category["measures"]
        appeal = None
        if number % every == 0 and measured:
            lodged = decided + timedelta(seconds=int(dice.uniform(0.1, 20) * 86400))
            resolved = lodged + timedelta(seconds=int(dice.uniform(0.1, 20) * 86400))
            appeal = lodged, resolved, dice.random() < MIX["overturned_share"]
        yield Plan(number, category, items, received, door, automated, decided, measured, appeal)


def count(plan: Plan, truth: Truth) -> None:
    """What this notice adds to the numbers of the report, said by hand."""
    name, form = plan.category["id"], plan.category["form"]
    truth.add(plan.received, "received", f"form:{form}", f"category:{name}", f"door:{plan.door}", "opened", "sent")
    truth.days["received", plan.received.date().isoformat()] += 1
    truth.days["opened", plan.received.date().isoformat()] += 1
    truth.categories[name]["notices"] += 1
    truth.categories[name]["items"] += plan.items
    late = plan.decided > plan.due
    if late and plan.due < END:
        truth.add(plan.due, "breached")
    if plan.decided >= END:
        return
    by = ["automated"] if plan.automated else []
    truth.add(plan.decided, "decided", f"outcome:{plan.outcome}", "closed", "sent", *by)  # the reporter hears of it
    truth.days["closed", plan.decided.date().isoformat()] += 1
    truth.categories[name][plan.outcome] += 1
    if not late:
        truth.add(plan.decided, "met")
    quarter = "2025-Q3" if plan.decided < QUARTERS["2025-Q3"][1] else "2025-Q4"
    waited = (plan.decided - plan.received).total_seconds()
    truth.waits[quarter].append(waited)
    if not plan.automated:
        truth.waits[quarter + " people"].append(waited)
    told = [] if plan.silent else ["sent"]
    if plan.measured:
        truth.add(plan.decided, "confirmed", *told)  # and the customer gets reasons
    if plan.appeal is not None:
        _count_appeal(*plan.appeal, told, truth)


def _count_appeal(lodged: datetime, resolved: datetime, upheld: bool, told: list[str], truth: Truth) -> None:
    if lodged >= END:
        return
    truth.add(lodged, "lodged", "reopened", *told)
    if resolved >= END:
        return
    truth.add(resolved, "resolved", "closed", *told)
    truth.days["closed", resolved.date().isoformat()] += 1
    if upheld:  # a new decision, of which the reporter hears, and the customer that the measure is gone
        truth.add(resolved, "overturned", "decided", "outcome:no_violation", "lifted", "sent", *told)


def lives(share: float, truth: Truth) -> Iterator[tuple[int, list[Event]]]:
    """(case, its entries), and the count of them in `truth`."""
    for plan in plans(share):
        count(plan, truth)
        yield plan.number, life(plan)


def life(plan: Plan) -> list[Event]:
    """One case as the desk's journal tells it, as far as any number depends on it (tests/flow/test_half_year.py holds this
    against the journal of a desk that worked such notices)."""
    number, name, form = plan.number, plan.category["id"], plan.category["form"]
    clock = {"id": number, "name": f"decide-{name}", "regime": "house-targets", "kind": "target", "actor": "provider"}
    running = clock | {"due": plan.due, "state": "running", "breached": None}
    about = {"category": name, "form": form, "queue": "rights" if form == "dmca" else "security"}
    opening = about | {"case_state": "new", "severity": 3, "regimes": [["house-targets", "1", ""]], "clocks": [running]}
    events: list[Event] = [
        ("case.opened", plan.received, opening),
        ("report.received", plan.received, {"report": number, "form": form, "category": name, "channel": plan.door,
                                            "received_at": plan.received, "indicators": plan.items,
                                            "targets": plan.items}),
        ("case.enriched", plan.received, {"case_state": "open"}),
        *_letter(plan, plan.received, 1, "acknowledgement", "reporter"),
    ]  # fmt: skip
    late = plan.decided > plan.due
    if late and plan.due < END:
        events.append(("clock.breached", plan.due, {"clocks": [running | {"state": "breached", "breached": plan.due}]}))
    if plan.decided >= END:
        return events
    ended = running | {"state": "met", "breached": plan.due if late else None}
    body = {"decision": 2 * number, "outcome": plan.outcome, "ground": plan.category["ground"] if plan.measured else "none",
            "automated": plan.automated, "policy": "cdn@2025.1", "clocks": [ended], "overridden": [],
            "made_by": "system:rules" if plan.automated else "person:1", "made_at": plan.decided,
            "case_state": "enforcing" if plan.measured else "closed",
            "measures": []}  # fmt: skip
    if plan.measured:
        body["measures"] = [{"id": number, "asset": number, "kind": plan.category["measure"], "state": "ordered"}]
    events.append(("decision.made", plan.decided, body))
    if plan.measured:
        events += _letter(plan, plan.decided, 2, "statement_of_reasons", "customer")
    events += _letter(plan, plan.decided, 3, "outcome", "reporter")
    if plan.measured:
        events.append(("measure.applied", plan.decided, {"measure": number, "state": "applied"}))
        seen = {"measure": number, "state": "confirmed", "case_state": "closed"}
        events.append(("measure.confirmed", plan.decided, seen))
    if plan.appeal is not None:
        _appeal(plan, *plan.appeal, events)
    return events


def _letter(plan: Plan, at: datetime, place: int, kind: str, to: str) -> list[Event]:
    number = 8 * plan.number + place
    asks = kind in ("outcome", "appeal_outcome") and plan.category["id"] not in ("ncii", "child_safety")
    about = {"notice": number, "kind": kind, "to_role": to, "state": "queued", "asks": asks}
    if to == "reporter" and place < 4:
        about["report"] = plan.number
    if to == "customer" and plan.silent:
        return [("notice.withheld", at, about | {"state": "withheld"})]
    return [("notice.queued", at, about), ("notice.sent", at, {"notice": number, "state": "sent"})]


def _appeal(plan: Plan, lodged: datetime, resolved: datetime, upheld: bool, events: list[Event]) -> None:
    if lodged >= END:
        return
    number = plan.number
    body = {"appeal": number, "decision": 2 * number, "kind": "appeal", "by": "customer", "case_state": "open"}
    events.append(("appeal.lodged", lodged, body | {"clocks": []}))
    events += _letter(plan, lodged, 4, "appeal_received", "customer")
    if resolved >= END:
        return
    if upheld:
        again = {"decision": 2 * number + 1, "outcome": "no_violation", "ground": "none", "automated": False,
                 "policy": "cdn@2025.1", "clocks": [], "overridden": [2 * number], "overrides": 2 * number,
                 "made_by": "person:2", "made_at": resolved, "case_state": "closed", "measures": []}  # fmt: skip
        events.append(("decision.made", resolved, again))
    ended = {"appeal": number, "decision": 2 * number, "state": "upheld" if upheld else "dismissed",
             "case_state": "closed", "clocks": []}  # fmt: skip
    events.append(("appeal.resolved", resolved, ended))
    events += _letter(plan, resolved, 5, "appeal_outcome", "customer")
    if upheld:
        events += _letter(plan, resolved, 6, "outcome", "reporter")
        events.append(("measure.lifted", resolved, {"measure": number, "state": "lifted"}))
        events += _letter(plan, resolved, 7, "restored", "customer")


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
