"""`trustdesk setup`: make a new desk ready, or bring an old one up to date."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection

from trustdesk import clock
from trustdesk.core.types import SYSTEM, Refused
from trustdesk.flow import checkpoint, inventory, people, plugins, record
from trustdesk.management.base import USAGE, alone
from trustdesk.management.base import Command as Base
from trustdesk.settings.secrets import secret

#: People of the sample desk; somebody who is there already is left alone.
PEOPLE = (
    ("ana", "Ana Torres", ("investigator",)),
    ("diego", "Diego Rivas", ("senior",)),
    ("lucia", "Lucía Campos", ("manager", "admin")),
)
ACCOUNTS = "demo-accounts.txt"
SAMPLE_INVENTORY = Path(__file__).resolve().parents[3] / "examples" / "provider" / "inventory"
#: Lets one set-up at a time work on a PostgreSQL database, from whatever machine.
LOCK = 0x7364_7570


class Command(Base):
    """Keys, tables, roles; for the sample desk its inventory and people, too."""

    help = "make keys, tables, roles and the rulebook of a new desk; safe to repeat, also by two at once"
    needs_desk = False

    def handle(self, *args: Any, **options: Any) -> None:
        """Idempotent. Prints what is new."""
        settings.HOME.mkdir(parents=True, exist_ok=True)
        with alone(settings.HOME / "setup.lock", wait=120, why="another set-up is under way"), _alone_in_database():
            make_keys()
            self._rulebook()
            call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)
            settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
            people.ensure_roles()
            if settings.DESK.sample:
                self._people()
            self._inventory()

    def _rulebook(self) -> None:
        from trustdesk import rules
        from trustdesk.rules import RulebookError

        try:
            rules.current().policies[settings.DESK.policy]
        except RulebookError as error:
            raise CommandError(f"the rulebook cannot be used:\n{error}", returncode=USAGE) from error
        except KeyError:
            raise CommandError(f"desk.toml: there is no policy {settings.DESK.policy!r}", returncode=USAGE) from None

    def _inventory(self) -> None:
        folder = Path(settings.DESK.inventory) if settings.DESK.inventory else None
        if folder is None and settings.DESK.sample and not inventory.anything():
            folder = SAMPLE_INVENTORY if (SAMPLE_INVENTORY / "customers.csv").exists() else None
        if folder is None:
            return
        try:
            done = inventory.load("csv", {"path": str(folder)}, actor=SYSTEM, now=clock.now())
        except Refused as refused:  # complaints must be taken in even while nobody can say whose they are
            self.note(f"inventory: {refused}")
            return
        if done.made or done.changed or done.ended:
            self.note(f"inventory: {done.customers} customers, {done.assets} assets")
        for problem in done.problems:
            self.note(f"inventory: {problem.where or folder}: {problem.message}")

    def _people(self) -> None:
        there = set(get_user_model().objects.values_list("username", flat=True))
        lines = []
        for username, name, roles in PEOPLE:
            if username not in there:
                password = secrets.token_urlsafe(9)
                people.add(username, name=name, roles=roles, password=password, actor=SYSTEM, now=clock.now())
                lines.append(f"{username:8} {password}   ({', '.join(roles)})\n")
        if lines:
            path = settings.HOME / ACCOUNTS
            fresh = {line.split()[0] for line in lines}
            old = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
            with open(path, "w", encoding="utf-8", opener=_private) as out:
                out.writelines([line for line in old if line.split()[:1] and line.split()[0] not in fresh] + lines)


def make_keys() -> None:
    """Make every key that the desk will need, so that none is first made in the middle of something else."""
    record.ledger_key()
    secret(settings.KEYS_DIR / "links.key")
    checkpoint.signing_key()
    if settings.DESK.sample and sample_is_here():
        plugins.sample_enforcer()


def sample_is_here() -> bool:
    """Whether the sample provider is; it ships with the source, not with the program."""
    return find_spec("examples") is not None and find_spec("examples.provider") is not None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def _alone_in_database() -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
