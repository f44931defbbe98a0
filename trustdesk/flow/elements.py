"""Elements of a notice: what was found, what each regime makes of it, what is missing. Reads and values only; the
verdicts are written by `flow.validity` and `flow.putback`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trustdesk.core import validity as rules_of
from trustdesk.core.regime_rules import Regime
from trustdesk.core.types import Actor
from trustdesk.flow import duties
from trustdesk.models import Case, Fact, Report
from trustdesk.reading import dmca

#: Name of the facts that hold verdicts.
VERDICT = "law.verdict"
#: The event that a verdict raises.
EVENTS = {"valid": "notice.valid", "open": "notice.valid", "curable": "notice.curable"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict: valid | open (something that no reader looks for is asked) | curable | incomplete | no_effect.

    `missing` and `open` are ids of elements; `elements` is what was judged, with what a person corrected.
    """

    regime: str
    version: str
    document: str
    verdict: str
    missing: tuple[str, ...]
    open: tuple[str, ...]
    elements: Mapping[str, bool]

    @property
    def event(self) -> str:
        """The event that starts clocks, or empty."""
        return EVENTS.get(self.verdict, "") if self.document != "counter_notice" else ""


def judged(regime: Regime, document: str, elements: Mapping[str, bool]) -> Judged:
    """The verdict of one regime. `elements` maps full ids (`us-dmca-512c.el.work`) to whether they are there."""
    known = _known(regime, document, elements)
    answer = rules_of.judge(regime, document, known)
    missing = tuple(e.id for e in answer.missing)
    unknown = tuple(name for name in missing if name not in known)
    verdict = "open" if unknown else answer.verdict
    return Judged(regime.id, regime.version, document, verdict, missing, unknown, known)


def _known(regime: Regime, document: str, elements: Mapping[str, bool]) -> dict[str, bool]:
    """What was found for the elements of a regime: its own, and what the same statement under 17 USC 512 shows."""
    found: dict[str, bool] = {}
    base = [elements.get(dmca.PREFIX + e) for e in ("signature", "work", "material", "contact", "goodfaith")]
    for rule in regime.elements:
        if rule.document != document or rule.off:
            continue
        for name in (f"{regime.id}.el.{rule.id}", dmca.PREFIX + rule.id):
            if name in elements:
                found[rule.id] = elements[name]
                break
        else:
            if rule.id == "location" and LOCATED in elements:
                found[rule.id] = elements[LOCATED]
            elif rule.id == "base" and None not in base:  # 512(b) and (d) build on a notice under (c)
                found[rule.id] = all(base)
    return found


#: Not an element of any law: a place was found that the notice complains about.
LOCATED = "located"


def fact(
    case: Case, about: str, verdict: Judged, elements: Mapping[str, bool], why: str, actor: Actor, *, now: datetime
) -> Fact:
    """The unsaved row of one verdict."""
    value: dict[str, Any] = {
        "regime": verdict.regime,
        "version": verdict.version,
        "document": verdict.document,
        "verdict": verdict.verdict,
        "event": verdict.event,
        "missing": list(verdict.missing),
        "open": list(verdict.open),
        "elements": dict(verdict.elements),
        "all": dict(elements),
        "why": why,
    }
    return Fact(case=case, about=about, name=VERDICT, value=value, source=str(actor), observed_at=now)


def verdicts(case: Case) -> dict[tuple[str, str], str]:
    """(what was judged, regime) → the event that its newest verdict raises."""
    found = Fact.objects.filter(case=case, name=VERDICT).order_by("id").values_list("about", "value")
    return {(about, value["regime"]): value["event"] for about, value in found}


def events(case: Case, regime: str) -> list[tuple[str, datetime]]:
    """The events that the notices of the case have raised under a regime, with when each report was received."""
    raised = {about: event for (about, ident), event in verdicts(case).items() if ident == regime and event}
    reports = Report.objects.filter(joinings__case=case).order_by("received_at")
    return [(raised[r.code], r.received_at) for r in reports if r.code in raised]


def missing_of(case: Case, report: Report) -> tuple[str, ...]:
    """What the report lacks under the certain regimes of the case, as letters name it (`regime.el.element: title`)."""
    applied = {a.regime: a for a in duties.applied_to(case) if a.certain}
    newest: dict[str, dict[str, Any]] = {}
    for value in (
        Fact.objects.filter(case=case, name=VERDICT, about=report.code).order_by("id").values_list("value", flat=True)
    ):
        newest[value["regime"]] = value
    out: dict[str, str] = {}
    for ident, value in newest.items():
        if ident not in applied or value["verdict"] not in ("curable", "no_effect", "incomplete"):
            continue
        titles = {e.id: e.title for e in applied[ident].rules.elements}
        for name in value["missing"]:
            out.setdefault(name, f"{ident}.el.{name}: {titles.get(name, name)}")
    return tuple(out.values())
