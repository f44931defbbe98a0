"""What the commands of `trustdesk` share."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from trustdesk.core.types import Actor, Refused

#: Exit codes of every command.
DONE, FINDINGS, USAGE, FAULT, AGAIN = 0, 1, 2, 70, 75


class Command(BaseCommand):
    """A command that leaves with one of the exit codes above. What `handle` raises as Refused is usage (2)."""

    requires_system_checks = []
    #: Whether the command needs the tables; a desk that was never set up is then set up first.
    needs_desk = True

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run, and turn a typed refusal into a message with each finding on its own line."""
        if self.needs_desk:
            self.ensure_set_up()
        try:
            return super().execute(*args, **options)
        except Refused as refused:
            lines = "\n".join(f"  {f.message}" for f in refused.findings)
            raise CommandError(f"refused:\n{lines}", returncode=USAGE) from refused

    def ensure_set_up(self) -> None:
        """Make the tables and keys of a desk that has none."""
        if not _is_set_up():
            call_command("setup", stdout=self.stderr, stderr=self.stderr)

    def say(self, text: str) -> None:
        """One line to standard output, at once, so that a reader at the other end of a pipe sees it."""
        self.stdout.write(text)
        self.stdout.flush()

    def say_json(self, value: Any) -> None:
        """One line of JSON to standard output."""
        self.say(json.dumps(value, ensure_ascii=False, default=str))

    def note(self, text: str) -> None:
        """One line for people, to standard error."""
        self.stderr.write(text)
        self.stderr.flush()


def operator() -> Actor:
    """Who types commands: the account of the machine. It is not a person of the desk."""
    return Actor("system", f"cli:{os.getuid()}")


def _is_set_up() -> bool:
    return "trustdesk_report" in connection.introspection.table_names()


@contextmanager
def alone(path: Path, *, wait: float, why: str) -> Iterator[None]:
    """Hold a file lock for the time of the block; it ends with the process, however that ends.

    Waits up to `wait` seconds and then leaves with 75 and `why`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+") as held:
        os.register_at_fork(after_in_child=held.close)  # what is forked here must not hold it on
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise CommandError(why, returncode=AGAIN) from None
                time.sleep(0.05)
        yield


def on_terminal() -> bool:
    """Whether a person is watching."""
    return sys.stderr.isatty()
