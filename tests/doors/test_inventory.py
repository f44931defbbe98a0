"""Taking over the provider's inventory: nothing is deleted, and history stays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from trustdesk.core.types import Actor, Problem, Refused
from trustdesk.flow import inventory
from trustdesk.flow.locate import locate
from trustdesk.interfaces.inventory import AssetRow, CustomerRow
from trustdesk.models import Asset, Entry, Subject

pytestmark = pytest.mark.django_db
WHO = Actor("system", "test")
ROWS = [
    CustomerRow("c-1", "One", email="one@customer.example"),
    CustomerRow("c-2", "Two"),
    AssetRow("c-1", "domain", "d-1", "one.example"),
    AssetRow("c-1", "prefix", "p-1", "192.0.2.0/24"),
    AssetRow("c-2", "prefix", "p-2", "192.0.2.128/25", since=date(2026, 1, 1)),
    AssetRow("c-2", "prefix", "p-3", "2001:db8:2::/48"),
]


def take(rows: list[CustomerRow | AssetRow | Problem], now: datetime) -> inventory.Imported:
    return inventory.take_over(rows, actor=WHO, now=now)


def owner(host: str, on: date) -> str:
    found = locate([host], on=on)
    return found[host].subject.ref if host in found else ""


def test_rows_are_taken_over_and_found(now: datetime) -> None:
    done = take(ROWS, now)
    assert (done.made, done.changed, done.ended, done.problems) == (6, 0, 0, [])
    day = now.date()
    assert owner("www.one.example", day) == "c-1"
    assert owner("192.0.2.5", day) == "c-1"
    assert owner("192.0.2.200", day) == "c-2", "the longest prefix wins"
    assert owner("2001:db8:2::1", day) == "c-2"
    kinds = list(Entry.objects.filter(chain=0).order_by("seq").values_list("kind", flat=True))
    assert kinds == ["inventory.customers_changed", "inventory.assets_changed", "inventory.imported"]
    assert "customer.example" not in "".join(Entry.objects.values_list("body", flat=True))


def test_repeating_changes_nothing(now: datetime) -> None:
    take(ROWS, now)
    entries = Entry.objects.count()
    done = take(ROWS, now + timedelta(days=3))
    assert (done.made, done.changed, done.ended) == (0, 0, 0)
    assert Entry.objects.count() == entries


def test_what_has_vanished_ends_and_comes_back_as_a_new_term(now: datetime) -> None:
    take(ROWS, now)
    later = now + timedelta(days=10)
    done = take([r for r in ROWS if r.ref not in ("d-1", "c-2", "p-2", "p-3")], later)
    assert done.ended == 4
    assert Asset.objects.count() == 4 and Subject.objects.count() == 2, "nothing is deleted"
    assert owner("one.example", later.date()) == "" and owner("one.example", now.date()) == "c-1"
    back = later + timedelta(days=5)
    take(ROWS, back)
    assert owner("one.example", back.date()) == "c-1"
    assert Subject.objects.get(ref="c-2").until is None


def test_a_new_owner_begins_a_new_term(now: datetime) -> None:
    take(ROWS, now)
    later = now + timedelta(days=10)
    moved = [r if r.ref != "d-1" else AssetRow("c-2", "domain", "d-1", "one.example") for r in ROWS]
    assert take(moved, later).ended == 0
    assert owner("one.example", later.date()) == "c-2"
    assert owner("one.example", (later - timedelta(days=1)).date()) == "c-1", (
        "last week's complaint is about last week's owner"
    )
    again = take(moved, later + timedelta(days=1))
    assert (again.made, again.changed, again.ended) == (0, 0, 0)


def test_a_change_is_an_update(now: datetime) -> None:
    take(ROWS, now)
    done = take([CustomerRow("c-1", "One Ltd", protected="hospital"), *ROWS[1:]], now)
    assert (done.made, done.changed) == (0, 1)
    assert Subject.objects.get(ref="c-1").protected == "hospital"


def test_an_empty_source_ends_nobody(now: datetime) -> None:
    take(ROWS, now)
    done = take([Problem("inventory.unreadable", "no such file")], now)
    assert done.ended == 0 and "inventory.empty" in [p.code for p in done.problems]


def test_an_asset_of_nobody_is_a_problem(now: datetime) -> None:
    done = take([*ROWS, AssetRow("c-9", "domain", "d-9", "nine.example", where="assets.csv:7")], now)
    assert [(p.code, p.where) for p in done.problems] == [("inventory.unknown_customer", "assets.csv:7")]


def test_csv_through_the_plugin(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "customers.csv").write_text(
        "ref,name,email,language,country,since,until,protected,notes\nc-1,One,,en,MX,,,,\n"
    )
    (tmp_path / "assets.csv").write_text(
        "customer,kind,ref,value,role,since,until\nc-1,domain,d-1,one.example,hosting,,\n"
    )
    done = inventory.load("csv", {"path": str(tmp_path)}, actor=WHO, now=now)
    assert (done.customers, done.assets, done.made, done.problems) == (1, 1, 2, [])
    with pytest.raises(Refused):
        inventory.load("nonsense", {}, actor=WHO, now=now)
