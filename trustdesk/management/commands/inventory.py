"""`trustdesk inventory`: take over customers, domains, prefixes and accounts from CSV."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from trustdesk import clock
from trustdesk.flow import inventory
from trustdesk.management.base import FINDINGS, USAGE, alone, operator
from trustdesk.management.base import Command as Base


class Command(Base):
    """Read customers.csv and assets.csv from a folder."""

    help = "read customers, domains, prefixes and accounts from CSV; what has vanished ends, nothing is deleted"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One folder."""
        parser.add_argument("folder", type=Path, metavar="CSVDIR", help="holds customers.csv and assets.csv")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Exit code 1 if rows could not be used; each is named on standard error."""
        if not folder.is_dir():
            self.note(f"trustdesk inventory: {folder} is not a folder")
            sys.exit(USAGE)
        with alone(settings.HOME / "inventory.lock", wait=60, why="another import is under way"):
            done = inventory.load("csv", {"path": str(folder)}, actor=operator(), now=clock.now())
        for problem in done.problems:
            self.note(f"{problem.where or folder}: {problem.message}")
        self.say_json(
            {n: getattr(done, n) for n in ("customers", "assets", "made", "changed", "ended")}
            | {"problems": len(done.problems)}
        )
        if done.problems:
            sys.exit(FINDINGS)
