"""The one door from the desk's database to the lake: every SELECT of the export, by ADBC, from one frozen view.

ADBC's driver carries a SQLite of its own. Two SQLites in one process must not have the same file open (each drops the
other's locks), so whoever exports from SQLite closes the desk's own connections first.
"""

# ruff: noqa: S608 (numbers of ours and names of our own tables; a text is never put into a statement)

from __future__ import annotations

import fcntl
import hmac
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from trustdesk.insight.lake.facts import Line, Row, Rows

#: Any number does, as long as nobody else's advisory lock has it.
LOCK = 7_061_977_001


class Busy(Exception):
    """Another export of this desk is running."""


class Source:
    """One frozen view of the desk's database. `url` is `sqlite:///path` or `postgresql://…`; `key` keys the pseudonyms."""

    def __init__(self, connection: Any, *, key: bytes) -> None:
        self._connection = connection
        self._key = key

    def pseudonym(self, kind: str, ident: str) -> str | None:
        """A name for somebody that means nothing without the key; None for nobody."""
        return hmac.digest(self._key, f"{kind}\0{ident}".encode(), "sha256").hex()[:24] if ident else None

    def top(self) -> tuple[int, int]:
        """The highest number of a journal entry, and how many there are."""
        row = next(self._rows("SELECT COALESCE(MAX(id), 0) AS top, COUNT(*) AS n FROM trustdesk_entry"))
        return row["top"], row["n"]

    def gaps(self, above: int) -> Iterator[tuple[int, int]]:
        """(first, last) of each run of numbers above `above` that no entry has although a later one is there.

        Such a number may still come: it was given to a transaction that had not ended.
        """
        sql = (
            f"SELECT low, high FROM (SELECT LAG(id, 1, {above:d}) OVER (ORDER BY id) + 1 AS low, id - 1 AS high "
            f"FROM trustdesk_entry WHERE id > {above:d}) AS steps WHERE high >= low ORDER BY low"
        )
        for row in self._rows(sql):
            yield row["low"], row["high"]

    def present(self, numbers: list[int]) -> list[int]:
        """Which of these entries are there now."""
        found: list[int] = []
        for start in range(0, len(numbers), 5000):
            part = ",".join(f"{n:d}" for n in numbers[start : start + 5000])
            found += [r["id"] for r in self._rows(f"SELECT id FROM trustdesk_entry WHERE id IN ({part})")]
        return found

    def chains(self, above: int, late: list[int]) -> list[int]:
        """The chains that entries above `above`, or those of `late`, belong to."""
        also = f" OR id IN ({','.join(f'{n:d}' for n in late)})" if late else ""
        sql = f"SELECT DISTINCT chain FROM trustdesk_entry WHERE id > {above:d}{also} ORDER BY chain"
        return [r["chain"] for r in self._rows(sql)]

    def erased(self, above: int) -> list[int]:
        """The cases whose facts name a reporter or hold indicators that an entry above `above` erased, also from another
        case's chain."""
        parties: set[int] = set()
        reports: set[int] = set()
        for row in self._rows(f"SELECT body FROM trustdesk_entry WHERE kind = 'words.erased' AND id > {above:d}"):
            body = json.loads(row["body"])
            parties |= set(body.get("parties", ()))
            reports |= set(body.get("indicators", ()))
        found: set[int] = set()
        for column, numbers in (("reporter_id", parties), ("id", reports)):
            if numbers:
                listed = ",".join(f"{n:d}" for n in sorted(numbers))
                sql = (
                    f"SELECT DISTINCT COALESCE(case_id, 0) AS number FROM trustdesk_report WHERE {column} IN ({listed})"
                )
                found |= {r["number"] for r in self._rows(sql)}
        return sorted(found)

    def lines(
        self,
        low: int,
        high: int,
        only: set[int] | None = None,
        *,
        above: int = 0,
        upto: int = 0,
        without: Collection[int] = (),
    ) -> Iterator[Line]:
        """The entries of the chains in [low, high), of `only` if given, in chain order.

        Only those numbered above `above` and, if given, up to `upto` and not in `without`.
        """
        limits = f" AND id > {above:d}" + (f" AND id <= {upto:d}" if upto else "")
        if without:
            limits += f" AND id NOT IN ({','.join(f'{n:d}' for n in without)})"
        sql = (
            "SELECT chain, seq, kind, at, actor, body FROM trustdesk_entry "
            f"WHERE chain >= {low:d} AND chain < {high:d}{limits}{self._only('chain', only)} ORDER BY chain, seq"
        )
        for row in self._rows(sql):
            row["at"], row["body"] = moment(row["at"]), json.loads(row["body"])
            yield row

    def rows(self, low: int, high: int, only: set[int] | None = None) -> Rows:
        """What the desk's tables know about the cases in [low, high); chain 0 stands for what is in no case."""
        found = Rows()
        within = f"c.id >= {low:d} AND c.id < {high:d}{self._only('c.id', only)}"
        for row in self._rows(
            "SELECT c.id AS number, COALESCE(c.subject_id, 0) AS subject, COALESCE(s.country, '') AS country, "
            "COALESCE(a.role, '') AS role FROM trustdesk_case c LEFT JOIN trustdesk_subject s ON s.id = c.subject_id "
            f"LEFT JOIN trustdesk_asset a ON a.id = c.asset_id WHERE {within}"
        ):
            found.cases[row["number"]] = {
                "subject_key": self.pseudonym("subject", str(row["subject"] or "")),
                "service_role": row["role"] or None,
                "country": row["country"] or None,
            }
        place = f"r.case_id >= {low:d} AND r.case_id < {high:d}{self._only('r.case_id', only)}"
        if low == 0:
            place = f"(r.case_id IS NULL AND r.state <> 'received' OR {place})"
        for row in self._rows(
            "SELECT r.id AS number, r.language AS language, LOWER(COALESCE(p.email, '')) AS email, "
            "COALESCE(p.country, '') AS country, "
            "(SELECT COUNT(*) FROM trustdesk_joining j WHERE j.report_id = r.id) AS cases "
            f"FROM trustdesk_report r LEFT JOIN trustdesk_party p ON p.id = r.reporter_id WHERE {place}"
        ):
            found.reports[row["number"]] = {
                "language": row["language"] or None,
                "reporter_key": self.pseudonym("reporter", row["email"]),
                "country": row["country"] or None,
                "cases": row["cases"],
            }
        for row in self._rows(
            "SELECT i.id AS number, i.report_id AS report, i.kind AS kind, i.role AS role, COALESCE(i.asset_id, 0) AS asset, "
            "i.host AS host FROM trustdesk_indicator i JOIN trustdesk_report r ON r.id = i.report_id "
            f"WHERE {place} ORDER BY i.id"
        ):
            found.indicators.setdefault(row["report"], []).append(_indicator(row))
        return found

    def checkpoint(self) -> dict[str, Any] | None:
        """The newest checkpoint as a publication names it."""
        for row in self._rows("SELECT id, root, at FROM trustdesk_checkpoint ORDER BY id DESC LIMIT 1"):
            return {"id": row["id"], "root": row["root"], "at": _text(moment(row["at"]))}
        return None

    def tasks(self) -> list[Row]:
        """Rows of `fact_task`."""
        sql = "SELECT id AS task_id, name, state, created_at, due_at, attempts FROM trustdesk_task ORDER BY id"
        return [r | {"created_at": moment(r["created_at"]), "due_at": moment(r["due_at"])} for r in self._rows(sql)]

    def rules(self) -> list[Row]:
        """Rule texts: ident, version, digest, first_used_at."""
        sql = "SELECT ident, version, digest, first_used_at FROM trustdesk_ruletext ORDER BY ident, version, digest"
        return [r | {"first_used_at": moment(r["first_used_at"])} for r in self._rows(sql)]

    def policies(self) -> set[str]:
        """Digests of the policies that decisions were made under."""
        return {r["digest"] for r in self._rows("SELECT DISTINCT policy_digest AS digest FROM trustdesk_decision")}

    def queues(self) -> list[Row]:
        """Rows of `dim_queue`."""
        return list(self._rows("SELECT DISTINCT queue FROM trustdesk_case ORDER BY queue"))

    def persons(self) -> list[Row]:
        """Rows of `dim_person`."""
        people: dict[int, Row] = {}
        for row in self._rows(
            "SELECT u.id AS number, u.is_active AS active, COALESCE(g.name, '') AS role FROM auth_user u "
            "LEFT JOIN auth_user_groups m ON m.user_id = u.id LEFT JOIN auth_group g ON g.id = m.group_id ORDER BY u.id, g.name"
        ):
            key = self.pseudonym("person", str(row["number"]))
            one = people.setdefault(row["number"], {"person_key": key, "roles": [], "active": bool(row["active"])})
            one["roles"] += [row["role"]] if row["role"] else []
        return sorted((p | {"roles": ",".join(p["roles"])} for p in people.values()), key=lambda p: p["person_key"])

    def subjects(self) -> list[Row]:
        """Rows of `dim_subject`."""
        sql = (
            "SELECT id, country, COALESCE(CAST(since AS TEXT), '') AS since, COALESCE(CAST(until AS TEXT), '') AS until, "
            "CASE WHEN protected = '' THEN 0 ELSE 1 END AS protected FROM trustdesk_subject"
        )
        made = [
            {
                "subject_key": self.pseudonym("subject", str(r["id"])),
                "country": r["country"],
                "since": date.fromisoformat(r["since"]) if r["since"] else None,
                "until": date.fromisoformat(r["until"]) if r["until"] else None,
                "protected": bool(r["protected"]),
            }
            for r in self._rows(sql)
        ]
        return sorted(made, key=lambda r: str(r["subject_key"]))

    def reporters(self) -> list[Row]:
        """Rows of `dim_reporter`; an address that was erased is nobody's."""
        sql = (
            "SELECT LOWER(p.email) AS email, MAX(p.country) AS country, COUNT(*) AS reports, "
            "MAX(CASE WHEN CAST(p.verified AS TEXT) LIKE '%\"from:%' THEN 1 ELSE 0 END) AS verified "
            "FROM trustdesk_report r JOIN trustdesk_party p ON p.id = r.reporter_id WHERE p.email <> '' GROUP BY LOWER(p.email)"
        )
        made = [
            {
                "reporter_key": self.pseudonym("reporter", r["email"]),
                "country": r["country"],
                "verified": bool(r["verified"]),
                "reports": r["reports"],
            }
            for r in self._rows(sql)
        ]
        return sorted(made, key=lambda r: str(r["reporter_key"]))

    def _only(self, column: str, only: set[int] | None) -> str:
        return "" if only is None else f" AND {column} IN ({','.join(f'{n:d}' for n in sorted(only)) or 'NULL'})"

    def _rows(self, sql: str) -> Iterator[Row]:
        """Every value of `sql` is a number of ours; texts are never put into a statement."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            for batch in cursor.fetch_record_batch():
                yield from batch.to_pylist()


def _indicator(row: Row) -> Row:
    named = row["role"] == "target" and row["kind"] in ("url", "domain") and row["host"][-1:].isalpha()
    return {
        "indicator_id": row["number"],
        "report_id": row["report"],
        "kind": row["kind"],
        "role": row["role"],
        "ours": bool(row["asset"]),
        "domain": row["host"] if named else None,
    }


@contextmanager
def source(url: str, *, key: bytes) -> Iterator[Source]:
    """A frozen view of the database at `url`, and the right to export it until the block ends.

    The right dies with the process. Raises Busy when another process has it, ValueError for another kind of URL.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        import adbc_driver_sqlite.dbapi as sqlite

        path = unquote(parts.path)
        with open(Path(path).with_suffix(".lake-lock"), "w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Busy("another export of this desk is running") from error
            with sqlite.connect(path) as connection:
                yield Source(connection, key=key)
                connection.rollback()
    elif parts.scheme in ("postgresql", "postgres"):
        import adbc_driver_postgresql.dbapi as postgres

        with postgres.connect(url) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute(f"SELECT pg_try_advisory_lock({LOCK})")
                held_row = cursor.fetchone()
                if held_row is None or not held_row[0]:
                    raise Busy("another export of this desk is running")
            yield Source(connection, key=key)
            connection.rollback()
    else:
        raise ValueError(f"scheme {parts.scheme!r} is neither postgresql nor sqlite")


def moment(value: Any) -> datetime:
    """A time as either database gives it: SQLite as text in UTC, PostgreSQL with its zone."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
