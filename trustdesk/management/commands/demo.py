"""`trustdesk demo`: two weeks of the sample provider's life, ending now."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management import CommandError
from tqdm import tqdm

from trustdesk import clock
from trustdesk.demo import mailbag, player
from trustdesk.management.base import FINDINGS, USAGE
from trustdesk.management.base import Command as DeskCommand
from trustdesk.queries import health


class Command(DeskCommand):
    help = (
        "Fill the desk of the sample provider with two weeks of life that end now: mail, decisions, measures on the "
        "sample sites, letters, answers, appeals, breaches. Exit code 1: there are cases already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=14, help="how many days (default: 14)")
        parser.add_argument("--until", metavar="TIME", help="when they end, as ISO 8601 with zone (default: now)")
        parser.add_argument("--seed", type=int, default=7, help="another number, another fortnight (default: 7)")
        parser.add_argument("--reports", type=int, default=150, help="how many reports (default: 150)")
        parser.add_argument("--anyway", action="store_true", help="also on a desk that has cases already")

    def handle(self, *args: Any, **options: Any) -> None:
        if not health.is_new() and not options["anyway"]:
            raise CommandError("this desk has cases already; --anyway adds the demo to them", returncode=FINDINGS)
        until = self._until(options["until"])
        if not 1 <= options["days"] <= 365:
            raise CommandError("--days: between 1 and 365", returncode=USAGE)
        try:
            samples = mailbag.load(player.samples())
        except FileNotFoundError as error:
            raise CommandError(f"the sample mail is not here: {error.filename}", returncode=USAGE) from error
        start = until - timedelta(days=options["days"])
        with (
            player.hurried(),
            player.provider(),
            tqdm(total=options["days"] * 24, file=sys.stderr, disable=None, unit="h") as bar,
        ):
            played = player.Player(samples, start=start, until=until, seed=options["seed"], reports=options["reports"])
            if set(played.cast.accounts) != set(player.week.SHIFTS):
                raise CommandError(
                    "the people of the sample desk are not here; run `trustdesk setup`", returncode=USAGE
                )
            done = played.play(lambda at: bar.update(int((at - start).total_seconds() // 3600) - bar.n))
        parts = ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in done.items())
        self.note(f"{options['days']} days until {until:%Y-%m-%d %H:%M} UTC: {parts}")

    def _until(self, text: str | None) -> datetime:
        if text is None:
            return clock.now()
        try:
            until = datetime.fromisoformat(text)
        except ValueError as error:
            raise CommandError(f"--until: {error}", returncode=USAGE) from error
        if until.tzinfo is None:
            raise CommandError("--until: say the zone as well, such as 2026-11-22T12:00:00Z", returncode=USAGE)
        return until
