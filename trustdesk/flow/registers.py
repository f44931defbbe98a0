"""Registers: records for the DSA Transparency Database and Lumen are queued, handed over as tasks, and what the register
says to each is kept. Nothing leaves unless somebody said so and the exchange stands in `desk.toml`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trustdesk.core.types import SYSTEM, Actor, Problem
from trustdesk.flow import plugins, work
from trustdesk.flow.record import Todo, locked, record
from trustdesk.interfaces.exchange import Answer, Item
from trustdesk.models import Submission, Task


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record as it would leave. `redacted` names fields and what was taken out of them; with `problems` it waits for
    a person instead of leaving."""

    key: str
    case_id: int
    payload: Mapping[str, Any]
    decision_id: int | None = None
    redacted: Sequence[tuple[str, str]] = ()
    problems: Sequence[Problem] = field(default=())


def queue(exchange: str, wanted: Iterable[Wanted], *, actor: Actor, now: datetime) -> dict[str, int]:
    """Keep records for an exchange and owe their handing over. What was sent is never sent again; what waited for a
    person is taken up again when it has changed. Returns how many are queued, wait for a person, or were there."""
    counts = {"queued": 0, "needs_person": 0, "there": 0}
    for one in wanted:
        with locked(one.case_id) as case:
            row = Submission.objects.filter(exchange=exchange, key=one.key).first()
            if row is not None and (row.state != "needs_person" or row.payload == dict(one.payload)):
                counts["there"] += 1
                continue
            row = row or Submission(
                exchange=exchange, key=one.key, case=case, decision_id=one.decision_id, created_at=now
            )
            row.payload, row.redacted = dict(one.payload), [list(pair) for pair in one.redacted]
            row.findings = _findings(one.problems)
            row.state = "needs_person" if one.problems else "queued"
            counts[row.state] += 1
            tasks = [] if one.problems else [Todo("submit", {"exchange": exchange}, key=f"submit/{exchange}")]
            record(case, "submission.queued", _body(row), actor=actor, now=now, rows=[row], tasks=tasks)
    return counts


def _body(row: Submission) -> dict[str, Any]:
    """Codes only: what was refused stands in the row."""
    return {
        "submission": row,
        "exchange": row.exchange,
        "state": row.state,
        "decision": row.decision_id,
        "fields": sorted({finding["field"] for finding in row.findings}),
    }


def _findings(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"field": p.where, "message": p.message} for p in problems]


@work.handler("submit")
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Hand over what is queued for an exchange, batch by batch. Raises TryLater when the register asks to wait: what it
    took before is kept, so that nothing is lost and nothing is sent under two keys."""
    for task in tasks:
        hand_over(task.arguments["exchange"], clock)


def hand_over(name: str, clock: Callable[[], datetime]) -> int:
    """Everything queued for the exchange, until there is nothing left or the register asks to wait."""
    exchange, sent = plugins.exchange(name), 0
    while rows := list(Submission.objects.filter(exchange=name, state="queued").order_by("id")[: exchange.batch]):
        answers = exchange.submit([Item(row.key, row.payload) for row in rows])
        waits = [keep for row, answer in zip(rows, answers, strict=True) if (keep := _take(row, answer, now=clock()))]
        sent += len(rows) - len(waits)
        if waits:
            pauses = [answer.retry_after for answer in waits if answer.retry_after is not None]
            raise work.TryLater(f"{name}: {waits[0].detail or 'asks to wait'}", max(pauses) if pauses else None)
    return sent


def _take(row: Submission, answer: Answer, *, now: datetime) -> Answer | None:
    """Keep what the register said; the answer itself where it said to ask again."""
    with locked(row.case_id) as case:
        row = Submission.objects.get(pk=row.pk)
        if row.state != "queued":  # another worker was quicker
            return None
        row.attempts += 1
        row.detail = answer.detail[:500]
        if answer.status == "later":
            record(case, "submission.put_off", _body(row), actor=SYSTEM, now=now, rows=[row])
            return answer
        if answer.status == "accepted":
            row.state, row.reference, row.sent_at, row.findings = "sent", answer.reference[:120], now, []
            record(case, "submission.sent", _body(row), actor=SYSTEM, now=now, rows=[row])
        else:
            row.state, row.findings = "needs_person", _findings(answer.problems)
            record(case, "submission.refused", _body(row), actor=SYSTEM, now=now, rows=[row])
    return None
