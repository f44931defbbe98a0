"""Tick: look at the clocks. A deadline is a row and a loop.

Any number of workers may tick at once: a clock is moved by comparing and swapping under the lock of its case, so each
breach is written once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from trustdesk.core import states
from trustdesk.core.types import SYSTEM
from trustdesk.flow import checkpoint, confirm, duties, misuse, putback, snooze, triage, upkeep, views
from trustdesk.flow.record import Todo, locked, record
from trustdesk.models import Case, Checkpoint, Clock, Fact, IdempotencyKey

#: So many due clocks are seen to in one call.
BATCH = 500
CHECKPOINT_EVERY = timedelta(hours=1)


def tick(now: datetime) -> int:
    """See to every clock, snooze and suspension that is due. Returns how many changed. Three indexed queries when none is due."""
    changed = snooze.wake_due(now) + misuse.end_due(now)
    while True:
        due = list(
            Clock.objects.filter(state="running", due_at__lt=now)
            .order_by("due_at")
            .values_list("case_id", flat=True)[:BATCH]
        )
        for case_id in dict.fromkeys(due):
            changed += _due(case_id, now=now)
        if len(due) < BATCH:
            return changed


def _due(case_id: int, *, now: datetime) -> int:
    with locked(case_id) as case:
        due = list(Clock.objects.filter(case=case, state="running", due_at__lt=now).order_by("due_at"))
        lapsed = [clock for clock in due if clock.expires]
        late = [clock for clock in due if not clock.expires]
        if lapsed:
            _expire(case, lapsed, now=now)
        for clock in late:
            states.check("clock", clock.state, "breached")
            clock.state, clock.breached_at = "breached", clock.due_at
        if not late:
            return len(due)
        if any(c.name in WAITED_FOR for c in late):
            late += duties.meet(case, "answer.expired", now=now)
        case.next_due_at = duties.next_due(case, late)
        if case.state == "waiting" and any(c.name in WAITED_FOR for c in late):
            states.check("case", case.state, "open")  # nobody answered: it is ours again
            case.state = "open"
        triage.reprioritise(case, now=now)
        body = {"clocks": duties.described(late), "case_state": case.state}
        tasks = [
            Todo("putback", {"appeal": appeal.pk}, key=f"putback:{appeal.pk}")  # late is better than never
            for appeal in case.appeals.filter(kind="counter_notice", state="lodged")
            if any(putback.is_window(c) for c in late)
        ]
        record(case, "clock.breached", body, actor=SYSTEM, now=now, rows=late, tasks=tasks)
        return len(due)


def _expire(case: Case, lapsed: list[Clock], *, now: datetime) -> None:
    """Periods that end without anybody having missed anything. With a gag that had a last day ends the silence: what it
    kept back is looked at again."""
    rows: list[Clock | Fact] = [*lapsed]
    for clock in lapsed:
        duties.end(clock, "expired", now=now)
    gags = confirm.over_with(case, lapsed)
    for what in gags:
        why = "the last day that was named has passed"
        value = {"what": what, "holds": False, "why": why}
        rows.append(
            Fact(case=case, about=case.code, name=duties.CONFIRMED, value=value, source=str(SYSTEM), observed_at=now)
        )
    case.next_due_at = duties.next_due(case, lapsed)
    body = {"clocks": duties.described(lapsed), "over": gags}
    tasks = [Todo("release", {"case": case.pk})] if gags else []
    record(case, "clock.expired", body, actor=SYSTEM, now=now, rows=rows, tasks=tasks)


#: Clocks at whose end a case stops waiting for others.
WAITED_FOR = frozenset({"answer"})


def housekeeping(now: datetime) -> None:
    """What is done now and then: a checkpoint over the ledger, reminders of standing duties, old
    idempotency tokens gone."""
    last = Checkpoint.objects.order_by("-id").values_list("at", flat=True).first()
    if last is None or now - last >= CHECKPOINT_EVERY:
        checkpoint.checkpoint(now=now, actor=SYSTEM)
    views.sweep(now)
    upkeep.remind(now)
    IdempotencyKey.objects.filter(created_at__lt=now - timedelta(hours=24)).delete()
