"""`trustdesk receive`: take in mails and reports from files."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from tqdm import tqdm

from trustdesk import clock
from trustdesk.core.types import Channel
from trustdesk.doors.files import Found, date_of, messages
from trustdesk.flow.receive import Incoming, receive_many
from trustdesk.management.base import FINDINGS, USAGE, on_terminal
from trustdesk.management.base import Command as Base

#: So many messages or bytes are made durable with one commit.
MESSAGES = 100
BYTES = 8 * 1024 * 1024
#: What is older when it is brought in by its own date is history.
HISTORY_HOURS = 48.0


class Command(Base):
    """Print one JSON object a message: {"file", "report", "duplicate"}, and "problem" where it was not taken."""

    help = "take in mails and reports: .eml, mbox, maildir, a folder of them, XARF as JSON, or - for standard input"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Paths, and what counts as the time of arrival."""
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument(
            "--received-at",
            choices=("now", "date-header"),
            default="now",
            help="when the messages reached the provider: now, or (for the import of an old mailbox) when they say",
        )
        parser.add_argument(
            "--letters",
            action=BooleanOptionalAction,
            help="whether senders are written to (default: yes; with --received-at date-header only for messages that "
            "are no older than --letters-within)",
        )
        parser.add_argument(
            "--letters-within",
            type=float,
            default=HISTORY_HOURS,
            metavar="HOURS",
            help=f"older mail is history, and its senders are not written to (default: {HISTORY_HOURS:g})",
        )

    def handle(
        self,
        *args: Any,
        paths: list[str],
        received_at: str,
        letters: bool | None,
        letters_within: float,
        **options: Any,
    ) -> None:
        """Exit code 1 if a message was not taken. Broken off, it can be run again: what is here is a duplicate."""
        missing = [path for path in paths if path != "-" and not os.path.exists(path)]
        if missing:
            self.note(f"trustdesk receive: there is no {', '.join(missing)}; nothing was taken in")
            sys.exit(USAGE)
        self.from_header = received_at == "date-header"
        self.letters, self.within = letters, timedelta(hours=letters_within)
        failed = 0
        with tqdm(unit=" messages", disable=not on_terminal(), file=sys.stderr) as bar:
            for group in grouped(
                found for path in paths for found in messages(path, limit=settings.MESSAGE_SIZE_LIMIT)
            ):
                failed += self._take(group)
                bar.update(len(group))
        if failed:
            sys.exit(FINDINGS)

    def _take(self, group: list[Found]) -> int:
        now = clock.now()
        good = [found for found in group if not found.problem]
        batch = [self._incoming(found, now=now) for found in good]
        receipts = iter(receive_many(batch, now=now) if batch else ())
        for found in group:
            if found.problem:
                self.say_json({"file": found.name, "report": None, "duplicate": False, "problem": found.problem})
            else:
                receipt = next(receipts)
                self.say_json({"file": found.name, "report": receipt.code, "duplicate": receipt.duplicate})
        return len(group) - len(good)

    def _incoming(self, found: Found, *, now: datetime) -> Incoming:
        at = date_of(found.raw, now=now) if self.from_header else now
        letters = self.letters if self.letters is not None else now - at <= self.within
        channel = Channel.IMPORT if letters else Channel.HISTORY
        return Incoming(found.raw, channel, media_type=found.media_type, received_at=at)


def grouped(found: Iterator[Found]) -> Iterator[list[Found]]:
    """Groups small enough for memory and large enough to make a commit worth while."""
    group: list[Found] = []
    size = 0
    for one in found:
        group.append(one)
        size += len(one.raw)
        if len(group) >= MESSAGES or size >= BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
