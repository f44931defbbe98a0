"""The CSV inventory: what it takes, what it says about the rest, and on which line."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from examples.provider import INVENTORY
from trustdesk.core.types import Problem
from trustdesk.integrations.inventory_csv import make
from trustdesk.interfaces.inventory import AssetRow, CustomerRow

CUSTOMERS = "ref,name,email,language,country,since,until,protected,notes\nc-1,One,a@b.example,es,MX,2020-01-01,,,\n"
HEAD = "customer,kind,ref,value,role,since,until\n"


def read(tmp_path: Path, customers: str | bytes = CUSTOMERS, assets: str | bytes = HEAD) -> list[object]:
    for name, text in (("customers.csv", customers), ("assets.csv", assets)):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(make({"path": str(tmp_path)}).read())


def problems(found: list[object]) -> list[tuple[str, str]]:
    return [(p.code, p.where) for p in found if isinstance(p, Problem)]


def test_a_row_becomes_a_value(tmp_path: Path) -> None:
    customers = CUSTOMERS + "c-2,Zwei,,de,at,,2026-01-01,hospital,Notiz\n"
    assets = HEAD + "c-1,prefix,n-1,2001:DB8:0::/48,access,2021-01-01,\nc-2,Domain,d-1,Bücher.Example.,,,\n"
    assets += "c-1,site,s-1,www.shop.example,hosting,,\nc-1,account,u-1,Some Login,,,2026-01-01\n"
    assert read(tmp_path, customers, assets) == [
        CustomerRow("c-1", "One", "a@b.example", "es", "MX", date(2020, 1, 1), None, "", "", "customers.csv:2"),
        CustomerRow("c-2", "Zwei", "", "de", "AT", None, date(2026, 1, 1), "hospital", "Notiz", "customers.csv:3"),
        AssetRow("c-1", "prefix", "n-1", "2001:db8::/48", "access", date(2021, 1, 1), None, "assets.csv:2"),
        AssetRow("c-2", "domain", "d-1", "xn--bcher-kva.example", "hosting", None, None, "assets.csv:3"),
        AssetRow("c-1", "site", "s-1", "www.shop.example", "hosting", None, None, "assets.csv:4"),
        AssetRow("c-1", "account", "u-1", "Some Login", "hosting", None, date(2026, 1, 1), "assets.csv:5"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_how_spreadsheets_write_it(tmp_path: Path, delimiter: str, bom: str, end: str) -> None:
    customers = (bom + CUSTOMERS).replace(",", delimiter).replace("\n", end)
    assets = (bom + HEAD + "c-1,domain,d-1,a.example,,,\n").replace(",", delimiter).replace("\n", end)
    found = read(tmp_path, customers, assets)
    assert problems(found) == [] and len(found) == 2


def test_lines_are_counted_through_quoted_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    customers = CUSTOMERS + '"c-2","Two\nlines ""quoted""",,,,,,,"a,b;c"\n\n,,,,,,,,\nc-3,,,,,,,,\n'
    found = read(tmp_path, customers)
    assert isinstance(found[1], CustomerRow) and found[1].name == 'Two\nlines "quoted"' and found[1].notes == "a,b;c"
    assert found[1].where == "customers.csv:3"
    assert problems(found) == [("name", "customers.csv:7")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("c-9,domain,d-1,a.example,,,", "unknown_customer"),
        ("c-1,domaine,d-1,a.example,,,", "kind"),
        ("c-1,domain,,a.example,,,", "ref"),
        ("c-1,domain,d 1,a.example,,,", "ref"),
        ("c-1,domain,d-1,,,,", "value"),
        ("c-1,domain,d-1,localhost,,,", "value"),
        ("c-1,domain,d-1,http://a.example/,,,", "value"),
        ("c-1,domain,d-1,*.a.example,,,", "value"),
        ("c-1,domain,d-1,192.0.2.1,,,", "value"),
        ("c-1,domain,d-1,a..example,,,", "value"),
        (f"c-1,domain,d-1,{'a' * 64}.example,,,", "value"),
        ("c-1,prefix,n-1,192.0.2.1/24,,,", "value"),
        ("c-1,prefix,n-1,192.0.2.0/33,,,", "value"),
        ("c-1,prefix,n-1,a.example,,,", "value"),
        ("c-1,account,u-1,,,,", "value"),
        ("c-1,domain,d-1,a.example,landlord,,", "role"),
        ("c-1,domain,d-1,a.example,,18.11.2026,", "since"),
        ("c-1,domain,d-1,a.example,,2026-02-30,", "since"),
        ("c-1,domain,d-1,a.example,,,soon", "until"),
        ("c-1,domain,d-1,a.example,,2026-01-02,2026-01-02", "until"),
        ("c-1,domain,d-1,a.example,,", "columns"),
        ("c-1,domain,d-1,a.ex\0ample,,,", "encoding"),
    ],
)
def test_a_bad_asset_is_named_and_the_next_is_read(tmp_path: Path, row: str, code: str) -> None:
    found = read(tmp_path, assets=HEAD + row + "\nc-1,domain,ok,ok.example,,,\n")
    assert problems(found) == [(code, "assets.csv:2")]
    assert isinstance(found[-1], AssetRow) and found[-1].where == "assets.csv:3"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("c-1,Again,,,,,,,", "duplicate"),
        ("c-2,Two,not an address,,,,,,", "email"),
        ("c-2,Two,,spanish,,,,,", "language"),
        ("c-2,Two,,,Mexico,,,,", "country"),
        ("c-2,Two,,,,yesterday,,,", "since"),
        (",Two,,,,,,,", "ref"),
    ],
)
def test_a_bad_customer(tmp_path: Path, row: str, code: str) -> None:
    assert problems(read(tmp_path, CUSTOMERS + row + "\n")) == [(code, "customers.csv:3")]


def test_one_asset_has_one_customer_at_a_time(tmp_path: Path) -> None:
    customers = CUSTOMERS + "c-2,Two,,,,,,,\n"
    assets = HEAD + (
        "c-1,domain,d-1,a.example,,2020-01-01,2025-01-01\n"
        "c-2,domain,d-2,A.example,,2025-01-01,\n"  # takes over on the day the first ends: fine
        "c-1,domain,d-3,a.example.,,2024-12-31,2025-01-01\n"
        "c-1,domain,d-4,a.example,,2026-01-01,\n"
        "c-2,domain,d-5,sub.a.example,,,\n"  # below: fine
        "c-1,prefix,n-1,192.0.2.0/24,,,\n"
        "c-2,prefix,n-2,192.0.2.0/25,,,\n"  # inside: fine
        "c-2,prefix,n-3,192.0.2.0/24,,2026-01-01,\n"
        "c-1,site,s-1,a.example,,,\n"  # another kind of thing: fine
        "c-1,site,s-1,b.example,,,\n"
    )
    found = read(tmp_path, customers, assets)
    assert problems(found) == [
        ("overlap", "assets.csv:4"),
        ("overlap", "assets.csv:5"),
        ("overlap", "assets.csv:9"),
        ("duplicate", "assets.csv:11"),
    ]
    overlap = next(p for p in found if isinstance(p, Problem))
    assert "assets.csv:2" in overlap.message


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    assert problems(read(tmp_path, "", "")) == [("empty", "customers.csv:1"), ("empty", "assets.csv:1")]
    assert problems(read(tmp_path, CUSTOMERS.encode("utf-16"))) == [("encoding", "customers.csv")]
    assert problems(read(tmp_path, "ref;nombre\nc-1;x\n"))[0] == ("missing_column", "customers.csv:1")
    assert problems(read(tmp_path, CUSTOMERS, HEAD.replace("until", "untill"))) == [("unknown_column", "assets.csv:1")]
    assert problems(read(tmp_path, "ref,name,name\n")) == [("double_column", "customers.csv:1")]
    assert problems(read(tmp_path, CUSTOMERS + 'c-2,"open\n')) == [("csv", "customers.csv:3")]
    assert problems(read(tmp_path, CUSTOMERS.encode() + b"c-2,Caf\xe9,,,,,,,\n")) == [("encoding", "customers.csv:3")]
    assert problems(read(tmp_path, b"\x00\x01\x02\xff" * 1000))[0][1].startswith("customers.csv")
    missing = list(make({"path": str(tmp_path / "nowhere")}).read())
    assert problems(missing) == [("file", "customers.csv"), ("file", "assets.csv")]


def test_fifty_thousand_prefixes_in_one_pass(tmp_path: Path) -> None:
    lines = [f"c-1,prefix,n-{n},2001:db8:{n >> 8:x}:{(n & 255) << 8:x}::/56,,," for n in range(50_000)]
    lines.append("c-1,prefix,again,2001:db8:0:0::/56,,,")
    began = time.monotonic()
    found = read(tmp_path, assets=HEAD + "\n".join(lines))
    assert problems(found) == [("overlap", "assets.csv:50002")] and len(found) == 50_002
    assert time.monotonic() - began < 20


def test_the_sample_provider_reads_clean() -> None:
    found = list(make({"path": str(INVENTORY)}).read())
    assert problems(found) == []
    assert sum(isinstance(row, CustomerRow) for row in found) >= 25
    assert sum(isinstance(row, AssetRow) for row in found) >= 60


def test_configuration() -> None:
    for wrong in ({}, {"customers": "a.csv"}, {"path": "x", "folder": "y"}, {"path": 5}):
        with pytest.raises(ValueError):
            make(wrong)
