"""Strikes: a customer is warned before the policy's step is due, and the step that is taken then is marked as such.

17 USC 512(i)(1)(A); DSA Article 23(1). What counts is worked out from decisions (`trustdesk.standing`). Nobody is suspended
here: the step that the policy names is shown to whoever decides, who weighs the case (Article 23(3)). Those who misuse notices
and complaints are `flow.misuse`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from trustdesk import standing
from trustdesk.core.types import Finding
from trustdesk.flow import duties, notify, telling
from trustdesk.flow.record import locked
from trustdesk.flow.work import handler
from trustdesk.models import Case, Decision, Notice, Task


def counts(case: Case) -> bool:
    """A decision for measures on this case is a strike."""
    rule = duties.policy().strikes
    return case.subject_id is not None and (not rule.categories or case.category in rule.categories)


def warn(decision_id: int, *, now: datetime) -> Notice | None:
    """Warn the customer if this decision brought them to the point where the policy warns; once for each strike."""
    decision = Decision.objects.get(pk=decision_id)
    with locked(decision.case_id) as case:
        if case.subject_id is None or Decision.objects.get(pk=decision_id).state != "final":
            return None
        known = standing.record_of(case.subject_id, now=now)
        counted = known.standing.counted
        if not known.rule.measure:
            return None  # the policy names no step: nothing would follow, and a warning must say what does
        if known.standing.step != "warn" or str(decision_id) not in {s.decision for s in counted}:
            return None
        newest = Decision.objects.get(pk=int(counted[-1].decision))
        said = Notice.objects.filter(case__subject_id=case.subject_id, kind="strike_warning", to_role="customer")
        if said.filter(created_at__gte=newest.settled_at or newest.made_at).exists():
            return None
        ends = datetime.combine(counted[-1].on + timedelta(days=known.rule.expire_days), time(), UTC)
        facts = replace(
            telling.facts_about(case, decision=decision),
            strikes=len(counted),
            strike_limit=known.rule.limit,
            strike_expires_at=ends,
            consequence=known.rule.measure,
        )
        return notify.to_customer(case, "strike_warning", facts=facts, now=now, decision=decision)


def findings(case: Case, kinds: Sequence[str], *, now: datetime) -> tuple[Finding, ...]:
    """What a person who is about to order measures of these kinds should know of the customer's strikes."""
    if not kinds or not counts(case):
        return ()
    after = standing.with_one_more(case, now=now)
    if after is None:
        return ()
    number, limit, step = len(after.standing.counted), after.rule.limit, after.rule.measure
    out = [Finding("strike.count", f"Strike {number} of {limit} for this customer.", "measures", blocks=False)]
    if after.standing.step == "measure" and step and step not in kinds:
        text = f"The customer was warned and has reached the limit of {limit}; the policy's step is {step}."
        out.append(Finding("strike.limit", text, "measures", blocks=False))
    if step and step in kinds and after.standing.step == "measure":
        text = "The customer was warned and has reached the limit: this counts as a suspension under DSA Article 23(1)."
        out.append(Finding("strike.step", text, "measures", blocks=False))
    if step and step in kinds and after.standing.step != "measure":
        text = (
            "The customer has not been warned since the last strike: warn first, unless the case itself is that grave."
        )
        out.append(Finding("strike.not_warned", text, "measures", blocks=False))
    return tuple(out)


def is_step(case: Case, kind: str, *, now: datetime) -> bool:
    """A measure of this kind, ordered on the case today, is the policy's step against a customer who was warned and has
    reached the limit: a suspension under DSA Article 23(1), to be counted as one (Article 24(1)(b))."""
    if not counts(case):
        return False
    after = standing.with_one_more(case, now=now)
    return after is not None and after.standing.step == "measure" and after.standing.measure == kind


@handler("strikes")
def run_strikes(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Warn the customer of the decision of the task, if a warning is due."""
    for task in tasks:
        warn(task.arguments["decision"], now=clock())
