"""The journal as a stream, for whoever counts it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from trustdesk.models import Checkpoint, Entry
from trustdesk.snapshot import snapshot


@dataclass(frozen=True, slots=True)
class Reading:
    """The journal at one moment. `lines` can be read once; `checkpoint` is the latest: {"id", "root", "at"} or None."""

    lines: Iterator[dict[str, Any]]
    checkpoint: dict[str, Any] | None


@contextmanager
def reading() -> Iterator[Reading]:
    """The whole journal as it is now, read in a frozen view that holds up nobody."""
    with snapshot():
        yield Reading(lines(), latest_checkpoint())


def lines() -> Iterator[dict[str, Any]]:
    """Every entry as {"chain", "seq", "kind", "at", "actor", "body"}, chain by chain, in constant memory.

    Chain by chain, not in the order of writing: who follows one case at a time need not remember all of them.
    """
    columns = ("chain", "seq", "kind", "at", "actor", "body")
    for row in Entry.objects.order_by("chain", "seq").values_list(*columns).iterator(chunk_size=2000):
        line = dict(zip(columns, row, strict=True))
        line["body"] = json.loads(line["body"])
        yield line


def latest_checkpoint() -> dict[str, Any] | None:
    """The newest checkpoint as a publication names it."""
    last = Checkpoint.objects.order_by("-id").first()
    return (
        None if last is None else {"id": last.pk, "root": last.root, "at": last.at.isoformat().replace("+00:00", "Z")}
    )
