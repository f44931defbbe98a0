"""`trustdesk feed`: take in a file of findings that somebody publishes."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings

from trustdesk.core.types import Channel
from trustdesk.doors import feeds
from trustdesk.doors.files import Found
from trustdesk.flow.receive import Incoming
from trustdesk.interfaces.reading import read
from trustdesk.management.base import FINDINGS, USAGE
from trustdesk.management.commands.receive import Command as Receive
from trustdesk.management.commands.receive import grouped


class Command(Receive):
    """Like `receive`, with the channel `feed`: nobody is written to on account of a feed."""

    help = "take in a feed: a CSV (one report, or one a row with --map), or JSON lines (one report a line)"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A file, its format, who it is from."""
        parser.add_argument("path", metavar="FILE", help="the file, or - for standard input")
        parser.add_argument("--format", choices=("csv", "jsonl"), required=True)
        parser.add_argument(
            "--map", type=Path, metavar="FILE.toml", help="which field is which (docs/use/importing.md)"
        )
        parser.add_argument("--from", dest="sender", default="", metavar="ADDRESS", help="who publishes it, for a CSV")
        parser.add_argument("--dry-run", action="store_true", help="say what it would be read as, and take in nothing")

    def handle(self, *args: Any, path: str, dry_run: bool, **options: Any) -> None:  # type: ignore[override]
        """Exit code 1 if a line was not taken. The same lines again are duplicates."""
        mapped = feeds.load_map(options["map"]) if options["map"] else None
        if path != "-" and not Path(path).is_file():
            self.note(f"trustdesk feed: there is no {path}; nothing was taken in")
            sys.exit(USAGE)
        with contextlib.ExitStack() as stack:
            source = cast(BinaryIO, sys.stdin.buffer if path == "-" else stack.enter_context(open(path, "rb")))
            found = self._found(source, path, options["format"], mapped, options["sender"])
            failed = self._try(found) if dry_run else sum(self._take(group) for group in grouped(found))
        if failed:
            sys.exit(FINDINGS)

    def _found(self, source: BinaryIO, name: str, kind: str, mapped: feeds.Map | None, sender: str) -> Iterator[Found]:
        if kind == "jsonl":
            return feeds.lines(source, name, mapped=mapped)
        if mapped is not None:
            return feeds.rows(source, name, mapped=mapped)
        return feeds.table(source, name, sender=sender, limit=settings.MESSAGE_SIZE_LIMIT)

    def _try(self, found: Iterator[Found]) -> int:
        """What the reader makes of it, counted; nothing is kept."""
        read_as: Counter[str] = Counter()
        targets = 0
        for one in found:
            reading = None if one.problem else read(one.raw)
            read_as[f"{reading.form}, {reading.category or 'no category'}" if reading else one.problem] += 1
            targets += len(reading.targets) if reading else 0
        self.say_json({"read_as": dict(read_as.most_common()), "targets": targets})
        return 0

    def _incoming(self, found: Found, *, now: datetime) -> Incoming:
        return Incoming(found.raw, Channel.FEED, media_type=found.media_type)
