"""What must be known of one case while its chain is read, and what each kind of entry does to its facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trustdesk.core.types import Category

Row = dict[str, Any]
OVERTURNED = frozenset({"upheld", "partly_upheld"})


@dataclass(slots=True)
class Life:
    """What must be known of one case while its chain is read."""

    chain: int
    case: Row = field(default_factory=dict)
    about: Row = field(default_factory=dict)  # columns that every fact of the case shares
    state: str = ""
    since: datetime | None = None
    reported: bool = False
    rows: dict[str, list[Row]] = field(default_factory=dict)
    decisions: dict[int, Row] = field(default_factory=dict)
    finals: list[Row] = field(default_factory=list)
    measures: dict[int, Row] = field(default_factory=dict)
    notices: dict[int, Row] = field(default_factory=dict)
    appeals: dict[int, Row] = field(default_factory=dict)
    clocks: dict[int, Row] = field(default_factory=dict)
    drawn: dict[int, Row] = field(default_factory=dict)
    reviews: dict[int, Row] = field(default_factory=dict)
    suspensions: dict[int, Row] = field(default_factory=dict)

    def put(self, name: str, row: Row) -> None:
        """One more row of a table; what it shares with its case is added when the chain ends."""
        self.rows.setdefault(name, []).append(row)

    @property
    def last_person(self) -> str | None:
        """Pseudonym of who wrote the entry that is being read."""
        key: str | None = self.rows["fact_entry"][-1]["actor_key"]
        return key


def measure(life: Life, kind: str, at: datetime, body: Row) -> None:
    """An entry `measure.*`."""
    row = life.measures.get(body.get("measure") or 0)
    if row is None:
        return
    row["state"] = body.get("state") or row["state"]
    column = {"measure.applied": "applied_at", "measure.confirmed": "confirmed_at", "measure.lifted": "lifted_at"}.get(
        kind
    )
    if column:
        row[column] = at
    row["failures"] += kind == "measure.failed"


def notice(life: Life, kind: str, here: Row, body: Row) -> None:
    """An entry `notice.*`."""
    number = body.get("notice")
    if number is None:  # nobody to write to, or the judging of a report
        return
    row = life.notices.get(number)
    if row is None:
        row = life.notices[number] = here | {
            "notice_id": number,
            "queued_at": here["recorded_at"],
            "kind": body.get("kind") or "",
            "to_role": body.get("to_role") or "",
            "language": body.get("language"),
            "report_id": body.get("report"),
            "decision_id": body.get("decision"),
            "asks": bool(body.get("asks")),
        }
        life.put("fact_notice", row)
    row["state"] = body.get("state") or "queued"
    if kind == "notice.sent":
        row["sent_at"] = here["recorded_at"]


def appeal(life: Life, kind: str, here: Row, body: Row) -> None:
    """An entry `appeal.*`, or an order to put back."""
    number = body.get("appeal") or absent(here)
    row = life.appeals.get(number)
    if row is None:
        row = life.appeals[number] = here | {
            "appeal_id": number,
            "lodged_at": here["recorded_at"],
            "kind": body.get("kind") or "appeal",
            "by_role": body.get("by") or "",
            "decision_id": body.get("decision") or 0,
            "overturned": False,
            "state": "lodged",
        }
        life.put("fact_appeal", row)
    if kind != "appeal.lodged":
        row["state"] = "put_back" if kind == "putback.ordered" else body.get("state") or row["state"]
        row["resolved_at"], row["replacement"] = here["recorded_at"], body.get("replacement")
        row["overturned"] = row["state"] in OVERTURNED


def review(life: Life, kind: str, here: Row, body: Row, person: str | None) -> None:
    """An entry `review.*`."""
    number = body.get("review") or absent(here)
    if kind == "review.sampled":
        life.drawn[number] = {"sampled_at": here["recorded_at"], "share": body.get("share")}
    elif kind == "review.done":
        row = here | {
            "review_id": number,
            "happened_at": here["recorded_at"],
            "decision_id": body.get("decision") or 0,
            "automated": bool(body.get("automated")),
            "sampled_at": instant(body.get("sampled_at")),
            "agreed": bool(body.get("agreed")),
            "reason": body.get("reason") or None,
            "by_key": person,
        }
        life.reviews[number] = row | life.drawn.get(number, {})
        life.put("fact_review", life.reviews[number])
    elif kind in ("review.reopened", "review.stood") and number in life.reviews:
        life.reviews[number]["result"] = kind.removeprefix("review.")


def suspension(life: Life, kind: str, here: Row, body: Row) -> None:
    """An entry `suspension.*`."""
    number = body.get("suspension") or absent(here)
    row = life.suspensions.setdefault(number, {"suspension_id": number, "who": body.get("who") or ""})
    if "days" in body:
        row |= {"days": body["days"], "grounds": len(body.get("grounds") or ())}
    row |= {"state": body.get("state") or "", "until": instant(body.get("until"))}
    if "began_at" not in row and row["state"] == "running":
        row |= here | {"began_at": here["recorded_at"]}
        life.put("fact_suspension", row)
    if kind in ("suspension.ended", "suspension.lifted") or row["state"] in ("ended", "lifted"):
        row.setdefault("ended_at", here["recorded_at"])
    if kind == "suspension.contested":
        row["contested"] = "lodged"
    row["contested"] = body.get("contest_state") or row.get("contested")


def clock(life: Life, clock: Row, here: Row) -> None:
    """A clock is met or breached, never both: what was done late is a breach, on its due day."""
    at, row = here["recorded_at"], life.clocks.get(clock["id"])
    if row is None:
        row = life.clocks[clock["id"]] = here | {
            "clock_id": clock["id"],
            "counted_at": at,
            "regime": clock["regime"],
            "name": clock["name"],
            "kind": clock["kind"],
            "actor": clock["actor"],
            "result": "running",
        }
        life.put("fact_clock", row)
    row["due_at"], row["state"] = instant(clock.get("due")), clock["state"]
    breached = instant(clock.get("breached"))
    if clock["state"] == "met" and "met_at" not in row:
        row["met_at"] = at
        if breached is None and row["result"] != "breached":
            row["counted_at"], row["result"] = at, "met" if clock.get("due") else "met_without_due_time"
    if breached is not None and row["result"] != "breached":
        row["counted_at"], row["breached_at"], row["result"] = breached, breached, "breached"
    if clock["state"] in ("expired", "cancelled") and row["result"] == "running":
        row["counted_at"], row["result"] = at, "ended"


def step(life: Life, here: Row, state: str, *, opening: bool) -> None:
    """The case comes into a state."""
    was, life.state = life.state, state
    life.case["state"] = state
    if state == was and not opening:
        return
    opens = int(state != "closed") - int(was not in ("", "closed"))
    step = "opened" if opening else "closed" if state == "closed" else "reopened" if was == "closed" else "moved"
    at = here["recorded_at"]
    life.put("fact_step", here | {"happened_at": at, "old": was, "new": state, "step": step, "opens": opens})
    if step == "closed":
        life.case["closings"] = life.case.get("closings", 0) + 1
    life.case["reopenings"] = life.case.get("reopenings", 0) + (step == "reopened")
    life.case["last_closed_at"] = at if state == "closed" else None


def request(life: Life, report: Row, first: Row | None) -> Row:
    """An order as a legal request."""
    sent = [n["sent_at"] for n in life.notices.values() if n["report_id"] == report["report_id"] and n.get("sent_at")]
    done = [m.get("confirmed_at") for m in life.measures.values() if first and m["decision_id"] == first["decision_id"]]
    whole = [at for at in done if at is not None]
    return {
        "request_id": report["report_id"],
        **{name: report[name] for name in ("case_id", "seq", "received_at", "recorded_at", "category")},
        "kind": "information" if report["category"] == Category.DATA_REQUEST else "act",
        "country": report.get("country"),
        "items": report["targets"],
        "acknowledged_at": min(sent, default=None),
        "effect_at": max(whole) if done and len(whole) == len(done) else None,
        "outcome": first["outcome"] if first else None,
        "decided_at": first["happened_at"] if first else None,
    }


def instant(text: str | None) -> datetime | None:
    """A time as the journal writes it."""
    return datetime.fromisoformat(text) if text else None


def absent(here: Row) -> int:
    """A number for what a line does not number; never that of a row."""
    return -(here["case_id"] * 1_000_000 + here["seq"])
