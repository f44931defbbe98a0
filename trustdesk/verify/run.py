"""The order of the checks, inside one frozen view of the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from django.conf import settings

from trustdesk.models import Checkpoint, CheckpointHead, Decision, Entry, Evidence
from trustdesk.snapshot import snapshot
from trustdesk.verify import chains, checkpoints, files, rows, rulings
from trustdesk.verify.findings import Finding
from trustdesk.verify.named import Named


class Progress(Protocol):
    """Told what is being done, how much there is of it, and how far it is."""

    def begin(self, what: str, total: int) -> None:
        """A stage begins."""

    def step(self, count: int) -> None:
        """So many more are done."""


class Quiet:
    """Tells nobody."""

    def begin(self, what: str, total: int) -> None:
        """Nothing."""

    def step(self, count: int) -> None:
        """Nothing."""


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Everything that is not as the journal says, as it is found. Reads only; a desk at work goes on beside it.

    Raises django.db.OperationalError when the database cannot be read.
    """
    progress = progress or Quiet()
    evidence, keys = Path(settings.EVIDENCE_DIR), Path(settings.KEYS_DIR)
    doubts: list[files.Doubt] = []
    named = Named()
    try:
        with snapshot():
            progress.begin("journal", Entry.objects.count())
            yield from chains.check(named, keys=rows.key_reader(), step=progress.step)
            progress.begin("rows", _row_count())
            yield from _rows(named, keys / "ledger.key", progress)
            progress.begin("checkpoints", CheckpointHead.objects.count())
            yield from checkpoints.check(checkpoints.public_keys(keys), step=progress.step)
            progress.begin("decisions", Decision.objects.count())
            yield from rulings.check(step=progress.step)
            progress.begin("evidence", Evidence.objects.count())
            yield from files.check(evidence, doubts=doubts, step=progress.step)
    finally:
        named.close()
    yield from files.recheck(evidence, doubts)
    yield from files.strays(evidence)


def _rows(named: Named, path: Path, progress: Progress) -> Iterator[Finding]:
    try:
        key = path.read_text().encode()
    except FileNotFoundError:
        if Entry.objects.exists() or Checkpoint.objects.exists():
            yield Finding("key.missing", f"keys/{path.name}", "without it no row can be compared with the journal")
        return
    yield from rows.check(named, key, step=progress.step)


def _row_count() -> int:
    return sum(model._default_manager.count() for model in rows.tables().values())
