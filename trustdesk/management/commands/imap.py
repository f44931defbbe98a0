"""`trustdesk imap`: take reports out of a mailbox."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from trustdesk.doors.imap import TROUBLE, Door
from trustdesk.doors.imap_settings import account
from trustdesk.management import parts
from trustdesk.management.base import AGAIN, FINDINGS, USAGE
from trustdesk.management.base import Command as Base


class Command(Base):
    """Read the mailbox of `[imap]` in desk.toml until Ctrl-C, or once. `trustdesk run` does this as a part of it."""

    help = "take reports out of the IMAP mailbox that desk.toml names"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--once` for cron and for a first try."""
        parser.add_argument("--once", action="store_true", help="see to what is there, print the counts and leave")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Exit codes: 1 a message was left in the mailbox, 2 no usable [imap] table, 75 the server cannot be used."""
        found = account(settings.DESK.imap)
        if found is None:
            raise CommandError("desk.toml has no [imap] table (docs/operate/mail.md)", returncode=USAGE)
        door = Door(found)
        if not once:
            door.run(parts.stopping())
            return
        try:
            with door.connect() as box:
                tally = door.look(box)
        except TROUBLE as error:
            raise CommandError(f"{found.host}: {type(error).__name__}: {error}", returncode=AGAIN) from error
        self.say_json(asdict(tally))
        if tally.too_large or tally.not_taken:
            sys.exit(FINDINGS)
