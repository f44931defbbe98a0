"""From the facts of the ledger to the figures of the harmonised report.

What is counted (docs/use/transparency.md says it for readers): notices and orders by the day on which they were
received, complaints by the day on which they were lodged, each with what came of it up to the checkpoint of the report;
measures on own initiative by the day on which they were applied. So every figure follows from the ledger alone, and an
outcome is never counted without its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trustdesk.core.types import Channel, Form
from trustdesk.insight.transparency import fill, judged, sums
from trustdesk.insight.transparency.form import CATEGORY, KEYWORD, MEMBER_STATES, OTHER, form, norm

Row = dict[str, Any]
#: Forms that come through the mechanism of Article 16.
NOTICES = frozenset({Form.NOTICE, Form.DMCA, Form.REFERRAL, Form.UNPARSED})
HOSTING = frozenset({"hosting", "online_platform"})
#: What a category becomes where its own may not stand (Annex II, Part II, 1).
_ELSEWHERE = {
    3: "NOT_SPECIFIED_ORDER",
    4: "NOT_SPECIFIED_NOTICE",
    5: "RISK_FOR_PUBLIC_SECURITY",
    6: "OTHER_VIOLATION_TC",
}
#: How a kind of measure is called in the Transparency Database → its column in parts 5 and 6.
COLUMNS = {
    "DECISION_VISIBILITY_CONTENT_REMOVED": 7, "DECISION_VISIBILITY_CONTENT_DISABLED": 8,
    "DECISION_VISIBILITY_CONTENT_DEMOTED": 9, "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED": 10,
    "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED": 11, "DECISION_VISIBILITY_CONTENT_LABELLED": 12,
    "DECISION_VISIBILITY_OTHER": 13, "DECISION_MONETARY_SUSPENSION": 14, "DECISION_MONETARY_TERMINATION": 15,
    "DECISION_MONETARY_OTHER": 16, "DECISION_PROVISION_PARTIAL_SUSPENSION": 17,
    "DECISION_PROVISION_TOTAL_SUSPENSION": 17, "DECISION_PROVISION_PARTIAL_TERMINATION": 18,
    "DECISION_PROVISION_TOTAL_TERMINATION": 18, "DECISION_ACCOUNT_SUSPENDED": 19, "DECISION_ACCOUNT_TERMINATED": 20,
}  # fmt: skip
_KINDS = {
    "DECISION_VISIBILITY": "Complaint regarding a decision to remove or disable access to or restrict visibility of information",
    "DECISION_PROVISION": "Complaint regarding a decision to suspend or terminate the provision of the service",
    "DECISION_ACCOUNT": "Complaint regarding a decision to suspend or terminate an account",
    "DECISION_MONETARY": "Complaint regarding a decision to restrict the ability to monetise information",
}
_OUTCOMES = {"dismissed": "Decisions upheld", "partly_upheld": "Decisions partially reversed",
             "upheld": "Decisions reversed", "withdrawn": "Decision omitted"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """How the desk's words are called in the report. `categories`: category → (category, sub-category or description),
    without prefixes; `measures`: kind of measure → its name in the Transparency Database; `role` is the service's role
    where an entry does not name one."""

    categories: Mapping[str, tuple[str, str]]
    measures: Mapping[str, str]
    role: str = "hosting"

    def leaf(self, category: str, part: int) -> fill.Leaf:
        """Where a category of the desk belongs in that part."""
        name, sub = self.categories.get(category, ("", ""))
        there = {c.code: c for c in form().of(part)}
        if CATEGORY + name not in there:
            name = _ELSEWHERE[part]
            sub = sub or ("Other misuse of the service" if part in (5, 6) else "")
        home = there[CATEGORY + name]
        if not home.subs:
            return home.code, "", ""
        if any(s.code == KEYWORD + sub for s in home.subs):
            return home.code, KEYWORD + sub, ""
        return home.code, OTHER, sub or "Not specified"

    def blank(self) -> frozenset[int]:
        """Columns of parts 5 and 6 for which the provider has no measure at all."""
        used = {COLUMNS[name] for name in self.measures.values() if name in COLUMNS}
        return frozenset(range(7, 21)) - used


def count(
    tables: Mapping[str, list[Row]], words: Words, *, start: datetime, end: datetime, platform: bool = False
) -> fill.Figures:
    """The figures of [start, end) from fact tables (`insight.lake.facts`), which reach up to the report's checkpoint."""
    work = _Work(tables, words, start, end)
    work.notices()
    work.orders()
    work.own()
    work.automated()
    work.accuracy()
    work.complaints(platform=platform)
    if platform:
        work.suspensions()
    return work.out


@dataclass(slots=True)
class _Work:
    tables: Mapping[str, list[Row]]
    words: Words
    start: datetime
    end: datetime
    out: fill.Figures = field(default_factory=fill.Figures)
    taken: dict[str, int] = field(default_factory=dict)  # measures of parts 3 to 6: automated, not

    def inside(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.end

    def role(self, row: Row) -> str:
        return row.get("service_role") or self.words.role

    def restricting(self) -> Iterable[tuple[Row, int]]:
        """Measures that were applied and restrict something, with their column."""
        for row in self.tables["fact_measure"]:
            column = COLUMNS.get(self.words.measures.get(row["kind"], ""))
            if row.get("applied_at") is not None and column is not None:
                yield row, column

    def tally(self, row: Row, which: str) -> None:
        key = f"{which}/{'solely' if row['automated'] else 'not'}"
        self.taken[key] = self.taken.get(key, 0) + 1

    def notices(self) -> None:
        """Part 4."""
        by_case: dict[int, list[tuple[Row, int]]] = {}
        for measure, column in self.restricting():
            by_case.setdefault(measure["case_id"], []).append((measure, column))
        counted: set[int] = set()
        reports = [r for r in self.tables["fact_report"] if self.is_notice(r)]
        for report in sorted(reports, key=lambda r: (r["received_at"], r["report_id"])):
            leaf = self.words.leaf(report["category"], 4)
            flagged = bool(report.get("trusted_flagger"))
            for column, number in ((5, 1), (7, report["targets"])):
                self.out.notices.add(leaf, column, number)
                self.out.notices.add(leaf, column + 1, number if flagged else 0)
            if report["case_id"] in counted:
                continue  # the first notice of a case has its measures
            counted.add(report["case_id"])
            for measure, _ in by_case.get(report["case_id"], ()):
                if measure["applied_at"] < report["received_at"] or measure.get("form") not in NOTICES:
                    continue
                column = 11 if measure["ground"] == "law" else 13
                waited = _hours(report["received_at"], measure["applied_at"])
                self.out.notices.add(leaf, column)
                self.out.notices.took(leaf, 9, waited)
                if flagged:
                    self.out.notices.add(leaf, column + 1)
                    self.out.notices.took(leaf, 10, waited)
                self.tally(measure, "all")

    def is_notice(self, row: Row) -> bool:
        if not (row["is_report"] and self.inside(row["received_at"]) and row["form"] in NOTICES):
            return False
        return row["channel"] != Channel.FEED and self.role(row) in HOSTING

    def orders(self) -> None:
        """Part 3. Orders of states outside the Union are not asked for; those whose state nobody knows are named beside."""
        unknown = 0
        for row in self.tables["fact_legal_request"]:
            if not self.inside(row["received_at"]):
                continue
            country = {"GR": "EL"}.get(row.get("country") or "", row.get("country") or "").upper()
            unknown += not country
            if country not in MEMBER_STATES:
                continue
            leaf, cells = self.words.leaf(row["category"], 3), self.out.orders
            first = 10 if row["kind"] == "information" else 6
            cells.add(leaf, first, 1, country)
            if first == 6:
                cells.add(leaf, 7, row["items"], country)
            for column, at in ((first + (1 if first == 10 else 2), row["acknowledged_at"]),
                               (first + (2 if first == 10 else 3), row["effect_at"] or row["decided_at"])):  # fmt: skip
                if at is not None:
                    cells.took(leaf, column, _hours(row["received_at"], at), country)
        if unknown:
            title = norm(form().part(3).columns[6])
            text = f"{unknown} more orders came from authorities whose Member State is not recorded; they are not counted here."
            self.out.remarks[3, "TOTAL", title] = text
        ordered = {r["case_id"] for r in self.tables["fact_legal_request"] if self.inside(r["received_at"])}
        for measure, _ in self.restricting():
            if measure["case_id"] in ordered and measure.get("form") == Form.ORDER:
                self.tally(measure, "all")

    def own(self) -> None:
        """Parts 5 and 6: cases that an alert opened."""
        for measure, column in self.restricting():
            if not measure["own_initiative"] or not self.inside(measure["applied_at"]):
                continue
            part, cells = (5, self.out.own_law) if measure["ground"] == "law" else (6, self.out.own_terms)
            leaf = self.words.leaf(measure["category"], part)
            for at in (5, 6, column):  # an alert is detection by machines alone
                cells.add(leaf, at)
            self.tally(measure, "all")
            self.tally(measure, "own")

    def automated(self) -> None:
        """Part 8, without the indicators of accuracy."""
        for scope, which in (("Total number", "all"), ("Own-initiative", "own")):
            for indicator, how in ((sums.SOLELY, "solely"), (sums.NOT_SOLELY, "not")):
                self.out.named[8, indicator, scope] = str(self.taken.get(f"{which}/{how}", 0))
        for scope, flagged in (("NAM Total", False), ("NAM Trusted Flagger", True)):
            decided = [
                row["first_automated"]
                for row in self.tables["fact_report"]
                if self.is_notice(row) and row.get("first_decision_at") and (row.get("trusted_flagger") or not flagged)
            ]
            self.out.named[8, sums.NOTICES_SOLELY, scope] = str(sum(map(bool, decided)))
            self.out.named[8, sums.NOTICES_NOT, scope] = str(len(decided) - sum(map(bool, decided)))

    def accuracy(self) -> None:
        """The indicators of accuracy of part 8 (Art. 15(1)(e)), as far as people have looked again at what machines did.

        Scopes are those of part 8: all automated means; detection on own initiative (alerts); automated decisions on notices.
        """
        notices = {
            r["case_id"]: bool(r.get("trusted_flagger")) for r in self.tables["fact_report"] if self.is_notice(r)
        }
        rulings = list(judged.decisions(self.tables, self.start, self.end))
        alerts = list(judged.alerts(self.tables, self.start, self.end))
        scopes = {
            "Total number": (rulings, alerts),
            "Own-initiative": ([r for r in rulings if r.form == Form.ALERT], alerts),
            "NAM Total": ([r for r in rulings if r.case_id in notices], []),
            "NAM Trusted Flagger": ([r for r in rulings if notices.get(r.case_id)], []),
        }
        for scope, (decided, found) in scopes.items():
            said = judged.indicators(decided, found)
            for name in ("Accuracy", "Precision", "Recall") if said.how else ():
                key = (8, norm(f"Accuracy of the automated means - {name}"), scope)
                self.out.remarks[key] = said.how
                if name in said.values:
                    self.out.named[key] = said.values[name]

    def suspensions(self) -> None:
        """Part 7, for platforms: customers (Art. 23(1)) by the day of the decision, senders (Art. 23(2)) by the day on which
        the suspension began."""
        customers = sum(
            d["repeat"] for d in self.tables["fact_decision"] if d["final"] and self.inside(d["happened_at"])
        )
        began = [s["who"] for s in self.tables["fact_suspension"] if self.inside(s["began_at"])]
        for what, number in (("provision of manifestly illegal content", customers),
                             ("manifestly unfounded notices", began.count("reporter")),
                             ("manifestly unfounded complaints", began.count("complainant"))):  # fmt: skip
            title = next(
                norm(r[2]) for r in form().part(7).rows if r[2].startswith("Number of suspensions") and what in r[2]
            )
            self.out.named[7, title, "Total number"] = str(number)

    def complaints(self, *, platform: bool) -> None:
        """Part 7. Who is no platform gives the number of complaints alone."""
        kinds = {"appeal": sums.COMPLAINTS, "dispute": sums.DISPUTES}
        measured: dict[int, list[str]] = {}
        for row in self.tables["fact_measure"]:
            measured.setdefault(row["decision_id"], []).append(self.words.measures.get(row["kind"], ""))
        flagged = {r["case_id"] for r in self.tables["fact_report"] if r.get("trusted_flagger")}
        rows: dict[str, list[Row]] = {}
        for row in self.tables["fact_appeal"]:
            if not self.inside(row["lodged_at"]) or row["kind"] not in kinds:
                continue
            rows.setdefault(kinds[row["kind"]], []).append(row)
            if row["kind"] == "appeal":
                rows.setdefault(_kind(measured.get(row["decision_id"], [])), []).append(row)
                if not measured.get(row["decision_id"]) and row["case_id"] in flagged:
                    rows.setdefault(sums.NO_ACTION_FLAGGERS, []).append(row)
        for indicator, them in rows.items():
            self.out.named[7, indicator, "Total number"] = str(len(them))
            for state, scope in _OUTCOMES.items() if platform else ():
                if scope != "Decision omitted" or indicator in kinds.values():
                    self.out.named[7, indicator, scope] = str(sum(r["state"] == state for r in them))
            if platform:
                ended = [
                    r for r in them if r["state"] in _OUTCOMES and r["state"] != "withdrawn" and r.get("resolved_at")
                ]
                waits = [_hours(r["lodged_at"], r["resolved_at"]) for r in ended]
                self.out.named[7, indicator, "Median time"] = fill.hours(waits)


def _kind(measures: Iterable[str]) -> str:
    """Which decision a complaint is about; one that took no measure decided not to act."""
    for prefix in ("DECISION_ACCOUNT", "DECISION_PROVISION", "DECISION_VISIBILITY", "DECISION_MONETARY"):
        if any(name.startswith(prefix) for name in measures):
            return _KINDS[prefix]
    return sums.NO_ACTION


def _hours(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0) / 3600
