"""Everything that the page of one case shows, in a constant number of statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q

from trustdesk.models import (
    Appeal,
    Asset,
    Case,
    Clock,
    Decision,
    Entry,
    Fact,
    Indicator,
    Joining,
    Measure,
    Notice,
    Report,
)
from trustdesk.queries import access, precedents
from trustdesk.queries.precedents import Precedent

#: At most this many lines of each long list; the page says so and links to the rest.
REPORTS, RELATED, ENTRIES = 50, 8, 300


@dataclass(frozen=True, slots=True)
class Line:
    """One journal entry with its body read."""

    seq: int
    kind: str
    at: datetime
    actor: str
    body: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Related:
    """Another case and why it is shown: the same subject, asset or reporter."""

    case: Case
    why: str  # asset | subject | reporter


@dataclass(frozen=True, slots=True)
class Record:
    """What is on file about the customer: cases of the last twelve months by how they ended, measures in force."""

    cases: int = 0
    upheld: int = 0
    open: int = 0
    measures_now: int = 0


@dataclass(slots=True)
class View:
    """The case and all that belongs to it. Lists are in the order in which the page shows them."""

    case: Case
    reports: list[Report]
    report_total: int
    reporters: int
    indicators: list[Indicator]
    assets: list[Asset]
    facts: list[Fact]
    clocks: list[Clock]
    decisions: list[Decision]
    measures: list[Measure]
    notices: list[Notice]
    appeals: list[Appeal]
    related: list[Related]
    record: Record
    lines: list[Line]
    precedents: list[Precedent] = field(default_factory=list)

    @property
    def owed(self) -> list[Clock]:
        """Clocks that still run or were missed and are still owed."""
        return [c for c in self.clocks if c.state in ("running", "paused", "breached") and c.ended_at is None]

    @property
    def done_clocks(self) -> list[Clock]:
        """Clocks that have ended."""
        return [c for c in self.clocks if c.ended_at is not None or c.state in ("met", "expired", "cancelled")]

    @property
    def targets(self) -> list[Indicator]:
        """What is complained about, each value once."""
        return list({i.value: i for i in self.indicators if i.role == "target"}.values())

    @property
    def current_decision(self) -> Decision | None:
        """The decision in force, or the one that is held."""
        standing = [d for d in self.decisions if d.state in ("final", "held")]
        return standing[0] if standing else None

    @property
    def open_appeal(self) -> Appeal | None:
        """The appeal that waits for a decision."""
        return next((a for a in self.appeals if a.state == "lodged"), None)


def view(user: Any, case: Case, *, now: datetime) -> View:
    """Gather the page of `case`, which came from `access.case`."""
    joinings = Joining.objects.filter(case=case).select_related(
        "report__reporter", "report__principal", "report__evidence"
    )
    reports = [j.report for j in joinings.order_by("report__received_at", "report_id")[:REPORTS]]
    indicators = list(
        Indicator.objects.filter(Q(case=case) | Q(report__in=reports[:1], case=None))
        .select_related("asset__subject")
        .order_by("report_id", "position")[:500]
    )
    assets = {i.asset_id: i.asset for i in indicators if i.asset is not None}
    if case.asset is not None:
        assets.setdefault(case.asset_id, case.asset)
    decisions = list(Decision.objects.filter(case=case).order_by("-made_at", "-id"))
    return View(
        case=case,
        reports=reports,
        report_total=case.report_count,
        reporters=len({(r.reporter.email or r.reporter.organisation) if r.reporter else "" for r in reports}),
        indicators=indicators,
        assets=[
            a for a in assets.values() if a is not None and (not case.subject_id or a.subject_id == case.subject_id)
        ],
        facts=list(Fact.objects.filter(case=case).order_by("about", "name", "-observed_at")[:200]),
        clocks=list(Clock.objects.filter(case=case).order_by(F("due_at").asc(nulls_last=True), "id")),
        decisions=decisions,
        measures=list(Measure.objects.filter(case=case).select_related("asset", "decision").order_by("id")),
        notices=list(Notice.objects.filter(case=case).defer("html").order_by("-created_at", "-id")[:100]),
        appeals=list(Appeal.objects.filter(case=case).select_related("decision").order_by("-lodged_at")),
        related=related(user, case, reports),
        record=record(case, now=now),
        lines=lines(case),
        precedents=precedents.of(user, case, reports),
    )


def lines(case: Case, after: int = 0) -> list[Line]:
    """The journal of the case from `after` on, newest last."""
    found = Entry.objects.filter(chain=case.pk, seq__gt=after).order_by("-seq")[:ENTRIES]
    return [Line(e.seq, e.kind, e.at, e.actor, json.loads(e.body), e.hash) for e in reversed(found)]


def related(user: Any, case: Case, reports: Sequence[Report]) -> list[Related]:
    """Other cases on the same asset, then of the same customer, then by the same reporter; each once."""
    found: dict[int, Related] = {}
    others = access.cases(user).exclude(pk=case.pk).select_related("subject").order_by("-opened_at")
    if case.asset_id:
        for other in others.filter(asset_id=case.asset_id)[:RELATED]:
            found.setdefault(other.pk, Related(other, "asset"))
    if case.subject_id and len(found) < RELATED:
        for other in others.filter(subject_id=case.subject_id)[:RELATED]:
            found.setdefault(other.pk, Related(other, "subject"))
    if len(found) < RELATED and (numbers := precedents.by_reporters(reports)):
        for other in others.filter(pk__in=numbers)[:RELATED]:
            found.setdefault(other.pk, Related(other, "reporter"))
    return list(found.values())[:RELATED]


def record(case: Case, *, now: datetime) -> Record:
    """The customer's record over the last twelve months."""
    if not case.subject_id:
        return Record()
    mine = Case.objects.filter(subject_id=case.subject_id)
    sums = mine.filter(opened_at__gte=now - timedelta(days=365)).aggregate(
        cases=Count("pk"),
        upheld=Count("pk", filter=Q(outcome="measures")),
        open=Count("pk", filter=~Q(state="closed")),
    )
    in_force = Measure.objects.filter(case__subject_id=case.subject_id, state__in=("applied", "confirmed")).count()
    return Record(measures_now=in_force, **sums)


def measure(user: Any, number: int) -> Measure:
    """One measure of a case that the person may see. Raises Measure.DoesNotExist."""
    return Measure.objects.filter(access.visible(user, "case__")).select_related("case").get(pk=number)
