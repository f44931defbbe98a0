"""Desks of their own for tests that start, kill and restart real processes."""

from __future__ import annotations

import atexit
import fcntl
import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
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


@functools.cache
def tables() -> str:
    """An empty database with all tables, made once for all workers of a run and copied from then on: the path of a
    file, or on PostgreSQL the name of a database. Migrating anew costs three seconds of processor time each time."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    folder = Path(tempfile.gettempdir()) / f"trustdesk-tables-{run}"
    folder.mkdir(exist_ok=True)
    url = os.environ.get("TRUSTDESK_DATABASE_URL", "")
    name = f"trustdesk_tables_{run}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDESK_")}
    environment["TRUSTDESK_HOME"] = str(folder / "making")
    with open(folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            if url:
                _on_server(f'CREATE DATABASE "{name}"')
                environment["TRUSTDESK_DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
            for command in (["migrate", "--skip-checks", "--verbosity", "0"], ["createcachetable"]):
                subprocess.run([*TRUSTDESK, *command], env=environment, cwd=ROOT, check=True)
            (folder / "ready").touch()
    if "PYTEST_XDIST_WORKER" not in os.environ:  # else the controller sees to it: tests.conftest
        atexit.register(forget_tables, run)
    return name if url else str(folder / "making" / "trustdesk.sqlite3")


def forget_tables(run: str) -> None:
    """Remove what `tables` made in a run."""
    folder = Path(tempfile.gettempdir()) / f"trustdesk-tables-{run}"
    if folder.exists() and os.environ.get("TRUSTDESK_DATABASE_URL"):
        _on_server(f'DROP DATABASE IF EXISTS "trustdesk_tables_{run}" WITH (FORCE)')
    shutil.rmtree(folder, ignore_errors=True)


def _on_server(statement: str) -> None:
    import psycopg

    with psycopg.connect(os.environ["TRUSTDESK_DATABASE_URL"], autocommit=True) as admin:
        admin.execute(statement)  # type: ignore[call-overload]


@contextmanager
def own_desk(home: Path, *, with_tables: bool = False) -> Iterator[dict[str, str]]:
    """Environment variables for a desk that shares nothing with any other; nothing is there yet, or the empty tables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUSTDESK_")}
    environment["TRUSTDESK_HOME"] = str(home / "desk")
    environment["TRUSTDESK_GRACE_SECONDS"] = "0"
    for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True):
        environment[f"TRUSTDESK_{name}_PORT"] = str(port)
    url = os.environ.get("TRUSTDESK_DATABASE_URL", "")
    if not url:
        if with_tables:
            (home / "desk").mkdir()
            shutil.copyfile(tables(), home / "desk" / "trustdesk.sqlite3")
        yield environment
        return
    name = f"trustdesk_{os.getpid()}_{environment['TRUSTDESK_WEB_PORT']}"
    _on_server(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{tables()}"' if with_tables else ""))
    try:
        yield environment | {"TRUSTDESK_DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl()}
    finally:
        _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
