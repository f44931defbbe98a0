"""Everything that the page of one case shows, in a constant number of statements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value

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
from trustdesk.prepared import Prepared, together
from trustdesk.queries import access, precedents, targets
from trustdesk.queries.precedents import Precedent

#: At most this many lines of each long list; the page says so and links to the rest.
REPORTS, RELATED, ENTRIES = 50, 8, 300
INDICATORS = 500


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
    targets_at: targets.Summary
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


_REPORTS = Prepared(
    lambda case: (
        Joining.objects.filter(case_id=case)
        .select_related("report__reporter", "report__principal", "report__evidence")
        .order_by("report__received_at", "report_id")[:REPORTS]
    )
)
_INDICATORS = Prepared(  # those of the first report that are of no case are what it merely mentions
    lambda case, report: (
        Indicator.objects.filter(Q(case_id=case) | Q(report_id=report, case=None))
        .select_related("asset__subject")
        .order_by("report_id", "position")[:INDICATORS]
    )
)
_FACTS = Prepared(lambda case: Fact.objects.filter(case_id=case).order_by("about", "name", "-observed_at")[:200])
_CLOCKS = Prepared(lambda case: Clock.objects.filter(case_id=case).order_by(F("due_at").asc(nulls_last=True), "id"))
_DECISIONS = Prepared(lambda case: Decision.objects.filter(case_id=case).order_by("-made_at", "-id"))
_MEASURES = Prepared(
    lambda case: Measure.objects.filter(case_id=case).select_related("asset", "decision").order_by("id")
)
_NOTICES = Prepared(
    lambda case: Notice.objects.filter(case_id=case).defer("html", "text").order_by("-created_at", "-id")[:100]
)
_APPEALS = Prepared(lambda case: Appeal.objects.filter(case_id=case).select_related("decision").order_by("-lodged_at"))
_LINES = Prepared(
    lambda case: (
        Entry.objects.filter(chain=case)
        .order_by("-seq")
        .values_list("seq", "kind", "at", "actor", "body", "hash")[:ENTRIES]
    )
)


def view(user: Any, case: Case, *, now: datetime) -> View:
    """Gather the page of `case`, which came from `access.case`."""
    reports = [joining.report for joining in _REPORTS(case.pk)]
    indicators = _INDICATORS(case.pk, reports[0].pk if reports else 0)
    assets = {i.asset_id: i.asset for i in indicators if i.asset is not None}
    if case.asset is not None:
        assets.setdefault(case.asset_id, case.asset)
    decisions = _DECISIONS(case.pk)
    emails = precedents.emails(reports)
    answers = together(**precedents.questions(user, case, emails), **_questions(user, case, emails, now=now))
    return View(
        case=case,
        reports=reports,
        report_total=case.report_count,
        reporters=len({(r.reporter.email or r.reporter.organisation) if r.reporter else "" for r in reports}),
        indicators=indicators,
        assets=[
            a for a in assets.values() if a is not None and (not case.subject_id or a.subject_id == case.subject_id)
        ],
        facts=_FACTS(case.pk),
        clocks=_CLOCKS(case.pk),
        decisions=decisions,
        measures=_MEASURES(case.pk) if decisions else [],
        notices=_NOTICES(case.pk),
        appeals=_APPEALS(case.pk) if decisions else [],
        related=related(answers),
        record=record(answers),
        lines=lines(case),
        targets_at=targets.of(case, indicators) if len(indicators) < INDICATORS else targets.summary(case),
        precedents=precedents.of(case, answers),
    )


def lines(case: Case) -> list[Line]:
    """The journal of the case, newest last."""
    found = _LINES(case.pk)
    return [Line(seq, kind, at, actor, json.loads(body), hash) for seq, kind, at, actor, body, hash in reversed(found)]


def _others(sealed: bool, case: int, **same: Any) -> QuerySet[Case, Any]:
    seen = Case.objects.filter(access.shown(sealed), **same).exclude(pk=case)
    return seen.order_by("-opened_at").values_list("pk")[:RELATED]


_ON_ASSET = Prepared(lambda sealed, case, asset: _others(sealed, case, asset_id=asset))
_OF_SUBJECT = Prepared(lambda sealed, case, subject: _others(sealed, case, subject_id=subject))
_BY_REPORTER = Prepared(lambda sealed, case, emails: _others(sealed, case, pk__in=precedents.brought_by(emails)))
_CASES = Prepared(lambda cases: Case.objects.filter(pk__in=cases).select_related("subject"))


def _questions(user: Any, case: Case, emails: Sequence[str], *, now: datetime) -> dict[str, tuple[Any, ...]]:
    """What `related` and `record` want to know."""
    who = (access.everything(user), case.pk)
    asked: dict[str, tuple[Any, ...]] = {"reporter": (_BY_REPORTER, *who, emails)}
    if case.asset_id:
        asked["asset"] = (_ON_ASSET, *who, case.asset_id)
    if case.subject_id:
        asked["subject"] = (_OF_SUBJECT, *who, case.subject_id)
        asked["year"] = (_OF_A_YEAR, case.subject_id, now - timedelta(days=365))
        asked["in_force"] = (_IN_FORCE, case.subject_id)
    return asked


def related(answers: Mapping[str, Sequence[tuple[Any, ...]]]) -> list[Related]:
    """Other cases on the same asset, then of the same customer, then by the same reporter; each once. One statement."""
    why: dict[int, str] = {}
    for name in ("asset", "subject", "reporter"):
        for (number,) in answers.get(name, ()):
            why.setdefault(number, name)
    first = list(why.items())[:RELATED]
    cases = {other.pk: other for other in _CASES([number for number, _why in first])}
    return [Related(cases[number], name) for number, name in first if number in cases]


def _of_a_year(subject: int, since: datetime) -> QuerySet[Case, Any]:
    mine = Case.objects.filter(subject_id=subject, opened_at__gte=since).order_by().values(one=Value(1))
    upheld, still = Count("pk", filter=Q(outcome="measures")), Count("pk", filter=~Q(state="closed"))
    return mine.annotate(cases=Count("pk"), upheld=upheld, still=still).values_list("cases", "upheld", "still")


def _in_force(subject: int) -> QuerySet[Measure, Any]:
    found = Measure.objects.filter(case__subject_id=subject, state__in=("applied", "confirmed")).order_by()
    return found.values(one=Value(1)).annotate(n=Count("pk")).values_list("n")


_OF_A_YEAR, _IN_FORCE = Prepared(_of_a_year), Prepared(_in_force)


def record(answers: Mapping[str, Sequence[tuple[Any, ...]]]) -> Record:
    """The customer's record over the last twelve months."""
    if "year" not in answers:
        return Record()
    return Record(*answers["year"][0], *answers["in_force"][0])


def measure(user: Any, number: int) -> Measure:
    """One measure of a case that the person may see. Raises Measure.DoesNotExist."""
    return Measure.objects.filter(access.visible(user, "case__")).select_related("case").get(pk=number)
