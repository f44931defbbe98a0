"""Turns the rows of customers.csv and assets.csv into values, or into Problems that name file and line."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import idna

from trustdesk.core.types import Problem, ServiceRole
from trustdesk.integrations.configuring import checked
from trustdesk.integrations.inventory_csv.table import Row, rows
from trustdesk.interfaces.inventory import ASSET_KINDS, AssetRow, CustomerRow

_CUSTOMER = (
    frozenset({"ref", "name"}),
    frozenset({"email", "language", "country", "since", "until", "protected", "notes"}),
)
_ASSET = frozenset({"customer", "kind", "ref", "value"}), frozenset({"role", "since", "until"})
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_EMAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,190}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_NOT_PROTECTED = frozenset({"", "0", "no", "false", "n"})


class _Wrong(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class CsvInventory:
    """Configuration: `customers` and `assets`, the paths of the two files, or `path`, the folder that holds them.

    customers.csv: ref, name, email, language, country, since, until, protected, notes.
    assets.csv: customer, kind (domain | prefix | site | account), ref, value, role, since, until.
    Dates are ISO 8601 (`2026-11-18`); a customer or asset is valid from `since` up to, but not on, `until`.
    """

    name = "csv"

    def __init__(self, config: Mapping[str, object]) -> None:
        c = checked("csv", config, path="", customers="", assets="")
        if not c["path"] and not (c["customers"] and c["assets"]):
            raise ValueError("csv: give 'path', or both 'customers' and 'assets'")
        folder = Path(c["path"])
        self._customers = Path(c["customers"]) if c["customers"] else folder / "customers.csv"
        self._assets = Path(c["assets"]) if c["assets"] else folder / "assets.csv"

    def read(self) -> Iterator[CustomerRow | AssetRow | Problem]:
        """See Inventory."""
        customers: dict[str, str] = {}
        for row in rows(self._customers, *_CUSTOMER):
            if isinstance(row, Problem):
                yield row
                continue
            try:
                customer = _customer(row)
            except _Wrong as wrong:
                yield Problem(wrong.code, wrong.message, row.where)
                continue
            if customer.ref in customers:
                yield Problem("duplicate", f"customer {customer.ref} stands at {customers[customer.ref]}", row.where)
                continue
            customers[customer.ref] = row.where
            yield customer
        yield from self._read_assets(customers)

    def _read_assets(self, customers: Mapping[str, str]) -> Iterator[AssetRow | Problem]:
        # A prefix inside another is no conflict (the longest wins), nor is a name below another: only equal values
        # can collide, so one dictionary finds every overlap in linear time.
        seen: dict[tuple[str, str], list[AssetRow]] = {}
        references: dict[str, AssetRow] = {}
        for row in rows(self._assets, *_ASSET):
            if isinstance(row, Problem):
                yield row
                continue
            try:
                asset = _asset(row)
                if asset.customer not in customers:
                    raise _Wrong("unknown_customer", f"there is no usable customer {asset.customer!r}")
                earlier = seen.setdefault((asset.kind, asset.value), [])
                for other in earlier:
                    if _overlap(asset, other):
                        same = "this" if other.customer == asset.customer else f"customer {other.customer}'s"
                        raise _Wrong("overlap", f"{asset.value} is {same} already at {other.where}, at the same time")
                named = references.setdefault(asset.ref, asset)
                if named is not asset and (named.kind, named.value) != (asset.kind, asset.value):
                    raise _Wrong("duplicate", f"{asset.ref} names {named.value} at {named.where}")
            except _Wrong as wrong:
                yield Problem(wrong.code, wrong.message, row.where)
                continue
            earlier.append(asset)
            yield asset


def _customer(row: Row) -> CustomerRow:
    c = row.cells
    since, until = _dates(c)
    protected = "" if c["protected"].lower() in _NOT_PROTECTED else c["protected"]
    email, language, country = c["email"], c["language"], c["country"].upper()
    if not c["name"] or len(c["name"]) > 200:
        raise _Wrong("name", "the name is empty or longer than 200 characters")
    if email and not _EMAIL.fullmatch(email):
        raise _Wrong("email", f"{email[:80]!r} is not a mail address")
    if language and not _LANGUAGE.fullmatch(language):
        raise _Wrong("language", f"{language[:40]!r} is not a language tag (BCP 47), such as es or pt-BR")
    if country and not _COUNTRY.fullmatch(country):
        raise _Wrong("country", f"{country[:40]!r} is not a country code (ISO 3166-1 alpha-2), such as MX")
    return CustomerRow(
        _ref(c["ref"]), c["name"], email, language, country, since, until, protected, c["notes"], row.where
    )


def _asset(row: Row) -> AssetRow:
    c = row.cells
    since, until = _dates(c)
    kind, role = c["kind"].lower(), c["role"].lower() or ServiceRole.HOSTING.value
    if kind not in ASSET_KINDS:
        raise _Wrong("kind", f"{c['kind'][:40]!r} is none of {', '.join(sorted(ASSET_KINDS))}")
    if role not in list(ServiceRole):
        raise _Wrong("role", f"{c['role'][:40]!r} is none of {', '.join(sorted(ServiceRole))}")
    return AssetRow(_ref(c["customer"]), kind, _ref(c["ref"]), _value(kind, c["value"]), role, since, until, row.where)


def _value(kind: str, value: str) -> str:
    if kind == "prefix":
        try:
            return str(ipaddress.ip_network(value))
        except ValueError:
            pass
        try:
            meant = ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise _Wrong("value", f"{value[:80]!r} is not an IPv4 or IPv6 prefix") from None
        raise _Wrong("value", f"{value} has bits set beyond its length; {meant} was meant?")
    if kind == "account":
        if not value or len(value) > 200:
            raise _Wrong("value", "the account is empty or longer than 200 characters")
        return value
    name = value.rstrip(".").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        raise _Wrong("value", f"{value[:80]!r} is an address; use kind prefix")
    try:
        # An underscore is no host name, but names of real records have them; the labels around it must be sound.
        encoded = ".".join(label if label.startswith("_") else idna.alabel(label).decode() for label in name.split("."))
    except (idna.IDNAError, UnicodeError):
        raise _Wrong("value", f"{value[:80]!r} is not a name (no scheme, port, path or wildcard here)") from None
    if "." not in encoded or len(encoded) > 253:
        raise _Wrong("value", f"{value[:80]!r} has no dot, or is longer than 253 octets")
    return encoded


def _ref(value: str) -> str:
    if not _REF.fullmatch(value):
        raise _Wrong("ref", f"{value[:80]!r} is not a reference (letters, digits and ._:/@+-, at most 100)")
    return value


def _dates(cells: Mapping[str, str]) -> tuple[date | None, date | None]:
    found: list[date | None] = []
    for column in ("since", "until"):
        text = cells[column]
        try:
            found.append(date.fromisoformat(text) if text else None)
        except ValueError:
            raise _Wrong(column, f"{text[:40]!r} is not a date such as 2026-11-18") from None
    since, until = found
    if since and until and since >= until:
        raise _Wrong("until", f"ends on {until} but begins on {since}")
    return since, until


def _overlap(a: AssetRow, b: AssetRow) -> bool:
    starts_before_end = a.since is None or b.until is None or a.since < b.until
    return starts_before_end and (b.since is None or a.until is None or b.since < a.until)
