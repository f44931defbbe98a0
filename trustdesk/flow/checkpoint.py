"""Checkpoints: a signed Merkle root over the heads of all chains, chained to the one before.

Reading the heads and hashing them happens in a frozen view that holds up nobody; only writing the result is a
transaction. A checkpoint costs one pass over the heads, because each of them is a leaf, and writes only the heads that
moved. Keeping the tree between checkpoints would spare the pass (docs/develop/ledger.md says what it costs).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from trustdesk.core import journal
from trustdesk.core.types import Actor
from trustdesk.models import Case, Checkpoint, CheckpointHead, DeskChain
from trustdesk.snapshot import snapshot

#: Name of the lock that lets one process at a time write a checkpoint (PostgreSQL; on SQLite any writer is alone).
LOCK = 0x7472_7573_7464
#: Rows written by one statement.
BATCH = 1000
#: Moved heads are kept in memory up to so many bytes, then in a file.
SPOOL = 8 * 1024 * 1024


def checkpoint(*, now: datetime, actor: Actor) -> Checkpoint | None:
    """Make a checkpoint over the heads of all chains; None if no head has moved since the last one, or if another
    process has made one in the meantime.

    `actor` asked for it; a checkpoint says only what the ledger is and stands for the desk, so no name is kept.
    """
    key = signing_key()
    with tempfile.SpooledTemporaryFile(SPOOL, "w+", encoding="ascii") as moved:
        with snapshot():
            last = Checkpoint.objects.order_by("-id").first()
            root, leaves, entries = _read_heads(moved)
        if not moved.tell():
            return None
        prev = last.hash if last else journal.GENESIS
        name = fingerprint(key.public_key())
        digest = journal.checkpoint_hash(at=now, entries=entries, leaves=leaves, root=root, prev=prev, key=name)
        made = Checkpoint(at=now, entries=entries, leaves=leaves, root=root, prev=prev, hash=digest, key=name)
        made.signature = key.sign(digest.encode("ascii")).hex()
        with transaction.atomic():
            _alone()
            newest = Checkpoint.objects.order_by("-id").values_list("pk", flat=True).first()
            if newest != (last.pk if last else None):
                return None
            made.save(force_insert=True)
            moved.seek(0)
            for rows in _batches(_moved(moved), BATCH):
                heads = [
                    CheckpointHead(checkpoint=made, chain=number, seq=seq, hash=head) for number, seq, head in rows
                ]
                CheckpointHead.objects.bulk_create(heads)
    return made


def _read_heads(moved: IO[str]) -> tuple[str, int, int]:
    """Root (hex), number of leaves and of entries of all chains, in the order of their numbers. Heads that no
    checkpoint holds yet are written to `moved`."""
    tree = Root()
    entries = 0
    for number, seq, head, known in _heads():
        tree.add(journal.head_leaf(number, seq, head))
        entries += seq
        if not known:
            moved.write(f"{number} {seq} {head}\n")
    return tree.value().hex(), tree.leaves, entries


def _heads() -> Iterator[tuple[int, int, str, bool]]:
    """The tips of all chains as they stand in the state, the desk's own (0) first."""
    of_case = CheckpointHead.objects.filter(chain=OuterRef("pk"), seq=OuterRef("seq"), hash=OuterRef("head"))
    of_desk = CheckpointHead.objects.filter(chain=0, seq=OuterRef("seq"), hash=OuterRef("head"))
    desk = DeskChain.objects.filter(seq__gt=0).annotate(known=Exists(of_desk)).values_list("seq", "head", "known")
    cases = Case.objects.filter(seq__gt=0).annotate(known=Exists(of_case)).order_by("pk")
    of_cases = cases.values_list("pk", "seq", "head", "known").iterator(chunk_size=5000)
    return chain(((0, seq, head, known) for seq, head, known in desk), of_cases)


def _moved(lines: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    for line in lines:
        number, seq, head = line.split()
        yield int(number), int(seq), head


def _batches(items: Iterator[tuple[int, int, str]], size: int) -> Iterator[list[tuple[int, int, str]]]:
    while batch := list(islice(items, size)):
        yield batch


def _alone() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


class Root:
    """Merkle root over leaf hashes that come one by one (RFC 6962, 2.1), in memory of the logarithm of their number.

    The stack holds the roots of complete subtrees, the largest first, as the bits of a counter hold powers of two.
    """

    def __init__(self) -> None:
        self.leaves = 0
        self._stack: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        self.leaves += 1
        node, carry = leaf, self.leaves
        while not carry & 1:
            node = journal.node_hash(self._stack.pop(), node)
            carry >>= 1
        self._stack.append(node)

    def value(self) -> bytes:
        """The root over what was added so far."""
        if not self._stack:
            return journal.merkle_root([])
        node = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            node = journal.node_hash(left, node)
        return node


def key_path() -> Path:
    """Where the signing key lives; the public key is beside it with the ending `.pub`."""
    return Path(settings.KEYS_DIR) / "checkpoint.ed25519"


def signing_key() -> Ed25519PrivateKey:
    """The key that signs checkpoints, made on first use (set-up); its public half is written beside it as PEM.

    Two processes may start at once: the one that loses the race takes the winner's key. Raises ValueError if the file
    holds another kind of key.
    """
    path = key_path()
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        _write_once(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    loaded = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(loaded, Ed25519PrivateKey):
        raise ValueError(f"{path.name} is not an Ed25519 key")
    public = path.with_name(path.name + ".pub")
    if not public.exists():
        pem = loaded.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        _write_once(public, pem, 0o644)
    return loaded


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 (hex) of the key's SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER | sha256sum` gives it."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _write_once(path: Path, data: bytes, mode: int) -> None:
    """Write `path` completely or not at all, unless it is there already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # for its owner alone
    try:
        with open(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fchmod(out.fileno(), mode)
            os.fsync(out.fileno())
        os.link(fresh, path)  # fails if another process was first
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh)
