"""Undo: what a person did last on a case and can still take back. The way back is an entry of its own; nothing is unwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import attend, decide, notes, snooze
from trustdesk.models import Entry

#: So long something can be taken back with one key.
WINDOW = timedelta(minutes=15)
WITHDRAWN = "Withdrawn by the person who made it."


def undo(case_id: int, seq: int, *, actor: Actor, now: datetime) -> str:
    """Take back what the entry `seq` of a case's journal did; returns its kind. Raises Refused.

    Only one's own, only for a while, and only while it still stands: a later assignment is not overrun.
    """
    entry = Entry.objects.filter(chain=case_id, seq=seq).first()
    reverse = REVERSE.get(entry.kind) if entry is not None else None
    if entry is None or reverse is None or entry.actor != str(actor):
        raise Refused(Finding("undo.not_possible", "This cannot be taken back.", "seq"))
    if not timedelta(0) <= now - entry.at <= WINDOW:
        raise Refused(Finding("undo.too_late", f"Only for {WINDOW.seconds // 60} minutes.", "seq"))
    reverse(case_id, entry, json.loads(entry.body), actor=actor, now=now)
    return entry.kind


def _assignment(case_id: int, entry: Entry, body: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    of_case = Entry.objects.filter(chain=case_id, kind="case.assigned")
    if of_case.filter(seq__gt=entry.seq).exists():
        raise Refused(Finding("undo.moved_on", "Somebody has taken or given this case since.", "seq"))
    before = of_case.filter(seq__lt=entry.seq).order_by("-seq").first()
    to = json.loads(before.body)["assigned_to"] if before is not None else None
    attend.assign(case_id, to=to, actor=actor, now=now, take_over=True)


def _snooze(case_id: int, entry: Entry, body: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    snooze.wake(case_id, actor=actor, now=now)


def _note(case_id: int, entry: Entry, body: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    notes.withdraw(int(body["note"]), actor=actor, now=now)


def _held(case_id: int, entry: Entry, body: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    decide.reject(int(body["decision"]), actor=actor, now=now, why=WITHDRAWN)


def _rested(case_id: int, entry: Entry, body: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    decide.take_back(int(body["decision"]), to=body["was"], actor=actor, now=now)


Reverse = Callable[..., None]
#: Kind of entry → what takes it back. What left the desk (a letter, a measure) is answered by another decision instead.
REVERSE: dict[str, Reverse] = {
    "case.assigned": _assignment,
    "case.snoozed": _snooze,
    "case.noted": _note,
    "decision.held": _held,
    "decision.rested": _rested,
}
