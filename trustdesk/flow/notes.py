"""Notes that stay on the desk: on a case, and from one shift to the next. Withdrawn is not erased: the row stays."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow.record import locked, record
from trustdesk.models import Case, Note

LIMIT = 5000


def _clean(text: str) -> str:
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text:
        raise Refused(Finding("note.empty", "An empty note says nothing.", "text"))
    if len(text) > LIMIT:
        raise Refused(Finding("note.too_long", f"A note ends at {LIMIT} characters.", "text"))
    return text


def add(case_id: int, text: str, *, kind: str = "note", actor: Actor, now: datetime) -> Note:
    """Leave a note on a case; kind `handover` shows it to the next shift as well. Raises Refused."""
    text = _clean(text)
    with locked(case_id) as case:
        note = Note(case=case, kind="handover" if kind == "handover" else "note", text=text, by=str(actor), at=now)
        record(case, "case.noted", {"note": note, "kind": note.kind}, actor=actor, now=now, rows=[note])
    return note


def hand_over(text: str, *, actor: Actor, now: datetime) -> Note:
    """Tell the next shift something that concerns no single case. Raises Refused."""
    note = Note(case=None, kind="handover", text=_clean(text), by=str(actor), at=now)
    with transaction.atomic():
        record(None, "handover.written", {"note": note}, actor=actor, now=now, rows=[note])
    return note


def withdraw(note_id: int, *, actor: Actor, now: datetime) -> Note:
    """Take a note of one's own back; twice changes nothing. Raises Refused for the note of somebody else."""
    found = Note.objects.get(pk=note_id)
    if found.case_id is None:
        with transaction.atomic():
            return _withdraw(None, note_id, actor=actor, now=now)
    with locked(found.case_id) as case:
        return _withdraw(case, note_id, actor=actor, now=now)


def _withdraw(case: Case | None, note_id: int, *, actor: Actor, now: datetime) -> Note:
    note = Note.objects.select_for_update().get(pk=note_id)
    if note.by != str(actor):
        raise Refused(Finding("note.not_yours", "Only who wrote a note takes it back.", "note"))
    if note.withdrawn_at is None:
        note.withdrawn_at = now
        record(case, "note.withdrawn", {"note": note}, actor=actor, now=now, rows=[note])
    return note
