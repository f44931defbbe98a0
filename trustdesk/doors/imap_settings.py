"""The `[imap]` table of `desk.toml`: which mailbox is read, and how (docs/operate/settings.md)."""

from __future__ import annotations

import ipaddress
import os
import subprocess
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
    """A mailbox. With `token_file` or `token_command` the door signs in by XOAUTH2, else by password. `since` leaves older
    mail alone; `archive` is where messages go once they are taken in ("": they stay and are marked as read); `every` is
    the pause between looks, in seconds, where the server cannot IDLE."""

    host: str
    user: str
    port: int = 0
    security: str = "tls"
    password_file: str = ""
    token_file: str = ""
    token_command: tuple[str, ...] = ()
    ca_file: str = ""
    folder: str = "INBOX"
    archive: str = ""
    since: date | None = None
    idle: bool = True
    every: int = 60

    @property
    def by_token(self) -> bool:
        """Whether it signs in with an access token (OAuth 2.0) instead of a password."""
        return bool(self.token_file or self.token_command)

    def token(self) -> str:
        """An access token that holds now: asked for at each sign-in, for they last an hour. Raises OSError."""
        if self.token_file:
            return Path(self.token_file).read_text("utf-8").strip()
        done = subprocess.run(self.token_command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        if done.returncode or not done.stdout.strip():
            raise OSError(f"token_command ended with {done.returncode}: {done.stderr.strip()[-200:]}")
        return done.stdout.strip().splitlines()[0]

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
        wanted = {"port": int, "every": int, "idle": bool, "since": date, "token_command": list}.get(key, str)
        if type(value) is not wanted:
            raise DeskError(f"desk.toml [imap]: {key} must be a {wanted.__name__}")
    for key in ("host", "user"):
        if not table.get(key):
            raise DeskError(f"desk.toml [imap]: {key} is missing")
    command = table.get("token_command", [])
    if not all(isinstance(word, str) and word for word in command) or ("token_command" in table and not command):
        raise DeskError(
            'desk.toml [imap]: token_command must be a list of words, such as ["oama", "access", "you@x.example"]'
        )
    table = dict(table) | {"token_command": tuple(command)}
    found = Account(**table)
    if found.token_file and found.token_command:
        raise DeskError("desk.toml [imap]: give token_file or token_command, not both")
    if found.security not in PORTS:
        raise DeskError(f"desk.toml [imap]: security must be one of {', '.join(PORTS)}")
    if found.security == "none" and not _loopback(found.host):
        raise DeskError('desk.toml [imap]: security = "none" would send the password in clear; only for loopback')
    if found.every < 1:
        raise DeskError("desk.toml [imap]: every must be at least 1 second")
    if not found.by_token and not found.password_file and not os.environ.get(PASSWORD):
        raise DeskError(f"desk.toml [imap]: password_file is missing, and {PASSWORD} is not set")
    return found if found.port else Account(**dict(table) | {"port": PORTS[found.security]})


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
