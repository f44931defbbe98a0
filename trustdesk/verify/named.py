"""What the journal last wrote about each row, kept on disk so that memory does not grow with the desk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """The digest that an entry gave a row (or a set of rows). `entry` is the entry's id."""

    kind: str
    key: int | str
    entry: int
    chain: int
    seq: int
    digest: str

    @property
    def by(self) -> str:
        """The entry, for a person."""
        return f"entry {self.entry} (chain {self.chain}, seq {self.seq})"


class Named:
    """A private SQLite file, gone with the process: row → what was last written about it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA cache_size = -65536")
        self._db.execute(
            "CREATE TABLE named (kind TEXT, pk, entry INTEGER, chain INTEGER, seq INTEGER, digest TEXT,"
            " PRIMARY KEY (kind, pk)) WITHOUT ROWID"
        )

    def write(self, rows: Iterable[Written]) -> None:
        """Note what entries wrote; of two about the same row, the entry that was written later counts."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO named VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, pk) DO UPDATE SET entry = excluded.entry,"
            " chain = excluded.chain, seq = excluded.seq, digest = excluded.digest WHERE excluded.entry > named.entry",
            ((w.kind, w.key, w.entry, w.chain, w.seq, w.digest) for w in rows),
        )
        self._db.execute("COMMIT")

    def take(self, kind: str, key: int | str) -> Written | None:
        """What was last written about a row, which is then accounted for; None if the journal never named it."""
        found = self._db.execute("SELECT * FROM named WHERE kind = ? AND pk = ?", (kind, key)).fetchone()
        if found is None:
            return None
        self._db.execute("DELETE FROM named WHERE kind = ? AND pk = ?", (kind, key))
        return Written(*found)

    def left(self) -> Iterator[Written]:
        """What the journal named and nobody took."""
        for found in self._db.execute("SELECT * FROM named ORDER BY kind, pk"):
            yield Written(*found)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()
