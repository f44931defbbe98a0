"""The ledger's hashes, written a second time.

This module must agree with `trustdesk.core.journal` and share no code with it: a mistake made once would otherwise be
confirmed by itself. The format is docs/develop/ledger.md.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable
from json import JSONEncoder
from typing import Any


class _Plain(JSONEncoder):
    def default(self, value: Any) -> str:
        if isinstance(value, dt.datetime):
            return stamp(value)
        if isinstance(value, dt.date):
            return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"
        return super().default(value)


_encode = _Plain(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def text_of(value: Any) -> bytes:
    """Canonical JSON as UTF-8: keys sorted, no blanks, times by `stamp`. Raises TypeError or ValueError."""
    # A lone surrogate cannot be stored by either database; if one appears, the hash must differ, not the checker die.
    return _encode(value).encode("utf-8", "surrogatepass")


def stamp(at: dt.datetime) -> str:
    """RFC 3339 in UTC with six digits of a second: 2026-11-18T09:00:00.000000Z."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def of_entry(chain: int, seq: int, kind: str, at: dt.datetime, actor: str, prev: str, body: str) -> str:
    """Hash of a journal entry: SHA-256 over its head as a JSON list, a line feed, and the body as it stands."""
    digest = hashlib.sha256(text_of([chain, seq, kind, stamp(at), actor, prev]))
    digest.update(b"\n")
    digest.update(body.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def of_row(key: bytes, model: str, columns: dict[str, Any]) -> str:
    """Keyed digest (HMAC-SHA-256) of one state row."""
    return hmac.digest(key, model.encode() + b"\n" + text_of(columns), "sha256").hex()


def of_rows(key: bytes, name: str, rows: Iterable[dict[str, Any]]) -> str:
    """Keyed digest of rows written as one set, each followed by a line feed."""
    mac = hmac.new(key, name.encode() + b"\n", "sha256")
    for columns in rows:
        mac.update(text_of(columns))
        mac.update(b"\n")
    return mac.hexdigest()


def of_head(chain: int, seq: int, head: str) -> bytes:
    """Leaf for the head of a chain (RFC 6962, 2.1: a leaf is prefixed with a zero byte)."""
    return hashlib.sha256(b"\x00" + text_of([chain, seq, head])).digest()


def of_pair(left: bytes, right: bytes) -> bytes:
    """Inner node (RFC 6962, 2.1: prefixed with a one byte)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def of_checkpoint(at: dt.datetime, entries: int, leaves: int, root: str, prev: str, key: str) -> str:
    """Hash of what a checkpoint says; the signature is over these 64 hexadecimal digits as ASCII."""
    return hashlib.sha256(text_of([stamp(at), entries, leaves, root, prev, key])).hexdigest()
