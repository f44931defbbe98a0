"""The evidence store: bytes by the SHA-256 of their content, written once.

A file appears under its name only when it is complete and on disk: it is written beside, synced, renamed, and then the
directory is synced. What `put` returned for survives a killed process and a power cut.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from django.conf import settings


class Erased(Exception):
    """The bytes of this digest were lawfully erased, or are not here."""


def path_of(digest: str) -> Path:
    """Where the bytes of `digest` live. Raises ValueError if that is not a SHA-256 in lower-case hex."""
    if len(digest) != 64 or any(c not in "0123456789abcdef" for c in digest):
        raise ValueError(f"not a digest: {digest[:80]!r}")
    return Path(settings.EVIDENCE_DIR) / digest[:2] / digest


def put(data: bytes) -> str:
    """Keep `data` durably and return its digest. Raises OSError when the disk is full; nothing is left behind then."""
    digest = hashlib.sha256(data).hexdigest()
    path = path_of(digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{digest[:16]}.{os.getpid()}.{id(data):x}")
        try:
            with open(beside, "xb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            os.rename(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)
    return digest


def sync_directory(path: Path) -> None:
    """Make the names in `path` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def get(digest: str) -> bytes:
    """The bytes of `digest`. Raises Erased if they are not held any more."""
    try:
        return path_of(digest).read_bytes()
    except FileNotFoundError as error:
        raise Erased(digest) from error


def erase(digest: str) -> None:
    """Remove the bytes for good; only `flow.retain` calls this, after it has written the tombstone."""
    path_of(digest).unlink(missing_ok=True)
    if path_of(digest).parent.exists():
        sync_directory(path_of(digest).parent)
