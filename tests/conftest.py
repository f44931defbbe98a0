"""One run of the suite works on one database: SQLite, or the PostgreSQL of TRUSTDESK_DATABASE_URL.

`make test` runs it on both. Everything the desk keeps goes to a folder that lives as long as the run.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import pytest

from tests.processes import forget_tables, own_desk, tables

_HOME = tempfile.mkdtemp(prefix="trustdesk-test-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["TRUSTDESK_HOME"] = _HOME
(Path(_HOME) / "static").mkdir()  # as a set-up leaves it
os.environ.setdefault("TRUSTDESK_LOG_LEVEL", "ERROR")
# A browser driven from a test leaves an event loop in its thread; the ORM of later tests there is used in no coroutine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ["TRUSTDESK_GRACE_SECONDS"] = "0"  # what is decided goes out; tests of taking back say otherwise
os.environ["DJANGO_SETTINGS_MODULE"] = "trustdesk.settings"
# Only now: were it in pyproject.toml, pytest-django would read the settings before the folder above is named.
django.setup()
# Left set, it would have the workers of xdist read the settings before they come here: all on the first one's folder.
del os.environ["DJANGO_SETTINGS_MODULE"]
logging.getLogger("trustdesk").setLevel(logging.WARNING)  # shown with a test that fails, and only then


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Nothing of what collecting makes is garbage; looking for it again and again is a tenth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    """Workers of xdist end without their exit handlers."""
    shutil.rmtree(_HOME, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what a database can change; of several workers each begins with its share of the slow tests,
    so that none is left with one at the end."""
    if os.environ.get("TRUSTDESK_DATABASE_URL"):
        left_out = [item for item in items if item.get_closest_marker("one_database")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("one_database")]
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        slow: list[list[pytest.Item]] = [[] for _ in range(workers)]
        files: dict[Path, int] = {}  # those of one file stay together: what they share is made once
        for item in items:
            if item.get_closest_marker("slow"):
                slow[files.setdefault(item.path, len(files) % workers)].append(item)
        quick = [item for item in items if not item.get_closest_marker("slow")]
        share = -(-len(items) // workers)  # xdist hands out the list in pieces of this size
        items.clear()
        for worker in range(workers):
            items.extend(slow[worker])
            room = max(0, share * (worker + 1) - len(items))
            items.extend(quick[:room])
            del quick[:room]
        items.extend(quick)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controller of several workers removes what they shared."""
    run = getattr(session.config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
    if run is not None:
        forget_tables(run.testrunuid)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """The database of the tests begins as a copy of the tables that one worker made for all."""
    from django.db import connection
    from django.db.backends.sqlite3.creation import DatabaseCreation

    if connection.vendor != "sqlite":
        connection.settings_dict["TEST"]["TEMPLATE"] = tables()
        yield
        return
    create = DatabaseCreation._create_test_db

    def copied(self: DatabaseCreation, *arguments: Any, **named: Any) -> str:
        name = create(self, *arguments, **named)
        shutil.copyfile(tables(), name)
        return name

    DatabaseCreation._create_test_db = copied  # type: ignore[method-assign]
    yield
    DatabaseCreation._create_test_db = create  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _flush_despite_triggers() -> Iterator[None]:
    """After a test with real transactions Django empties the tables; on SQLite by DELETE, which the ledger refuses."""
    from django.db.backends.sqlite3.base import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def without_triggers(self: DatabaseOperations, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            flush(self, sql_list)
            for _, sql in triggers:
                cursor.execute(sql)

    DatabaseOperations.execute_sql_flush = without_triggers  # type: ignore[method-assign]
    yield
    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Passwords of people made for a test are hashed quickly; real processes of a test hash as always."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def _no_draws() -> Iterator[None]:
    """Which decision draws a second look hangs on the desk's key and on the time: left to chance, a journal that a test
    looks at would now and then be an entry longer. Tests of reviews say themselves what is drawn."""
    from trustdesk.flow import review

    drawn, review.chosen = review.chosen, lambda drawn, part: False
    yield
    review.chosen = drawn


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning in the week that the samples live in."""
    return datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample mail that ships with the product."""
    return Path(__file__).parent.parent / "examples" / "mail"


@pytest.fixture
def desk_home(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a desk of its own, for tests that start real processes: a folder, free ports and, when the
    suite runs on PostgreSQL, a database of its own that is dropped afterwards."""
    with own_desk(tmp_path) as environment:
        yield environment
