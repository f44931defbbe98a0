"""What a rule lets us do and leaves to us: letters and deeds that are nobody's duty, offered on a case with their citation.

Nothing here runs a clock. What a gag or another silence forbids is shown with the rule that forbids it, and not offered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trustdesk.core.regime_rules import DutyRule
from trustdesk.core.regimes import Applied
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import duties, events, notify, silence
from trustdesk.flow.record import locked
from trustdesk.flow.telling import facts_about, reporters
from trustdesk.models import Case, Notice

#: Letters that may be written at the press of a button: they say what was reported and decide nothing.
LETTERS = frozenset({"forward"})
#: Parties whom a silence protects from being told.
TOLD = frozenset({"customer", "reporter"})


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that may be done. `deed` is the event that records it; `letter` the kind that goes at a press of a button,
    empty where the desk writes none; `forbidden` the rule that forbids it now; `done` when it was done."""

    regime: str
    duty: DutyRule
    deed: str
    letter: str
    forbidden: str
    done: datetime | None


def of_case(case: Case) -> list[Offer]:
    """What may be done on this case by the regimes that are certain, in their order."""
    applied = [a for a in duties.applied_to(case) if a.certain]
    rules = [(a, duty) for a in applied for duty in a.rules.duties if not duty.mandatory]
    if not rules:
        return []
    happened = {event for event, _at in events.happened(case)}
    done = {fact.value["event"]: datetime.fromisoformat(fact.value["at"]) for fact in events.recorded(case)}
    return [
        _offer(case, a, duty, done)
        for a, duty in rules
        if duty.in_force(case.opened_at.date())
        and duty.only.holds(a.facts)
        and (not duty.event or duty.event in happened)
    ]


def _offer(case: Case, a: Applied, duty: DutyRule, done: dict[str, datetime]) -> Offer:
    deed = events.optional_deed(a.regime, duty)
    letter = duty.letter if duty.letter in LETTERS else ""
    if letter and case.subject_id is None:
        letter = ""  # there is nobody to write to
    when = done.get(deed)
    if duty.letter:
        sent = Notice.objects.filter(case=case, kind=duty.letter, to_role=duty.to).exclude(state="failed")
        when = sent.values_list("created_at", flat=True).first() or when
    rule = silence.forbidden(case, to=duty.to, letter=duty.letter) if duty.to in TOLD and when is None else ""
    return Offer(a.regime, duty, deed, letter, rule, when)


def send(case_id: int, regime: str, duty: str, *, actor: Actor, now: datetime) -> Notice:
    """Write the letter of an offer. Raises Refused when it is not offered, forbidden, written already, or cannot be sent."""
    if actor.kind != "person":
        raise Refused(Finding("offer.person", "Only a person of the desk writes what is no duty.", "actor"))
    with locked(case_id) as case:
        offer = next((o for o in of_case(case) if (o.regime, o.duty.id) == (regime, duty)), None)
        if offer is None or not offer.letter:
            raise Refused(Finding("offer.unknown", "No certain regime of this case offers that letter.", "duty"))
        if offer.forbidden:
            raise Refused(Finding("offer.forbidden", offer.forbidden, "duty"))
        if offer.done is not None:
            raise Refused(Finding("offer.done", "That was written already.", "duty"))
        if not reporters(case):
            raise Refused(Finding("offer.unknown", "There is no report to pass on.", "duty"))
        facts = replace(facts_about(case), answer_by=now + timedelta(hours=duties.policy().answer_hours))
        notice = notify.to_customer(case, offer.letter, facts=facts, now=now, actor=actor)
        if notice is None:
            raise Refused(Finding("offer.address", "The customer has no address that can be written to.", "duty"))
    return notice
