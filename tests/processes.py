"""Desks of their own for tests that start, kill and restart real processes."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
TRUSTDESK = [sys.executable, str(ROOT / "manage.py")]
PORTS = ("WEB", "LMTP", "SMTP", "SAMPLE_CONTROL", "SAMPLE_SITES")


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def own_desk(home: Path) -> Iterator[dict[str, str]]:
    """Environment variables for a desk that shares nothing with any other."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUSTDESK_")}
    environment["TRUSTDESK_HOME"] = str(home / "desk")
    environment["TRUSTDESK_GRACE_SECONDS"] = "0"
    for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True):
        environment[f"TRUSTDESK_{name}_PORT"] = str(port)
    url = os.environ.get("TRUSTDESK_DATABASE_URL", "")
    if not url:
        yield environment
        return
    import psycopg

    name = f"trustdesk_{os.getpid()}_{environment['TRUSTDESK_WEB_PORT']}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    parts = urlsplit(url)
    try:
        yield environment | {"TRUSTDESK_DATABASE_URL": parts._replace(path=f"/{name}").geturl()}
    finally:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
