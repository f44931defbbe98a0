"""`trustdesk recount`: which running clocks a changed calendar would move; with --do-it, move them."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from trustdesk import clock
from trustdesk.flow import recompute
from trustdesk.management.base import Command as Base
from trustdesk.management.base import operator


class Command(Base):
    """A dry run unless told to do it."""

    help = "count running clocks again whose calendar has changed; each move is written into the journal of its case"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to act."""
        parser.add_argument("--do-it", action="store_true", help="move them; without it nothing changes")

    def handle(self, *args: Any, do_it: bool, **options: Any) -> None:
        """One line for each clock, and the sums."""
        cases: dict[int, None] = {}
        moves = stale = 0
        for found in list(recompute.review()):
            was = found.clock
            stale += 1
            moves += found.moves
            cases[was.case_id] = None
            told = (
                found.why or f"due {_day(was.due_at)} → {_day(found.due_at)} ({was.calendar_version} → {found.version})"
            )
            self.say(f"{was.case.code} {was.regime} {was.name}: {told}")
        if do_it:
            for number in cases:
                recompute.carry_out(number, actor=operator(), now=clock.now())
        word = "moved" if do_it else "would move"
        end = "" if do_it or not stale else "; this was a dry run: --do-it moves them"
        self.say(f"{stale} clocks counted with an older calendar, {moves} {word}{end}")


def _day(at: datetime | None) -> str:
    return at.isoformat(timespec="minutes") if at else "none"
