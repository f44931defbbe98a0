"""Events: what happened on a case beside what the desk does itself, as a person records it, and everything that happened.

A filing at an authority, an answer to a request, a duty done by telephone, an order that came by post: a person says so
with the day, a reference and what shows it. It meets, stops, pauses and starts clocks like anything else. A mistake is
taken back by a second entry; nothing is edited.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from trustdesk import rules
from trustdesk.core import clocks as engine
from trustdesk.core import owed
from trustdesk.core.regime_rules import DutyRule
from trustdesk.core.regimes import Applied
from trustdesk.core.types import Actor, Finding, Form, Refused
from trustdesk.flow import duties, elements, triage
from trustdesk.flow.record import Todo, locked, record
from trustdesk.models import Case, Clock, Entry, Evidence, Fact

#: Name of the facts that hold what a person recorded, and what was taken back.
EVENT, WITHDRAWN = "law.event", "law.event_withdrawn"
#: Events that a person may record beside those that the taxonomy gives to people.
ALSO = frozenset(
    {"account.closed", "filing.submitted", "order.received", "preservation_request.received", "request.answered"}
)
#: Events with a function of their own.
ELSEWHERE = frozenset({"court_action.accepted"})


def sayable() -> frozenset[str]:
    """Every event that a person may record, without its detail."""
    events = rules.current().taxonomy.events
    return frozenset(e for e, who in events.items() if who == "person") - ELSEWHERE | ALSO


def open_to(case: Case) -> list[str]:
    """The events that mean something on this case: rules of its certain regimes begin, end or keep by them."""
    found: set[str] = set()
    known = sayable()
    for a in duties.applied_to(case):
        if not a.certain:
            continue
        for clock in a.rules.clocks:
            if clock.off:
                continue
            found |= {clock.starts_on, *clock.met_by, *clock.stopped_by, *clock.paused_by, *clock.resumed_by}
        for duty in a.rules.duties:
            if not duty.mandatory:
                found.add(optional_deed(a.regime, duty))
            if duty.event:
                found |= {duty.event, *duty.deeds}
        found.update(event for rule in a.rules.silences for event in rule.ends_on)
        found.update(rule.starts_on for rule in a.rules.retention if not rule.off)
    for running in Clock.objects.filter(case=case, state__in=("running", "paused", "breached")):
        found.update(running.meets)
    return sorted(e for e in found if e.partition(":")[0] in known)


def optional_deed(regime: str, duty: DutyRule) -> str:
    """What records that something was done which the regime leaves to us; it names the regime, for no clock waits for it."""
    return f"duty.done:{regime}.{duty.id}"


def parts_of(case: Case, deed: str) -> list[tuple[str, str, bool]]:
    """What a filing that is `deed` contains by the certain regimes of the case: (full id, title, is it required)."""
    return [
        (f"{a.regime}.el.{element.id}", element.title, element.requirement == "required")
        for a in duties.applied_to(case)
        if a.certain
        for duty in a.rules.duties
        if duty.document and not duty.off and engine.meets(duty.deeds, deed)
        for element in a.rules.elements
        if element.document == duty.document and not element.off
    ]


def deed_of(clock: Clock) -> str:
    """What a person records to meet the clock; empty where the desk itself does it."""
    known = sayable()
    return next((kind for kind in clock.meets if kind.partition(":")[0] in known), "")


def say(
    case_id: int,
    event: str,
    *,
    at: datetime,
    actor: Actor,
    now: datetime,
    number: str = "",
    note: str = "",
    shows: str = "",
    parts: Iterable[str] = (),
) -> Fact:
    """Record that `event` (of the taxonomy; `filing.submitted:ncmec` with what exactly) happened `at` that time.

    `number` is its reference, `note` says what was done, `shows` is the digest of evidence on the desk that shows it,
    `parts` are the elements that a filing has (`regime.el.id`). Raises Refused: for an event that no rule of the case
    knows, in the future, before the first day of a window that must be waited for, and for a filing without a required
    part.
    """
    number, note = (text.replace("\0", "").strip() for text in (number, note))
    _sound(at, number, note, shows, actor, now)
    with locked(case_id) as case:
        if event not in open_to(case):
            raise Refused(Finding("event.unknown", f"No rule of this case speaks of {event!r}.", "event"))
        missing = owed.lacking([a.rules for a in duties.applied_to(case) if a.certain], event, parts)
        if missing:
            raise Refused(
                *(Finding("filing.part_missing", f"The filing lacks: {title}.", "parts") for title in missing)
            )
        _not_too_early(case, event, at)
        base = event.partition(":")[0]
        told = {"event": event, "at": at.isoformat(), "number": number, "note": note, "shows": shows}
        value = told | {"parts": sorted(parts)}
        fact = Fact(case=case, about=case.code, name=EVENT, value=value, source=str(actor), observed_at=now)
        clocks = duties.meet(case, event, now=now)
        clocks += duties.start(case, base, at=at)
        case.next_due_at = duties.next_due(case, clocks)
        triage.reprioritise(case, now=now)
        body = {"fact": fact, "event": event, "at": at, "shows": shows, "clocks": duties.described(clocks)}
        tasks = [Todo("release", {"case": case.pk})] if _may_release(case, base) else []
        record(case, "event.recorded", body, actor=actor, now=now, rows=[fact, *clocks], tasks=tasks)
    return fact


def _sound(at: datetime, number: str, note: str, shows: str, actor: Actor, now: datetime) -> None:
    if actor.kind != "person":
        raise Refused(Finding("event.person", "Only a person of the desk records what happened.", "actor"))
    if at.tzinfo is None or not now - timedelta(days=3650) <= at <= now:
        raise Refused(Finding("event.at", "It happened within the last ten years, not in the future.", "at"))
    if not 3 <= len(note) <= 500 or len(number) > 100:
        text = "Say in 3 to 500 characters what was done; a reference has at most 100."
        raise Refused(Finding("event.note", text, "note"))
    if shows and not Evidence.objects.filter(pk=shows).exists():
        raise Refused(Finding("event.evidence", "There is no evidence of that digest on this desk.", "shows"))


def _not_too_early(case: Case, event: str, at: datetime) -> None:
    """A window has a first day as well: what may not be done yet is not recorded as done."""
    for clock in Clock.objects.filter(case=case, state__in=("running", "paused"), not_before__gt=at):
        if engine.meets(clock.meets, event):
            text = f"{clock.title}: not before {clock.not_before:%Y-%m-%d} ({clock.source})."
            raise Refused(Finding("event.too_early", text, "at"))


def _may_release(case: Case, base: str) -> bool:
    """The event ends a silence."""
    return any(base in rule.ends_on for a in duties.applied_to(case) for rule in a.rules.silences)


def withdraw(fact_id: int, *, why: str, actor: Actor, now: datetime) -> Fact:
    """Take a record back. What it started ends; what it met, stopped or paused is owed again, from when it began: as a new
    clock, for the ledger does not forget that the old one ended. Raises Refused."""
    why = why.replace("\0", "").strip()
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("event.why", "Say in 3 to 500 characters why it is taken back.", "why"))
    if actor.kind != "person":
        raise Refused(Finding("event.person", "Only a person of the desk records what happened.", "actor"))
    said = Fact.objects.get(pk=fact_id, name=EVENT)
    with locked(said.case_id) as case:
        if fact_id in withdrawn(case):
            raise Refused(Finding("event.withdrawn", "It was taken back already.", "event"))
        entry = next(
            body
            for body in map(json.loads, Entry.objects.filter(chain=case.pk, kind="event.recorded").values_list("body", flat=True))
            if body["fact"] == fact_id
        )  # fmt: skip
        value = {"event": said.value["event"], "fact": fact_id, "why": why}
        fact = Fact(case=case, about=case.code, name=WITHDRAWN, value=value, source=str(actor), observed_at=now)
        clocks = _undone(case, entry, now=now)
        case.next_due_at = duties.next_due(case, clocks)
        triage.reprioritise(case, now=now)
        body = {"fact": fact, "event": said.value["event"], "of": fact_id, "clocks": duties.described(clocks)}
        record(case, "event.withdrawn", body, actor=actor, now=now, rows=[fact, *clocks])
    return fact


def _undone(case: Case, entry: dict[str, object], *, now: datetime) -> list[Clock]:
    touched = {c["id"]: c for c in entry["clocks"]}  # type: ignore[attr-defined]
    changed: list[Clock] = []
    for clock in Clock.objects.filter(case=case, pk__in=touched):
        did = touched[clock.pk]["state"]
        if did == "running" and clock.state in ("running", "paused", "breached") and _began_with(clock, entry):
            duties.end(clock, "cancelled", now=now)
            changed.append(clock)
        elif did in ("met", "cancelled") and clock.state == did:
            clock.pk, clock.state, clock.ended_at, clock.paused_at, clock.breached_at = (
                None,
                "running",
                None,
                None,
                None,
            )
            clock._state.adding = True
            changed.append(clock)
        elif did == "paused" and clock.state == "paused":
            duties.go_on(clock, now=clock.paused_at or now)  # as if it had never stood still
            changed.append(clock)
    return changed


def _began_with(clock: Clock, entry: dict[str, object]) -> bool:
    return clock.started_at == datetime.fromisoformat(str(entry["at"]))


def withdrawn(case: Case) -> set[int]:
    """The facts of events that were taken back."""
    found = Fact.objects.filter(case=case, name=WITHDRAWN).values_list("value", flat=True)
    return {value["fact"] for value in found}


def recorded(case: Case) -> list[Fact]:
    """What people recorded and did not take back, oldest first."""
    gone = withdrawn(case)
    return [f for f in Fact.objects.filter(case=case, name=EVENT).order_by("id") if f.pk not in gone]


def happened(case: Case) -> list[tuple[str, datetime]]:
    """Every event of the case so far with its time, oldest first: what the journal holds, what people recorded, what
    the forms and verdicts of its reports mean."""
    known = rules.current().taxonomy.events
    found = [
        (kind, at) for kind, at in Entry.objects.filter(chain=case.pk, kind__in=known).values_list("kind", "at")
    ]  # fmt: skip
    first = case.first_reports.order_by("received_at").values_list("received_at", flat=True).first() or case.opened_at
    found = [(kind, at) for kind, at in found if kind != "report.received"] + [("report.received", first)]
    if case.form == Form.ORDER:
        found.append(("order.received", first))
    for fact in recorded(case):
        found.append((fact.value["event"].partition(":")[0], datetime.fromisoformat(fact.value["at"])))
    judged = Entry.objects.filter(chain=case.pk, kind="counter_notice.judged").values_list("body", flat=True)
    found += [
        ("counter_notice.effective", datetime.fromisoformat(body["at"]))
        for body in map(json.loads, judged)
        if body["effective"]
    ]
    return sorted(found, key=lambda pair: pair[1])


def starting(case: Case, applied: tuple[Applied, ...]) -> list[Clock]:
    """The clocks that everything which happened so far starts under these regimes: for a law that is found to bind only
    now. Each event counts from its first time; what was done since has met its clock."""
    clocks: list[Clock] = []
    seen: set[tuple[str, str]] = set()
    had = set(
        Clock.objects.filter(case=case, regime__in=[a.regime for a in applied])
        .exclude(state="cancelled")
        .values_list("regime", "name")
    )
    events = list(dict.fromkeys(happened(case)))
    for a in applied:
        events += [(event, at) for event, at in elements.events(case, a.regime)]
    for event, at in sorted(events, key=lambda pair: pair[1]):
        for clock in duties.start(case, event, at=at, applied=applied):
            key = (clock.regime, clock.name)
            if key not in had and key not in seen:
                seen.add(key)
                clocks.append(clock)
    return [c for c in clocks if not _done_since(case, c)]


def _done_since(case: Case, clock: Clock) -> bool:
    """What meets the clock was done after it began, as far as the journal says so."""
    gone = withdrawn(case)
    deeds = Entry.objects.filter(chain=case.pk, at__gte=clock.started_at).values_list("kind", "body")
    for kind, text in deeds:
        body = json.loads(text)
        if body.get("fact") in gone:
            continue
        detail = body.get("event") if kind == "event.recorded" else ""
        if kind.startswith("notice."):
            detail = f"{kind}:{body.get('kind', '')}"
        elif kind.startswith("decision."):
            detail = f"decision.made:{body.get('outcome', '')}" if body.get("state") == "final" else kind
        if engine.meets(clock.meets, detail or kind):
            return True
    return False
