"""Export: what is new in the ledger into the lake, and nothing else touched.

The facts of a case may change as long as the case lives, so they are made anew for every case that has new entries and put
in the place of the old ones. Cases lie in buckets by their number; a file holds one table, one month and one bucket, so
that an export rewrites the files of what changed: mostly the youngest buckets, whatever the size of the lake.

An export may die at any step. Files are named after their content, the manifest is made last and whole, and what it does
not name is swept away by the next export.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trustdesk.insight.lake import schema
from trustdesk.insight.lake.facts import Facts, Row, table
from trustdesk.insight.lake.manifest import File, Manifest, commit, latest, sweep
from trustdesk.insight.lake.source import Source
from trustdesk.insight.lake.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

#: Cases in one bucket. Some 100,000 entries, which bounds the memory of an export.
BUCKET = 8192
#: A number of an entry that never came belongs to a transaction that was given up.
GIVEN_UP = timedelta(hours=24)
#: So many numbers that lack are looked for again, the latest.
WATCHED = 10_000
#: Entries of the desk's own chain after which its older facts are made anew: what was erased must vanish from them.
ERASURES = re.compile(r"\.(erased|reread)$")
#: The month of a table that has no rows yet; engines want a file to know its columns.
NO_MONTH = "1970-01"


@dataclass(frozen=True, slots=True)
class Done:
    """What an export did: entries that were new, cases made anew, files written and kept, stale ones swept away."""

    manifest: Manifest
    entries: int = 0
    cases: int = 0
    written: int = 0
    kept: int = 0
    swept: int = 0
    full: bool = False


def bucket_of(case: int) -> int:
    """The bucket of a case; the desk's own chain has bucket 0 for itself."""
    return 0 if case == 0 else 1 + (case - 1) // BUCKET


def bounds(bucket: int) -> tuple[int, int]:
    """The chains of a bucket, half-open."""
    return (0, 1) if bucket == 0 else (1 + (bucket - 1) * BUCKET, 1 + bucket * BUCKET)


def export(
    source: Source,
    store: Store,
    *,
    now: datetime,
    categories: Iterable[tuple[str, str]] = (),
    tell: Callable[[int, int], None] = lambda done, all_: None,
) -> Done:
    """Bring the lake to the state of `source`. `categories` are (id, title); `tell` hears of buckets done and to do.

    Raises Taken when an export from elsewhere wrote into the same lake meanwhile; nothing is lost then.
    """
    found = latest(store)
    desk = source.pseudonym("desk", "lake") or ""
    old = found or Manifest()
    swept = sweep(store, found) if found else 0
    top, count = source.top()
    same = (old.version, old.columns, old.desk) == (schema.VERSION, schema.fingerprint(), desk)
    full = found is None or not same or top < old.entry or count < old.entries
    if full:
        old = Manifest(number=old.number, desk=desk)
    work = _Work(source, store, old)
    late = source.present(sorted(old.missing))
    chains = sorted({*source.chains(old.entry, late), *source.erased(min([old.entry + 1, *late]) - 1)})
    by_bucket: dict[int, set[int]] = defaultdict(set)
    for chain in chains:
        by_bucket[bucket_of(chain)].add(chain)
    for done, (bucket, changed) in enumerate(sorted(by_bucket.items())):
        tell(done, len(by_bucket))
        work.bucket(bucket, None if full else changed, late=bool(late))
    work.whole("fact_task", source.tasks())
    for name, rows in _dimensions(source, categories):
        work.whole(name, rows)
    work.whole("dim_day", _days(work.files))
    for name in schema.TABLES:
        if not any(f.table == name for f in work.files.values()):
            work.empty(name)
    new = Manifest(
        number=old.number + 1,
        columns=schema.fingerprint(),
        desk=desk,
        made_at=_text(now),
        entry=top,
        entries=count,
        missing=_missing(source, old, late, now=now),
        checkpoint=source.checkpoint(),
        files=list(work.files.values()),
    )
    if found is not None and not full and _same(found, new):
        return Done(found, kept=len(found.files), swept=swept)
    commit(store, new)
    swept += sweep(store, new)
    return Done(new, count - old.entries, len(chains), work.written, len(new.files) - work.written, swept, full)


def _same(old: Manifest, new: Manifest) -> bool:
    """Whether there is nothing to tell but another time and what only that time changes."""
    names = [sorted(f.name for f in m.files) for m in (old, new)]
    return names[0] == names[1] and (old.entry, old.entries) == (new.entry, new.entries) and (
        old.checkpoint == new.checkpoint
    )  # fmt: skip


def _missing(source: Source, old: Manifest, late: Sequence[int], *, now: datetime) -> dict[int, str]:
    """Numbers that may still come: gaps among the new ones, the latest of them, and older gaps not yet given up."""
    came, since = set(late), datetime.fromisoformat
    missing = {n: at for n, at in old.missing.items() if n not in came and now - since(at) < GIVEN_UP}
    latest_gaps: deque[int] = deque(maxlen=WATCHED)
    for low, high in source.gaps(old.entry):
        latest_gaps.extend(range(max(low, high - WATCHED), high + 1))
    return missing | dict.fromkeys(latest_gaps, _text(now))


class _Work:
    """The files of the manifest to be."""

    def __init__(self, source: Source, store: Store, old: Manifest) -> None:
        self.source, self.store, self.old = source, store, old
        self.files: dict[str, File] = {f.name: f for f in old.files if f.bucket >= 0 and f.rows}
        self._before = {f.name: f for f in old.files}
        self._by_bucket: dict[int, list[File]] = defaultdict(list)
        for file in self.files.values():
            self._by_bucket[file.bucket].append(file)
        self.written = 0

    def bucket(self, bucket: int, changed: set[int] | None, *, late: bool) -> None:
        """Make the facts of the changed cases of a bucket anew; of all of them when `changed` is None."""
        low, high = bounds(bucket)
        above = 0
        if bucket == 0 and changed is not None:
            new = list(self.source.lines(0, 1, above=self.old.entry))
            whole = late or any(ERASURES.search(line["kind"]) for line in new)
            changed, above = (None, 0) if whole else (set(), self.old.entry)
        only = changed if bucket else None
        made = Facts(self.source.rows(low, high, only), self.source.pseudonym)
        for line in self.source.lines(low, high, only, above=above):
            made.add(line)
        fresh = _by_month(made.finish().arrow())
        before = {(f.table, f.month): f for f in self._by_bucket[bucket]}
        for name, month in sorted(before.keys() | fresh.keys()):
            self._place(name, month, bucket, before.get((name, month)), fresh.get((name, month)), changed)

    def _place(
        self, name: str, month: str, bucket: int, before: File | None, fresh: pa.Table | None, changed: set[int] | None
    ) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        rest: pa.Table | None = None
        if before is not None:
            if changed is not None:
                held = read(self.store, before)
                gone = pc.is_in(held["case_id"], value_set=pa.array(sorted(changed), pa.int64()))
                if fresh is None and not pc.any(gone).as_py():
                    return
                rest = held.filter(pc.invert(gone))
            del self.files[before.name]
        parts = [t for t in (rest, fresh) if t is not None and t.num_rows]
        if parts:
            self._keep(name, month, bucket, pa.concat_tables(parts))

    def whole(self, name: str, rows: list[Row]) -> None:
        """A table of one file."""
        if rows:
            self._keep(name, "", -1, table(schema.TABLES[name], rows))

    def empty(self, name: str) -> None:
        """A file without rows, for a table that has none."""
        month = NO_MONTH if schema.TABLES[name].time else ""
        self._keep(name, month, -1, schema.arrow(schema.TABLES[name]).empty_table())

    def _keep(self, name: str, month: str, bucket: int, content: pa.Table) -> None:
        data = to_parquet(content.sort_by([(c, "ascending") for c in schema.TABLES[name].key]))
        digest = hashlib.sha256(data).hexdigest()
        folder = f"data/{name}/month={month}" if month else f"data/{name}"
        place = f"{folder}/b{bucket:06}-{digest[:16]}.parquet" if bucket >= 0 else f"{folder}/{digest[:16]}.parquet"
        if place not in self._before:
            self.store.put(place, data)
            self.written += 1
        self.files[place] = File(place, name, month, bucket, content.num_rows, len(data), digest)


def to_parquet(content: pa.Table) -> bytes:
    """The same rows give the same bytes."""
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(content, out, compression="zstd", compression_level=3, store_schema=False)
    return out.getvalue()


def read(store: Store, file: File) -> pa.Table:
    """One file of the lake. Raises ValueError if its bytes are not those that were written."""
    import pyarrow.parquet as pq

    data = store.get(file.name)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise ValueError("the file is not what was written")
    wanted = schema.arrow(schema.TABLES[file.table])
    held = pq.ParquetFile(io.BytesIO(data)).read()
    return held.cast(wanted) if held.schema != wanted else held


def _by_month(tables: dict[str, pa.Table]) -> dict[tuple[str, str], pa.Table]:
    """(table, month) → its rows."""
    import pyarrow.compute as pc

    parts: dict[tuple[str, str], Any] = {}
    for name, content in tables.items():
        column = schema.TABLES[name].time
        if not column or not content.num_rows:
            continue
        months = pc.strftime(content[column], format="%Y-%m")
        for month in pc.unique(months).to_pylist():
            parts[name, month] = content.filter(pc.equal(months, month))
    return parts


def _dimensions(source: Source, categories: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[Row]]]:
    yield "dim_category", [{"category": name, "title": title} for name, title in sorted(categories)]
    rules, policies = source.rules(), source.policies()
    yield "dim_regime", [r | {"regime": r["ident"]} for r in rules if r["digest"] not in policies]
    yield "dim_policy", [r | {"policy": f"{r['ident']}@{r['version']}"} for r in rules if r["digest"] in policies]
    yield "dim_queue", source.queues()
    yield "dim_person", source.persons()
    yield "dim_subject", source.subjects()
    yield "dim_reporter", source.reporters()


def _days(files: dict[str, File]) -> list[Row]:
    """Every day of the months from the first fact to the last."""
    months = sorted({f.month for f in files.values() if f.month and f.rows})
    if not months:
        return []
    day, last = date.fromisoformat(f"{months[0]}-01"), months[-1]
    days: list[Row] = []
    while day.isoformat()[:7] <= last:
        week = day.isocalendar()
        quarter = f"{day.year:04}-Q{(day.month + 2) // 3}"
        days.append(
            {
                "day_date": day,
                "iso_week": f"{week.year:04}-W{week.week:02}",
                "calendar_month": day.isoformat()[:7],
                "calendar_quarter": quarter,
                "weekday": week.weekday,
            }
        )
        day += timedelta(days=1)
    return days


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
