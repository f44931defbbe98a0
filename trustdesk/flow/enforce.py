"""Enforce: ordered → attempted → applied → confirmed → lifting → lifted.

An act on the outside world is written down as intent before it is tried, and its outcome after. Enforcers are
idempotent by the measure's key, so a worker that dies between the two only makes the same call again. `confirmed` is
never the word of the system that was told, but what was seen from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from trustdesk.core import clocks as engine
from trustdesk.core import states
from trustdesk.core.deciding import PER_ADDRESS, measure_key
from trustdesk.core.types import Actor
from trustdesk.flow import duties
from trustdesk.flow.plugins import enforcer_for, enforcers
from trustdesk.flow.record import Todo, locked, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.interfaces.enforcer import Enforcer, Order, Outcome
from trustdesk.models import Asset, Case, Clock, Decision, Indicator, Measure, Notice, Task

#: A measure in one of these still bites, or is about to.
STANDING = ("ordered", "attempted", "applied", "confirmed", "failed")
#: Seconds until a measure that is being applied can be lifted.
LOOK_AGAIN = 5.0
#: After so many looks from outside (about six hours) a person is asked to look.
LOOKS = 7


def ordered(case: Case, decision: Decision, *, now: datetime) -> list[Measure]:
    """The unsaved measures of a decision; what stands already on the case is not ordered twice."""
    standing = {key_of(m) for m in Measure.objects.filter(case=case, state__in=STANDING)}
    measures = []
    for number, wish in enumerate(decision.plan):
        if _planned(case, wish) in standing:
            continue
        plugin = enforcer_for(wish["kind"])
        measures.append(
            Measure(
                case=case,
                decision=decision,
                kind=wish["kind"],
                asset_id=wish["asset"],
                target=wish["target"] or _target(case, wish["asset"]),
                plugin=plugin[0] if plugin else "",
                # The decision's time and place in its plan, not a number of ours: known before the row has one.
                key=f"{case.code}-{case.seq + 1}-{number}",
                ordered_at=now,
            )
        )
    return measures


def key_of(measure: Measure) -> tuple[str, str, str]:
    """What may stand once only on a case."""
    return measure_key(measure.kind, str(measure.asset_id), measure.target)


def _planned(case: Case, wish: dict[str, Any]) -> tuple[str, str, str]:
    target = wish["target"] or (_target(case, wish["asset"]) if wish["kind"] in PER_ADDRESS else "")
    return measure_key(wish["kind"], str(wish["asset"]), target)


def _target(case: Case, asset_id: int) -> str:
    on_asset = Indicator.objects.filter(case=case, asset_id=asset_id, role="target").order_by("report_id", "position")
    first = on_asset.values_list("value", flat=True).first()
    return first or Asset.objects.values_list("value", flat=True).get(pk=asset_id)


def to_lift(decision: Decision) -> list[Measure]:
    """Measures of the decision that `decision` overrides which it does not order again."""
    again = {_planned(decision.case, wish) for wish in decision.plan}
    standing = Measure.objects.filter(decision=decision.overrides, state__in=STANDING)
    return [m for m in standing if key_of(m) not in again]


def plan_text(case: Case, kind: str, asset: Asset | None, target: str) -> str:
    """What a measure will do and what stays untouched, in a sentence, from the enforcer itself. No I/O."""
    plugin = enforcer_for(kind)
    if asset is None:
        return "there is no such asset on this case"
    if plugin is None:
        return f"no enforcer does this for {asset.ref}: a person has to, and confirms it"
    return plugin[1].plan(
        _order(
            Measure(case=case, kind=kind, asset=asset, target=target or _target(case, asset.pk), key="preview"), case
        )
    )


def _order(measure: Measure, case: Case) -> Order:
    decision = measure.decision if measure.decision_id else None
    basis = ""
    if decision is not None:
        basis = decision.law if decision.ground == "law" else f"{decision.policy} {decision.clause}"
    return Order(
        key=measure.key,
        kind=measure.kind,
        asset_kind=measure.asset.kind if measure.asset else "",
        asset_ref=measure.asset.ref if measure.asset else "",
        target=measure.target,
        case=case.code,
        legal_basis=basis.strip(),
        reason=decision.reasons if decision is not None else "",
    )


def _load(measure_id: int) -> Measure:
    return Measure.objects.select_related("asset", "decision", "case__asset", "case__subject").get(pk=measure_id)


def _enforcer(measure: Measure) -> Enforcer:
    try:
        return enforcers()[measure.plugin]
    except KeyError:
        raise TryLater(f"no enforcer named {measure.plugin or measure.kind!r} is configured", 3600) from None


def apply(measure_id: int, *, clock: Callable[[], datetime]) -> None:
    """Carry out a measure: write the intent, call the enforcer, write what came of it. Raises TryLater."""
    measure = _load(measure_id)
    if measure.state not in ("ordered", "attempted", "failed"):
        return
    enforcer = _enforcer(measure)
    actor = Actor("plugin", measure.plugin)
    if not _step(measure_id, "attempted", actor=actor, now=clock()):
        return
    outcome = enforcer.apply(_order(measure, measure.case))
    if outcome.status == "done":
        _step(
            measure_id,
            "applied",
            actor=actor,
            now=clock(),
            outcome=outcome,
            tasks=[Todo("confirm", {"measure": measure_id})],
        )
    elif outcome.status == "pending" or outcome.retry:
        raise TryLater(f"{outcome.code}: {outcome.detail}", outcome.retry_after)
    else:
        _step(measure_id, "failed", actor=actor, now=clock(), outcome=outcome)


def confirm(measure_id: int, *, clock: Callable[[], datetime], attempts: int = 0) -> None:
    """Look from outside whether the measure bites; when the last one of the case does, the case is closed.

    What cannot be seen after several looks (`attempts`), or cannot be looked at, goes to a person. Raises TryLater.
    """
    measure = _load(measure_id)
    if measure.state != "applied":
        return
    outcome = _enforcer(measure).confirm(_order(measure, measure.case))
    if outcome.status != "done":
        hopeless = outcome.status == "failed" and not outcome.retry
        if hopeless or attempts >= LOOKS:
            _unconfirmed(measure_id, outcome, now=clock())
            return
        raise TryLater(f"not confirmed: {outcome.code} {outcome.detail}", outcome.retry_after)
    _step(measure_id, "confirmed", actor=Actor("plugin", measure.plugin), now=clock(), outcome=outcome)


def lift(measure_id: int, decision_id: int | None, *, clock: Callable[[], datetime]) -> None:
    """Undo a measure, and see from outside that it is undone."""
    measure = _load(measure_id)
    actor = Actor("plugin", measure.plugin)
    if measure.state == "ordered":
        _step(measure_id, "cancelled", actor=actor, now=clock())
        return
    if measure.state == "attempted":
        raise TryLater("the measure is being applied at this moment", LOOK_AGAIN)
    if measure.state == "failed":
        # It may bite all the same: undoing what is not there costs nothing.
        _enforcer(measure).lift(_order(measure, measure.case))
        return
    if measure.state in ("applied", "confirmed"):
        _step(measure_id, "lifting", actor=actor, now=clock(), decision=decision_id)
    elif measure.state != "lifting":
        return
    enforcer, order = _enforcer(measure), _order(measure, measure.case)
    outcome = enforcer.lift(order)
    if outcome.status == "done":
        outcome = enforcer.confirm_lifted(order)
    if outcome.status != "done":
        raise TryLater(f"not lifted: {outcome.code} {outcome.detail}", outcome.retry_after)
    _step(
        measure_id,
        "lifted",
        actor=actor,
        now=clock(),
        outcome=outcome,
        tasks=[Todo("restored", {"measure": measure_id})],
    )


TIMES = {"applied": "applied_at", "confirmed": "confirmed_at", "lifted": "lifted_at"}


def _step(
    measure_id: int,
    state: str,
    *,
    actor: Actor,
    now: datetime,
    outcome: Outcome | None = None,
    tasks: Sequence[Todo] = (),
    decision: int | None = None,
) -> bool:
    """One step in the life of a measure with its journal entry; False if it was taken already by somebody else."""
    case_id = Measure.objects.values_list("case_id", flat=True).get(pk=measure_id)
    with locked(case_id) as case:
        measure = Measure.objects.select_for_update().get(pk=measure_id)
        body: dict[str, object] = {"measure": measure, "state": state}
        if measure.state == state == "attempted":
            measure.attempts += 1  # a retry, or a worker that died before it could say what came of it
        else:
            if measure.state == state or state not in states.allowed("measure", measure.state):
                return False
            measure.state = state
            if state == "attempted":
                measure.attempts += 1
        body["attempts"] = measure.attempts
        if outcome is not None:
            measure.detail = f"{outcome.code} {outcome.detail} {outcome.observed}".strip()[:4000].replace("\0", "")
            body["code"] = outcome.code
        if state in TIMES:
            setattr(measure, TIMES[state], now)
        if decision is not None:
            body["decision"] = decision
        rows: list[Model] = [measure]
        if state in ("confirmed", "failed", "cancelled"):
            rows += _after(case, measure, body, now=now)
        elif state in ("applied", "lifted"):
            clocks = _duties(case, measure, now=now)
            rows += clocks
            body["clocks"] = duties.described(clocks)
            if Notice.objects.filter(case=case, state="withheld").exists():
                tasks = [*tasks, Todo("release", {"case": case.pk})]  # a silence may end with it
        record(case, f"measure.{state}", body, actor=actor, now=now, rows=rows, tasks=tasks)
    return True


def _duties(case: Case, measure: Measure, *, now: datetime) -> list[Clock]:
    """The clocks that a measure meets by biting or by being gone, and those that begin with it. A letter that went out
    before the measure bit is not owed again."""
    met = duties.meet(case, f"measure.{measure.state}", now=now)
    told = Notice.objects.filter(decision=measure.decision).exclude(state="withheld").values_list("kind", flat=True)
    fresh = [
        clock
        for clock in duties.start(case, f"measure.{measure.state}", at=now)
        if not any(engine.meets(clock.meets, f"notice.sent:{kind}") for kind in told)
    ]
    case.next_due_at = duties.next_due(case, [*met, *fresh])
    return [*met, *fresh]


def _after(case: Case, changed: Measure, body: dict[str, object], *, now: datetime) -> list[Model]:
    """Close the case when the last of its measures is confirmed; hand it back to people when one failed."""
    rows: list[Model] = []
    if case.state != "enforcing":
        return rows
    others = Measure.objects.filter(case=case).exclude(pk=changed.pk).values_list("state", flat=True)
    if changed.state == "failed":
        case.state = "open"
    elif not any(state in ("ordered", "attempted", "applied", "failed") for state in others):
        case.state, case.open_key, case.closed_at = "closed", None, now
        ended = duties.close(case, "measure.confirmed", now=now)
        rows = [*ended]
        case.next_due_at = duties.next_due(case, ended)
        body["clocks"] = duties.described(ended)
        body["closed"] = True
    body["case_state"] = case.state
    return rows


def _unconfirmed(measure_id: int, outcome: Outcome, *, now: datetime) -> None:
    """Applied, says the enforcer, but not seen from outside: the case goes back to people."""
    case_id = Measure.objects.values_list("case_id", flat=True).get(pk=measure_id)
    with locked(case_id) as case:
        measure = Measure.objects.get(pk=measure_id)
        if measure.state != "applied":
            return
        measure.detail = f"{outcome.code} {outcome.detail} {outcome.observed}".strip()[:4000].replace("\0", "")
        if case.state == "enforcing":
            states.check("case", case.state, "open")
            case.state = "open"
        body = {"measure": measure, "code": outcome.code, "case_state": case.state}
        record(case, "measure.unconfirmed", body, actor=Actor("plugin", measure.plugin), now=now, rows=[measure])


def retry(measure_id: int, *, actor: Actor, now: datetime) -> bool:
    """Try a failed measure again, or look again for one that was not seen, on a person's word."""
    case_id = Measure.objects.values_list("case_id", flat=True).get(pk=measure_id)
    with locked(case_id) as case:
        measure = Measure.objects.get(pk=measure_id)
        if measure.state not in ("failed", "applied"):
            return False
        if case.state == "open":
            case.state = "enforcing"
        body = {"measure": measure, "case_state": case.state}
        todo = Todo("apply" if measure.state == "failed" else "confirm", {"measure": measure_id})
        record(case, "measure.retried", body, actor=actor, now=now, tasks=[todo])
    return True


@handler("apply")
def run_apply(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Apply the measure of the task."""
    for task in tasks:
        apply(task.arguments["measure"], clock=clock)


@handler("confirm")
def run_confirm(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Confirm the measure of the task."""
    for task in tasks:
        confirm(task.arguments["measure"], clock=clock, attempts=task.attempts)


@handler("lift")
def run_lift(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Lift the measure of the task."""
    for task in tasks:
        lift(task.arguments["measure"], task.arguments.get("decision"), clock=clock)
