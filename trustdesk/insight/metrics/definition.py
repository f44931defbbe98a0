"""What a metric is, and its expression in the subset of Ibis that every engine computes alike.

The subset: filters, `cases`, group by, count and sum with a condition, `row_number` and `count` over a window. No
`quantile` (not exact, or missing, on several engines), no differences of times (engines count them differently: facts
carry seconds), no `first`. Sessions of an engine must run in UTC, because days are cut there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: A dimension that every fact has: the UTC day of the metric's own time.
DAY = "day"


class Source(Protocol):
    """Where facts are: any Ibis backend with the tables of the lake."""

    def table(self, name: str, /) -> ir.Table:
        """The table of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time, `start` inclusive, both aware UTC. Windows that are asked together must not overlap."""

    name: str
    start: datetime
    end: datetime


def everything(t: ir.Table) -> Any:
    """The condition of a metric that counts every row of its fact."""
    import ibis

    return ibis.literal(True)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    `where` says which rows of `fact` count, `time` which column decides when. `counts`: "rows"; "sum" of `column`;
    "balance", the sum of `column` over all time up to a moment; "waits", the seconds in `column`, of which quantiles are
    taken. `by` lists the dimensions that make sense for it; `grain` and `caveats` are for readers.
    """

    name: str
    title: str
    meaning: str
    fact: str
    time: str
    grain: str
    where: Callable[[ir.Table], Any] = everything
    counts: str = "rows"
    column: str = ""
    by: tuple[str, ...] = ()
    caveats: str = ""


def counted(source: Source, metrics: Sequence[Metric], windows: Sequence[Window], by: Sequence[str] = ()) -> ir.Table:
    """Rows of (window, *by, one column a metric): metrics of one fact and time that count rows or sum a column."""
    import ibis

    fact, time = metrics[0].fact, metrics[0].time
    if any((m.fact, m.time) != (fact, time) for m in metrics):
        raise ValueError("metrics of one query share their fact and its time")
    t = _in_windows(source.table(fact), time, windows, by)
    values = {}
    for m in metrics:
        one = ibis.literal(1) if m.counts == "rows" else t[m.column]
        values[m.name] = ibis.coalesce(ibis.ifelse(m.where(t) & t[time].notnull(), one, ibis.literal(0)).sum(), 0).cast(
            "int64"
        )
    return t.group_by(["window", *by]).aggregate(**values)


def balance(source: Source, metric: Metric, moments: Sequence[datetime], by: Sequence[str] = ()) -> ir.Table:
    """Rows of (*by, at_0, at_1, …): what `metric` comes to just before each moment."""
    import ibis

    t = source.table(metric.fact)
    t = t.filter(t[metric.time] < at(max(moments)))
    if by:
        t = t.mutate(**{name: _dimension(t, metric.time, name) for name in by})
    values = {
        f"at_{n}": ibis.coalesce(ibis.ifelse(t[metric.time] < at(m), t[metric.column], 0).sum(), 0).cast("int64")
        for n, m in enumerate(moments)
    }
    return t.group_by(list(by)).aggregate(**values) if by else t.aggregate(**values)


def quantiles(
    source: Source, metric: Metric, windows: Sequence[Window], shares: Sequence[float], by: Sequence[str] = ()
) -> ir.Table:
    """Rows of (window, *by, n, low_0, high_0, low_1, …): how many waits, and the two neighbours of each quantile.

    Exact and the same everywhere: waits are numbered by length, and the continuous quantile (SQL's `percentile_cont`)
    lies between numbers floor(share·(n-1)) and the next. `between` puts the two together.
    """
    import ibis

    t = source.table(metric.fact)
    t = _in_windows(t.filter(metric.where(t)), metric.time, windows, by)
    within = ["window", *by]
    t = t.mutate(
        place=ibis.row_number().over(group_by=within, order_by=[t[metric.column], t.case_id, t.seq]).cast("float64"),
        n=t.count().over(group_by=within).cast("float64"),
    )
    values: dict[str, Any] = {"n": t.n.max().cast("int64")}
    for k, share in enumerate(shares):
        low = (ibis.literal(float(share)) * (t.n - 1.0)).floor().cast("float64")
        high = ibis.ifelse(low + 1.0 < t.n, low + 1.0, low)
        values[f"low_{k}"] = ibis.ifelse(t.place == low, t[metric.column], ibis.literal(0.0)).max()
        values[f"high_{k}"] = ibis.ifelse(t.place == high, t[metric.column], ibis.literal(0.0)).max()
    return t.group_by(within).aggregate(**values)


def between(row: dict[str, Any], k: int, share: float) -> float:
    """The continuous quantile out of a row of `quantiles`, in seconds."""
    place = share * (row["n"] - 1)
    low: float = row[f"low_{k}"]
    return low + (row[f"high_{k}"] - low) * (place - int(place))


def at(moment: datetime) -> Any:
    """A moment as every engine reads it."""
    import ibis

    return ibis.literal(moment, type="timestamp('UTC')")


def _in_windows(t: ir.Table, time: str, windows: Sequence[Window], by: Sequence[str]) -> ir.Table:
    import ibis

    when = t[time]
    inside = [((when >= at(w.start)) & (when < at(w.end))) for w in windows]
    named = ibis.cases(*((test, w.name) for test, w in zip(inside, windows, strict=True)), else_="")
    first, last = min(w.start for w in windows), max(w.end for w in windows)
    t = t.mutate(window=named, **{name: _dimension(t, time, name) for name in by})
    return t.filter((t[time] >= at(first)) & (t[time] < at(last)) & (t.window != ""))


def _dimension(t: ir.Table, time: str, name: str) -> Any:
    import ibis

    if name == DAY:
        return t[time].date()
    column = t[name]
    return ibis.coalesce(column, "") if column.type().is_string() else column
