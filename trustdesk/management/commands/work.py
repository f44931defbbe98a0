"""`trustdesk work`: do the tasks that are due."""

from __future__ import annotations

import sys
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
        parser.add_argument("--until-idle", action="store_true", help="end when nothing is due any more")

    def handle(self, *args: Any, until_idle: bool, **options: Any) -> None:
        """Safe beside a running desk: a task is leased by one worker at a time."""
        leases.release_dead(now=clock.now())
        if not until_idle:
            sys.exit(parts.worker())
        parts.load_handlers()
        self.note(f"{work.run_until_idle(clock.now)} tasks done")
