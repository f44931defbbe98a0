"""Asking a source for metrics: rows of plain values, and facts made in memory from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from trustdesk.insight.metrics import definition
from trustdesk.insight.metrics.catalogue import METRICS
from trustdesk.insight.metrics.definition import Source, Window

Row = dict[str, Any]


class Remembering:
    """A source that asks its engine only once what a table looks like."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self._tables: dict[str, Any] = {}

    def table(self, name: str, /) -> Any:
        """The table of that name."""
        if name not in self._tables:
            self._tables[name] = self.engine.table(name)
        return self._tables[name]

    def to_pyarrow(self, expression: Any) -> Any:
        """The rows of an expression as an Arrow table."""
        return self.engine.to_pyarrow(expression)


def from_tables(tables: dict[str, Any]) -> Source:
    """A source over Arrow tables by name, in an engine of its own in memory."""
    import ibis

    engine = ibis.duckdb.connect()
    engine.raw_sql("SET TimeZone = 'UTC'")
    for name, table in tables.items():
        engine.con.register(name, table)
    return Remembering(engine)


def counted(source: Source, names: Sequence[str], windows: Sequence[Window], by: Sequence[str] = ()) -> list[Row]:
    """Rows of {"window", *by, *names}; only groups that have rows. Metrics must share their fact."""
    metrics = [METRICS[name] for name in names]
    return _rows(source, definition.counted(source, metrics, windows, by))


def open_at(source: Source, moments: Sequence[datetime], by: Sequence[str] = ()) -> list[Row]:
    """Rows of {*by, "at_0", "at_1", …}: cases open just before each moment."""
    return _rows(source, definition.balance(source, METRICS["open"], moments, by))


def waits(
    source: Source, name: str, windows: Sequence[Window], shares: Sequence[float] = (0.5, 0.95)
) -> dict[str, tuple[int, list[float]]]:
    """By window: how many waits, and the quantiles in seconds."""
    rows = _rows(source, definition.quantiles(source, METRICS[name], windows, shares))
    return {r["window"]: (r["n"], [definition.between(r, k, s) for k, s in enumerate(shares)]) for r in rows}


def began(source: Source) -> datetime | None:
    """When the first report was received; None if there is none."""
    t = source.table("fact_report")
    first = _rows(source, t.aggregate(first=t.received_at.min()))[0]["first"]
    return first if first is None or first.tzinfo else first.replace(tzinfo=UTC)


def open_ages(source: Source, moment: datetime) -> list[datetime]:
    """When each case that was open just before `moment` was opened."""
    import ibis

    t = source.table("fact_step")
    t = t.filter(t.happened_at < definition.at(moment))
    cases = t.group_by("case_id").aggregate(open=t.opens.sum(), since=t.happened_at.min())
    days = cases.filter(cases.open > ibis.literal(0))
    return [r["since"] if r["since"].tzinfo else r["since"].replace(tzinfo=UTC) for r in _rows(source, days)]


def _rows(source: Source, expression: Any) -> list[Row]:
    rows: Iterable[Row] = source.to_pyarrow(expression).to_pylist()  # type: ignore[attr-defined]
    return list(rows)
