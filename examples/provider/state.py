"""What is in force at the sample provider, kept in one small SQLite file so that a `kill -9` loses nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS measure (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, asset_kind TEXT NOT NULL, asset_ref TEXT NOT NULL, target TEXT NOT NULL,
    legal_basis TEXT NOT NULL, ends_at REAL, state TEXT NOT NULL CHECK (state IN ('applied', 'lifted')),
    applied INTEGER NOT NULL DEFAULT 0, lifted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS request (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 1
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class InForce:
    """One measure that is in force now."""

    key: str
    kind: str
    asset_kind: str
    asset_ref: str
    target: str
    legal_basis: str


class State:
    """The provider's memory. Every change is one durable transaction: the request, its effect and its answer."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; later calls fail."""
        with self._lock:
            self._db.close()

    def order(self, ident: str, event: str, data: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Carry out `event` (`measure.apply` or `measure.lift`) once for each `ident`; gives HTTP status and answer.

        A known `ident` with the same content gets the answer it got before; with other content, 409.
        """
        # The timestamp of an attempt differs between retries, the order does not.
        digest = hashlib.sha256(json.dumps([event, data], sort_keys=True).encode()).hexdigest()
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                known = self._db.execute("SELECT digest, answer FROM request WHERE id = ?", (ident,)).fetchone()
                if known and known[0] != digest:
                    status, answer = 409, {"code": "key_reused", "detail": "the same id came with another order"}
                elif known:
                    self._db.execute("UPDATE request SET seen = seen + 1 WHERE id = ?", (ident,))
                    status, answer = 200, json.loads(known[1]) | {"repeated": True}
                else:
                    status, answer = self._carry_out(event, data)
                    if status == 200:
                        self._db.execute(
                            "INSERT INTO request (id, digest, answer) VALUES (?, ?, ?)",
                            (ident, digest, json.dumps(answer)),
                        )
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        return status, answer

    def _carry_out(self, event: str, data: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        key = data["key"]
        row = self._db.execute("SELECT state FROM measure WHERE key = ?", (key,)).fetchone()
        state = row[0] if row else None
        if event == "measure.lift":
            if state == "lifted":
                return 200, {"code": "already_lifted"}
            if state is None:  # a lift that overtook its order: remembered, so that the late order stays without effect
                self._insert(data, "lifted", applied=0)
                return 200, {"code": "never_applied"}
            self._db.execute("UPDATE measure SET state = 'lifted', lifted = lifted + 1 WHERE key = ?", (key,))
            return 200, {"code": "lifted"}
        if state == "lifted":
            return 409, {"code": "lifted", "detail": "this order has been lifted and does not come back"}
        if state == "applied":
            return 200, {"code": "already_applied"}
        self._insert(data, "applied", applied=1)
        return 200, {"code": "applied"}

    def _insert(self, data: dict[str, Any], state: str, *, applied: int) -> None:
        until = data.get("until")
        self._db.execute(
            "INSERT INTO measure (key, kind, asset_kind, asset_ref, target, legal_basis, ends_at, state, applied)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                data["key"],
                data["kind"],
                data["asset_kind"],
                data["asset_ref"],
                data["target"],
                data["legal_basis"],
                datetime.fromisoformat(until).timestamp() if until else None,
                state,
                applied,
            ),
        )

    def in_force(self) -> tuple[InForce, ...]:
        """Every measure that binds the sites at this moment."""
        with self._lock:
            rows = self._db.execute(
                "SELECT key, kind, asset_kind, asset_ref, target, legal_basis FROM measure"
                " WHERE state = 'applied' AND (ends_at IS NULL OR ends_at > ?) ORDER BY rowid",
                (time.time(),),
            ).fetchall()
        return tuple(InForce(*row) for row in rows)

    def report(self) -> dict[str, Any]:
        """Everything ordered so far, with how often each measure really took effect and each request was seen."""
        columns = ("key", "kind", "asset_kind", "asset_ref", "target", "state", "applied", "lifted")
        with self._lock:
            rows = self._db.execute(f"SELECT {', '.join(columns)} FROM measure ORDER BY rowid").fetchall()
            seen = dict(self._db.execute("SELECT id, seen FROM request").fetchall())
        measures = [dict(zip(columns, row, strict=True)) for row in rows]
        return {
            "measures": [
                m | {"requests": {"apply": seen.get(m["key"], 0), "lift": seen.get(f"{m['key']}.lift", 0)}}
                for m in measures
            ],
            "applied": sum(m["applied"] for m in measures),
            "lifted": sum(m["lifted"] for m in measures),
        }
