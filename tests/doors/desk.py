"""A desk of its own, made of real processes, as the tests of the doors need it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.processes import ROOT, TRUSTDESK, own_desk

NOT_A_SAMPLE = 'name = "Host"\naddress = "abuse@host.example"\n'


@functools.cache
def _set_up_once() -> tuple[Path, str]:
    """Home and, on PostgreSQL, database of a desk that was set up and that nobody uses."""
    left = contextlib.ExitStack()
    atexit.register(left.close)
    folder = Path(left.enter_context(tempfile.TemporaryDirectory(prefix="trustdesk-set-up-")))
    environment = left.enter_context(own_desk(folder, with_tables=True))
    desk = Desk(environment, NOT_A_SAMPLE)
    done = desk.command("setup")
    assert done.returncode == 0, done.stderr.decode()
    return desk.home, urlsplit(environment.get("TRUSTDESK_DATABASE_URL", "")).path[1:]


class Desk:
    """Processes and database of one desk. `environment` is from `tests.processes.own_desk`."""

    def __init__(self, environment: dict[str, str], toml: str = "") -> None:
        self.environment = environment
        self.home = Path(environment["TRUSTDESK_HOME"])
        self.home.mkdir(parents=True, exist_ok=True)
        if toml:
            (self.home / "desk.toml").write_text(toml, "utf-8")
        self.running: list[subprocess.Popen[bytes]] = []

    def port(self, name: str) -> int:
        return int(self.environment[f"TRUSTDESK_{name}_PORT"])

    def command(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run one command to its end."""
        return subprocess.run(
            [*TRUSTDESK, *arguments], env=self.environment, cwd=ROOT, input=stdin, capture_output=True, timeout=120
        )

    def set_up(self) -> None:
        """As `trustdesk setup` leaves a desk without a sample; made once in this run and copied from then on."""
        assert (self.home / "desk.toml").exists(), "a sample desk knows its ports: let it set up itself"
        home, database = _set_up_once()
        shutil.copytree(home, self.home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("desk.toml"))
        if database:
            import psycopg

            url = urlsplit(self.environment["TRUSTDESK_DATABASE_URL"])
            with psycopg.connect(os.environ["TRUSTDESK_DATABASE_URL"], autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{url.path[1:]}"')
                admin.execute(f'CREATE DATABASE "{url.path[1:]}" TEMPLATE "{database}"')

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own and leave it running."""
        process = subprocess.Popen(
            [*TRUSTDESK, *arguments], env=self.environment, cwd=ROOT, start_new_session=True, **options
        )
        self.running.append(process)
        return process

    def start_listener(self, **environment: str) -> subprocess.Popen[bytes]:
        """The mail listener alone, ready to take mail."""
        self.environment = self.environment | environment
        process = self.start("run", "--only", "listener")
        self.wait_for("LMTP", "SMTP", process=process)
        return process

    def wait_for(self, *ports: str, process: subprocess.Popen[bytes] | None = None, seconds: float = 60) -> None:
        """Wait until somebody accepts connections on all of these ports."""
        until = time.monotonic() + seconds
        for name in ports:
            while True:
                assert process is None or process.poll() is None, f"ended with {process.returncode}"
                try:
                    socket.create_connection(("127.0.0.1", self.port(name)), 1).close()
                    break
                except OSError:
                    assert time.monotonic() < until, f"nobody answers on {name}"
                    time.sleep(0.05)

    def lmtp(self) -> smtplib.LMTP:
        """A greeted LMTP connection."""
        client = smtplib.LMTP("127.0.0.1", self.port("LMTP"), timeout=30)
        assert client.ehlo()[0] == 250
        return client

    def smtp(self) -> smtplib.SMTP:
        """A greeted SMTP connection."""
        client = smtplib.SMTP("127.0.0.1", self.port("SMTP"), timeout=30)
        assert client.ehlo()[0] == 250
        return client

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database says, asked behind the product's back."""
        url = self.environment.get("TRUSTDESK_DATABASE_URL")
        if url:
            import psycopg

            with psycopg.connect(url) as connection:
                return connection.execute(sql).fetchall()  # type: ignore[call-overload]
        connection = sqlite3.connect(self.home / "trustdesk.sqlite3", timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def one(self, sql: str) -> Any:
        """The single value of a query."""
        return self.query(sql)[0][0]

    def evidence(self) -> list[bytes]:
        """All bytes that were kept, in the order of the reports."""
        digests = [row[0] for row in self.query("SELECT evidence_id FROM trustdesk_report ORDER BY id")]
        return [(self.home / "evidence" / d[:2] / d).read_bytes() for d in digests]

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of the whole process group."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def close(self) -> None:
        """Leave nothing running."""
        for process in list(self.running):
            if process.poll() is None:
                self.kill(process)


def say(client: smtplib.SMTP, *lines: str) -> list[int]:
    """The answers to some commands."""
    return [client.docmd(line)[0] for line in lines]


def send(
    client: smtplib.SMTP, raw: bytes, *recipients: str, sender: str = "a@reporter.example"
) -> list[tuple[int, bytes]]:
    """Send bytes exactly as they are (only dots are stuffed); the answers after the message, one per answer given."""
    assert say(client, f"MAIL FROM:<{sender}>") == [250]
    assert set(say(client, *(f"RCPT TO:<{r}>" for r in recipients))) == {250}
    assert say(client, "DATA") == [354]
    stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
    client.send(stuffed + (b"" if raw.endswith(b"\r\n") or not raw else b"\r\n") + b".\r\n")
    count = len(recipients) if isinstance(client, smtplib.LMTP) else 1
    return [client.getreply() for _ in range(count)]


def mail(number: int, *, text: str = "", headers: Sequence[str] = ()) -> bytes:
    """A plain complaint, unlike any with another number."""
    lines = [
        f"From: Reporter {number} <reporter{number}@reporter.example>",
        "To: abuse@host.example",
        f"Subject: Phishing page number {number}",
        f"Message-ID: <{number}@reporter.example>",
        "Date: Wed, 18 Nov 2026 09:00:00 +0000",
        *headers,
        "",
        text or f"This page steals passwords: http://site{number}.customer.example/login",
        "",
    ]
    return "\r\n".join(lines).encode()
