"""The order of the checks, inside one frozen view of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from django.conf import settings

from trustdesk.models import Checkpoint, CheckpointHead, Decision, Entry, Evidence
from trustdesk.snapshot import snapshot
from trustdesk.verify import chains, checkpoints, files, reviews, rows, rulings, types
from trustdesk.verify.findings import Finding
from trustdesk.verify.named import Named
from trustdesk.verify.reading import SPOILED

Step = Callable[[int], None]
#: What it is called, how much there is of it, and the check itself.
Stage = tuple[str, Callable[[], int], Callable[[Step], Iterator[Finding]]]


class Progress(Protocol):
    """Told what is being done, how much there is of it, and how far it is."""

    def begin(self, what: str, total: int) -> None:
        """A stage begins."""

    def step(self, count: int) -> None:
        """So many more are done."""


def _nobody(count: int) -> None:
    """Takes steps that nobody wants to hear of."""


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Everything that is not as the journal says, as it is found. Reads only; a desk at work goes on beside it.

    Raises django.db.OperationalError when the database cannot be read.
    """
    step = progress.step if progress is not None else _nobody
    evidence = Path(settings.EVIDENCE_DIR)
    doubts: list[files.Doubt] = []
    named = Named()
    spoiled = False
    try:
        with snapshot():
            for finding in types.check():
                spoiled = True
                yield finding
            for what, total, stage in _stages(named, doubts):
                if progress is not None:
                    progress.begin(what, total())
                try:
                    yield from stage(step)
                except SPOILED as error:
                    if not spoiled:
                        raise
                    text = f"could not go on because of the values above: {type(error).__name__}"
                    yield Finding("check.stopped", what, text)
    finally:
        named.close()
    yield from files.recheck(evidence, doubts)
    yield from files.strays(evidence)


def _stages(named: Named, doubts: list[files.Doubt]) -> list[Stage]:
    keys = Path(settings.KEYS_DIR)
    return [
        ("journal", Entry.objects.count, lambda step: chains.check(named, keys=rows.key_reader(), step=step)),
        ("rows", _row_count, lambda step: _rows(named, keys / "ledger.key", step)),
        (
            "checkpoints",
            CheckpointHead.objects.count,
            lambda step: checkpoints.check(checkpoints.public_keys(keys), step=step),
        ),
        ("decisions", Decision.objects.count, lambda step: rulings.check(step=step)),
        (
            "evidence",
            Evidence.objects.count,
            lambda step: files.check(Path(settings.EVIDENCE_DIR), doubts=doubts, step=step),
        ),
    ]


def _rows(named: Named, path: Path, step: Step) -> Iterator[Finding]:
    try:
        key = path.read_text().encode()
    except FileNotFoundError:
        if Entry.objects.exists() or Checkpoint.objects.exists():
            yield Finding("key.missing", f"keys/{path.name}", "without it no row can be compared with the journal")
        return
    yield from rows.check(named, key, step=step)
    yield from reviews.check(key)


def _row_count() -> int:
    return sum(model._default_manager.count() for model in rows.tables().values())
