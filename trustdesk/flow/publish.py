"""Publish: figures on a period are sealed by a checkpoint, kept version by version, signed, and amended in public only."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from trustdesk import __version__, evidence, rules
from trustdesk.core import journal
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import checkpoint
from trustdesk.flow.record import record
from trustdesk.models import Checkpoint, Entry, Evidence, Publication

MEDIA = {
    "json": "application/json", "csv": "text/csv", "html": "text/html", "pdf": "application/pdf", "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def seal(until: datetime, *, actor: Actor, now: datetime) -> None:
    """See to it that the latest checkpoint holds what happened until `until`, as far as it has happened at `now`.

    Writes nothing when there is such a checkpoint already, or when nothing has happened since.
    """
    last = Checkpoint.objects.order_by("-id").values_list("at", flat=True).first()
    if last is None or last < min(until, now):
        checkpoint.checkpoint(now=now, actor=actor)


def seal_now(*, actor: Actor, now: datetime) -> Checkpoint | None:
    """A checkpoint over all there is; the latest one where nothing has happened since. None on an empty ledger."""
    checkpoint.checkpoint(now=now, actor=actor)
    return Checkpoint.objects.order_by("-id").first()


def made(
    kind: str,
    period: str,
    media: str,
    content: bytes,
    *,
    checkpoint_id: int | None,
    actor: Actor,
    now: datetime,
    inputs: dict[str, Any] | None = None,
    reason: str = "",
    is_public: bool = False,
) -> Entry:
    """Keep the publication as a new signed version and write to the desk's own chain that it was made.

    The same bytes twice are one version: then the entry of the first is returned. A newer version of a public one needs
    a reason. Raises Refused (`publication.reason`). The bytes are on the disk before the ledger speaks of them.
    """
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        last = Publication.objects.filter(kind=kind, period=period, format=media).order_by("-version").first()
        if last is not None and last.evidence_id == digest and (last.is_public or not is_public):
            return Entry.objects.get(kind="publication.made", chain=0, body__contains=f'"publication":{last.pk},')
        if last is not None and last.is_public and not reason.strip():
            why = f"{kind} {period} is public already; say why it is made anew: the old version stays and is listed"
            raise Refused(Finding("publication.reason", why, "reason"))
    evidence.put(content)
    with transaction.atomic():
        kept = Evidence.objects.filter(pk=digest).first() or Evidence(
            digest=digest,
            size=len(content),
            media_type=MEDIA.get(media, "application/octet-stream"),
            stored_at=now,
        )
        one = Publication(
            kind=kind,
            period=period,
            format=media,
            version=last.version + 1 if last is not None else 1,
            evidence=kept,
            checkpoint_id=checkpoint_id,
            software=software(),
            rulebook=rules.current().digest,
            inputs=inputs or {},
            is_public=is_public,
            reason=reason.strip(),
            made_by=str(actor),
            made_at=now,
        )
        key = checkpoint.signing_key()
        one.key = checkpoint.fingerprint(key.public_key())
        one.signature = key.sign(journal.canonical(statement(one)).encode()).hex()
        body = {
            "publication": one,
            "kind": kind,
            "period": period,
            "format": media,
            "version": one.version,
            "digest": digest,
            "checkpoint": checkpoint_id,
        }
        return record(None, "publication.made", body, actor=actor, now=now, rows=[kept, one])


def statement(one: Publication) -> dict[str, Any]:
    """What the signature of a publication is over: everything that a reader should be able to hold the desk to."""
    point = one.checkpoint
    return {
        "kind": one.kind,
        "period": one.period,
        "format": one.format,
        "version": one.version,
        "sha256": one.evidence_id,
        "checkpoint": None if point is None else {"id": point.pk, "root": point.root, "at": point.at},
        "software": one.software,
        "rulebook": one.rulebook,
        "reason": one.reason,
        "made_at": one.made_at,
        "key": one.key,
    }


def software() -> str:
    """What made a publication."""
    return f"trustdesk {__version__}"


def public_key() -> str:
    """The public half of the key that signs, as PEM."""
    key = checkpoint.signing_key().public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
