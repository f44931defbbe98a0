"""Registers: records for the DSA Transparency Database and Lumen are queued, handed over as tasks, and what the register
says to each is kept. Nothing leaves unless somebody said so and the exchange stands in `desk.toml`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.db.models import QuerySet

from trustdesk.core.types import SYSTEM, Actor, Finding, Problem, Refused
from trustdesk.flow import plugins, work
from trustdesk.flow.record import Todo, add_tasks, locked, record
from trustdesk.interfaces.exchange import Answer, Exchange, Item
from trustdesk.models import Entry, Submission, Task


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


class Built(Protocol):
    """A record as `queries.registers` builds it."""

    @property
    def key(self) -> str: ...
    @property
    def case_id(self) -> int: ...
    @property
    def decision_id(self) -> int | None: ...
    @property
    def payload(self) -> dict[str, Any]: ...
    @property
    def redacted(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...


def checked(record: Built, exchange: Exchange | None) -> Wanted:
    """The record with what the register would refuse about it, as far as that can be told without asking."""
    more = exchange.check(Item(record.key, record.payload)) if exchange is not None else ()
    known = {problem.where for problem in record.problems}
    problems = (*record.problems, *(p for p in more if p.where not in known))
    return Wanted(record.key, record.case_id, record.payload, record.decision_id, record.redacted, problems)


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
            tasks = [] if one.problems else [_handing_over(exchange)]
            record(case, "submission.queued", _body(row), actor=actor, now=now, rows=[row], tasks=tasks)
    return counts


def send_key(exchange: str) -> str:
    """The key of the task that hands over what is queued."""
    return f"submit/{exchange}"


#: The task that looks what a register has not got (`management.submitting`).
LOOK = "look_for_register"


def look_key(exchange: str) -> str:
    """The key of that task."""
    return f"{LOOK}/{exchange}"


def _handing_over(exchange: str) -> Todo:
    return Todo("submit", {"exchange": exchange}, key=send_key(exchange))


def keep_sending(exchange: str, *, now: datetime) -> None:
    """Owe the handing over of what is queued anew, where the task for it was given up: the register may be back."""
    if Submission.objects.filter(exchange=exchange, state="queued").exists():
        with transaction.atomic():
            add_tasks([_handing_over(exchange)], now=now)


def again(number: int, wanted: Wanted | None, *, actor: Actor, now: datetime) -> None:
    """A person says that what kept a record back is mended: it is taken as it is built now and handed over, also when it
    is the same as before. Raises Refused where it does not wait, is not built any more, or is wrong still; what is wrong
    then stands in it.
    """
    with locked(Submission.objects.values_list("case_id", flat=True).get(pk=number)) as case:
        row = Submission.objects.get(pk=number)
        if row.state != "needs_person":
            raise Refused(Finding("submission.state", "This record does not wait for a person (any more).", "state"))
        if wanted is None:
            why = "Such a record would not be built any more: the rules or the case have changed. Leave it out instead."
            raise Refused(Finding("submission.gone", why, "record"))
        row.payload, row.redacted = dict(wanted.payload), [list(pair) for pair in wanted.redacted]
        row.findings = _findings(wanted.problems)
        row.state = "needs_person" if wanted.problems else "queued"
        tasks = [] if wanted.problems else [_handing_over(row.exchange)]
        record(case, "submission.queued", _body(row), actor=actor, now=now, rows=[row], tasks=tasks)
    if wanted.problems:
        raise Refused(*(Finding("submission.problem", f"{p.where}: {p.message}", p.where) for p in wanted.problems))


def leave_out(number: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """A person says that a record is never to be handed over, and why. Raises Refused."""
    reason = reason.replace("\0", "").strip()
    if not 3 <= len(reason) <= 500:
        raise Refused(Finding("submission.reason", "Say in 3 to 500 characters why it stays out.", "reason"))
    with locked(Submission.objects.values_list("case_id", flat=True).get(pk=number)) as case:
        row = Submission.objects.get(pk=number)
        if row.state != "needs_person":
            raise Refused(Finding("submission.state", "This record does not wait for a person (any more).", "state"))
        row.state, row.detail = "left_out", reason
        record(case, "submission.left_out", _body(row), actor=actor, now=now, rows=[row])


def rehearsed(exchange: str, wanted: Sequence[Wanted], *, actor: Actor, now: datetime) -> bool:
    """Write down what would leave if the desk were told to send; nothing when that is what was written last."""
    body = {
        "exchange": exchange,
        "would_leave": sum(not one.problems for one in wanted),
        "would_wait": sum(bool(one.problems) for one in wanted),
        "fields": sorted({problem.where for one in wanted for problem in one.problems}),
    }
    with transaction.atomic():
        last = _rehearsals(exchange).order_by("-seq").values_list("body", flat=True).first()
        if last is not None and body.items() <= json.loads(last).items():
            return False
        record(None, "register.rehearsed", body, actor=actor, now=now)
        return True


def was_rehearsed(exchange: str) -> bool:
    """Whether there was ever a dry run for this register."""
    return _rehearsals(exchange).exists()


def _rehearsals(exchange: str) -> QuerySet[Entry]:
    return Entry.objects.filter(chain=0, kind="register.rehearsed", body__contains=f'"exchange":"{exchange}"')


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


#: Batches that one task hands over; what is left is another task, so that other work gets its turn.
BATCHES = 20


@work.handler("submit", lease=timedelta(minutes=30))
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Hand over what is queued for an exchange, batch by batch. Raises TryLater when the register asks to wait: what it
    took before is kept, so that nothing is lost and nothing is sent under two keys."""
    for task in tasks:
        name = task.arguments["exchange"]
        hand_over(name, clock, batches=BATCHES)
        if Submission.objects.filter(exchange=name, state="queued").exists():
            with transaction.atomic():
                add_tasks([_handing_over(name)], now=clock())


def hand_over(name: str, clock: Callable[[], datetime], *, batches: int) -> int:
    """What is queued for the exchange, so many batches at most, until there is nothing left or the register asks to wait.
    Returns how many it has answered to."""
    exchange, sent = plugins.exchange(name), 0
    for _ in range(batches):
        rows = list(Submission.objects.filter(exchange=name, state="queued").order_by("id")[: exchange.batch])
        if not rows:
            break
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
