"""Checkpoints, made again from the heads they list: roots, sums, chain, signatures; and proofs out of them."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db.models import F, OuterRef, Subquery

from trustdesk.models import Checkpoint, CheckpointHead, Entry
from trustdesk.verify import hashing
from trustdesk.verify.findings import Finding, row
from trustdesk.verify.reading import Unreadable, read, read_all
from trustdesk.verify.tree import Tree

COLUMNS = ("id", "at", "entries", "leaves", "root", "prev", "hash", "key", "signature")
Keys = dict[str, Ed25519PublicKey]


def public_keys(folder: Path) -> Keys:
    """Fingerprint → key, of every `*.pub` in the folder, so that a desk may change its key and keep the old one."""
    keys: Keys = {}
    for path in sorted(folder.glob("*.pub")):
        try:
            key = load_pem_public_key(path.read_bytes())
        except ValueError:
            continue
        if isinstance(key, Ed25519PublicKey):
            der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            keys[hashlib.sha256(der).hexdigest()] = key
    return keys


@dataclass(slots=True)
class Heads:
    """The heads of all chains as of one checkpoint, in the order of the chains' numbers. About 90 bytes a chain."""

    tree: Tree = field(default_factory=Tree)
    chains: array[int] = field(default_factory=lambda: array("q"))
    seqs: array[int] = field(default_factory=lambda: array("q"))
    entries: int = 0

    def move(self, chain: int, seq: int, head: str) -> int:
        """Set the head of a chain; returns the seq that it had before, 0 for a new chain."""
        at = bisect_left(self.chains, chain)
        leaf = hashing.of_head(chain, seq, head)
        if at < len(self.chains) and self.chains[at] == chain:
            before = self.seqs[at]
            self.seqs[at] = seq
            self.tree.set(at, leaf)
        else:
            before = 0
            self.chains.insert(at, chain)
            self.seqs.insert(at, seq)
            self.tree.insert(at, leaf)
        self.entries += seq - before
        return before


def check(keys: Keys, *, step: Callable[[int], None]) -> Iterator[Finding]:
    """Findings about every checkpoint, each made again from the one before and the heads that moved."""
    heads = Heads()
    moves = _moves()
    move = next(moves, None)
    prev: tuple[Any, ...] | None = None
    for one in read_all(Checkpoint, ("id",), *COLUMNS):
        if isinstance(one, Unreadable):
            yield Finding("row.unreadable", row("checkpoint", one.key), one.why)
            continue
        while move is not None and move[0] <= one[0]:
            yield from _move(heads, move, one[0])
            move = next(moves, None)
            step(1)
        yield from _checkpoint(one, prev, heads, keys)
        prev = one
    while move is not None:
        yield Finding("checkpoint.stray_head", row("checkpointhead", move[1]), "belongs to no checkpoint")
        move = next(moves, None)
    for key, why in _unreadable_heads():
        yield Finding("row.unreadable", row("checkpointhead", key), why)


def _moves() -> Iterator[tuple[Any, ...]]:
    """Heads in the order of checkpoints and chains, with the hash of the journal's entry at that place."""
    entry = Entry.objects.filter(chain=OuterRef("chain"), seq=OuterRef("seq")).values("hash")[:1]
    query = CheckpointHead.objects.annotate(found=Subquery(entry)).order_by("checkpoint_id", "chain", "id")
    for values in read(query, "checkpoint_id", "id", "chain", "seq", "hash", "found"):
        if not isinstance(values, Unreadable) and all(isinstance(v, int) for v in values[:4]):
            yield values


def _unreadable_heads() -> Iterator[tuple[Any, str]]:
    for values in read_all(CheckpointHead, ("id",), "id", "checkpoint_id", "chain", "seq", "hash"):
        if isinstance(values, Unreadable):
            yield values.key, values.why
        elif not all(isinstance(v, int) for v in values[:4]):
            yield values[0], "holds something else than numbers"


def _move(heads: Heads, move: tuple[Any, ...], checkpoint: int) -> Iterator[Finding]:
    owner, ident, chain, seq, head, found = move
    where = row("checkpointhead", ident)
    if owner != checkpoint:
        yield Finding("checkpoint.stray_head", where, f"belongs to checkpoint {owner}, which is not there")
    if head != found:
        stands = "is not in the journal" if found is None else "has another hash in the journal"
        yield Finding("checkpoint.head", where, f"chain {chain}, seq {seq} {stands}")
    before = heads.move(chain, seq, head)
    if seq <= before:
        yield Finding(
            "checkpoint.head", where, f"chain {chain} was at seq {before} already and does not go back to {seq}"
        )


def _checkpoint(one: tuple[Any, ...], prev: tuple[Any, ...] | None, heads: Heads, keys: Keys) -> Iterator[Finding]:
    ident, at, entries, leaves, root, named, digest, key, signature = one
    where = row("checkpoint", ident)
    if named != (prev[6] if prev else ""):
        yield Finding("checkpoint.broken", where, "does not name the hash of the checkpoint before it")
    if digest != hashing.of_checkpoint(at, entries, leaves, root, named, key):
        yield Finding("checkpoint.changed", where, "does not have the hash that its content gives")
    if prev and at < prev[1]:
        yield Finding("checkpoint.order", where, "is older than the checkpoint before it")
    if (entries, leaves) != (heads.entries, len(heads.tree)):
        counted = f"{heads.entries} entries in {len(heads.tree)} chains"
        yield Finding("checkpoint.sums", where, f"says {entries} entries in {leaves} chains; its heads make {counted}")
    if root != heads.tree.root().hex():
        yield Finding("checkpoint.root", where, "its root is not that of the heads in trustdesk_checkpointhead")
    if key not in keys:
        yield Finding("checkpoint.key", where, f"signed with a key that is not on this desk: {str(key)[:80]}")
    elif not _signed(keys[key], digest, signature):
        yield Finding("checkpoint.signature", where, "the signature is not over this checkpoint's hash")


def _signed(key: Ed25519PublicKey, digest: str, signature: str) -> bool:
    try:
        key.verify(bytes.fromhex(signature), digest.encode("ascii"))
    except (InvalidSignature, ValueError):
        return False
    return True


def exported(one: Checkpoint, key: Ed25519PublicKey | None) -> dict[str, Any]:
    """A checkpoint as JSON for an outside witness; `verify --checkpoint FILE` takes it back."""
    said = {name: getattr(one, name) for name in COLUMNS[2:]}
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() if key else ""
    return {"kind": "trustdesk.checkpoint", "number": one.pk, "at": hashing.stamp(one.at), **said, "public_key": pem}


def witness(said: dict[str, Any]) -> Iterator[Finding]:
    """Findings if the checkpoint that a witness kept is not on this desk word for word."""
    try:
        number, digest = int(said["number"]), str(said["hash"])
        names = ("at", "entries", "leaves", "root", "prev", "key", "signature")
        claimed = {name: said[name] for name in names}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an exported checkpoint: {error!r}") from None
    where = row("checkpoint", number)
    one = Checkpoint.objects.filter(hash=digest).first()
    if one is None:
        text = f"the witness holds checkpoint {number} with hash {digest[:16]}…; this desk does not have it"
        yield Finding("checkpoint.not_as_witnessed", where, text)
        return
    for name in names:
        stands = hashing.stamp(one.at) if name == "at" else getattr(one, name)
        if stands != claimed[name]:
            yield Finding(
                "checkpoint.not_as_witnessed", row("checkpoint", one.pk), f"{name} is not what the witness holds"
            )


def proof(chain: int, checkpoint: Checkpoint) -> dict[str, Any] | None:
    """That the head of a chain is in a checkpoint (RFC 6962, 2.1.1); None if it was not there yet."""
    heads = Heads()
    later = CheckpointHead.objects.filter(chain=OuterRef("chain"), checkpoint_id__lte=checkpoint.pk).order_by("-seq")
    latest = CheckpointHead.objects.annotate(top=Subquery(later.values("seq")[:1]))
    latest = latest.filter(checkpoint_id__lte=checkpoint.pk, seq=F("top")).order_by("chain", "id")
    wanted: tuple[int, str] | None = None
    for number, seq, head in latest.values_list("chain", "seq", "hash").iterator(chunk_size=5000):
        heads.move(number, seq, head)
        if number == chain:
            wanted = (seq, head)
    if wanted is None:
        return None
    index = bisect_left(heads.chains, chain)
    return {
        "chain": chain,
        "seq": wanted[0],
        "head": wanted[1],
        "leaf": hashing.of_head(chain, *wanted).hex(),
        "index": index,
        "leaves": len(heads.tree),
        "path": [node.hex() for node in heads.tree.path(index)],
        "root": heads.tree.root().hex(),
    }
