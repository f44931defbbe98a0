"""Whose is it: nearest name, longest prefix, valid on the day."""

from __future__ import annotations

import ipaddress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from trustdesk.flow.locate import bounds, host_of, locate
from trustdesk.models import Asset, Subject

TODAY = date(2026, 11, 18)


def prefix(subject: Subject, value: str, **term: date) -> Asset:
    family, low, high = bounds(ipaddress.ip_network(value))
    return Asset.objects.create(
        subject=subject,
        kind="prefix",
        ref=value,
        value=value,
        role="hosting",
        family=family,
        low=low,
        high=high,
        **term,
    )


@pytest.fixture
def subject(db: None) -> Subject:
    return Subject.objects.create(ref="c-1", name="One")


def test_the_longest_prefix_wins_in_both_families(subject: Subject):
    for value in ("198.51.100.0/24", "198.51.100.64/26", "198.51.100.64/28", "2001:db8::/32", "2001:db8:1::/48"):
        prefix(subject, value)
    wanted = {
        "198.51.100.1": "198.51.100.0/24",
        "198.51.100.65": "198.51.100.64/28",
        "198.51.100.100": "198.51.100.64/26",
        "2001:db8:1::5": "2001:db8:1::/48",
        "2001:db8:2::5": "2001:db8::/32",
    }
    found = locate([*wanted, "203.0.113.9", "2001:db9::1"], on=TODAY)
    assert {host: asset.value for host, asset in found.items()} == wanted


def test_names_match_exactly_or_by_the_nearest_parent_and_never_by_a_suffix_of_letters(subject: Subject):
    for value in ("shop.example", "deep.shop.example"):
        Asset.objects.create(subject=subject, kind="domain", ref=value, value=value, role="hosting")
    names = ["shop.example", "www.shop.example", "a.deep.shop.example", "myshop.example", "example"]
    found = locate(names, on=TODAY)
    assert {host: asset.value for host, asset in found.items()} == {
        "shop.example": "shop.example",
        "www.shop.example": "shop.example",
        "a.deep.shop.example": "deep.shop.example",
    }


def test_who_answers_depends_on_the_day(subject: Subject):
    later = Subject.objects.create(ref="c-2", name="Two")
    prefix(subject, "192.0.2.0/24", until=date(2026, 6, 1))
    prefix(later, "192.0.2.0/24", since=date(2026, 6, 1))
    assert locate(["192.0.2.7"], on=date(2026, 5, 31))["192.0.2.7"].subject == subject
    assert locate(["192.0.2.7"], on=date(2026, 6, 1))["192.0.2.7"].subject == later


@pytest.mark.parametrize(
    ("kind", "value", "host"),
    [
        ("url", "https://Shop.example.:8443/a?b", "shop.example"),
        ("url", "http://[2001:db8::1]/", "2001:db8::1"),
        ("domain", "shop.example.", "shop.example"),
        ("email", "x@shop.example", "shop.example"),
        ("cidr", "192.0.2.0/28", "192.0.2.0"),
        ("hash", "ff", ""),
        ("url", "http://[bad/", ""),
    ],
)
def test_the_host_inside_an_indicator(kind: str, value: str, host: str):
    assert host_of(kind, value) == host


class LongestMatch(TestCase):
    """Against the plain definition, for any set of prefixes."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 255), st.integers(20, 32)), max_size=12), st.integers(0, 2047))
    def test_equals_the_definition(self, nets: list[tuple[int, int]], offset: int):
        Asset.objects.all().delete()
        Subject.objects.all().delete()
        subject = Subject.objects.create(ref="c-1", name="One")
        base = int(ipaddress.ip_address("10.1.0.0"))
        networks = {ipaddress.ip_network((base + at * 8, length), strict=False) for at, length in nets}
        for network in networks:
            prefix(subject, str(network))
        address = ipaddress.ip_address(base + offset)
        holding = [n for n in networks if address in n]
        found = locate([str(address)], on=TODAY)
        wanted = str(max(holding, key=lambda n: n.prefixlen)) if holding else None
        assert (found[str(address)].value if found else None) == wanted
