"""Second looks for quality: those that wait for a person, what was said of their own decisions, and how often people agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from trustdesk.core import reviews
from trustdesk.core.reviews import Rate
from trustdesk.models import Case, Decision, Review
from trustdesk.prepared import Prepared
from trustdesk.queries import access, case_page
from trustdesk.queries.case_page import View

#: The past that rates are counted over, and for so long feedback is listed.
PAST = timedelta(days=90)
LISTED = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A rate of one category or one decider, as the table shows it."""

    name: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Rates:
    """How often reviewers disagreed within `PAST`: in all, of automation, by category, by decider, and why. `waiting`
    counts the reviews that nobody has done."""

    whole: Rate
    automated: Rate
    categories: Sequence[Line]
    deciders: Sequence[Line]
    reasons: Sequence[tuple[str, int]]
    waiting: int


def _seen(user: Any) -> QuerySet[Review]:
    access.require(user, "see")
    return Review.objects.filter(access.visible(user, "case__"))


def _mine(user: Any) -> Q:
    return _of(f"person:{user.pk}")


def _of(me: str) -> Q:
    return Q(decision__made_by=me) | Q(decision__settled_by=me)


def waiting(user: Any) -> QuerySet[Review]:
    """The reviews that this person may do, the oldest first: of no decision of their own."""
    access.require(user, "review")
    found = waiting_for(access.everything(user), f"person:{user.pk}")
    return found.select_related("case__subject", "decision").order_by("sampled_at", "id")


def waiting_for(sealed: bool, me: str) -> QuerySet[Review]:
    """The same for the actor `me`, who sees sealed cases or does not."""
    return Review.objects.filter(access.shown(sealed, "case__"), state="drawn").exclude(_of(me))


def disagreed(user: Any, *, now: datetime) -> list[Review]:
    """Decisions that a reviewer would not have made and that still stand, or are being looked at again."""
    access.require(user, "review")
    standing = Q(state="done", agreed=False, decision__state="final") | Q(state="reopened")
    found = _seen(user).filter(standing, done_at__gt=now - PAST).select_related("case__subject", "decision")
    return list(found.order_by("-done_at", "-id")[:LISTED])


def feedback(user: Any, *, now: datetime) -> list[Review]:
    """What was said of the person's own decisions lately, the unread first."""
    found = _seen(user).filter(_mine(user), done_at__gt=now - PAST).select_related("case", "decision")
    return list(found.order_by(F("read_at").desc(nulls_first=True), "-done_at")[:LISTED])


def unread_by(sealed: bool, me: str, since: datetime) -> QuerySet[Review]:
    """The disagreements that the actor `me`, who sees sealed cases or does not, has not read."""
    theirs = Decision.objects.filter(Q(made_by=me) | Q(settled_by=me), pk=OuterRef("decision_id"))
    found = Review.objects.filter(access.shown(sealed, "case__"), agreed=False, done_at__gt=since, read_at=None)
    return found.filter(Exists(theirs))  # looked up for each of the few, where SQLite would begin at every decision


def one(user: Any, number: int) -> Review:
    """A review that the person may see. Raises Review.DoesNotExist."""
    found = _seen(user).select_related("decision", "case__subject", "case__asset", "case__assigned_to").get(pk=number)
    access.seen(user, found.case)
    return found


_OF_CASE = Prepared(lambda case: Review.objects.filter(case_id=case).order_by("id"))


def of_case(case: Case) -> dict[int, Review]:
    """The reviews of a case that came from `access.case`, by the decision."""
    return {review.decision_id: review for review in _OF_CASE(case.pk)}


def rates(user: Any, *, now: datetime) -> Rates:
    """How often reviewers would have decided otherwise."""
    access.require(user, "see_board")
    found = Review.objects.filter(done_at__gt=now - PAST)
    lines: dict[str, list[Line]] = {}
    for name in ("category", "decision__made_by"):
        people_only = found if name == "category" else found.filter(automated=False)
        rows = people_only.values_list(name).annotate(done=Count("pk"), no=Count("pk", filter=Q(agreed=False)))
        lines[name] = [Line(key, reviews.rate(no, done)) for key, done, no in rows.order_by("-done", name)[:LISTED]]
    by_maker = dict(found.values_list("automated").annotate(n=Count("pk")))
    no_by_maker = dict(found.filter(agreed=False).values_list("automated").annotate(n=Count("pk")))
    reasons = found.filter(agreed=False).values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return Rates(
        whole=reviews.rate(sum(no_by_maker.values()), sum(by_maker.values())),
        automated=reviews.rate(no_by_maker.get(True, 0), by_maker.get(True, 0)),
        categories=lines["category"],
        deciders=lines["decision__made_by"],
        reasons=list(reasons),
        waiting=Review.objects.filter(state="drawn").count(),
    )


def as_it_was(user: Any, review: Review, *, now: datetime) -> View:
    """The page of the case with nothing on it that came after the decision."""
    at = review.decision.made_at
    view = case_page.view(user, review.case, now=now)
    of_it = (line.seq for line in view.lines if line.body.get("decision") == review.decision_id)
    last = next(of_it, 0)  # its first entry; 0 where a long journal is not shown to its end
    reports = [report for report in view.reports if report.received_at <= at]
    known = {report.pk for report in reports}
    return replace(
        view,
        reports=reports,
        report_total=len(reports),
        indicators=[i for i in view.indicators if i.report_id in known],
        facts=[fact for fact in view.facts if fact.observed_at <= at],
        clocks=[clock for clock in view.clocks if clock.started_at <= at],
        decisions=[d for d in view.decisions if d.made_at < at],
        measures=[],
        notices=[],
        appeals=[],
        lines=[line for line in view.lines if (line.seq <= last if last else line.at <= at)],
        precedents=[p for p in view.precedents if p.decision.made_at < at],
    )
