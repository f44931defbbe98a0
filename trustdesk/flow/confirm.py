"""Confirm: what the facts leave open, a person says, with a reason: that a regime binds, or that an order is on the case.

What is confirmed is named as rules name it: `regime:us-2258a`, or the need of a rule such as `ndo`, `nondisclosure`,
`court_order`. The newest word counts. A gag with an end stays until a person says that it is over: what was told too
early cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trustdesk import rules
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import duties, elements, triage
from trustdesk.flow.record import Todo, locked, record
from trustdesk.models import Case, Clock, Fact, Report

#: What may be confirmed beside regimes and the needs that rules name.
ORDERS = frozenset({"court_order", "preservation"})
#: So many reports of a case are judged again when a regime is confirmed.
REPORTS = 1000


def names() -> frozenset[str]:
    """Everything that can be confirmed on a case: regimes, and the needs of every rule."""
    found = set(ORDERS)
    for regime in rules.current().regimes.values():
        found.add(f"regime:{regime.id}")
        for rule in regime.silences:
            found.update(rule.only.needs)
        for clock in regime.clocks:
            found.update(clock.when.needs)
        for duty in regime.duties:
            found.update(duty.only.needs)
    return frozenset(found)


def confirm(case_id: int, what: str, *, why: str, actor: Actor, now: datetime, holds: bool = True) -> Fact:
    """Say that `what` holds on the case, or (`holds` false) that it does not any more; `why` names the paper.

    A regime that is confirmed starts its clocks at the time of the first event, however much of them has gone.
    Raises Refused for a name that no rule knows, without a reason, and to whoever is no person.
    """
    why = why.replace("\0", "").strip()
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("confirm.no_reason", "Say in 3 to 500 characters on which paper it rests.", "why"))
    if actor.kind != "person":
        raise Refused(Finding("confirm.person", "Only a person of the desk confirms.", "actor"))
    if what not in names():
        raise Refused(Finding("confirm.unknown", f"No rule speaks of {what!r}.", "what"))
    with locked(case_id) as case:
        value = {"what": what, "holds": holds, "why": why}
        fact = Fact(case=case, about=case.code, name=duties.CONFIRMED, value=value, source=str(actor), observed_at=now)
        clocks: Sequence[Clock] = ()
        if what.startswith("regime:"):
            clocks = _regime(case, what.partition(":")[2], holds, now=now)
        body = {"fact": what, "holds": holds, "clocks": duties.described(clocks)}
        if what.startswith("regime:"):
            body["regimes"] = [[r["id"], r["version"], r["digest"]] for r in case.regimes]
        tasks = []
        if what.startswith("regime:") and holds:  # what no regime asked for so far is judged now
            for report in Report.objects.filter(joinings__case=case).order_by("id")[:REPORTS]:
                if duties.judges(case, report.form):
                    tasks.append(Todo("judge", {"report": report, "case": case}))
        record(case, "case.confirmed", body, actor=actor, now=now, rows=[fact, *clocks], tasks=tasks)
    return fact


def _regime(case: Case, ident: str, holds: bool, *, now: datetime) -> list[Clock]:
    """Put the regime on the case as certain, or as one that does not bind; the clocks that begin or end."""
    regime = rules.current().regimes[ident]
    word = "confirmed by a person" if holds else duties.NOT_BINDING
    row = {"id": ident, "version": regime.version, "digest": regime.digest, "certain": holds, "why": word}
    case.regimes = [r for r in case.regimes if r["id"] != ident] + [row]
    if not holds:
        changed = list(Clock.objects.filter(case=case, regime=ident, state="running"))
        for clock in changed:
            duties.end(clock, "cancelled", now=now)
    else:
        applied = tuple(a for a in duties.applied_to(case, also=f"regime:{ident}") if a.regime == ident)
        first = case.first_reports.order_by("received_at").values_list("received_at", flat=True).first()
        at = first or case.opened_at
        changed = duties.start(case, "report.received", at=at, applied=applied)
        for event, since in elements.events(case, ident):
            changed += duties.start(case, event, at=since, applied=applied)
    case.next_due_at = duties.next_due(case, changed)
    triage.reprioritise(case, now=now)
    duties.remember(case, now=now)
    return changed
