"""The `[imap]` table of `desk.toml`: which mailbox is read, and how (docs/operate/settings.md)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from trustdesk.settings.desk import DeskError

PASSWORD = "TRUSTDESK_IMAP_PASSWORD"  # noqa: S105 - the name of a variable
PORTS = {"tls": 993, "starttls": 143, "none": 143}


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox. `since` leaves older mail alone; `archive` is where messages go once they are taken in ("": they stay
    and are marked as read); `every` is the pause between looks, in seconds, where the server cannot IDLE."""

    host: str
    user: str
    port: int = 0
    security: str = "tls"
    password_file: str = ""
    ca_file: str = ""
    folder: str = "INBOX"
    archive: str = ""
    since: date | None = None
    idle: bool = True
    every: int = 60

    def password(self) -> str:
        """From TRUSTDESK_IMAP_PASSWORD, else from the file. Raises OSError."""
        given = os.environ.get(PASSWORD, "")
        return given or Path(self.password_file).read_text("utf-8").rstrip("\r\n")


def account(table: Mapping[str, Any]) -> Account | None:
    """The account of the table; None if there is no such table. Raises DeskError naming the key that is wrong."""
    if not table:
        return None
    known = {f.name: f for f in fields(Account)}
    for key, value in table.items():
        if key not in known:
            raise DeskError(f"desk.toml [imap]: unknown key {key!r}; known are {', '.join(sorted(known))}")
        wanted = {"port": int, "every": int, "idle": bool, "since": date}.get(key, str)
        if type(value) is not wanted:
            raise DeskError(f"desk.toml [imap]: {key} must be a {wanted.__name__}")
    for key in ("host", "user"):
        if not table.get(key):
            raise DeskError(f"desk.toml [imap]: {key} is missing")
    found = Account(**table)
    if found.security not in PORTS:
        raise DeskError(f"desk.toml [imap]: security must be one of {', '.join(PORTS)}")
    if found.security == "none" and not _loopback(found.host):
        raise DeskError('desk.toml [imap]: security = "none" would send the password in clear; only for loopback')
    if found.every < 1:
        raise DeskError("desk.toml [imap]: every must be at least 1 second")
    if not found.password_file and not os.environ.get(PASSWORD):
        raise DeskError(f"desk.toml [imap]: password_file is missing, and {PASSWORD} is not set")
    return found if found.port else Account(**dict(table) | {"port": PORTS[found.security]})


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
