"""Facts out of the journal: one pass, chain by chain, each chain in the order of its numbers.

The same lines give the same rows. What the journal does not hold (who reported, whose customer) comes from `Rows`, which
may be empty: then those columns are, and the facts follow from the ledger alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trustdesk.core.types import NOT_REPORTS, Category, Form
from trustdesk.insight.lake import life as life_of
from trustdesk.insight.lake import schema
from trustdesk.insight.lake.life import Life, Row, absent, instant

if TYPE_CHECKING:
    import pyarrow as pa

#: One journal entry: {"chain", "seq", "kind", "at" (aware), "actor", "body" (decoded JSON)}.
Line = dict[str, Any]

FINAL = frozenset({"decision.made", "decision.approved"})
#: A decision that rests is none yet; one that is taken back while it rests never was.
RESTING = frozenset({"decision.rested", "decision.taken_back"})


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
            life_of.measure(life, kind, at, body)
        elif kind.startswith("notice."):
            life_of.notice(life, kind, here, body)
        elif kind.startswith("appeal.") or kind == "putback.ordered":
            life_of.appeal(life, kind, here, body)
        elif kind.startswith("review."):
            life_of.review(life, kind, here, body, person)
        elif kind.startswith("suspension."):
            life_of.suspension(life, kind, here, body)
        elif kind == "survey.answered":
            answer = {"notice_id": body["notice"], "by_role": body["by"], "answer": body["answer"]}
            life.put("fact_survey", here | answer | {"answered_at": at, "with_words": bool(body.get("words"))})
        for clock in body.get("clocks") or ():
            life_of.clock(life, clock, here)
        if "case_state" in body:
            life_of.step(life, here, body["case_state"], opening=kind == "case.opened")

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
        number = body.get("report") or absent(here)
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
        number = body.get("decision") or absent(here)
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
                life.put("fact_legal_request", life_of.request(life, report, first))
        for review in life.reviews.values():
            review["outcome"] = life.decisions.get(review["decision_id"], {}).get("outcome")
        for appeal in life.appeals.values():
            about = life.decisions.get(appeal["decision_id"], {})
            appeal["ground"], appeal["automated"] = about.get("ground"), about.get("automated")
        about = {"category": Category.OTHER.value, "form": "", "queue": ""} | life.about
        for name, rows in life.rows.items():
            extra = {c: about[c] for c in SHARED[name] if c in about}
            self.tables[name] += [extra | row for row in rows]


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
