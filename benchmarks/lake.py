"""`python -m benchmarks.lake`: does the export keep up, and how long does a quarterly report take over ten million entries?

Export: a desk's journal of half a million entries is exported, then five minutes of 1,000 entries a second come in and are
exported again; beside it the same entries are dumped plainly (ADBC to one Parquet file, nothing understood).

Report: the facts of a part of a large CDN's half-year (benchmarks/half_year.py) are laid down so many times, under other
numbers, that the lake holds ten million journal entries. The quarterly report is counted from it by DuckDB on two threads
and every total must be that many times the generator's own; beside it DuckDB reads every column of the same files.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import half_year_maker as maker
from benchmarks.half_year import differences, trustdesk

QUARTER = "2025-Q4"
IDS = ("case_id", "report_id", "decision_id", "measure_id", "notice_id", "appeal_id", "clock_id", "request_id")


def main() -> int:
    """Print one JSON object; exit code 1 if a number differs or a target is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.lake", description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000, help="of the report (default: 10000000)")
    parser.add_argument("--only", choices=("export", "report"))
    options = parser.parse_args()
    result: dict[str, Any] = {}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="trustdesk-lake-bench-") as folder:
        if options.only != "report":
            result["export"] = export(Path(folder) / "desk")
        if options.only != "export":
            result["report"], wrong = report(Path(folder) / "lake", options.entries)
    print(json.dumps(result, indent=2))
    for line in wrong[:20]:
        print(f"DIFFERS {line}", file=sys.stderr)
    slow = (
        result.get("export", {}).get("entries_a_second", 1000) < 1000 or result.get("report", {}).get("seconds", 0) > 10
    )
    return 1 if wrong or slow else 0


def export(home: Path) -> dict[str, Any]:
    """A first export, one of five minutes at 1,000 entries a second, and a plain dump of as many entries."""
    home.mkdir(parents=True)
    environment = {"TRUSTDESK_HOME": str(home), "PATH": "/usr/bin:/bin"}
    trustdesk(environment, "setup")
    database = home / "trustdesk.sqlite3"
    _, first = maker.write(database, 0.19, maker.Truth())
    _, spent = trustdesk(environment, "lake", "export")
    result = {"first": {"entries": first, **spent}}
    _, more = maker.write(database, 0.11, maker.Truth(), after=maker.MIX["notices"])
    _, spent = trustdesk(environment, "lake", "export")
    begun = time.monotonic()
    dumped = dump(database, first, home / "dump.parquet")
    plain = time.monotonic() - begun
    return result | {
        "five_minutes": {"entries": more, **spent},
        "entries_a_second": round(more / spent["seconds"]),
        "plain_dump": {"entries": dumped, "seconds": round(plain, 1), "entries_a_second": round(dumped / plain)},
    }


def dump(database: Path, above: int, to: Path) -> int:
    """The new entries as they are, into one file."""
    import adbc_driver_sqlite.dbapi as sqlite
    import pyarrow.parquet as pq

    with sqlite.connect(str(database)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM trustdesk_entry WHERE id > {above}")
        table = cursor.fetch_arrow_table()
    pq.write_table(table, to, compression="zstd")
    return int(table.num_rows)


def report(place: Path, entries: int) -> tuple[dict[str, Any], list[str]]:
    """The quarterly report over so many entries, and a plain scan."""
    from trustdesk.insight import periods, publication
    from trustdesk.insight.lake.engines import DuckDB

    truth = maker.Truth()
    store, manifest, copies = lay_down(place, entries, truth)
    files = [file for file in manifest.files if file.rows]
    period = periods.named("quarterly", QUARTER)
    result: dict[str, Any] = {
        "entries": manifest.rows("fact_entry"), "cases": manifest.rows("fact_case"), "files": len(files),
        "mb": round(sum(f.size for f in files) / 1e6),
    }  # fmt: skip
    begun, spent = time.monotonic(), time.process_time()
    with DuckDB(store, manifest, threads=2) as engine:
        document = publication.from_source(engine, period, checkpoint=None, provider="CDN")
        text = publication.to_json(document)
    result["seconds"] = round(time.monotonic() - begun, 2)
    result["cpu_seconds"] = round(time.process_time() - spent, 2)
    begun, spent = time.monotonic(), time.process_time()
    with DuckDB(store, manifest, threads=2) as engine:
        for name, table in engine.tables.items():
            columns = ", ".join(f'max("{c}")' for c in table.columns)
            engine.sql(f'SELECT count(*), {columns} FROM "{name}"')
    result["plain_scan_seconds"] = round(time.monotonic() - begun, 2)
    result["plain_scan_cpu_seconds"] = round(time.process_time() - spent, 2)
    expected = times(truth.report(QUARTER), copies)
    expected["time_to_first_decision"] = maker.quantiles(truth.waits[QUARTER] * copies) | {
        "by_people": maker.quantiles(truth.waits[QUARTER + " people"] * copies)
    }
    numbers = list(differences(json.loads(text), expected, QUARTER))
    wrong = [line for line in numbers if line]
    return result | {"numbers_compared": len(numbers), "numbers_that_differ": len(wrong)}, wrong


def times(truth: Any, copies: int) -> Any:
    """What the report counts when everything happened so many times."""
    if isinstance(truth, dict):
        return {k: times(v, copies) for k, v in truth.items()}
    if isinstance(truth, list):
        return [times(one, copies) for one in truth]
    return truth * copies if isinstance(truth, int) else truth


def lay_down(place: Path, entries: int, truth: maker.Truth) -> tuple[Any, Any, int]:
    """A lake with so many journal entries at least, in the files that an export would make."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from trustdesk.insight.lake import export as exporting
    from trustdesk.insight.lake.facts import facts
    from trustdesk.insight.lake.manifest import File, Manifest
    from trustdesk.insight.lake.store import Store

    lines = (
        {"chain": case, "seq": seq, "kind": kind, "at": at, "actor": "system", "body": maker.plain(body)}
        for case, events in maker.lives(0.1, truth)
        for seq, (kind, at, body) in enumerate(events, 1)
    )
    base = facts(lines).arrow()
    copies = -(-entries // base["fact_entry"].num_rows)
    store, manifest = Store(str(place)), Manifest(number=1)
    parts = exporting._by_month(base)
    for copy in range(copies):
        for (name, month), part in parts.items():
            for column in set(IDS) & set(part.column_names):
                moved = pc.add(part[column], pa.scalar(copy * 1_000_000, pa.int64()))
                part = part.set_column(part.column_names.index(column), part.schema.field(column), moved)
            data = exporting.to_parquet(part)
            file = File(
                f"data/{name}/month={month}/b{copy:06}-x.parquet", name, month, copy, part.num_rows, len(data), ""
            )
            store.put(file.name, data)
            manifest.files.append(file)
    for name, empty in base.items():
        if not empty.num_rows:
            data = exporting.to_parquet(empty)
            file = File(f"data/{name}/empty.parquet", name, "", -1, 0, len(data), "")
            store.put(file.name, data)
            manifest.files.append(file)
    return store, manifest, copies


if __name__ == "__main__":
    sys.exit(main())
