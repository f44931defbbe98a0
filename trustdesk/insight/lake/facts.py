"""Facts out of the journal: one pass, chain by chain, each chain in the order of its numbers.

The same lines give the same rows. What the journal does not hold (who reported, whose customer) comes from `Rows`, which
may be empty: then those columns are, and the facts follow from the ledger alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trustdesk.core.types import NOT_REPORTS, Category, Form
from trustdesk.insight.lake import schema

if TYPE_CHECKING:
    import pyarrow as pa

#: One journal entry: {"chain", "seq", "kind", "at" (aware), "actor", "body" (decoded JSON)}.
Line = dict[str, Any]
Row = dict[str, Any]

FINAL = frozenset({"decision.made", "decision.approved"})
#: A decision that rests is none yet; one that is taken back while it rests never was.
RESTING = frozenset({"decision.rested", "decision.taken_back"})
OVERTURNED = frozenset({"upheld", "partly_upheld"})


#: Columns that every fact of a case takes over from it, by table.
SHARED: dict[str, tuple[str, ...]] = {
    t.name: tuple(c for c in t.names if c in ("category", "form", "queue", "subject_key", "service_role"))
    for t in schema.FACTS
}


@dataclass(slots=True)
class Rows:
    """What only the desk's tables know. `reports`: report → columns of `fact_report`; `cases`: case → `subject_key`,
    `service_role`, `country`; `indicators`: report → rows of `fact_indicator` as far as the tables know them, each with
    its own `case_id`."""

    reports: dict[int, Row] = field(default_factory=dict)
    cases: dict[int, Row] = field(default_factory=dict)
    indicators: dict[int, list[Row]] = field(default_factory=dict)


def nobody(kind: str, ident: str) -> str | None:
    """The pseudonym of everybody where no key is at hand."""
    return None


Pseudonym = Callable[[str, str], str | None]


class Facts:
    """The rows of every journal fact. Feed it with `add` in chain order, then call `finish` once; `tables` are then full."""

    def __init__(self, rows: Rows | None = None, pseudonym: Pseudonym = nobody) -> None:
        self.rows = rows or Rows()
        self.pseudonym = pseudonym
        self.tables: dict[str, list[Row]] = {t.name: [] for t in schema.FACTS}
        self._people: dict[str, str | None] = {}
        self._life = Life(-1)

    def add(self, line: Line) -> None:
        """Take one entry."""
        if line["chain"] != self._life.chain:
            self._end_of_chain()
            self._life = Life(line["chain"])
        life, kind, at, body = self._life, line["kind"], line["at"], line["body"]
        here = {"case_id": line["chain"], "seq": line["seq"], "recorded_at": at}
        if kind == "case.opened":
            self._opened(here, body)
        who = line["actor"].partition(":")
        person = self._person(line["actor"])
        life.put("fact_entry", here | {"kind": kind, "actor": who[0], "actor_key": person})
        if kind in ("report.received", "report.set_aside"):
            self._received(here, body)
        elif kind == "report.authenticated":
            for report in life.rows.get("fact_report", ()):
                if report["report_id"] == body.get("report"):
                    report["trusted_flagger"] = bool(body.get("flagger"))
        elif kind == "report.joined":
            life.case["reports"] = life.case.get("reports", 0) + (body.get("form") not in NOT_REPORTS)
        elif kind == "case.assigned":
            to = body.get("assigned_to")
            life.case["assigned_key"] = self.pseudonym("person", str(to)) if to else None
        elif kind.startswith("decision.") and kind not in RESTING:
            self._decision(kind, here, body)
        elif kind.startswith("measure."):
            _measure(life, kind, at, body)
        elif kind.startswith("notice."):
            _notice(life, kind, here, body)
        elif kind.startswith("appeal.") or kind == "putback.ordered":
            _appeal(life, kind, here, body)
        elif kind.startswith("review."):
            _review(life, kind, here, body, person)
        elif kind.startswith("suspension."):
            _suspension(life, kind, here, body)
        elif kind == "survey.answered":
            answer = {"notice_id": body["notice"], "by_role": body["by"], "answer": body["answer"]}
            life.put("fact_survey", here | answer | {"answered_at": at, "with_words": bool(body.get("words"))})
        for clock in body.get("clocks") or ():
            _clock(life, clock, here)
        if "case_state" in body:
            _step(life, here, body["case_state"], opening=kind == "case.opened")

    def finish(self) -> Facts:
        """No more entries will come."""
        self._end_of_chain()
        self._life = Life(-1)
        return self

    def arrow(self) -> dict[str, pa.Table]:
        """Every fact as an Arrow table with its schema, also the empty ones."""
        return {name: table(schema.TABLES[name], rows) for name, rows in self.tables.items()}

    def _person(self, actor: str) -> str | None:
        if not actor.startswith("person:"):
            return None
        if actor not in self._people:
            self._people[actor] = self.pseudonym("person", actor[7:])
        return self._people[actor]

    def _opened(self, here: Row, body: Row) -> None:
        life = self._life
        life.about = {
            "category": body.get("category") or Category.OTHER.value,
            "form": body.get("form") or "",
            "queue": body.get("queue") or "",
        }
        life.since = here["recorded_at"]
        known = self.rows.cases.get(here["case_id"], {})
        role = body.get("role") or known.get("service_role")
        life.about |= {"subject_key": known.get("subject_key"), "service_role": role}
        life.case = here | {
            "opened_at": here["recorded_at"],
            "severity": body.get("severity") or 0,
            "regimes": ",".join(r[0] for r in body.get("regimes") or ()),
            "state": "",
            "country": known.get("country"),
        }
        life.case |= dict.fromkeys(("reports", "decisions", "closings", "reopenings"), 0)

    def _received(self, here: Row, body: Row) -> None:
        life, form = self._life, body.get("form") or Form.UNPARSED.value
        received = instant(body.get("received_at")) or here["recorded_at"]
        is_report = form not in NOT_REPORTS
        if is_report and life.chain:
            life.since = received if not life.reported else min(life.since or received, received)
            life.reported = True
            life.case["reports"] = life.case.get("reports", 0) + 1
        number = body.get("report") or _absent(here)
        row = here | {
            "report_id": number,
            "received_at": received,
            "is_report": is_report,
            "form": form,
            "category": body.get("category") or Category.OTHER.value,
            "channel": body.get("channel") or "unknown",
            "reader": body.get("reader"),
            "indicators": body.get("indicators") or 0,
            "targets": body.get("targets") or 0,
            "problems": len(body.get("problems") or ()),
            "answers": "answers" in body,
            "trusted_flagger": False,  # until it was checked who sent it
            "country": body.get("country"),
        }
        life.put("fact_report", row | self.rows.reports.get(number, {}))
        for known in self.rows.indicators.get(number, ()):
            self.tables["fact_indicator"].append(known | here | {"received_at": received, "category": row["category"]})

    def _decision(self, kind: str, here: Row, body: Row) -> None:
        life, at = self._life, here["recorded_at"]
        number = body.get("decision") or _absent(here)
        row = life.decisions.get(number)
        if row is None:
            row = life.decisions[number] = here | {
                "decision_id": number,
                "happened_at": at,
                "made_at": instant(body.get("made_at")) or at,
                "outcome": body.get("outcome") or "",
                "ground": body.get("ground") or "",
                "clause": body.get("clause"),
                "policy": body.get("policy"),
                "automated": bool(body.get("automated")),
                "repeat": bool(body.get("repeat")),
                "was_held": kind == "decision.held",
                "overrides": body.get("overrides"),
                "made_by_key": self._person(body.get("made_by") or ""),
                "measures": 0,
                "state": "held",
                "final": False,
                "is_first": False,
            }
            life.put("fact_decision", row)
        elif kind in ("decision.approved", "decision.rejected"):
            row["settled_by_key"] = life.last_person
        if kind == "decision.rejected":
            row["state"], row["happened_at"] = "rejected", at
        if kind in FINAL:
            row["state"], row["final"], row["happened_at"] = "final", True, at
            row["is_first"] = not life.case.get("decisions")
            life.case["decisions"] = life.case.get("decisions", 0) + 1
            life.finals.append(row)
            if row["is_first"]:
                row["waited_seconds"] = max((at - (life.since or at)).total_seconds(), 0.0)
                life.case["first_decision_at"] = at
            for old in body.get("overridden") or ():
                if old in life.decisions:
                    life.decisions[old]["state"] = "overridden"
            if body.get("review") in life.reviews:
                life.reviews[body["review"]]["result"] = "replaced"
            self._ordered(row, here, body.get("measures") or ())

    def _ordered(self, decision: Row, here: Row, measures: Iterable[Row]) -> None:
        copied = {name: decision[name] for name in ("decision_id", "outcome", "ground", "clause", "automated")}
        for one in measures:
            decision["measures"] += 1
            row = here | copied | {"measure_id": one["id"], "ordered_at": here["recorded_at"], "kind": one["kind"]}
            row |= {"state": one.get("state") or "ordered", "failures": 0}
            row["own_initiative"] = self._life.about.get("form") == Form.ALERT
            self._life.measures[one["id"]] = row
            self._life.put("fact_measure", row)

    def _end_of_chain(self) -> None:
        life = self._life
        if life.chain < 0:
            return
        if life.case.get("opened_at"):
            life.put("fact_case", life.case | {"first_report_at": life.since or life.case["opened_at"]})
        for report in life.rows.get("fact_report", ()):
            first = next((d for d in life.finals if d["seq"] > report["seq"] or d["was_held"]), None)
            if first is not None:
                report["first_decision_at"], report["first_outcome"] = first["happened_at"], first["outcome"]
                report["first_ground"], report["first_automated"] = first["ground"], first["automated"]
            if report["form"] == Form.ORDER:
                life.put("fact_legal_request", _request(life, report, first))
        for review in life.reviews.values():
            review["outcome"] = life.decisions.get(review["decision_id"], {}).get("outcome")
        for appeal in life.appeals.values():
            about = life.decisions.get(appeal["decision_id"], {})
            appeal["ground"], appeal["automated"] = about.get("ground"), about.get("automated")
        about = {"category": Category.OTHER.value, "form": "", "queue": ""} | life.about
        for name, rows in life.rows.items():
            extra = {c: about[c] for c in SHARED[name] if c in about}
            self.tables[name] += [extra | row for row in rows]


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


def _measure(life: Life, kind: str, at: datetime, body: Row) -> None:
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


def _notice(life: Life, kind: str, here: Row, body: Row) -> None:
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


def _appeal(life: Life, kind: str, here: Row, body: Row) -> None:
    number = body.get("appeal") or _absent(here)
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


def _review(life: Life, kind: str, here: Row, body: Row, person: str | None) -> None:
    number = body.get("review") or _absent(here)
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


def _suspension(life: Life, kind: str, here: Row, body: Row) -> None:
    number = body.get("suspension") or _absent(here)
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


def _clock(life: Life, clock: Row, here: Row) -> None:
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


def _step(life: Life, here: Row, state: str, *, opening: bool) -> None:
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


def _request(life: Life, report: Row, first: Row | None) -> Row:
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


def facts(lines: Iterable[Line], rows: Rows | None = None, pseudonym: Pseudonym = nobody) -> Facts:
    """All facts of `lines`, which come in chain order (`queries.journal.lines`)."""
    made = Facts(rows, pseudonym)
    for line in lines:
        made.add(line)
    return made.finish()


def table(of: schema.Table, rows: list[Row]) -> pa.Table:
    """Rows as an Arrow table in the columns of `of`; what a row lacks is null. Raises pyarrow.ArrowInvalid on a wrong type."""
    import pyarrow as pa

    wanted = schema.arrow(of)
    arrays = [pa.array([row.get(f.name) for row in rows], type=f.type) for f in wanted]
    return pa.Table.from_arrays(arrays, schema=wanted)


def instant(text: str | None) -> datetime | None:
    """A time as the journal writes it."""
    return datetime.fromisoformat(text) if text else None


def _absent(here: Row) -> int:
    """A number for what a line does not number; never that of a row."""
    return -(here["case_id"] * 1_000_000 + here["seq"])
