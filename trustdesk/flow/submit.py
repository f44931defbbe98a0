"""Submit: take in a report from a client that may repeat its request, and tell a repetition from a mistake."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import IntegrityError

from trustdesk.core.types import Channel, Finding, Refused
from trustdesk.flow.receive import Incoming, Receipt, receive
from trustdesk.models import IdempotencyKey

#: How long an idempotency token is honoured.
HONOURED = timedelta(hours=24)


def submit(raw: bytes, *, account: str, token: str, now: datetime) -> Receipt:
    """Take in `raw` for the account. The same token with the same bytes gives the same report again.

    Without a token the bytes stand for themselves. Raises Refused (`idempotency.conflict`) for a token that was used
    for other bytes, OSError when nothing can be kept.
    """
    digest = hashlib.sha256(raw).hexdigest()
    key = token or f"bytes-{digest}"
    for _ in range(3):
        mine = IdempotencyKey.objects.filter(account=account, key=key)
        mine.filter(created_at__lt=now - HONOURED).delete()
        used = mine.first()
        if used is not None:
            if used.body_digest != digest:
                raise Refused(
                    Finding("idempotency.conflict", "this token was used for another report", "Idempotency-Key")
                )
            return Receipt(used.report_id, duplicate=True)
        try:
            incoming = Incoming(raw, Channel.API, media_type="application/json", account=account, token=key)
            return receive(incoming, now=now)
        except IntegrityError:  # the same token came twice at once; the other request has used it by now
            continue
    raise RuntimeError("an idempotency token keeps being used and released")
