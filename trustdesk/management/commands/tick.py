"""`trustdesk tick`: look at the clocks once."""

from __future__ import annotations

from typing import Any

from trustdesk import clock
from trustdesk.flow import leases, tick
from trustdesk.management import scheduled, submitting
from trustdesk.management.base import Command as Base


class Command(Base):
    """One turn of the ticker, for whoever runs no `trustdesk run` but a cron job."""

    help = "look at the clocks once: what is due, what dead workers left, checkpoint, reports and looks that are due"

    def handle(self, *args: Any, **options: Any) -> None:
        """Safe beside a running desk and other tickers: each clock changes by compare-and-swap."""
        now = clock.now()
        changed = tick.tick(now)
        leases.release_dead(now=now)
        tick.housekeeping(now)
        scheduled.run(now)
        submitting.run(now)
        self.note(f"{changed} clocks and snoozes changed")
