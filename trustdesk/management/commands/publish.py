"""`trustdesk publish`: the report on a week, month or quarter, counted from the journal."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from trustdesk import clock
from trustdesk.flow import publish
from trustdesk.insight import page, periods, publication
from trustdesk.management.base import USAGE, operator
from trustdesk.management.base import Command as DeskCommand
from trustdesk.queries import journal

FORMATS = {"json": publication.to_json, "csv": publication.to_csv, "html": page.to_html}


class Command(DeskCommand):
    help = (
        "The report on a week, month or quarter, counted from the journal and sealed by a checkpoint of the ledger. "
        "The same journal gives the same bytes. Exit code 2: there is no such period."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=periods.KINDS, metavar="weekly|monthly|quarterly")
        parser.add_argument("--period", help="2026-W47, 2026-10 or 2026-Q3 (default: the latest that is over)")
        parser.add_argument("--format", choices=FORMATS, default="json", help="default: json")
        parser.add_argument("--out", type=Path, metavar="FILE", help="write to FILE instead of standard output")
        parser.add_argument("--record", action="store_true", help="write to the ledger that this report was made")

    def handle(self, *args: Any, **options: Any) -> None:
        kind, now, actor = options["kind"], clock.now(), operator()
        try:
            named = options["period"]
            period = periods.named(kind, named) if named else periods.last_full(kind, now)
        except periods.BadPeriod as error:
            raise CommandError(str(error), returncode=USAGE) from error
        publish.seal(period.end, actor=actor, now=now)
        with journal.reading() as read:
            document = publication.account(read.lines, period, checkpoint=read.checkpoint, provider=settings.DESK.name)
        content = FORMATS[options["format"]](document).encode()
        if options["out"] is None:
            self.stdout.write(content.decode(), ending="")
            self.stdout.flush()
        else:
            _write(options["out"], content)
            self.note(f"{options['out']}: {period.name}, {document['received']['total']} reports received")
        if options["record"]:
            point = read.checkpoint["id"] if read.checkpoint else None
            publish.made(kind, period.name, options["format"], content, checkpoint_id=point, actor=actor, now=now)


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CommandError(f"cannot write {path}: {error.strerror}", returncode=USAGE) from error
