"""Engines that read the lake: the same Ibis expressions, computed where you like.

`open_engine("duckdb" | "spark" | "clickhouse", store, manifest)` gives the tables of the lake as Ibis tables and runs
expressions over them. What the manifest names is read, never what else lies in the folder.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from trustdesk.insight.lake import schema
from trustdesk.insight.lake.manifest import Manifest
from trustdesk.insight.lake.store import Store

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa


class NoEngine(Exception):
    """The engine is not installed here; says what is missing."""


class Engine:
    """What every engine offers; a `Source` of `insight.metrics`. `tables` holds each table of the lake as an Ibis table."""

    name = ""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self.store, self.manifest = store, manifest
        self.tables: dict[str, ibis.Table] = {}

    def to_pyarrow(self, expression: Any) -> pa.Table:
        """The value of an Ibis table expression."""
        raise NotImplementedError

    def table(self, name: str, /) -> ibis.Table:
        """The table of that name. Raises KeyError."""
        return self.tables[name]

    def close(self) -> None:
        """Let go of everything."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def paths(self, table: str) -> list[str]:
        """Files of a table as paths of this machine; those of a bucket are fetched once and kept for the run."""
        files = self.manifest.of(table)
        if self.store.local:
            return [self.store.url(f.name) for f in files]
        paths = []
        for file in files:
            path = _cache() / file.sha256[:2] / f"{file.sha256}.parquet"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                beside = path.with_suffix(f".{os.getpid()}")
                beside.write_bytes(self.store.get(file.name))
                beside.replace(path)
            paths.append(str(path))
        return paths


class DuckDB(Engine):
    """One machine, no server: the default. It has neither network nor extensions."""

    name = "duckdb"

    def __init__(self, store: Store, manifest: Manifest, *, threads: int = 0) -> None:
        import ibis

        super().__init__(store, manifest)
        self.con = ibis.duckdb.connect()
        if threads:
            self.con.raw_sql(f"SET threads = {threads:d}")
        self.con.raw_sql("SET TimeZone = 'UTC'")
        for name in schema.TABLES:
            files = ", ".join(f"'{p.replace(chr(39), chr(39) * 2)}'" for p in self.paths(name))
            if not files:
                continue
            columns = ", ".join(f'"{c}"' for c in schema.TABLES[name].names)
            reader = f"read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
            self.con.raw_sql(f'CREATE VIEW "{name}" AS SELECT {columns} FROM {reader}')  # noqa: S608 (names of ours)
            self.tables[name] = self.con.table(name)

    def to_pyarrow(self, expression: Any) -> pa.Table:
        return self.con.to_pyarrow(expression)

    def sql(self, query: str) -> pa.Table:
        """What a person asks, in DuckDB's own SQL. Raises duckdb.Error."""
        import pyarrow as pa

        answer = self.con.con.sql(query)
        return pa.table({}) if answer is None else answer.to_arrow_table()

    def close(self) -> None:
        self.con.disconnect()


LOCAL_SPARK = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.memory": "2g",
}


class Spark(Engine):
    """Apache Spark: a cluster of your own by TRUSTDESK_SPARK_MASTER, else two cores of this machine."""

    name = "spark"

    def __init__(self, store: Store, manifest: Manifest, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(store, manifest)
        try:
            import ibis
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise NoEngine(f"PySpark is not installed ({error}): make engines, or requirements-engines.lock") from error
        master = os.environ.get("TRUSTDESK_SPARK_MASTER", "local[2]")
        session = SparkSession.builder.master(master).appName("trustdesk")
        session = session.config("spark.sql.session.timeZone", "UTC").config("spark.log.level", "ERROR")
        session = session.config("spark.sql.execution.arrow.pyspark.enabled", "true")
        # A cluster has settings of its own.
        for key, value in ({**LOCAL_SPARK, **settings} if master.startswith("local") else settings).items():
            session = session.config(key, value)
        self.session = session.getOrCreate()
        for name in schema.TABLES:
            paths = self.paths(name)
            if paths:
                frame = self.session.read.parquet(*paths).select(*schema.TABLES[name].names)
                frame.createOrReplaceTempView(name)
        self.con = ibis.pyspark.connect(self.session)
        self.tables = {name: self.con.table(name) for name in schema.TABLES if self.manifest.of(name)}

    def to_pyarrow(self, expression: Any) -> pa.Table:
        return self.con.to_pyarrow(expression)

    def close(self) -> None:
        self.session.stop()


class ClickHouse(Engine):
    """ClickHouse inside this process (chdb): expressions are compiled by Ibis and executed on the files."""

    name = "clickhouse"

    def __init__(self, store: Store, manifest: Manifest) -> None:
        super().__init__(store, manifest)
        try:
            import ibis
            from chdb import session
        except ImportError as error:
            raise NoEngine(f"chdb is not installed ({error}): make engines, or requirements-engines.lock") from error
        self._session = session.Session()
        self._session.query("CREATE DATABASE IF NOT EXISTS lake")
        for name, table in schema.TABLES.items():
            paths = self.paths(name)
            if not paths:
                continue
            columns = ", ".join(f"`{c.name}` {_clickhouse(c)}" for c in table.columns)
            files = [p.replace("\\", "\\\\").replace("'", "\\'") for p in paths]
            parts = [f"SELECT * FROM file('{p}', Parquet, '{columns}')" for p in files]  # noqa: S608 (names of ours)
            self._session.query(f"CREATE VIEW lake.{name} AS {' UNION ALL '.join(parts)}")
            self.tables[name] = ibis.table(ibis.Schema.from_pyarrow(schema.arrow(table)), name=name)

    def to_pyarrow(self, expression: Any) -> pa.Table:
        import pyarrow as pa
        from ibis.backends.sql.compilers import ClickHouseCompiler

        sql = ClickHouseCompiler().to_sqlglot(expression.as_table()).sql("clickhouse")
        self._session.query("USE lake")
        answer = self._session.query(sql, "Arrow")
        wanted = expression.as_table().schema().to_pyarrow()
        raw = answer.bytes()
        found = pa.ipc.open_file(raw).read_all() if raw else wanted.empty_table()
        return _cast(found, wanted)

    def close(self) -> None:
        self._session.close()


class PostgreSQL(Engine):
    """A PostgreSQL, by TRUSTDESK_ENGINE_URL: the facts are loaded into temporary tables that end with the session."""

    name = "postgresql"

    def __init__(self, store: Store, manifest: Manifest, url: str = "") -> None:
        import adbc_driver_postgresql.dbapi as postgres
        import ibis
        import pyarrow as pa

        from trustdesk.insight.lake.export import read

        super().__init__(store, manifest)
        url = url or os.environ.get("TRUSTDESK_ENGINE_URL", "")
        if not url:
            raise NoEngine("TRUSTDESK_ENGINE_URL does not say which PostgreSQL")
        self._connection = postgres.connect(url)
        with self._connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            for name, table in schema.TABLES.items():
                files = manifest.of(name)
                if files:
                    held = pa.concat_tables(read(store, f) for f in files)
                    cursor.adbc_ingest(name, held, mode="create", temporary=True)
                    self.tables[name] = ibis.table(ibis.Schema.from_pyarrow(schema.arrow(table)), name=name)

    def to_pyarrow(self, expression: Any) -> pa.Table:
        from ibis.backends.sql.compilers import PostgresCompiler

        with self._connection.cursor() as cursor:
            cursor.execute(PostgresCompiler().to_sqlglot(expression.as_table()).sql("postgres"))
            return _cast(cursor.fetch_arrow_table(), expression.as_table().schema().to_pyarrow())

    def close(self) -> None:
        self._connection.close()


ENGINES: dict[str, type[Engine]] = {e.name: e for e in (DuckDB, Spark, ClickHouse, PostgreSQL)}


def open_engine(name: str, store: Store, manifest: Manifest) -> Engine:
    """An engine on a lake. Raises NoEngine, also for a name that there is none of."""
    if name not in ENGINES:
        raise NoEngine(f"there is no engine {name!r}; there are {', '.join(ENGINES)}")
    return ENGINES[name](store, manifest)


def _clickhouse(column: schema.Column) -> str:
    kind = {
        "int64": "Int64", "int32": "Int32", "bool": "Bool", "string": "String", "double": "Float64",
        "time": "DateTime64(6, \\'UTC\\')", "date": "Date32",
    }[column.type]  # fmt: skip
    return f"Nullable({kind})" if column.nullable else kind


def _cast(found: pa.Table, wanted: pa.Schema) -> pa.Table:
    """ClickHouse hands texts over as bytes and counts as unsigned."""
    import pyarrow as pa

    arrays = [found[f.name].cast(pa.string() if pa.types.is_string(f.type) else f.type) for f in wanted]
    return pa.Table.from_arrays(arrays, schema=wanted)


_folder: list[Path] = []


def _cache() -> Path:
    if not _folder:
        _folder.append(Path(tempfile.mkdtemp(prefix="trustdesk-lake-")))
        atexit.register(shutil.rmtree, _folder[0], ignore_errors=True)
    return _folder[0]
