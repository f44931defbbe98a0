"""Receive: keep the bytes, make the report, owe the reading of it. Every door comes through here.

When `receive` returns, the bytes and the row are durable; only then may a door say 250 or 202.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from trustdesk import evidence
from trustdesk.core.types import Channel
from trustdesk.flow.record import Todo, add_tasks
from trustdesk.models import Evidence, IdempotencyKey, Report
from trustdesk.models.code import encode
from trustdesk.reading.identity import identity
from trustdesk.reading.submission import submission


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message at a door. `account` is that of the API token; `token` the client's own idempotency token.

    `received_at` is for the import of old mail: when it reached the provider, if that is not now.
    """

    raw: bytes
    channel: Channel
    envelope_from: str = ""
    envelope_to: str = ""
    media_type: str = "message/rfc822"
    account: str = ""
    token: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a door may tell the sender. `duplicate`: the same message is here already, and this is its report."""

    report_id: int
    duplicate: bool

    @property
    def code(self) -> str:
        """Public code of the report."""
        return encode("R", self.report_id)


def receive(incoming: Incoming, *, now: datetime) -> Receipt:
    """Take in one message durably. The same message again gives the same report.

    Raises OSError when the bytes cannot be kept; then nothing was accepted.
    """
    return receive_many([incoming], now=now)[0]


def receive_form(fields: Mapping[str, Any], *, now: datetime) -> Receipt:
    """Take in a submitted report form. `fields` are those that `integrations.webform` describes; a `nonce` made when the
    form was drawn keeps two honest reports of the same thing apart and one that was sent twice together."""
    return receive(Incoming(submission(fields), Channel.FORM, media_type="application/json"), now=now)


def receive_many(batch: Sequence[Incoming], *, now: datetime) -> list[Receipt]:
    """Take in several messages with one commit, in order."""
    digests = evidence.put_many([one.raw for one in batch])
    kept = [(one, digest, identity(one.raw)) for one, digest in zip(batch, digests, strict=True)]
    receipts = _taken_in(kept, now=now)
    _let_go({digest for (_, digest, _), receipt in zip(kept, receipts, strict=True) if receipt.duplicate})
    return receipts


def _taken_in(kept: Sequence[tuple[Incoming, str, str]], *, now: datetime) -> list[Receipt]:
    for _ in range(3):
        try:
            with transaction.atomic():
                return _store(kept, now=now)
        except IntegrityError:  # another door took in the same message meanwhile; look again
            continue
    with transaction.atomic():
        return _store(kept, now=now)


def _let_go(digests: set[str]) -> None:
    """A message that is here already brings its bytes again, perhaps with other marks of transport. What no row holds, and
    what was lawfully erased since, must not stay. A message has one identity, so no row will ever come to hold them."""
    if digests:
        held = Evidence.objects.filter(pk__in=digests, erased_at=None).values_list("pk", flat=True)
        for digest in digests - set(held):
            evidence.erase(digest)


def _store(kept: Sequence[tuple[Incoming, str, str]], *, now: datetime) -> list[Receipt]:
    known = dict(Report.objects.filter(identity__in=[ident for _, _, ident in kept]).values_list("identity", "id"))
    fresh: dict[str, Report] = {}
    rows: list[Evidence] = []
    for one, digest, ident in kept:
        if ident in known or ident in fresh:
            continue
        rows.append(Evidence(digest=digest, size=len(one.raw), media_type=one.media_type, stored_at=now))
        fresh[ident] = Report(
            evidence_id=digest,
            identity=ident,
            channel=one.channel,
            received_at=one.received_at or now,
            envelope_from=one.envelope_from[:320],
            envelope_to=one.envelope_to[:320],
            account=one.account,
        )
    Evidence.objects.bulk_create(rows, ignore_conflicts=True)
    Report.objects.bulk_create(fresh.values())
    add_tasks([Todo("parse", {"report": r.pk}, key=f"parse:{r.pk}") for r in fresh.values()], now=now)
    receipts = []
    claimed: set[str] = set()
    for one, digest, ident in kept:
        duplicate = ident in known or ident in claimed
        claimed.add(ident)
        receipt = Receipt(known.get(ident) or fresh[ident].pk, duplicate)
        if one.token:
            IdempotencyKey.objects.create(
                account=one.account, key=one.token, body_digest=digest, report_id=receipt.report_id, created_at=now
            )
        receipts.append(receipt)
    return receipts
