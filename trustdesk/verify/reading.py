"""Reads tables that somebody may have spoiled: a value that no program wrote must become a finding, not a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet

#: What Django's converters raise on, for instance, a time that is none (SQLite keeps whatever it is given).
SPOILED = (ValueError, TypeError, AttributeError, DatabaseError)
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row whose columns are not of their types."""

    key: Any
    why: str


def read(query: QuerySet[Any], *columns: str) -> Iterator[tuple[Any, ...] | Unreadable]:
    """The columns of each row in the query's order, in constant memory; a row that cannot be read as an `Unreadable`.

    The order must be total, because reading goes on row by row where it broke off.
    """
    done = 0
    try:
        for values in query.values_list(*columns).iterator(chunk_size=CHUNK):
            yield values
            done += 1
        return
    except SPOILED:
        keys = list(query.values_list("pk", flat=True))[done:]
    for key in keys:
        try:
            yield from query.filter(pk=key).values_list(*columns)
        except SPOILED as error:
            yield Unreadable(key, f"{type(error).__name__}: {error}"[:200])
