"""Reads tables that somebody may have spoiled: a value that no program wrote must become a finding, not a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import DatabaseError
from django.db.models import Model, QuerySet

from trustdesk.prepared import Prepared

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
    rows = query.values_list(*columns).iterator(chunk_size=CHUNK)
    return _read(rows, lambda: query, columns)


def read_where(
    model: type[Model], which: str, values: Sequence[Any], *columns: str
) -> Iterator[tuple[Any, ...] | Unreadable]:
    """As `read`: the rows whose column `which` is one of `values`, by key. The statement is written once."""
    rows = _where(model, which, columns).iterator(values, chunk_size=CHUNK)
    return _read(rows, lambda: model._default_manager.filter(**{f"{which}__in": values}).order_by("pk"), columns)


def read_all(model: type[Model], order: tuple[str, ...], *columns: str) -> Iterator[tuple[Any, ...] | Unreadable]:
    """As `read`: all rows of a table in that order. The statement is written once."""
    rows = _all(model, order, columns).iterator(chunk_size=CHUNK)
    return _read(rows, lambda: model._default_manager.order_by(*order), columns)


@cache
def _where(model: type[Model], which: str, columns: tuple[str, ...]) -> Prepared:
    manager = model._default_manager
    return Prepared(lambda values: manager.filter(**{f"{which}__in": values}).order_by("pk").values_list(*columns))


@cache
def _all(model: type[Model], order: tuple[str, ...], columns: tuple[str, ...]) -> Prepared:
    return Prepared(lambda: model._default_manager.order_by(*order).values_list(*columns))


def _read(
    rows: Iterator[tuple[Any, ...]], query: Callable[[], QuerySet[Any]], columns: tuple[str, ...]
) -> Iterator[tuple[Any, ...] | Unreadable]:
    done = 0
    try:
        for values in rows:
            yield values
            done += 1
        return
    except SPOILED:
        keys = list(query().values_list("pk", flat=True))[done:]
    for key in keys:
        try:
            yield from query().filter(pk=key).values_list(*columns)
        except SPOILED as error:
            yield Unreadable(key, f"{type(error).__name__}: {error}"[:200])
