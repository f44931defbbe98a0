"""`trustdesk clock REGIME CLOCK --from TIME [--location PLACE]`: compute one time limit. Touches no database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trustdesk import rules
from trustdesk.core.calendars import Calendars
from trustdesk.core.clocks import Counted, count
from trustdesk.core.regimes import ClockRule, Regime
from trustdesk.core.types import Refused


class Command(BaseCommand):
    help = "Compute one legal time limit and print it as JSON; without a clock, list the clocks of a regime."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("regime", help="id of the regime, such as us-dmca-512c")
        parser.add_argument("clock", nargs="?", default="", help="name of the clock, such as putback")
        parser.add_argument(
            "--from",
            dest="at",
            metavar="TIME",
            help="time of the event with its offset: 2026-11-20T15:00-06:00; the day is the day at that offset",
        )
        parser.add_argument(
            "--location",
            default="",
            metavar="PLACE",
            help="whose business days count where the calendar is local: US, DE, DE-BY (ISO 3166)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        regime, calendars = self._rules(options["regime"], options["location"])
        if not options["clock"]:
            for rule in regime.clocks:
                self.stdout.write(json.dumps(describe(rule), ensure_ascii=False))
            return
        if not options["at"]:
            raise CommandError("--from is needed: the time of the event, such as 2026-11-20T15:00-06:00", returncode=2)
        at = parse_time(options["at"])
        rule = self._clock(regime, options["clock"], at)
        try:
            counted = count(rule, at=at, calendars=calendars, location=options["location"])
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        if rule.calendar and calendars.find(rule.calendar).place == "location" and not options["location"]:
            place = calendars.find(rule.calendar).fallback or "no place: Saturdays and Sundays only"
            self.stderr.write(f"note: without --location the days off are those of {place}")
        zulu = options["at"].strip()[-1] in "Zz"
        self.stdout.write(json.dumps(as_json(rule, counted, zulu=zulu), ensure_ascii=False))

    def _rules(self, regime: str, location: str) -> tuple[Regime, Calendars]:
        try:
            return rules.excerpt(regime, location)
        except KeyError as error:
            raise CommandError(
                f"there is no regime {regime!r}; `trustdesk rulebook list` names them", returncode=2
            ) from error
        except rules.RulebookError as error:
            raise CommandError(f"the rulebook is not usable\n{error}", returncode=1) from error

    def _clock(self, regime: Regime, name: str, at: datetime) -> ClockRule:
        name = name.removeprefix(f"{regime.id}.ck.")
        rule = regime.clock(name, at.date()) or regime.clock(name)
        if rule is None:
            names = ", ".join(dict.fromkeys(c.id for c in regime.clocks)) or "none"
            raise CommandError(f"{regime.id} has no clock {name!r}; it has: {names}", returncode=2)
        if rule.off:
            self.stderr.write(f"note: this clock is switched off. {rule.off}")
        elif regime.switch != "on":
            self.stderr.write(f"note: this regime is switched off. {regime.switch_reason}")
        if not regime.in_force(at.date()) or (rule.valid_from and at.date() < rule.valid_from):
            self.stderr.write("note: the rule was not in force on that day")
        return rule


def parse_time(text: str) -> datetime:
    """An RFC 3339 time with its offset. Raises CommandError: a time without an offset has no day of its own."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise CommandError(f"{text!r} is not a time such as 2026-11-20T15:00-06:00", returncode=2) from error
    if at.tzinfo is None:
        raise CommandError(f"{text!r} has no offset from UTC; write 2026-11-20T15:00-06:00 or …Z", returncode=2)
    return at


def as_json(rule: ClockRule, counted: Counted, *, zulu: bool = False) -> dict[str, Any]:
    """The answer as the command prints it: dates for days and longer, RFC 3339 times for hours, null for no bound."""

    def shown(value: Any) -> str | None:
        if value is None:
            return None
        text = value.isoformat()
        return text.removesuffix("+00:00") + "Z" if zulu and text.endswith("+00:00") else text

    return {
        "not_before": shown(counted.not_before),
        "due": shown(counted.due),
        "kind": rule.kind,
        "calendar": rule.calendar or None,
        "calendar_version": counted.calendar_version or None,
        "skipped_days": [day.isoformat() for day, _ in counted.skipped],
        "source": rule.source,
    }


def describe(rule: ClockRule) -> dict[str, Any]:
    """One clock of a regime in a line."""
    number = "-".join(str(n) for n in (rule.low, rule.high) if n is not None)
    return {
        "clock": rule.id,
        "title": rule.title,
        "starts_on": rule.starts_on,
        "shape": rule.shape,
        "number": f"{number} {rule.unit}".strip() or None,
        "standard": rule.standard or None,
        "calendar": rule.calendar or None,
        "kind": rule.kind,
        "source": rule.source,
        "off": rule.off or None,
    }
