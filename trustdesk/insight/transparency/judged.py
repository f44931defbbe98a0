"""How often machines were right, as far as people looked again: indicators of accuracy and possible rate of error (DSA
Article 15(1)(e); Implementing Regulation (EU) 2024/2835, Annex II, 1.6).

A decision is *positive* when it orders measures. It was *wrong* when a review disagreed, when an appeal against it was upheld
in full or in part, or when a later decision of a person replaced it. Nobody looks at every decision, so:

* With reviews: decisions are drawn for review by shares that the policy gives (`core.reviews`); each stands for 100/share
  decisions like it. That estimates all of them, also those that nobody complained about.
* Without: every decision counts, and those that nobody found wrong count as right. That flatters the machine, and is said.

Alerts are positive by nature: what was detected and then found to be no violation was wrong. What was never detected is
not known, so detection has precision alone, and no recall.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trustdesk.core.types import Form

Row = dict[str, Any]
#: Outcomes of an alert that say nothing about whether it was right.
UNDECIDED = frozenset({"insufficient", "not_ours", "forwarded"})


@dataclass(frozen=True, slots=True)
class Ruling:
    """One automated decision: whether it was `positive`, found `wrong`, and `weight`: how many it stands for if it was drawn
    for review, else 0."""

    case_id: int
    form: str
    positive: bool
    wrong: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Said:
    """`values`: Accuracy, Precision, Recall → a share from 0 to 1 as the report writes it; `how` for the contextual column."""

    values: Mapping[str, str]
    how: str


def decisions(tables: Mapping[str, list[Row]], start: datetime, end: datetime) -> Iterator[Ruling]:
    """The final automated decisions of [start, end), with what people found of them up to the end of the facts."""
    overturned = {a["decision_id"] for a in tables["fact_appeal"] if a["overturned"]}
    replaced = {
        d["overrides"] for d in tables["fact_decision"] if d["final"] and d.get("overrides") and not d["automated"]
    }
    reviews = {r["decision_id"]: r for r in tables["fact_review"]}
    for row in tables["fact_decision"]:
        if not (row["final"] and row["automated"] and start <= row["happened_at"] < end):
            continue
        if row["outcome"] not in ("measures", "no_violation"):  # such as `not_ours`: nothing was judged
            continue
        review = reviews.get(row["decision_id"])
        number = row["decision_id"]
        wrong = number in overturned or number in replaced or (review is not None and not review["agreed"])
        weight = 100 / (review.get("share") or 100) if review is not None else 0.0
        yield Ruling(row["case_id"], row.get("form") or "", row["outcome"] == "measures", wrong, weight)


def alerts(tables: Mapping[str, list[Row]], start: datetime, end: datetime) -> Iterator[bool]:
    """Of each alert received in [start, end) that was decided: whether it was right."""
    overturned = {a["case_id"] for a in tables["fact_appeal"] if a["overturned"]}
    for row in tables["fact_report"]:
        outcome = row.get("first_outcome")
        if row["form"] == Form.ALERT and start <= row["received_at"] < end and outcome and outcome not in UNDECIDED:
            yield outcome != "no_violation" and row["case_id"] not in overturned


def indicators(rulings: Sequence[Ruling], found: Sequence[bool]) -> Said:
    """Accuracy, precision and recall of these decisions and detections; what cannot be said is left out."""
    drawn = [(r, r.weight) for r in rulings if r.weight]
    counted = drawn or [(r, 1.0) for r in rulings]
    right, wrong = float(sum(found)), float(len(found) - sum(found))
    tp = _sum(w for r, w in counted if r.positive and not r.wrong)
    fp = _sum(w for r, w in counted if r.positive and r.wrong) + wrong
    tn = _sum(w for r, w in counted if not r.positive and not r.wrong)
    fn = _sum(w for r, w in counted if not r.positive and r.wrong)
    values = {"Recall": _share(tp, tp + fn)}  # of decisions alone: what was never detected is not known
    tp += right
    values |= {"Accuracy": _share(tp + tn, tp + tn + fp + fn), "Precision": _share(tp, tp + fp)}
    return Said({name: value for name, value in values.items() if value}, _how(rulings, drawn, found))


def _how(rulings: Sequence[Ruling], drawn: Sequence[Any], found: Sequence[bool]) -> str:
    said = []
    if rulings:
        wrong = sum(r.wrong for r in rulings)
        if drawn:
            said.append(
                f"Estimated from {len(drawn)} of {len(rulings)} automated decisions, drawn at random by known shares and "
                f"looked at again by a person; {wrong} of all were found wrong by review, on appeal or by a later decision."
            )
        else:
            said.append(
                f"Of {len(rulings)} automated decisions {wrong} were found wrong on appeal or by a later decision; none was "
                "drawn for review, so errors that nobody complained about are not known."
            )
    if found:
        said.append(
            f"Of {len(found)} detections that were decided {len(found) - sum(found)} were found to be unfounded."
        )
    return " ".join(said)


def _sum(numbers: Iterable[float]) -> float:
    return sum(numbers, 0.0)


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.4f}".rstrip("0").rstrip(".") if whole else ""
