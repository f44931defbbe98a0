"""Hold the lake against the ledger: are the files those that were written, and do they say what the journal says?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trustdesk.insight.lake import schema
from trustdesk.insight.lake.export import bounds, bucket_of, read
from trustdesk.insight.lake.facts import Facts
from trustdesk.insight.lake.manifest import File, Manifest
from trustdesk.insight.lake.source import Source
from trustdesk.insight.lake.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

#: These are read from rows of the desk, which may have changed since; only their files are checked.
FROM_ROWS = frozenset({"fact_indicator", "fact_task"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be: the table or file, and what."""

    where: str
    what: str


def check(source: Source, store: Store, manifest: Manifest) -> Iterator[Fault]:
    """Every fault, bucket by bucket.

    The facts are made anew from the journal up to the entry that the manifest names and compared with the files, column by
    column, as far as they come from the journal. Constant memory.
    """
    buckets: dict[int, list[File]] = defaultdict(list)
    for file in manifest.files:
        if file.bucket < 0 or file.table in FROM_ROWS:
            yield from _file(store, file)
        else:
            buckets[file.bucket].append(file)
    for bucket in sorted(buckets.keys() | {bucket_of(c) for c in source.chains(0, [])}):
        yield from _bucket_faults(source, store, manifest, bucket, buckets[bucket])


def _file(store: Store, file: File) -> Iterator[Fault]:
    try:
        held = read(store, file)
    except (FileNotFoundError, ValueError) as error:
        yield Fault(file.name, "the file is missing" if isinstance(error, FileNotFoundError) else str(error))
        return
    if held.num_rows != file.rows:
        yield Fault(file.name, f"{held.num_rows} rows, the manifest says {file.rows}")


def _bucket_faults(source: Source, store: Store, manifest: Manifest, bucket: int, files: list[File]) -> Iterator[Fault]:
    import pyarrow as pa

    low, high = bounds(bucket)
    made = Facts(pseudonym=source.pseudonym)
    for line in source.lines(low, high, upto=manifest.entry, without=manifest.missing):
        made.add(line)
    fresh = made.finish().arrow()
    held: dict[str, list[pa.Table]] = defaultdict(list)
    broken: set[str] = set()
    for file in files:
        faults = list(_file(store, file))
        yield from faults
        if faults:
            broken.add(file.table)
        else:
            held[file.table].append(read(store, file))
    for name, expected in fresh.items():
        if name in FROM_ROWS or name in broken:
            continue
        table = schema.TABLES[name]
        found = pa.concat_tables(held[name]) if held[name] else expected.schema.empty_table()
        if found.num_rows != expected.num_rows:
            yield Fault(
                name, f"{found.num_rows} rows for the cases {low} to {high - 1}, the ledger has {expected.num_rows}"
            )
            continue
        order = [(c, "ascending") for c in table.key]
        found, expected = found.sort_by(order), expected.sort_by(order)
        for column in table.columns:
            if column.origin != "row" and not found[column.name].equals(expected[column.name]):
                yield Fault(name, f"{column.name} is not what the ledger says, in the cases {low} to {high - 1}")
