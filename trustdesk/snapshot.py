"""One frozen view of the database while others go on writing.

Whoever reads many tables and compares them must see all of them at one moment. Nothing may be written inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """A read-only view of the database as it is now. Inside a transaction of the caller's, that one's view is used.

    SQLite: a deferred transaction, which in WAL mode reads from one moment and holds up no writer (the desk's ordinary
    transactions begin IMMEDIATE and would). PostgreSQL: REPEATABLE READ, because READ COMMITTED takes a new view for
    every statement.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
