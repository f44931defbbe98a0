"""The manifest: which files are the lake. What it does not name is not part of it, whatever lies in the folder.

`manifest/0000000012.json` is made whole or not at all and never changed; the highest number counts. To make the next one
is the moment at which an export happened.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from trustdesk.insight.lake import schema
from trustdesk.insight.lake.store import Store

FOLDER = "manifest"


class BadManifest(Exception):
    """The manifest cannot be used; says why."""


@dataclass(frozen=True, slots=True)
class File:
    """One Parquet file: its name in the store, its table, month ("" if the table has none) and bucket (-1 if none)."""

    name: str
    table: str
    month: str
    bucket: int
    rows: int
    size: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """The lake at one moment. `entry` is the highest number of a journal entry that is in it, `entries` how many there were;
    `missing` maps numbers below that were not there yet to when that was first seen (ISO 8601). `checkpoint` is the
    ledger's latest then. `columns` is the schema's fingerprint, `desk`
    tells one desk's lake from another's."""

    number: int = 0
    version: int = schema.VERSION
    columns: str = ""
    desk: str = ""
    made_at: str = ""
    entry: int = 0
    entries: int = 0
    missing: dict[int, str] = field(default_factory=dict)
    checkpoint: dict[str, Any] | None = None
    files: list[File] = field(default_factory=list)

    def of(self, table: str) -> list[File]:
        """The files of one table, in the order of their names."""
        return sorted((f for f in self.files if f.table == table), key=lambda f: f.name)

    def rows(self, table: str) -> int:
        """Rows of one table."""
        return sum(f.rows for f in self.files if f.table == table)

    def to_json(self) -> bytes:
        """As it is stored; the same lake gives the same bytes."""
        document = asdict(self)
        document["files"] = sorted(document["files"], key=lambda f: f["name"])
        document["missing"] = {str(k): v for k, v in sorted(self.missing.items())}
        return (json.dumps(document, indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> Manifest:
        """Read back. Raises BadManifest."""
        try:
            document = json.loads(content)
            document["files"] = [File(**f) for f in document["files"]]
            document["missing"] = {int(k): v for k, v in document["missing"].items()}
            return cls(**document)
        except (ValueError, TypeError, KeyError) as error:
            raise BadManifest(f"not a manifest of this lake: {error}") from error


def latest(store: Store) -> Manifest | None:
    """The manifest that counts; None for a lake without one. Raises BadManifest."""
    names = sorted(n for n in store.names(FOLDER) if n.endswith(".json"))
    return Manifest.from_json(store.get(names[-1])) if names else None


def commit(store: Store, manifest: Manifest) -> None:
    """Make it the one that counts. Raises Taken when another export was first."""
    store.create(f"{FOLDER}/{manifest.number:010}.json", manifest.to_json())


def sweep(store: Store, manifest: Manifest) -> int:
    """Remove everything that it does not name: older versions, and what an interrupted export left. How many."""
    keep = {f.name for f in manifest.files} | {f"{FOLDER}/{manifest.number:010}.json"}
    stale = [n for prefix in ("data", FOLDER) for n in store.names(prefix) if n not in keep]
    store.delete(stale)
    return len(stale)
