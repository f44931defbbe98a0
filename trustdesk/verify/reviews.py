"""Whether reviews are of decisions that drew them: the draw is made again, with the desk's key, from case and time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime

from trustdesk.models import Review
from trustdesk.verify.findings import Finding, row
from trustdesk.verify.hashing import stamp
from trustdesk.verify.reading import Unreadable, read_all


def check(key: bytes) -> Iterator[Finding]:
    """Findings about reviews whose number is not the one that their decision draws."""
    for values in read_all(Review, ("id",), "id", "draw", "decision__case_id", "decision__made_at"):
        if isinstance(values, Unreadable) or not isinstance(values[3], datetime):
            continue  # named with the rows
        ident, drew, case, made_at = values
        digest = hmac.new(key, f"review\n{case}\n{stamp(made_at)}".encode(), hashlib.sha256).digest()
        draws = int.from_bytes(digest[:8]) % 10_000
        if drew != draws:
            yield Finding("review.draw", row("review", ident), f"says that it drew {drew}; it draws {draws}")
