"""The lake: what it says, what is rewritten, and what a crash at any step leaves behind."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.insight.lives import Journal, random_journal, small
from trustdesk.insight.lake import catalogue, export, schema
from trustdesk.insight.lake.check import check
from trustdesk.insight.lake.engines import DuckDB
from trustdesk.insight.lake.export import Done, bucket_of
from trustdesk.insight.lake.facts import Rows, facts
from trustdesk.insight.lake.manifest import Manifest, latest
from trustdesk.insight.lake.source import Source
from trustdesk.insight.lake.store import Store, Taken

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Desk(Source):
    """A source over a journal by hand; `ids` are the numbers that the database gave to its entries."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(None, key=b"k" * 32)
        self.entries = dict(enumerate(sorted(journal.entries, key=lambda e: e["at"]), 1))
        for entry in self.entries.values():  # numbers of rows, which the journals of the other tests do without
            entry["body"] = dict(entry["body"])
        self.known: dict[int, str] = {}

    def top(self) -> tuple[int, int]:
        return max(self.entries, default=0), len(self.entries)

    def gaps(self, above: int) -> Iterator[tuple[int, int]]:
        there = [above, *sorted(n for n in self.entries if n > above)]
        yield from ((a + 1, b - 1) for a, b in itertools.pairwise(there) if b - a > 1)

    def present(self, numbers: list[int]) -> list[int]:
        return [n for n in numbers if n in self.entries]

    def chains(self, above: int, late: list[int]) -> list[int]:
        return sorted({e["chain"] for n, e in self.entries.items() if n > above or n in late})

    def erased(self, above: int) -> list[int]:
        return []

    def lines(self, low: int, high: int, only: Any = None, *, above: int = 0, upto: int = 0, without: Any = ()) -> Any:
        kept = [
            e
            for n, e in self.entries.items()
            if low <= e["chain"] < high and n > above and (not upto or n <= upto) and n not in without
            if only is None or e["chain"] in only
        ]
        return iter(sorted(kept, key=lambda e: (e["chain"], e["seq"])))

    def rows(self, low: int, high: int, only: Any = None) -> Rows:
        return Rows(reports={n: {"reporter_key": self.pseudonym("reporter", who)} for n, who in self.known.items()})

    def reporters(self) -> list[dict[str, Any]]:
        keys = sorted({str(self.pseudonym("reporter", who)) for who in self.known.values() if who})
        return [{"reporter_key": k, "country": "", "verified": False, "reports": 1} for k in keys]

    def _rows(self, sql: str) -> Iterator[dict[str, Any]]:
        return iter(())


class Dying(Store):
    """A store whose process dies at its n-th step."""

    def __init__(self, place: str, steps: int) -> None:
        super().__init__(place)
        self.steps = steps

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise KeyboardInterrupt

    def put(self, name: str, content: bytes) -> None:
        self._step()
        super().put(name, content)

    def create(self, name: str, content: bytes) -> None:
        self._step()
        super().create(name, content)

    def delete(self, names: list[str]) -> None:
        for name in names:
            self._step()
            super().delete([name])


def run(desk: Desk, store: Store, now: datetime = NOW) -> Done:
    return export.export(desk, store, now=now, categories=[("phishing", "Phishing")])


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    found = latest(store)
    assert found is not None
    with DuckDB(store, found) as engine:
        return [tuple(r.values()) for r in engine.sql(sql).to_pylist()]


def clean(desk: Desk, store: Store, manifest: Manifest | None) -> bool:
    assert manifest is not None
    return not list(check(desk, store, manifest))


def test_the_schema_holds_together() -> None:
    for table in schema.TABLES.values():
        assert set(table.key) <= set(table.names)
        assert len(set(table.names)) == len(table.names)
        assert not table.time or table.time in table.names
        assert all(c.meaning and c.type in schema.TYPES and c.origin in catalogue.ORIGINS for c in table.columns)
    for _, column, dimension in schema.joins():
        assert column.endswith("_key") or column in schema.TABLES[dimension].names


def test_the_lake_says_what_the_journal_says(tmp_path: Path) -> None:
    store, desk = Store(str(tmp_path / "it's a lake")), Desk(small())
    done = run(desk, store)
    assert done.full and done.entries == len(desk.entries)
    assert rows(store, "SELECT step, count(*) AS n FROM fact_step GROUP BY step ORDER BY step") == [
        ("closed", 4), ("moved", 4), ("opened", 3), ("reopened", 1),
    ]  # fmt: skip
    assert rows(store, "SELECT sum(opens) AS n FROM fact_step") == [(0,)]
    assert rows(store, "SELECT result, count(*) AS n FROM fact_clock GROUP BY result ORDER BY result") == [
        ("breached", 2), ("met", 2), ("met_without_due_time", 1),
    ]  # fmt: skip
    assert rows(store, "SELECT count(*) AS n FROM fact_report WHERE NOT is_report") == [(1,)]
    first = rows(store, "SELECT case_id, waited_seconds FROM fact_decision WHERE is_first ORDER BY case_id")
    assert [(case, round(waited)) for case, waited in first] == [(1, 259200), (2, 1728), (3, 86400)]
    assert rows(store, "SELECT count(*) AS n FROM fact_review") == [(0,)], "a table without a source is there, empty"
    assert clean(desk, store, done.manifest)


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    store, desk = Store(str(tmp_path)), Desk(random_journal(3, 20))
    first = run(desk, store)
    before = {n: store.get(n) for n in [*store.names("data"), *store.names("manifest")]}
    again = run(desk, store, NOW + timedelta(hours=1))
    assert again.written == 0 and again.manifest.number == first.manifest.number
    assert {n: store.get(n) for n in [*store.names("data"), *store.names("manifest")]} == before


def test_piece_by_piece_gives_the_same_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BUCKET", 10)
    whole, pieces = Store(str(tmp_path / "whole")), Store(str(tmp_path / "pieces"))
    desk = Desk(random_journal(5, 40))
    everything = dict(desk.entries)
    run(desk, whole)
    cut = len(everything)
    for share in (0.2, 0.5, 0.51, 1.0):
        desk.entries = {n: e for n, e in everything.items() if n <= cut * share}
        done = run(desk, pieces)
        assert clean(desk, pieces, done.manifest)
    assert set(pieces.names("data")) == set(whole.names("data")), "files are named after their content"
    assert {bucket_of(c) for c in (0, 1, 10, 11)} == {0, 1, 2}
    # One case moves on: only files of its bucket are written anew, and the dimension of days.
    line = dict(max((e for e in everything.values() if e["chain"] == 25), key=lambda e: e["seq"]))
    line |= {"seq": line["seq"] + 1, "kind": "case.read", "body": {}}
    before = set(pieces.names("data"))
    desk.entries = everything | {cut + 1: line}
    run(desk, pieces)
    fresh = set(pieces.names("data")) - before
    assert fresh and all("/b000003-" in name for name in fresh)


def test_a_crash_at_any_step_leaves_a_whole_lake(tmp_path: Path) -> None:
    desk = Desk(random_journal(8, 6))
    everything = dict(desk.entries)
    old = {n: e for n, e in everything.items() if n <= len(everything) * 0.7}
    place = str(tmp_path / "lake")
    desk.entries = old
    run(desk, Store(place))
    crashes, steps = 0, 0
    while True:
        desk.entries = everything
        store = Dying(place, steps)
        with contextlib.suppress(KeyboardInterrupt):
            run(desk, store)
            if store.steps > 0:
                break
        crashes += 1
        found = latest(Store(place))
        assert found is not None and found.entry in (max(old), max(everything))
        assert clean(desk, Store(place), found), f"after a crash at step {steps}"
        steps += 1
        if found.entry == max(everything):  # the crash came after the commit: begin again from the old lake
            run(desk, Store(place))
            continue
    assert crashes > 10
    untouched = Store(str(tmp_path / "untouched"))
    run(desk, untouched)
    assert set(Store(place).names("data")) == set(untouched.names("data")), "nothing that a crash left stays"


def test_an_entry_that_commits_late_is_not_lost(tmp_path: Path) -> None:
    store, desk = Store(str(tmp_path)), Desk(random_journal(2, 10))
    everything = dict(desk.entries)
    late = [n for n, e in everything.items() if e["chain"] and e["chain"] == everything[max(everything)]["chain"]][-1:]
    late = [n for n in late if n < max(everything)] or [max(everything) - 1]
    desk.entries = {n: e for n, e in everything.items() if n not in late}
    done = run(desk, store)
    assert list(done.manifest.missing) == late and clean(desk, store, done.manifest)
    desk.entries = everything
    done = run(desk, store, NOW + timedelta(minutes=5))
    assert done.manifest.missing == {} and done.cases == 1
    assert done.manifest.rows("fact_entry") == len(everything) and clean(desk, store, done.manifest)


def test_a_gap_that_never_fills_is_given_up_after_a_day(tmp_path: Path) -> None:
    store, desk = Store(str(tmp_path)), Desk(small())
    del desk.entries[4]
    assert list(run(desk, store).manifest.missing) == [4]
    top = max(desk.entries) + 1
    desk.entries[top] = desk.entries[top - 1] | {"chain": 3, "seq": 99, "kind": "case.read", "body": {}}
    assert list(run(desk, store, NOW + timedelta(hours=23)).manifest.missing) == [4]
    desk.entries[top + 1] = desk.entries[top] | {"seq": 100}
    assert list(run(desk, store, NOW + timedelta(hours=25)).manifest.missing) == []


def test_who_was_erased_vanishes_from_facts_and_dimension(tmp_path: Path) -> None:
    journal = small()
    for n, entry in enumerate(e for e in journal.entries if e["kind"].startswith("report.")):
        entry["body"]["report"] = n + 1
    store, desk = Store(str(tmp_path)), Desk(journal)
    desk.known = {1: "ana@example.org", 2: "bo@example.org", 5: "mailer@example.org"}
    run(desk, store)
    keys = rows(store, "SELECT reporter_key FROM fact_report WHERE report_id IN (1, 5) ORDER BY report_id")
    assert keys == [
        (desk.pseudonym("reporter", "ana@example.org"),),
        (desk.pseudonym("reporter", "mailer@example.org"),),
    ]
    assert b"ana@example" not in b"".join(store.get(n) for n in store.names("data"))
    desk.known |= {1: "", 5: ""}
    top = max(desk.entries)
    for chain in (1, 0):
        seq = 1 + max(e["seq"] for e in desk.entries.values() if e["chain"] == chain)
        body = {"evidence": "0" * 64}
        line = {"chain": chain, "seq": seq, "kind": "evidence.erased", "at": NOW, "actor": "system", "body": body}
        top += 1
        desk.entries[top] = line
    done = run(desk, store)
    gone = str(keys[0][0]).encode(), str(keys[1][0]).encode()
    assert rows(store, "SELECT count(*) AS n FROM dim_reporter") == [(1,)]
    assert rows(store, "SELECT reporter_key FROM fact_report WHERE report_id IN (1, 5)") == [(None,), (None,)]
    everything = b"".join(store.get(n) for n in store.names(""))
    assert not any(key in everything for key in gone) and clean(desk, store, done.manifest)


def test_verify_names_what_was_changed(tmp_path: Path) -> None:
    store, desk = Store(str(tmp_path)), Desk(small())
    manifest = run(desk, store).manifest
    file = next(f for f in manifest.files if f.table == "fact_case" and f.rows)
    content = store.get(file.name)
    store.put(file.name, content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    assert [f.where for f in check(desk, store, manifest)] == [file.name]
    store.delete([file.name])
    assert [f.what for f in check(desk, store, manifest)] == ["the file is missing"]
    store.put(file.name, content)
    desk.entries[1] = desk.entries[1] | {"body": desk.entries[1]["body"] | {"category": "malware"}}
    assert {"fact_case", "fact_step"} <= {f.where for f in check(desk, store, manifest)}


def test_another_schema_or_another_desk_makes_the_lake_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, desk = Store(str(tmp_path)), Desk(small())
    assert run(desk, store).manifest.number == 1
    monkeypatch.setattr(schema, "fingerprint", lambda: "other")
    done = run(desk, store)
    assert done.full and done.manifest.number == 2 and clean(desk, store, done.manifest)
    desk._key = b"z" * 32
    assert run(desk, store).full


def test_the_second_of_two_exports_at_once_gives_way(tmp_path: Path) -> None:
    store, desk = Store(str(tmp_path)), Desk(small())
    run(desk, store)
    with pytest.raises(Taken):
        store.create("manifest/0000000001.json", b"{}")


def test_facts_from_the_journal_alone_hold_no_rows() -> None:
    made = facts(random_journal(1, 5).lines()).arrow()
    report = made["fact_report"]
    assert report.num_rows and report["reporter_key"].null_count == report.num_rows
    for name, table in made.items():
        for field in table.schema:
            origin = next(c.origin for c in schema.TABLES[name].columns if c.name == field.name)
            assert field.nullable or origin == "row" or not table[field.name].null_count, (name, field.name)


def test_the_catalogue_names_every_column(tmp_path: Path) -> None:
    store, desk = Store(str(tmp_path)), Desk(small())
    manifest = run(desk, store).manifest
    page = catalogue.page(manifest, title="A <lake>")
    text = catalogue.markdown(manifest)
    for table in schema.TABLES.values():
        assert f"`{table.name}`" in text and table.name in page
        assert all(f"`{c.name}`" in text and f"<code>{c.name}</code>" in page for c in table.columns)
    assert "A &lt;lake&gt;" in page and "<script" not in page


def test_the_catalogue_in_the_documents_is_the_one_of_the_program() -> None:
    page = (Path(__file__).parents[2] / "docs" / "use" / "lake.md").read_text("utf-8")
    assert page.endswith(catalogue.markdown(heading="###")), "make it anew: trustdesk lake catalogue"
