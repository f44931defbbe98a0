"""The same metrics on every engine: DuckDB is the measure, the others must give the same rows."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.insight.lives import MONDAY, random_journal
from tests.insight.test_lake import Desk, run
from tests.run import programs, server
from trustdesk.insight.lake.engines import ClickHouse, DuckDB, Engine, PostgreSQL, Spark
from trustdesk.insight.lake.manifest import Manifest, latest
from trustdesk.insight.lake.store import Store
from trustdesk.insight.metrics import definition
from trustdesk.insight.metrics.catalogue import METRICS
from trustdesk.insight.metrics.definition import Metric, Window

pytestmark = pytest.mark.engines

WINDOWS = [
    Window("before", MONDAY - timedelta(days=14), MONDAY),
    Window("week", MONDAY, MONDAY + timedelta(days=7)),
    Window("empty", datetime(2031, 1, 1, tzinfo=UTC), datetime(2031, 2, 1, tzinfo=UTC)),
]
SHARES = (0.0, 0.5, 0.95, 1.0)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Manifest]:
    store = Store(str(tmp_path_factory.mktemp("lake")))
    run(Desk(random_journal(11, 120)), store)
    found = latest(store)
    assert found is not None
    return store, found


@pytest.fixture(scope="module")
def measure(lake: tuple[Store, Manifest]) -> Iterator[dict[str, list[dict[str, Any]]]]:
    with DuckDB(*lake) as engine:
        yield answers(engine)


def expressions(source: Any) -> dict[str, Any]:
    """Every metric by everything it may be split by."""
    found: dict[str, Any] = {}
    for metric in METRICS.values():
        for by in ((), *((name,) for name in metric.by)):
            found["/".join((metric.name, *by))] = expression(source, metric, by)
    return found


def expression(source: Any, metric: Metric, by: tuple[str, ...]) -> Any:
    if metric.counts == "balance":
        return definition.balance(source, metric, [w.end for w in WINDOWS], by)
    if metric.counts == "waits":
        return definition.quantiles(source, metric, WINDOWS, SHARES, by)
    return definition.counted(source, [metric], WINDOWS, by)


def answers(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    return {name: rows(engine.to_pyarrow(asked)) for name, asked in expressions(engine).items()}


def rows(table: Any) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: [str(value) for value in row.values()])


def test_the_measure_is_not_empty(measure: dict[str, list[dict[str, Any]]]) -> None:
    assert len(measure) > 100
    assert {row["window"]: row["received"] for row in measure["received"]}["week"] > 30
    for name in ("drawn", "reviews", "disagreed", "disagreed_with_automated", "suspensions"):
        assert any(row[name] for row in measure[name]), name
    waits = next(row for row in measure["time_to_first_decision"] if row["window"] == "week")
    assert waits["n"] > 10 and 0 < waits["low_1"] < waits["high_2"] <= waits["high_3"]


def test_postgresql(lake: tuple[Store, Manifest], measure: dict[str, list[dict[str, Any]]]) -> None:
    found = programs()
    if found is None:
        pytest.skip("NOT TESTED on PostgreSQL: no server programs on this machine")
    with server(found) as url, PostgreSQL(*lake, url=url) as engine:
        compare(answers(engine), measure)


def test_clickhouse(lake: tuple[Store, Manifest], measure: dict[str, list[dict[str, Any]]]) -> None:
    if importlib.util.find_spec("chdb") is None:
        pytest.skip("NOT TESTED on ClickHouse: chdb is not installed (make engines)")
    with ClickHouse(*lake) as engine:
        compare(answers(engine), measure)


def test_spark(lake: tuple[Store, Manifest], measure: dict[str, list[dict[str, Any]]]) -> None:
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("NOT TESTED on Spark: PySpark or Java is not installed (make engines; Java 17)")
    # So little data is computed sooner than a program for it is compiled.
    quick = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    with Spark(*lake, settings=quick) as engine:
        # A query takes Spark a quarter of a second: each metric alone, and one of each fact split by all that it may be.
        some = {metric.name: expression(engine, metric, ()) for metric in METRICS.values()}
        split = {metric.fact: metric for metric in reversed(METRICS.values())}
        split |= {metric.counts: metric for metric in METRICS.values()}
        for metric in split.values():
            for name in metric.by[:2]:
                some[f"{metric.name}/{name}"] = expression(engine, metric, (name,))
        compare({name: rows(engine.to_pyarrow(asked)) for name, asked in some.items()}, measure, some=True)


@pytest.mark.parametrize("dialect", ["bigquery", "trino"])
def test_compiles(dialect: str) -> None:
    """These run nowhere here; their SQL is at least made, and reads every fact it should."""
    import ibis
    from ibis.backends.sql import compilers

    from trustdesk.insight.lake import schema

    class Tables:
        def table(self, name: str, /) -> Any:
            return ibis.table(ibis.Schema.from_pyarrow(schema.arrow(schema.TABLES[name])), name=name)

    compiler = {"bigquery": compilers.BigQueryCompiler, "trino": compilers.TrinoCompiler}[dialect]()
    for metric in METRICS.values():
        sql = compiler.to_sqlglot(expression(Tables(), metric, metric.by[:1]).as_table()).sql(dialect)
        assert metric.fact in sql and metric.time in sql, metric.name


def compare(found: dict[str, Any], measure: dict[str, Any], *, some: bool = False) -> None:
    assert some or found.keys() == measure.keys()
    wrong = {name: (found[name][:3], measure[name][:3]) for name in found if found[name] != measure[name]}
    assert not wrong, f"{len(wrong)} of {len(found)} differ"


def test_files_of_the_lake_are_read_by_their_list(lake: tuple[Store, Manifest], tmp_path: Path) -> None:
    """What an interrupted export left beside is never counted."""
    store, manifest = lake
    file = next(f for f in manifest.of("fact_case") if f.rows)
    copy = Store(str(tmp_path))
    for one in manifest.files:
        copy.put(one.name, store.get(one.name))
    copy.put(file.name.replace("/b0", "/b9"), store.get(file.name))
    with DuckDB(copy, manifest) as engine:
        counted = engine.sql("SELECT count(*) AS n FROM fact_case").to_pylist()
    assert counted == [{"n": manifest.rows("fact_case")}]
