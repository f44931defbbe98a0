"""Confirm: what the facts leave open, a person says, with a reason: that a regime binds, or that an order is on the case.

What is confirmed is named as rules name it: `regime:us-2258a`, or the need of a rule such as `ndo`, `nondisclosure`,
`court_order`. The newest word counts. A gag with an end stays until a person says that it is over: what was told too
early cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trustdesk import rules
from trustdesk.core import owed
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import duties, events, triage
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


def confirm(
    case_id: int,
    what: str,
    *,
    why: str,
    actor: Actor,
    now: datetime,
    holds: bool = True,
    until: datetime | None = None,
) -> Fact:
    """Say that `what` holds on the case, or (`holds` false) that it does not any more; `why` names the paper.

    `until` is the last instant of an order that names its end: the silence that it imposes ends with it. A regime or
    need that is confirmed starts its clocks at the time of the first event, however much of them has gone.
    Raises Refused for a name that no rule knows, without a reason, with an end that is past, and to whoever is no person.
    """
    why = why.replace("\0", "").strip()
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("confirm.no_reason", "Say in 3 to 500 characters on which paper it rests.", "why"))
    if actor.kind != "person":
        raise Refused(Finding("confirm.person", "Only a person of the desk confirms.", "actor"))
    if what not in names():
        raise Refused(Finding("confirm.unknown", f"No rule speaks of {what!r}.", "what"))
    if until is not None and (not holds or what.startswith("regime:") or until <= now):
        raise Refused(Finding("confirm.until", "An order that holds ends on a day that is still to come.", "until"))
    with locked(case_id) as case:
        value = {"what": what, "holds": holds, "why": why}
        if until is not None:
            value["until"] = until.isoformat()
        fact = Fact(case=case, about=case.code, name=duties.CONFIRMED, value=value, source=str(actor), observed_at=now)
        if what.startswith("regime:"):
            clocks = _regime(case, what.partition(":")[2], holds, now=now)
        else:
            clocks = _need(case, what, holds, until, now=now)
        case.next_due_at = duties.next_due(case, clocks)
        triage.reprioritise(case, now=now)
        body = {"fact": what, "holds": holds, "clocks": duties.described(clocks)}
        if what.startswith("regime:"):
            body["regimes"] = [[r["id"], r["version"], r["digest"]] for r in case.regimes]
        tasks = [] if holds and not what.startswith("regime:") else [Todo("release", {"case": case.pk})]
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
    if holds:
        applied = tuple(a for a in duties.applied_to(case, also=f"regime:{ident}") if a.regime == ident)
        changed = events.starting(case, applied)
    else:
        changed = list(Clock.objects.filter(case=case, regime=ident, state__in=("running", "paused")))
        for clock in changed:
            duties.end(clock, "cancelled", now=now)
    duties.remember(case, now=now)
    return changed


#: Name of the clock of an order that names its own end.
GAG = "order-"


def _need(case: Case, what: str, holds: bool, until: datetime | None, *, now: datetime) -> list[Clock]:
    """The clocks that begin because rules ask for `what`, or end because it is over."""
    applied = tuple(a for a in duties.applied_to(case, also=what if holds else "") if a.certain)
    wanting = {
        *((a.regime, c.id) for a in applied for c in a.rules.clocks if what in c.when.needs),
        *((a.regime, owed.PREFIX + d.id) for a in applied for d in a.rules.duties if what in d.only.needs),
    }
    named = Clock.objects.filter(case=case, name=GAG + what, state="running")
    if not holds:
        over = [c for c in Clock.objects.filter(case=case, state__in=("running", "paused"))
                if (c.regime, c.name) in wanting or c.name == GAG + what]  # fmt: skip
        for clock in over:
            duties.end(clock, "cancelled", now=now)
        return over
    begun = [c for c in events.starting(case, applied) if (c.regime, c.name) in wanting]
    if until is None:
        return begun
    earlier = list(named)  # a new end takes the place of the old one
    for clock in earlier:
        duties.end(clock, "cancelled", now=now)
    regime = next((a for a in duties.applied_to(case) if any(what in s.only.needs for s in a.rules.silences)), None)
    ends = Clock(
        case=case,
        name=GAG + what,
        title=f"The order ({what}) ends",
        kind="statutory",
        actor="authority",
        regime=regime.regime if regime else "",
        regime_version=regime.version if regime else "",
        source=regime.rules.source[:300] if regime else "the order itself",
        expires=True,
        started_at=now,
        due_at=until,
    )
    return [*begun, *earlier, ends]


def over_with(case: Case, lapsed: Sequence[Clock]) -> list[str]:
    """The orders that end because these clocks lapsed: by the day that they name, else by the longest that the law gives
    them. One that named a later day goes on until then."""
    found: list[str] = []
    running = set(Clock.objects.filter(case=case, state="running").values_list("name", flat=True))
    holding = duties.confirmed(case)
    for clock in lapsed:
        needs = [clock.name.removeprefix(GAG)] if clock.name.startswith(GAG) else []
        regime = rules.current().regimes.get(clock.regime)
        rule = regime.clock(clock.name, clock.started_at.date()) if regime is not None else None
        if regime is not None and rule is not None and rule.shape == "suspension":
            silenced = {need for silence in regime.silences for need in silence.only.needs}
            needs += [n for n in rule.when.needs if n in silenced and GAG + n not in running - {clock.name}]
        found += [n for n in needs if n in holding and n not in found]
    return found
