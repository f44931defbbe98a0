"""Hashing of the ledger: canonical text, entry hashes, keyed row digests and the Merkle tree of RFC 6962.

`trustdesk.verify` computes the same things with code of its own; the format is described in docs/develop/ledger.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

#: What the first entry of a chain names as its predecessor.
GENESIS = ""


def canonical(value: Any) -> str:
    """The one JSON text of `value`: sorted keys, no blanks, UTF-8, times in UTC with microseconds.

    Raises TypeError on a type that has no canonical form and ValueError on NaN.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def instant(at: datetime) -> str:
    """`at` (aware) as RFC 3339 in UTC with microseconds. Raises ValueError if naive."""
    if at.tzinfo is None:
        raise ValueError("a time without zone cannot be written to the ledger")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def entry_hash(*, chain: int, seq: int, kind: str, at: datetime, actor: str, body: str, prev: str) -> str:
    """SHA-256 (hex) of one journal entry; `body` is already canonical text and is hashed as it stands."""
    head = canonical([chain, seq, kind, instant(at), actor, prev])
    return hashlib.sha256(f"{head}\n{body}".encode()).hexdigest()


def row_digest(key: bytes, name: str, values: dict[str, Any]) -> str:
    """HMAC-SHA256 (hex) of one state row.

    Keyed, because rows hold personal data and a plain digest of an e-mail address is soon guessed.
    """
    return hmac.new(key, f"{name}\n{canonical(values)}".encode(), hashlib.sha256).hexdigest()


def group_digest(key: bytes, name: str, rows: Iterable[dict[str, Any]]) -> str:
    """One HMAC-SHA256 (hex) over many rows in their order, for sets that are written as a whole."""
    mac = hmac.new(key, f"{name}\n".encode(), hashlib.sha256)
    for row in rows:
        mac.update(canonical(row).encode() + b"\n")
    return mac.hexdigest()


def leaf_hash(data: bytes) -> bytes:
    """Leaf of the tree (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Inner node of the tree (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes. An odd node at the end of a level moves up unchanged, which gives RFC 6962's split."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + odd
    return level[0]


def head_leaf(chain: int, seq: int, head: str) -> bytes:
    """Leaf for the head of one chain."""
    return leaf_hash(canonical([chain, seq, head]).encode())


def checkpoint_hash(*, at: datetime, entries: int, leaves: int, root: str, prev: str, key: str) -> str:
    """SHA-256 (hex) over what a checkpoint says; this is what gets signed."""
    return hashlib.sha256(canonical([instant(at), entries, leaves, root, prev, key]).encode()).hexdigest()
