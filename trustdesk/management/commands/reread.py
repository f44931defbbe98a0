"""`trustdesk reread`: which reports could not be read, or not well; with --do-it, have them read again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from trustdesk import clock
from trustdesk.flow import reread
from trustdesk.management.base import Command as Base
from trustdesk.management.base import operator


class Command(Base):
    """A dry run unless told to do it."""

    help = "have reports read again that failed, came out as unparsed or could not be opened; after a fix or a new key"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to act."""
        parser.add_argument("--do-it", action="store_true", help="have them read again; without it nothing changes")

    def handle(self, *args: Any, do_it: bool, **options: Any) -> None:
        """One line for each report, and the sum. The worker does the reading, or `trustdesk work`."""
        if do_it:
            asked = reread.ask_again(actor=operator(), now=clock.now())
            self.say(f"{asked} reports are being read again; {reread.under_way()} wait for the worker")
            return
        count = 0
        for report in reread.poor().iterator(chunk_size=500):
            codes = ", ".join(sorted({problem["code"] for problem in report.problems}))
            self.say(f"{report.code} {report.received_at:%Y-%m-%d} {report.form or 'failed'} {codes}".rstrip())
            count += 1
        self.say(f"{count} reports would be read again. This was a dry run: --do-it has it done")
