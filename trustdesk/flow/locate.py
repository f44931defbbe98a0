"""Whose asset is it? Looks indicators up in the inventory as it was valid on a day."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import Q

from trustdesk.core.types import Claimed
from trustdesk.models import Asset

#: Addresses in one statement; SQLite takes 32,766 values.
ASKED = 5_000


def host_of(kind: str, value: str) -> str:
    """Host name or address inside an indicator's canonical value; empty if it has none."""
    if kind == "url":
        try:
            return (urlsplit(value).hostname or "").rstrip(".")
        except ValueError:
            return ""
    if kind in ("domain", "ip"):
        return value.rstrip(".").lower()
    if kind == "cidr":
        return value.partition("/")[0]
    if kind == "email":
        return value.rpartition("@")[2].lower()
    return value if kind == "account" else ""


def bounds(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> tuple[int, str, str]:
    """Family and fixed-width hexadecimal first and last address, as stored on `Asset`."""
    width = 8 if network.version == 4 else 32
    return network.version, f"{int(network[0]):0{width}x}", f"{int(network[-1]):0{width}x}"


def locate(hosts: Iterable[str], *, on: date) -> dict[str, Asset]:
    """host or address → the asset it belongs to on that day; what is not ours is absent.

    Names match exactly or by the nearest parent we know; addresses by the longest prefix. One statement for all the
    names and one for each five thousand addresses.
    """
    names: list[str] = []
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for host in dict.fromkeys(h for h in hosts if h):
        try:
            addresses.append(ipaddress.ip_address(host.strip("[]")))
        except ValueError:
            names.append(host)
    return _by_name(names, on) | _by_address(addresses, on)


def valid(on: date) -> Q:
    """Assets that were a customer's on that day."""
    return (Q(since__isnull=True) | Q(since__lte=on)) & (Q(until__isnull=True) | Q(until__gt=on))


def _by_name(names: list[str], on: date) -> dict[str, Asset]:
    wanted: dict[str, list[str]] = {}
    for name in names:
        labels = name.split(".")
        # At most eight labels deep: a name of a hundred labels is an attack, not a customer.
        wanted[name] = [".".join(labels[i:]) for i in range(max(0, len(labels) - 8), max(1, len(labels) - 1))]
        wanted[name].insert(0, name)
    every = list({parent for parents in wanted.values() for parent in parents})
    known: dict[str, Asset] = {}
    for at in range(0, len(every), 500):
        found = Asset.objects.filter(valid(on), kind__in=("domain", "site", "account"), value__in=every[at : at + 500])
        # A site beats the domain it is on: what is complained about is what is shown there.
        known |= {asset.value: asset for asset in found.select_related("subject").order_by("kind", "-id")}
    nearest = {name: next((known[p] for p in parents if p in known), None) for name, parents in wanted.items()}
    return {name: asset for name, asset in nearest.items() if asset is not None}


def _by_address(addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address], on: date) -> dict[str, Asset]:
    places: dict[tuple[int, str], list[str]] = {}
    for address in addresses:
        family, low, _ = bounds(ipaddress.ip_network(address))
        places.setdefault((family, low), []).append(str(address))
    holding: dict[tuple[int, str], list[int]] = {}
    wanted = list(places)
    for at in range(0, len(wanted), ASKED):
        for family, place, number in _holding(wanted[at : at + ASKED], on):
            holding.setdefault((family, place), []).append(number)
    assets = Asset.objects.select_related("subject").in_bulk({n for numbers in holding.values() for n in numbers})
    found: dict[str, Asset] = {}
    for where, numbers in holding.items():
        # Nested prefixes: the one that starts last and ends first is the longest.
        nearest = max((assets[n] for n in numbers), key=lambda a: (a.low or "", [-ord(c) for c in a.high or ""], a.pk))
        found |= dict.fromkeys(places[where], nearest)
    return found


def _holding(places: list[tuple[int, str]], on: date) -> list[tuple[int, str, int]]:
    """(family, place, asset) for each prefix that holds one of the places. Django has no join with a list of values,
    and a condition for each of ten thousand addresses takes it longer to write than the database to answer."""
    table, day = Asset._meta.db_table, connection.ops.adapt_datefield_value(on)
    rows = ", ".join(["(%s, %s)"] * len(places))
    sql = (
        f"WITH asked(family, place) AS (VALUES {rows}) SELECT asked.family, asked.place, a.id FROM asked "  # noqa: S608
        f"JOIN {table} a ON a.family = asked.family AND a.low <= asked.place AND a.high >= asked.place "
        "WHERE a.kind = 'prefix' AND (a.since IS NULL OR a.since <= %s) AND (a.until IS NULL OR a.until > %s)"
    )
    values: list[Any] = [value for place in places for value in place]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, day, day])
        return cursor.fetchall()


def hosts_of(indicators: Iterable[Claimed]) -> set[str]:
    """All hosts and addresses among the indicators."""
    return {host for i in indicators if (host := host_of(i.kind, i.value))}
