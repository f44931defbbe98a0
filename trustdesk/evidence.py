"""The evidence store: bytes by the SHA-256 of their content, written once.

A file appears under its name only when it is complete and on disk: it is written beside, synced, renamed, and then the
directory is synced. What `put` returned for survives a killed process and a power cut.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
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
    return put_many([data])[0]


def put_many(batch: Sequence[bytes]) -> list[str]:
    """Keep several pieces durably, in one go, and return their digests in order. Raises OSError when the disk is full;
    no half-written piece is left behind then.

    Waiting for the disk is most of the cost, and a disk that is asked for many things at once does them together.
    """
    digests = [hashlib.sha256(data).hexdigest() for data in batch]
    missing = {digest: data for digest, data in zip(digests, batch, strict=True) if not path_of(digest).exists()}
    folders = {path_of(digest).parent for digest in digests}
    fresh = [folder for folder in folders if not folder.exists()]
    for folder in fresh:
        folder.mkdir(parents=True, exist_ok=True)
    if fresh:
        sync_directory(fresh[0].parent)
    if len(missing) < 2:
        for digest, data in missing.items():
            _write(digest, data)
    else:
        list(_pool().map(_write, missing.keys(), missing.values()))
    if len(folders) < 2:
        for folder in folders:
            sync_directory(folder)
    else:
        list(_pool().map(sync_directory, folders))
    return digests


def _write(digest: str, data: bytes) -> None:
    path = path_of(digest)
    beside = path.with_name(f".{digest[:16]}.{os.getpid()}.{threading.get_ident():x}")
    try:
        with open(beside, "xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.rename(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads that wait for the disk; made at first use, so that no process forks with threads under way."""
    return ThreadPoolExecutor(16, thread_name_prefix="evidence")


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
