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
from trustdesk.insight import periods, publication
from trustdesk.insight.publications.formats import FORMATS, LANGUAGES, write
from trustdesk.management import lake, publishing
from trustdesk.management.base import USAGE, operator
from trustdesk.management.base import Command as DeskCommand
from trustdesk.queries import journal, publications

KINDS = (*periods.KINDS, *publishing.ACTS)


class Command(DeskCommand):
    help = (
        "The report on a week, month or quarter, counted from the journal and sealed by a checkpoint of the ledger. "
        "The same journal gives the same bytes. Exit code 2: there is no such period."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "kind",
            choices=KINDS,
            metavar="KIND",
            help="weekly, monthly, quarterly, dsa, check, verify or list",
        )
        publishing.add_arguments(parser)
        parser.add_argument("--period", help="2026-W47, 2026-10 or 2026-Q3 (default: the latest that is over)")
        parser.add_argument("--format", choices=FORMATS, default="json", help="default: json")
        parser.add_argument(
            "--language", choices=LANGUAGES, default="en", help="of the page, PDF and workbook (default: en)"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="write to FILE instead of standard output")
        parser.add_argument(
            "--engine", choices=lake.ENGINES, help="count from the exported lake with this engine instead"
        )
        parser.add_argument(
            "--reporters",
            action="store_true",
            help="with --engine: also who sent more and fewer, by pseudonym; that follows erasures and is not recorded",
        )
        parser.add_argument("--record", action="store_true", help="write to the ledger that this report was made")

    def execute(self, *args: Any, **options: Any) -> Any:
        """Checking files of others needs no desk."""
        self.needs_desk = options["kind"] != "check"
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["kind"] in publishing.ACTS:
            publishing.run(self, options)
            return
        kind, now, actor = options["kind"], clock.now(), operator()
        if options["reporters"] and (options["record"] or not options["engine"]):
            raise CommandError("--reporters goes with --engine and without --record", returncode=USAGE)
        try:
            wanted = options["period"]
            period = periods.named(kind, wanted) if wanted else periods.last_full(kind, now)
        except periods.BadPeriod as error:
            raise CommandError(str(error), returncode=USAGE) from error
        engine = options["engine"] or ("" if options["record"] else lake.settings_of(settings.DESK.lake).engine)
        point = publish.seal_now(actor=actor, now=now) if options["record"] and not engine else None
        if point is not None:  # exactly what stands under the checkpoint, so that anybody can count it again
            lines, named = publications.lines_at(point), publications.named(point)
            document = publication.account(lines, period, checkpoint=named, provider=settings.DESK.name)
        elif engine:
            document = lake.document(period, engine=engine, provider=settings.DESK.name, reporters=options["reporters"])
        else:
            publish.seal(period.end, actor=actor, now=now)
            with journal.reading() as read:
                document = publication.account(
                    read.lines, period, checkpoint=read.checkpoint, provider=settings.DESK.name
                )
        content = write(options["format"], document, options["language"])
        if options["out"] is None:
            self._print(content)
        else:
            _write(options["out"], content)
            self.note(f"{options['out']}: {period.name}, {document['received']['total']} reports received")
        if options["record"]:
            sealed = document["checkpoint"]["id"] if document["checkpoint"] else None
            inputs = {"provider": settings.DESK.name, "language": options["language"]}
            publish.made(
                kind, period.name, options["format"], content, checkpoint_id=sealed, actor=actor, now=now, inputs=inputs,
                reason=options["reason"], is_public=options["public"],
            )  # fmt: skip

    def _print(self, content: bytes) -> None:
        """A PDF or a workbook is no text: it goes out as the bytes that it is."""
        self.stdout.flush()
        out = getattr(self.stdout, "buffer", None)
        if out is None:  # a caller that collects text
            self.stdout.write(content.decode("utf-8", "replace"), ending="")
        else:
            out.write(content)
            out.flush()


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CommandError(f"cannot write {path}: {error.strerror}", returncode=USAGE) from error
