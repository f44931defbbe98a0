"""Notes that stay on the desk: on a case, and from one shift to the next. Withdrawn is not erased: the row stays.

`@name` in a note puts it before that person until they have seen it: by the name of the account, or by a first name that
one person alone has.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow.record import locked, record
from trustdesk.models import Case, Mention, Note

LIMIT = 5000
#: A name after an @ that stands at the start of a word; so many in one note.
NAMED = re.compile(r"(?<![\w@.])@([\w][\w.@+-]{0,149})")
MOST = 20


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
        _mention(note, now=now)
    return note


def hand_over(text: str, *, actor: Actor, now: datetime) -> Note:
    """Tell the next shift something that concerns no single case. Raises Refused."""
    note = Note(case=None, kind="handover", text=_clean(text), by=str(actor), at=now)
    with transaction.atomic():
        record(None, "handover.written", {"note": note}, actor=actor, now=now, rows=[note])
        _mention(note, now=now)
    return note


def _mention(note: Note, *, now: datetime) -> None:
    """Remind those whom a fresh note names. Whether they may see its case is asked when they look."""
    found: dict[int, Mention] = {}
    for name in dict.fromkeys(word.rstrip(".@+-") for word in NAMED.findall(note.text)[:MOST]):
        active = get_user_model()._default_manager.filter(is_active=True)
        people = list(active.filter(Q(username__iexact=name) | Q(first_name__iexact=name)).order_by("pk")[:3])
        exact = [person for person in people if person.get_username().lower() == name.lower()]
        for person in exact or (people if len(people) == 1 else []):
            found[int(person.pk)] = Mention(note=note, person=person, at=now)
    Mention.objects.bulk_create(found.values())


def seen(note_id: int, person: int, *, now: datetime) -> bool:
    """The person has seen the note that names them; False if it does not, or they had."""
    return bool(Mention.objects.filter(note_id=note_id, person_id=person, seen_at=None).update(seen_at=now))


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
