"""What a case is about, grouped by host: a report may name ten thousand addresses, and a page shows some of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet

from trustdesk.core.types import Role
from trustdesk.models import Case, Indicator

#: So many hosts stand on the case's page; the listing has all of them.
HOSTS = 12


@dataclass(frozen=True, slots=True)
class Host:
    """A host or address with how many targets are on it, and whose it is ("" for nobody's)."""

    host: str
    count: int
    asset: str
    subject: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How many targets a case has, on how many hosts, and the hosts with the most of them."""

    total: int
    hosts: int
    first: tuple[Host, ...]


def summary(case: Case) -> Summary:
    """Two statements, whatever the number of targets."""
    sums = _of(case).aggregate(total=Count("value", distinct=True), hosts=Count("host", distinct=True))
    return Summary(sums["total"], sums["hosts"], tuple(hosts(case, HOSTS)))


def of(case: Case, indicators: Iterable[Indicator]) -> Summary:
    """The same from all the indicators of the case, which somebody has at hand, with their assets and customers."""
    values: dict[str, set[str]] = {}
    owners: dict[str, tuple[str, str]] = {}
    for one in indicators:
        if one.role == Role.TARGET and one.case_id == case.pk:
            values.setdefault(one.host, set()).add(one.value)
            if one.asset is not None:
                owners[one.host] = max(owners.get(one.host, ("", "")), (one.asset.ref, one.asset.subject.ref))
    first = sorted(values, key=lambda host: (-len(values[host]), host))[:HOSTS]
    found = tuple(Host(host, len(values[host]), *owners.get(host, ("", ""))) for host in first)
    return Summary(len(set().union(*values.values())), len(values), found)


def hosts(case: Case, limit: int = 500) -> list[Host]:
    """The hosts with the most targets."""
    found = (
        _of(case)
        .values("host")
        .annotate(n=Count("value", distinct=True), ref=Max("asset__ref"), owner=Max("asset__subject__ref"))
    )
    return [Host(h["host"], h["n"], h["ref"] or "", h["owner"] or "") for h in found.order_by("-n", "host")[:limit]]


def listing(case: Case, host: str = "") -> QuerySet[Indicator, Any]:
    """The targets, each value once, of one host if it is named; to be shown in pages."""
    found = _of(case)
    if host:
        found = found.filter(host=host)
    return (
        found.values("kind", "value", "host", "asset__ref", "asset__subject__ref").distinct().order_by("host", "value")
    )


def _of(case: Case) -> QuerySet[Indicator]:
    return Indicator.objects.filter(case=case, role=Role.TARGET)
