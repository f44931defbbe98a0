"""`trustdesk verify`: replay the ledger with code of its own and compare it with everything the desk holds."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from tqdm import tqdm

from trustdesk import clock
from trustdesk.management.base import DONE, FINDINGS, USAGE
from trustdesk.management.base import Command as DeskCommand
from trustdesk.queries.ledger import VERIFIED
from trustdesk.verify import Finding, check, door


class Bar:
    """Progress on standard error, on a terminal only."""

    def __init__(self) -> None:
        self._bar: Any = None

    def begin(self, what: str, total: int) -> None:
        """A stage begins; the one before is done."""
        self.end()
        self._bar = tqdm(desc=f"{what:12}", total=total, file=sys.stderr, disable=None, leave=False, unit="")

    def step(self, count: int) -> None:
        """So many more are done."""
        self._bar.update(count)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


class Command(DeskCommand):
    help = (
        "Replay the journal with code of its own and compare it with every row, evidence file, checkpoint and rule "
        "text. Reads only; the desk may be running. Exit code 0: all is as the journal says; 1: it is not, and each "
        "finding is a line."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--key", action="store_true", help="print the public key that signs checkpoints, and end")
        which.add_argument("--export", action="store_true", help="print the latest checkpoint as JSON for a witness")
        which.add_argument("--proof", metavar="CASE", help="prove that a case is in the latest checkpoint")
        parser.add_argument("--checkpoint", metavar="FILE", help="also compare with a checkpoint exported earlier")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def ensure_set_up(self) -> None:
        """Unlike other commands this one makes nothing: it only reads."""
        if "trustdesk_entry" not in connection.introspection.table_names():
            raise CommandError("there is no desk here that could be verified", returncode=USAGE)

    def handle(self, *args: Any, **options: Any) -> None:
        """Leave with 0 or 1; 2 where what was asked for is not there."""
        if options["key"]:
            self.say(door.public_key_text() or self._absent("this desk has not made a checkpoint key yet"))
        elif options["export"]:
            self.say_json(door.latest() or self._absent("this desk has not made a checkpoint yet"))
        elif options["proof"]:
            self.say_json(door.proof_of(options["proof"]) or self._absent("no checkpoint holds that case"))
        else:
            sys.exit(self._verify(options["checkpoint"], as_json=options["json"]))

    def _absent(self, why: str) -> Any:
        raise CommandError(why, returncode=USAGE)

    def _verify(self, witness: str | None, *, as_json: bool) -> int:
        witnessed = _witnessed(witness) if witness else []
        began = clock.now()
        bar = Bar()
        found: list[dict[str, object]] = []
        findings = notes = 0
        for finding in chain(witnessed, check(bar)):
            findings += not finding.note
            notes += finding.note
            self._tell(finding, found, as_json)
        bar.end()
        size = door.size()
        if as_json:
            self.say_json({"at": began, "ok": not findings, "findings": found, **size})
        else:
            counted = ", ".join(f"{number} {name}" for name, number in size.items())
            verdict = "all is as the journal says" if not findings else f"{findings} findings"
            self.say(f"{verdict}{f', {notes} notes' if notes else ''}; {counted}")
        _remember({"at": began.isoformat(), "ok": not findings, "findings": findings})
        return FINDINGS if findings else DONE

    def _tell(self, finding: Finding, found: list[dict[str, object]], as_json: bool) -> None:
        if as_json:
            found.append(finding.as_dict())
        else:
            self.say(str(finding))


def _witnessed(file: str) -> list[Finding]:
    try:
        return list(door.witness(json.loads(Path(file).read_bytes())))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}", returncode=USAGE) from None


def _remember(result: dict[str, object]) -> None:
    """For the light beside "Ledger" in the desk; a desk without a cache table has none."""
    with suppress(DatabaseError):
        cache.set(VERIFIED, result, timeout=None)
