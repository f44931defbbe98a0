"""`trustdesk work`: do the tasks that are due."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from trustdesk import clock
from trustdesk.flow import leases, work
from trustdesk.management import parts
from trustdesk.management.base import Command as Base


class Command(Base):
    """Work until stopped, or until nothing is due."""

    help = "do the tasks that are due; without options until Ctrl-C"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One option."""
        parser.add_argument(
            "--until-idle", action="store_true", help="end when nothing is due any more and no decision rests"
        )

    def handle(self, *args: Any, until_idle: bool, **options: Any) -> None:
        """Safe beside a running desk: a task is leased by one worker at a time."""
        leases.release_dead(now=clock.now())
        if not until_idle:
            sys.exit(parts.worker())
        parts.load_handlers()
        done = work.run_until_idle(clock.now)
        while (
            rests_until := work.rests_until()
        ) is not None:  # a decision that may still be taken back is work under way
            time.sleep(max(0.1, (rests_until - clock.now()).total_seconds()))
            done += work.run_until_idle(clock.now)
        self.note(f"{done} tasks done")
