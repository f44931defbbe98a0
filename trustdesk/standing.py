"""Strikes of customers and the record of reporters, worked out from decisions: nothing is stored that could drift.

A strike is a decision for measures in a category that the policy counts. It falls away when the decision is overridden or
when a counter-notice gives access back, and it expires. The policy in force says how long and how many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.conf import settings

from trustdesk import rules
from trustdesk.core.policies import Strikes
from trustdesk.core.strikes import Reputation, Standing, Strike, reputation, standing
from trustdesk.models import Appeal, Case, Decision, Notice, Report

#: So many reports of one address are looked at, the newest.
REPORTS = 2000


@dataclass(frozen=True, slots=True)
class Record:
    """Where a customer stands, by which rule, and when the last warning went out."""

    rule: Strikes
    standing: Standing
    warned_on: date | None


def strikes_of(subject_id: int) -> list[Strike]:
    """Every strike of a customer that ever was, also those that were taken back.

    A decision that replaces another for the same thing counts from the day of the first one.
    """
    made = Decision.objects.filter(case__subject_id=subject_id, state__in=("final", "overridden"))
    found = {d.pk: d for d in made.select_related("case").order_by("id")}
    replaced = {d.overrides_id: d for d in found.values() if d.overrides_id}
    back = Appeal.objects.filter(decision__in=found, state="put_back").values_list("decision_id", "resolved_at")
    put_back = {number: at.astimezone(UTC).date() for number, at in back if at is not None}
    out = []
    for decision in found.values():
        if decision.outcome != "measures":
            continue
        root = decision
        while root.overrides_id in found:
            root = found[root.overrides_id]
        gone = put_back.get(decision.pk)
        if decision.pk in replaced:
            on = _day(replaced[decision.pk])
            gone = min(gone, on) if gone else on
        out.append(Strike(str(decision.pk), decision.case.category, _day(root), gone))
    return out


def _rule() -> Strikes:
    return rules.current().policies[settings.DESK.policy].strikes


def _day(decision: Decision) -> date:
    return (decision.settled_at or decision.made_at).astimezone(UTC).date()


def record_of(subject_id: int, *, now: datetime) -> Record:
    """Where a customer stands today."""
    rule = _rule()
    warned = warned_at(subject_id)
    warned_on = warned.astimezone(UTC).date() if warned else None
    today = now.astimezone(UTC).date()
    return Record(rule, standing(rule, strikes_of(subject_id), today, warned_on=warned_on), warned_on)


def warned_at(subject_id: int) -> datetime | None:
    """When the newest warning to the customer went out."""
    sent = Notice.objects.filter(case__subject_id=subject_id, kind="strike_warning", to_role="customer", state="sent")
    return sent.order_by("-sent_at").values_list("sent_at", flat=True).first()


def with_one_more(case: Case, *, now: datetime) -> Record | None:
    """Where the customer would stand if this case were decided for measures today; None where it would not count."""
    rule = _rule()
    if case.subject_id is None or (rule.categories and case.category not in rule.categories):
        return None
    known = record_of(case.subject_id, now=now)
    today = now.astimezone(UTC).date()
    more = [*strikes_of(case.subject_id), Strike("new", case.category, today)]
    return replace(known, standing=standing(rule, more, today, warned_on=known.warned_on))


def reputation_of(email: str) -> Reputation:
    """How often the reports of an address led to a measure, with how little is known of it.

    Measures count as upheld, `no_violation` as unfounded; what lacked something, was a duplicate, was passed on or was not
    ours counts for neither side. Shown to people; nothing is left unread for it.
    """
    if not email:
        return reputation(0, 0)
    mine = Report.objects.filter(reporter__email__iexact=email).order_by("-id").values_list("pk", flat=True)[:REPORTS]
    decided = Decision.objects.filter(case__joinings__report__in=list(mine), state="final")
    outcome: dict[int, str] = dict(decided.order_by("id").values_list("case_id", "outcome"))
    counted = list(outcome.values())
    return reputation(counted.count("measures"), counted.count("no_violation"))
