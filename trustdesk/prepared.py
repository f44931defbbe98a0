"""Statements that are worked out once and then only filled in.

A page of the desk asks a few dozen short questions, and Django spends several times longer on writing each of them as SQL
than the database spends on answering it. A question whose shape never changes is written once:

    CLOCKS = Prepared(lambda case: Clock.objects.filter(case_id=case).order_by("id"))
    clocks = CLOCKS(case.pk)        # a list, as list(queryset) would give it

The function gets stand-ins for whole numbers, texts, times and lists of numbers or texts, and must put each of them into the
statement as it is (not `Upper(text)`, not `now - day`: compute those before). True, False and None are no stand-ins but
choose another shape. Nothing is prefetched.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS as ALIAS
from django.db import connections
from django.db.models import QuerySet

#: Nobody's key and nobody's moment: what stands in a statement until the real values are known. A number that fits any key:
#: Django answers by itself where one is too large for a column.
FIRST_NUMBER, FIRST_TIME = 2_147_000_000, datetime(1601, 1, 1, tzinfo=UTC)


class Prepared:
    """A question with gaps. Safe to share between threads and connections; written anew for each kind of database."""

    def __init__(self, make: Callable[..., QuerySet[Any, Any]]) -> None:
        self.make = make
        self._written: dict[tuple[Any, ...], _Written] = {}

    def __call__(self, *values: Any) -> list[Any]:
        """The answer. Raises ValueError if the function changes a value on its way into the statement."""
        written, padded = self.written(values)
        return [] if written is None else written.rows(padded)

    def iterator(self, *values: Any, chunk_size: int) -> Iterator[Any]:
        """The answer as it is read, in constant memory."""
        written, padded = self.written(values)
        if written is not None:
            yield from written.asked(padded, chunk_size)

    def first(self, *values: Any) -> Any:
        """The first row of the answer, or None."""
        found = self(*values)
        return found[0] if found else None

    def written(self, values: Sequence[Any]) -> tuple[_Written | None, list[Any]]:
        """The statement for values of these kinds (None: it would find nothing), and the values as it takes them."""
        padded = [_padded(value) if isinstance(value, list | tuple | set | frozenset) else value for value in values]
        if () in padded:
            return None, padded  # nothing is in an empty list
        key = (connections[ALIAS].vendor, *(_shape(value) for value in padded))
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = _Written(self.make, padded)
        return written, padded


def together(**questions: tuple[Any, ...]) -> dict[str, list[tuple[Any, ...]]]:
    """Several short questions in one statement: `together(late=(LATE, now), mine=(MINE, person, now))`.

    Each is a Prepared and its values, and gives plain columns (`values_list`). Where one gives more columns than another,
    those are numbers; the first columns are of one type."""
    answers: dict[str, list[tuple[Any, ...]]] = {name: [] for name in questions}
    asked = {name: question.written(values) for name, (question, *values) in questions.items()}
    known = [(name, written, padded) for name, (written, padded) in asked.items() if written is not None]
    widest = max((written.width for _name, written, _padded in known), default=0)
    parts, parameters = [], []
    for n, (_name, written, padded) in enumerate(known):
        fill = ", 0" * (widest - written.width)
        parts.append(f"SELECT {n} AS part, q{n}.*{fill} FROM ({written.sql}) q{n}")  # noqa: S608 (statements of our own)
        parameters += written.filled(padded)
    if parts:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), parameters)
            for part, *columns in cursor.fetchall():
                name, written, _padded = known[part]
                answers[name].append(tuple(columns[: written.width]))
    return answers


def _padded(values: Any) -> tuple[Any, ...]:
    """The values filled up with the last one to a power of two, so that there are few lengths."""
    some = tuple(values)
    if not some:
        return ()
    length = 1 << (len(some) - 1).bit_length()
    return some + some[-1:] * (length - len(some))


def _shape(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return (type(value[0]), len(value)) if isinstance(value, tuple) else type(value)


class _Written:
    """One statement as it was written, and which of its parameters are gaps."""

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], values: Sequence[Any]) -> None:
        marks = _Marks()
        found = make(*(marks.argument(n, value) for n, value in enumerate(values)))
        inner: Any = found
        self.iterable, self.fields, self.query = inner._iterable_class, inner._fields, inner.query
        self.compiler = self.query.get_compiler(using=ALIAS)
        try:
            self.sql, parameters = self.compiler.as_sql()
        except EmptyResultSet as error:
            raise ValueError("the statement finds nothing, whatever the values") from error
        self.width = self.compiler.col_count
        self.parameters = list(parameters)
        #: (position among the parameters, number of the value, place in it if it is a list, what the driver wants it as)
        self.gaps: list[tuple[int, int, int | None, Any]] = [
            (position, *marks.places[parameter], type(parameter) if type(parameter).__base__ is int else None)
            for position, parameter in enumerate(self.parameters)
            if isinstance(parameter, int | str | datetime) and parameter in marks.places
        ]
        if set(marks.places.values()) != {(n, m) for _position, n, m, _as in self.gaps}:
            raise ValueError("a value does not stand in the statement as it was given")

    def filled(self, values: Sequence[Any]) -> list[Any]:
        """The parameters with the gaps filled in."""
        parameters = self.parameters.copy()
        for position, n, m, wanted in self.gaps:
            value = values[n] if m is None else values[n][m]
            if isinstance(value, datetime):
                value = connections[ALIAS].ops.adapt_datetimefield_value(value)
            parameters[position] = value if wanted is None else wanted(value)
        return parameters

    def rows(self, values: Sequence[Any]) -> list[Any]:
        """Fill in and ask."""
        return list(self.asked(values))

    def asked(self, values: Sequence[Any], chunk_size: int = 0) -> Any:
        """What gives the rows, all at once or so many at a time."""
        parameters = tuple(self.filled(values))
        compiler = copy.copy(self.compiler)
        compiler.connection = connections[ALIAS]
        compiler.as_sql = lambda *_args, **_named: (self.sql, parameters)
        # As much of a queryset as Django's readers of rows look at.
        asked = SimpleNamespace(
            db=ALIAS,
            query=_Asked(self.query, compiler),
            _fields=self.fields,
            _known_related_objects={},
        )
        return self.iterable(asked, chunked_fetch=chunk_size > 0, chunk_size=chunk_size or 100)


class _Asked:
    """The query, with its compiler at hand."""

    def __init__(self, query: Any, compiler: Any) -> None:
        self._query, self._compiler = query, compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)

    def get_compiler(self, *_args: Any, **_named: Any) -> Any:
        """The compiler that knows its statement already."""
        return self._compiler


class _Marks:
    """Stand-ins for values, and which value each of them stands for."""

    def __init__(self) -> None:
        self.places: dict[Any, tuple[int, int | None]] = {}

    def argument(self, n: int, value: Any) -> Any:
        """What the writing function gets for value number `n`."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, tuple):
            return [self._mark(one, (n, m)) for m, one in enumerate(value)]
        return self._mark(value, (n, None))

    def _mark(self, value: Any, place: tuple[int, int | None]) -> Any:
        number = len(self.places) + 1
        if isinstance(value, datetime):
            moment = FIRST_TIME + timedelta(days=number)
            self.places[connections[ALIAS].ops.adapt_datetimefield_value(moment)] = place
            return moment
        mark: int | str = f"\x02{number}\x03" if isinstance(value, str) else FIRST_NUMBER + number
        self.places[mark] = place
        return mark
