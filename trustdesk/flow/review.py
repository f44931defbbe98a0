"""Review: a second look at settled decisions, for quality. It changes no decision: at most it has one looked at again.

A decision that is settled draws a number (core/reviews.py); if the policy's share covers it, a task writes the review when
letters and measures go. A person who had no part in the decision says whether they would have decided the same; who decided
reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from trustdesk.core import reviews, states
from trustdesk.core.reviews import chosen
from trustdesk.core.types import SYSTEM, Actor, Finding, Refused
from trustdesk.flow import duties, triage
from trustdesk.flow.record import Todo, ledger_key, locked, record
from trustdesk.flow.work import handler
from trustdesk.models import Appeal, Case, Decision, Review, Task


def wanted(case: Case, decision: Decision) -> list[Todo]:
    """The task of a second look, if the draw says so."""
    policy = duties.policy()
    rules = [policy.measure(item["kind"]) for item in decision.plan]
    severe = any(rule is not None and rule.severe for rule in rules)
    part = reviews.share(
        policy.reviews,
        category=case.category,
        automated=decision.automated,
        severe=severe,
        maker=decision.made_by,
    )
    drawn = reviews.draw(ledger_key(), case.pk, decision.made_at)
    if not chosen(drawn, part):
        return []
    return [Todo("review", {"decision": decision, "draw": drawn, "share": part})]


def sample(decision_id: int, *, draw: int, share: int, now: datetime) -> Review | None:
    """Write the review that a settled decision drew. None when it was written already, or the decision was taken back."""
    found = Decision.objects.get(pk=decision_id)
    with locked(found.case_id) as case:
        decision = Decision.objects.select_for_update().get(pk=decision_id)
        if decision.state not in ("final", "overridden") or Review.objects.filter(decision=decision).exists():
            return None
        review = Review(
            case=case,
            decision=decision,
            category=case.category,
            automated=decision.automated,
            draw=draw,
            share=share,
            sampled_at=now,
        )
        body = {"review": review, "decision": decision, "category": review.category, "automated": review.automated}
        record(case, "review.sampled", body | {"draw": draw, "share": share}, actor=SYSTEM, now=now, rows=[review])
    return review


def do(review_id: int, *, agreed: bool, reason: str = "", words: str = "", actor: Actor, now: datetime) -> Review:
    """Say whether one would have decided the same; if not, why (a code of `reviews.REASONS`). Raises Refused."""
    words = words.replace("\0", "").replace("\r\n", "\n").strip()
    with _held(review_id) as (case, review):
        decision = review.decision
        findings = [*reviews.may_review(str(actor), maker=decision.made_by, second=decision.settled_by)]
        findings += reviews.verdict(agreed=agreed, reason=reason, words=words)
        if review.state != "drawn":
            findings.append(Finding("review.done", "Somebody has reviewed this decision already.", "review"))
        if findings:
            raise Refused(*findings)
        states.check("review", review.state, "done")
        review.state, review.reviewer, review.done_at = "done", str(actor), now
        review.agreed, review.reason, review.words = agreed, reason, words
        body = {
            "review": review,
            "decision": decision,
            "category": review.category,
            "automated": review.automated,
            "agreed": agreed,
            "reason": reason,
            "reviewer": review.reviewer,
            "sampled_at": review.sampled_at,
        }
        record(case, "review.done", body, actor=actor, now=now, rows=[review])
    return review


def read(review_id: int, *, actor: Actor, now: datetime) -> Review:
    """Who made or confirmed the decision has read the review; twice changes nothing. Raises Refused for anybody else."""
    with _held(review_id) as (case, review):
        if str(actor) not in (review.decision.made_by, review.decision.settled_by) or review.done_at is None:
            raise Refused(Finding("review.not_yours", "This review is not of a decision of yours.", "review"))
        if review.read_at is None:
            review.read_at = now
            record(case, "review.read", {"review": review}, actor=actor, now=now, rows=[review])
    return review


def reopen(review_id: int, *, actor: Actor, now: datetime) -> Review:
    """Have a decision looked at again after a disagreement: its case opens, and the next decision replaces this one.

    Raises Refused while an appeal waits, when the case is not closed, and to who made or confirmed the decision.
    """
    with _held(review_id) as (case, review):
        decision, findings = review.decision, []
        if review.state != "done" or review.agreed is not False:
            findings.append(Finding("review.no_disagreement", "Nobody disagrees with this decision.", "review"))
        if decision.state != "final":
            findings.append(Finding("review.replaced", "This decision has been replaced already.", "decision"))
        if case.state != "closed" or Appeal.objects.filter(case=case, state="lodged").exists():
            text = "The case is open or is being looked at again already; decide there."
            findings.append(Finding("review.not_closed", text, "case"))
        findings += reviews.may_review(str(actor), maker=decision.made_by, second=decision.settled_by)
        if findings:
            raise Refused(*findings)
        states.check("review", review.state, "reopened")
        states.check("case", case.state, "open")
        review.state, review.reopened_by = "reopened", str(actor)
        case.state, case.closed_at = "open", None
        case.next_due_at = duties.next_due(case)
        triage.reprioritise(case, now=now)
        body = {"review": review, "decision": decision, "case_state": case.state}
        record(case, "review.reopened", body, actor=actor, now=now, rows=[review])
    return review


def stand(review_id: int, *, actor: Actor, now: datetime) -> Review:
    """End a reconsideration: the decision stands and the case is closed again. Raises Refused."""
    with _held(review_id) as (case, review):
        findings = [*reviews.may_review(str(actor), maker=review.decision.made_by, second=review.decision.settled_by)]
        if review.state != "reopened":
            findings.append(Finding("review.not_reopened", "This decision is not being looked at again.", "review"))
        if case.state not in ("open", "closed") or Appeal.objects.filter(case=case, state="lodged").exists():
            findings.append(Finding("review.not_now", "A decision or an appeal on this case waits; settle it.", "case"))
        if findings:
            raise Refused(*findings)
        states.check("review", review.state, "stood")
        review.state, review.ended_at = "stood", now
        met = []
        if case.state == "open":
            states.check("case", case.state, "closed")
            met = duties.close(case, now=now)
            case.state, case.closed_at = "closed", now
            case.next_due_at = duties.next_due(case, met)
        body = {"review": review, "case_state": case.state, "clocks": duties.described(met)}
        record(case, "review.stood", body, actor=actor, now=now, rows=[review, *met])
    return review


def reopened(case: Case) -> Review | None:
    """The review after which a decision of this case is being looked at again."""
    if case.first_decision_at is None or case.state != "open":
        return None
    return Review.objects.select_related("decision").filter(case=case, state="reopened").first()


def against(review: Review | None, actor: Actor) -> Iterable[Finding]:
    """What stands in the way of this person deciding in place of the decision that is looked at again."""
    if review is not None:
        yield from reviews.may_review(str(actor), maker=review.decision.made_by, second=review.decision.settled_by)


def replaced(decision: Decision, *, now: datetime) -> list[Review]:
    """The reviews that end because this decision, which is being settled, replaces theirs; changed and not yet saved."""
    found = Review.objects.filter(decision_id=decision.overrides_id, state="reopened") if decision.overrides_id else []
    ended = list(found)
    for review in ended:
        states.check("review", review.state, "replaced")
        review.state, review.ended_at = "replaced", now
    return ended


@contextmanager
def _held(review_id: int) -> Iterator[tuple[Case, Review]]:
    """The case of a review, locked, and the review as it is now."""
    with locked(Review.objects.values_list("case_id", flat=True).get(pk=review_id)) as case:
        yield case, Review.objects.select_for_update(of=("self",)).select_related("decision").get(pk=review_id)


@handler("review")
def run_review(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Write the reviews that decisions drew."""
    for task in tasks:
        told = task.arguments
        sample(told["decision"], draw=told["draw"], share=told["share"], now=clock())
