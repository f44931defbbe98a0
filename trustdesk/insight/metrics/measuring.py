"""Asking a source for metrics: rows of plain values, and facts made in memory from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from trustdesk.insight.metrics import definition
from trustdesk.insight.metrics.catalogue import METRICS
from trustdesk.insight.metrics.definition import Source, Window

Row = dict[str, Any]


def from_tables(tables: dict[str, Any]) -> Source:
    """A source over Arrow tables by name, in an engine of its own in memory."""
    import ibis

    source = ibis.duckdb.connect()
    source.raw_sql("SET TimeZone = 'UTC'")
    for name, table in tables.items():
        source.con.register(name, table)
    return source  # type: ignore[no-any-return]


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


def _rows(source: Source, expression: Any) -> list[Row]:
    rows: Iterable[Row] = source.to_pyarrow(expression).to_pylist()  # type: ignore[attr-defined]
    return list(rows)
