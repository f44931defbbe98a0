"""What was published: versions, the signed statement beside each, and the ledger as it was at a checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from trustdesk.core import journal
from trustdesk.models import Checkpoint, CheckpointHead, Entry, Publication

#: One version of a publication, as the shells hold it.
Version = Publication


class Broken(Exception):
    """The ledger is not what its checkpoint says; the message names the first place."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One public version for a page; `latest` is the version that counts now."""

    publication: Publication
    latest: bool


def public() -> list[Listed]:
    """Every public version, newest period first, and within it the newest version first."""
    rows = Publication.objects.filter(is_public=True).select_related("evidence", "checkpoint")
    ordered = sorted(rows, key=lambda p: (p.period, p.kind, p.format, p.version), reverse=True)
    newest: dict[tuple[str, str, str], int] = {}
    for one in ordered:
        newest.setdefault((one.kind, one.period, one.format), one.version)
    return [Listed(one, newest[one.kind, one.period, one.format] == one.version) for one in ordered]


def every() -> list[Version]:
    """Every version there is, oldest first."""
    return list(Publication.objects.select_related("checkpoint").order_by("id"))


def version(number: int) -> Version | None:
    """A public version by its number."""
    return Publication.objects.filter(pk=number, is_public=True).select_related("evidence", "checkpoint").first()


def of_bytes(digest: str) -> list[Publication]:
    """The versions that are exactly these bytes."""
    return list(Publication.objects.filter(evidence_id=digest).select_related("checkpoint").order_by("id"))


def of_period(kind: str, period: str, media: str = "") -> Publication | None:
    """The newest version for a period."""
    rows = Publication.objects.filter(kind=kind, period=period).select_related("checkpoint")
    return (rows.filter(format=media) if media else rows).order_by("-version", "-id").first()


def named(point: Checkpoint | None) -> dict[str, Any] | None:
    """A checkpoint as a publication names it."""
    if point is None:
        return None
    return {"id": point.pk, "root": point.root, "at": point.at.isoformat().replace("+00:00", "Z")}


def lines_at(point: Checkpoint) -> Iterator[dict[str, Any]]:
    """The journal as it was at a checkpoint, chain by chain, every hash made again on the way.

    Raises Broken at the first entry that is not what was sealed: changed, gone, or not under the checkpoint's head.
    """
    sealed = {
        row["chain"]: row["seq"]
        for row in CheckpointHead.objects.filter(checkpoint_id__lte=point.pk).values("chain").annotate(seq=Max("seq"))
    }
    heads = dict(
        CheckpointHead.objects.filter(checkpoint_id__lte=point.pk)
        .order_by("checkpoint_id")
        .values_list("chain", "hash")
    )
    columns = ("chain", "seq", "kind", "at", "actor", "body", "prev", "hash")
    chain, seq, last = -1, 0, journal.GENESIS
    for row in Entry.objects.order_by("chain", "seq").values_list(*columns).iterator(chunk_size=2000):
        line = dict(zip(columns, row, strict=True))
        if line["chain"] != chain:
            _ended(chain, seq, last, sealed, heads)
            chain, seq, last = line["chain"], 0, journal.GENESIS
        if line["seq"] > sealed.get(chain, 0):
            continue
        where = f"chain {chain}, seq {line['seq']}"
        if line["seq"] != seq + 1 or line["prev"] != last:
            raise Broken(f"{where} does not follow the entry before it")
        made = journal.entry_hash(
            **{name: line[name] for name in ("chain", "seq", "kind", "at", "actor", "body", "prev")}
        )
        if made != line["hash"]:
            raise Broken(f"{where} ({line['kind']}) was changed: its hash is not that of its content")
        seq, last = line["seq"], made
        line["body"] = json.loads(line["body"])
        yield {name: line[name] for name in ("chain", "seq", "kind", "at", "actor", "body")}
    _ended(chain, seq, last, sealed, heads)
    if sealed:
        raise Broken(f"chain {min(sealed)} is gone")


def _ended(chain: int, seq: int, last: str, sealed: dict[int, int], heads: dict[int, str]) -> None:
    wanted = sealed.pop(chain, 0)
    if wanted and (seq != wanted or heads[chain] != last):
        raise Broken(f"chain {chain} ends at seq {seq} with another hash than checkpoint heads say for seq {wanted}")


def leaves_at(point: Checkpoint) -> tuple[str, int]:
    """Root (hex) over the heads of all chains as they were at a checkpoint, and the number of entries."""
    heads: dict[int, tuple[int, str]] = {}
    rows = CheckpointHead.objects.filter(checkpoint_id__lte=point.pk).order_by("checkpoint_id")
    for chain, seq, head in rows.values_list("chain", "seq", "hash"):
        heads[chain] = (seq, head)
    leaves = [journal.head_leaf(chain, *heads[chain]) for chain in sorted(heads)]
    return journal.merkle_root(leaves).hex(), sum(seq for seq, _ in heads.values())
