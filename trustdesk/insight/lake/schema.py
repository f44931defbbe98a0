"""The star schema of the lake, as data: tables, columns, and what each of them means.

A fact is one thing that happened, or one thing with a life (a case, a clock) as the journal tells it up to the moment of
the export. Its `time` column is the time at which it happened, which decides its partition (one per month, UTC). A
dimension says what the keys of facts stand for. `docs/use/lake.md` is made from this module.

Where a column comes from is said with it: `journal` columns are read from the ledger alone and can be made again from it
for any checkpoint; `row` columns stand in the desk's tables (who reported, what an indicator says), follow erasures and
are empty where facts are made from the journal alone. `rule` columns are worked out from the others.

Persons, customers and reporters appear as pseudonyms only: keyed digests that cannot be turned back without the key of
the desk. No table holds a name, an address or a text that somebody wrote.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trustdesk.insight.lake.columns import TYPES, Column, Table
from trustdesk.insight.lake.dimension_tables import DIMENSIONS
from trustdesk.insight.lake.fact_tables import FACTS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DIMENSIONS", "FACTS", "TABLES", "TYPES", "VERSION", "Column", "Table"]

#: Raised by one when a column goes or changes its meaning. A new column or table does not raise it, but the next export
#: makes the whole lake anew all the same.
VERSION = 1

TABLES: dict[str, Table] = {table.name: table for table in (*FACTS, *DIMENSIONS)}


def arrow(table: Table) -> pa.Schema:
    """The table's schema for pyarrow; the version of the star schema stands in its metadata."""
    import pyarrow as pa

    types = {
        "int64": pa.int64(), "int32": pa.int32(), "bool": pa.bool_(), "string": pa.string(), "double": pa.float64(),
        "time": pa.timestamp("us", tz="UTC"), "date": pa.date32(),
    }  # fmt: skip
    fields = [pa.field(c.name, types[c.type], nullable=c.nullable) for c in table.columns]
    return pa.schema(fields, metadata={"trustdesk.table": table.name, "trustdesk.schema": str(VERSION)})


def fingerprint() -> str:
    """Changes whenever a table or column does; a lake made under another one is made anew."""
    text = repr(
        [(VERSION, t.name, t.key, t.time, [(c.name, c.type, c.nullable) for c in t.columns]) for t in TABLES.values()]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def joins() -> Iterator[tuple[str, str, str]]:
    """Every (table, column, dimension) that join; a key of a dimension that holds what was erased may find nothing."""
    for table in TABLES.values():
        for column in table.columns:
            if column.points_to:
                yield table.name, column.name, column.points_to
