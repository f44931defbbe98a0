"""Whose asset is it? Looks indicators up in the inventory as it was valid on a day."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from django.db.models import Q

from trustdesk.core.types import Claimed
from trustdesk.models import Asset


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
    names and one for each hundred addresses.
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
    found: dict[str, Asset] = {}
    for at in range(0, len(addresses), 100):
        chunk = addresses[at : at + 100]
        asked = Q()
        places = {}
        for address in chunk:
            family, low, high = bounds(ipaddress.ip_network(address))
            places[str(address)] = (family, low)
            asked |= Q(family=family, low__lte=low, high__gte=high)
        prefixes = list(Asset.objects.filter(valid(on), asked, kind="prefix").select_related("subject"))
        for text, (family, place) in places.items():
            holding = [a for a in prefixes if a.family == family and (a.low or "") <= place <= (a.high or "")]
            if holding:  # nested prefixes: the one that starts last and ends first is the longest
                found[text] = max(holding, key=lambda a: (a.low or "", [-ord(c) for c in a.high or ""], a.pk))
    return found


def hosts_of(indicators: Iterable[Claimed]) -> set[str]:
    """All hosts and addresses among the indicators."""
    return {host for i in indicators if (host := host_of(i.kind, i.value))}
