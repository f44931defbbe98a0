"""`trustdesk submit`: records for the DSA Transparency Database and Lumen. Shows what would leave; hands over when told to."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from trustdesk import clock
from trustdesk.flow import plugins, registers
from trustdesk.management.base import USAGE, operator
from trustdesk.management.base import Command as DeskCommand
from trustdesk.queries import registers as built


class Command(DeskCommand):
    help = (
        "Records for public registers, without anything that says who somebody is: statements of reasons for the DSA "
        "Transparency Database, notices for Lumen. Prints what would leave; --do-it queues it for the worker. Exit code 1: "
        "records wait for a person. Exit code 2: desk.toml has no table for that register."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("exchange", choices=built.BUILT)
        parser.add_argument("--since", metavar="DAY", help="decided since that day, in UTC (default: the last 30 days)")
        parser.add_argument("--do-it", action="store_true", help="queue the records for the worker to hand over")
        parser.add_argument("--waiting", action="store_true", help="only list what waits for a person, and why")

    def handle(self, *args: Any, **options: Any) -> None:
        name, now = options["exchange"], clock.now()
        if options["waiting"]:
            self._waiting(name)
            return
        try:
            exchange = plugins.exchange(name)
        except LookupError as error:
            exchange = None
            if options["do_it"]:
                raise CommandError(str(error), returncode=USAGE) from error
        wanted = [registers.checked(one, exchange) for one in built.BUILT[name](_since(options["since"], now))]
        if options["do_it"]:
            counts = registers.queue(name, wanted, actor=operator(), now=now)
            self.note(", ".join(f"{n} {what.replace('_', ' ')}" for what, n in counts.items()) + "\n")
            if counts["needs_person"]:
                raise SystemExit(1)
            return
        for row in wanted:
            said = {"redacted": [list(pair) for pair in row.redacted]}
            said["problems"] = [[p.where, p.message] for p in row.problems]
            self.say(json.dumps({"key": row.key, "record": row.payload} | said, ensure_ascii=False))
        self.note(f"{len(wanted)} records would leave; nothing was sent (--do-it queues them)\n")

    def _waiting(self, name: str) -> None:
        rows = built.waiting(name)
        for row in rows:
            why = "; ".join(f"{finding['field']} {finding['message']}" for finding in row.findings)
            self.say(f"{row.key}: {why}")
        self.note(", ".join(f"{n} {state}" for state, n in sorted(built.tally(name).items())) + "\n")
        if rows:
            raise SystemExit(1)


def _since(text: str | None, now: datetime) -> datetime:
    if not text:
        return now - timedelta(days=30)
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--since: {text!r} is no day; write 2026-11-01", returncode=USAGE) from error
    return day if day.tzinfo else day.replace(tzinfo=UTC)
