"""Custody: whoever looks at a file is written down first; what harms is rationed; cases are sealed and unsealed.

The entries stand in the desk's own chain and not in that of the case: a look changes nothing that a decision rests on, and must
not make another person's draft stale.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from trustdesk import evidence, previewing
from trustdesk.core.rights import GRAPHIC
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow.record import locked, record
from trustdesk.models import Look, Pause, Report, Seal
from trustdesk.reading.message import Message

FILES = 200
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a report. `said` is the type that its sender gave, `kind` the one that its first bytes show."""

    slot: int
    name: str
    said: str
    kind: str
    size: int
    digest: str

    @property
    def drawable(self) -> bool:
        """Whether a preview can be made of it."""
        return previewing.drawable(self.kind)

    @property
    def disguised(self) -> bool:
        """It says that it is a picture or a text and is something else."""
        return self.said.partition("/")[0] != self.kind.partition("/")[0] and self.kind != "application/octet-stream"


def files(report: Report) -> list[File]:
    """The files of a report, in the order of the message; none when its bytes were erased."""
    return [file for file, _data in _files(report)]


def bytes_of(report: Report, slot: int) -> bytes:
    """The bytes of one file. Raises LookupError."""
    for file, data in _files(report):
        if file.slot == slot:
            return data
    raise LookupError(slot)


def markup(report: Report) -> str:
    """The HTML side of a report as it came in; "" if there is none. It is hostile."""
    try:
        return Message.from_bytes(evidence.get(report.evidence_id)).html
    except evidence.Erased:
        return ""


def graphic(report: Report) -> bool:
    """Whether this report is of a kind whose pictures harm those who look, by its own category or by that of a case."""
    categories = {report.category, *(j.case.category for j in report.joinings.select_related("case"))}
    return bool(categories & GRAPHIC)


def look(report: Report, slot: int, how: str, *, person: int, limit: int, actor: Actor, now: datetime) -> Look:
    """Write down that a person is about to look; only then is anything shown. `limit` is how many graphic ones a day.

    Raises Refused: `look.paused` during a pause, `look.limit` when the day's number is used up.
    """
    harms = graphic(report)
    with transaction.atomic():
        if harms and Pause.objects.filter(person_id=person, ended_at=None).exists():
            raise Refused(Finding("look.paused", "You paused from graphic material. It goes on when you say so."))
        seen = Look.objects.filter(person_id=person, graphic=True, at__gt=now - DAY).count()
        if harms and seen >= limit:
            text = (
                f"You have looked at {seen} graphic files within a day, and {limit} is the limit. Let a colleague look."
            )
            raise Refused(Finding("look.limit", text))
        made = Look(
            person_id=person,
            report=report,
            evidence_id=report.evidence_id,
            slot=slot,
            how=how,
            graphic=harms,
            at=now,
        )
        body = {
            "look": made,
            "report": report.pk,
            "evidence": report.evidence_id,
            "slot": slot,
            "how": how,
            "graphic": harms,
        }
        record(None, "evidence.viewed", body, actor=actor, now=now, rows=[made])
    return made


def pause(person: int, *, actor: Actor, now: datetime) -> None:
    """Show this person nothing graphic until they say so. Nothing is asked."""
    with transaction.atomic():
        if not Pause.objects.filter(person_id=person, ended_at=None).exists():
            made = Pause(person_id=person, began_at=now)
            record(None, "exposure.paused", {"pause": made}, actor=actor, now=now, rows=[made])


def resume(person: int, *, actor: Actor, now: datetime) -> None:
    """The person goes on."""
    with transaction.atomic():
        for standing in Pause.objects.select_for_update().filter(person_id=person, ended_at=None):
            standing.ended_at = now
            record(None, "exposure.resumed", {"pause": standing}, actor=actor, now=now, rows=[standing])


def seal(case_id: int, why: str, *, actor: Actor, now: datetime) -> Seal:
    """Seal a case: from now on it exists only for roles that carry `see_sealed`. Raises Refused."""
    why = " ".join(why.split())
    if not why or len(why) > 300:
        raise Refused(Finding("seal.no_reason", "Say in 1 to 300 characters why.", "why"))
    with locked(case_id) as case:
        if Seal.objects.filter(case=case, lifted_at=None).exists():
            raise Refused(Finding("seal.again", "This case is sealed already."))
        made = Seal(case=case, why=why, by=str(actor), at=now)
        record(case, "case.sealed", {"seal": made}, actor=actor, now=now, rows=[made])
    return made


def unseal(case_id: int, *, actor: Actor, now: datetime) -> None:
    """Open it again to everybody who may see cases. Raises Refused."""
    with locked(case_id) as case:
        standing = Seal.objects.select_for_update().filter(case=case, lifted_at=None).first()
        if standing is None:
            raise Refused(Finding("seal.none", "This case is not sealed."))
        standing.lifted_by, standing.lifted_at = str(actor), now
        record(case, "case.unsealed", {"seal": standing}, actor=actor, now=now, rows=[standing])


def viewed(case_id: int, *, actor: Actor, now: datetime) -> None:
    """Write down that somebody looked at a sealed case."""
    with transaction.atomic():
        record(None, "case.viewed", {"case": case_id}, actor=actor, now=now)


def _files(report: Report) -> list[tuple[File, bytes]]:
    try:
        message = Message.from_bytes(evidence.get(report.evidence_id))
    except evidence.Erased:
        return []
    found: list[tuple[File, bytes]] = []
    for slot, part in enumerate(message.walk()):
        if part.message is not None or not (part.is_attachment or message.kind != "mail") or len(found) == FILES:
            continue
        data = part.payload
        digest = hashlib.sha256(data).hexdigest()
        kind = previewing.kind_of(data)
        found.append((File(slot, part.filename, part.content_type, kind, len(data), digest), data))
    return found
