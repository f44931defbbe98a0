"""Mailing: a report on a period goes to those who asked for it, once, with the file attached."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from trustdesk import evidence
from trustdesk.core.types import Actor
from trustdesk.flow.plugins import channel
from trustdesk.flow.publish import MEDIA
from trustdesk.flow.record import Todo, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.interfaces.channel import Attachment, Letter
from trustdesk.models import DeskChain, Entry, Publication, Task
from trustdesk.settings.secrets import secret


@dataclass(frozen=True, slots=True)
class Mailing:
    """What is mailed to whom: `schedule` is its name in `desk.toml`, `to` are addresses, `language` that of the texts."""

    schedule: str
    kind: str
    period: str
    to: tuple[str, ...]
    language: str
    subject: str
    text: str


def queued(schedule: str, kind: str, period: str) -> bool:
    """Whether this schedule's report on this period was seen to already."""
    wanted = {"schedule": schedule, "kind": kind, "period": period}
    bodies = Entry.objects.filter(kind="publication.queued", chain=0).values_list("body", flat=True)
    return any(wanted.items() <= json.loads(body).items() for body in bodies)


def queue(mailing: Mailing, publication_id: int, *, actor: Actor, now: datetime) -> bool:
    """Owe the letters of one report. False, and nothing written, when they are owed or sent already."""
    with transaction.atomic():
        DeskChain.objects.select_for_update().get_or_create(pk=1)  # whoever comes second sees what the first one wrote
        if queued(mailing.schedule, mailing.kind, mailing.period):
            return False
        about = {
            "schedule": mailing.schedule,
            "kind": mailing.kind,
            "period": mailing.period,
            "publication": publication_id,
        }
        said = {"language": mailing.language, "subject": mailing.subject, "text": mailing.text}
        tasks = [Todo("mail_report", {**about, **said, "to": to}) for to in dict.fromkeys(mailing.to)]
        record(None, "publication.queued", about | {"letters": len(tasks)}, actor=actor, now=now, tasks=tasks)
        return True


def send(arguments: dict[str, str], publication_id: int, *, clock: Callable[[], datetime]) -> None:
    """One letter. The same Message-ID on each attempt, so that a second delivery can be seen to be the same."""
    desk, one = settings.DESK, Publication.objects.select_related("evidence").get(pk=publication_id)
    unique = f"report {arguments['schedule']} {one.kind} {one.period} {arguments['to'].lower()}"
    tag = hmac.new(secret(settings.KEYS_DIR / "links.key").encode(), unique.encode(), hashlib.sha256).hexdigest()[:24]
    name = f"{one.kind}-{one.period}.{one.format}"
    now = clock()
    letter = Letter(
        message_id=f"<report.{one.period}.{tag}@{desk.address.rpartition('@')[2]}>".lower(),
        sender=f"{desk.name} <{desk.address}>",
        to=arguments["to"],
        subject=arguments["subject"],
        text=arguments["text"],
        language=arguments["language"],
        sent_at=now,
        attachments=(Attachment(name, MEDIA[one.format], evidence.get(one.evidence_id)),),
    )
    delivery = channel().deliver(letter)
    if delivery.status == "retry":
        raise TryLater(f"{delivery.code} {delivery.detail}")
    about = {"schedule": arguments["schedule"], "kind": one.kind, "period": one.period, "publication": one.pk}
    body = about | {"state": delivery.status, "letter": tag}
    with transaction.atomic():
        record(None, "publication.mailed", body, actor=Actor("system", "reports"), now=clock())


@handler("mail_report")
def run_mail_report(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Mail what the tasks name."""
    for task in tasks:
        arguments = dict(task.arguments)
        send(arguments, int(arguments["publication"]), clock=clock)
