"""Publish: a report on a period is sealed by a checkpoint, and on request the ledger says that it was made."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from trustdesk.core.types import Actor
from trustdesk.flow import checkpoint
from trustdesk.flow.record import record
from trustdesk.models import Checkpoint, Entry


def seal(until: datetime, *, actor: Actor, now: datetime) -> None:
    """See to it that the latest checkpoint holds what happened until `until`, as far as it has happened at `now`.

    Writes nothing when there is such a checkpoint already, or when nothing has happened since.
    """
    last = Checkpoint.objects.order_by("-id").values_list("at", flat=True).first()
    if last is None or last < min(until, now):
        checkpoint.checkpoint(now=now, actor=actor)


def made(
    kind: str, period: str, media: str, content: bytes, *, checkpoint_id: int | None, actor: Actor, now: datetime
) -> Entry:
    """Write to the desk's own chain that this publication was made: what it is about and the SHA-256 of its bytes."""
    body = {
        "kind": kind,
        "period": period,
        "format": media,
        "digest": hashlib.sha256(content).hexdigest(),
        "checkpoint": checkpoint_id,
    }
    with transaction.atomic():
        return record(None, "publication.made", body, actor=actor, now=now)
