"""The DNS enricher against a real UDP name server on the loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.integrations.dns_server import BROKEN, SILENT, Zone, serving
from trustdesk.integrations.dns import DnsEnricher, make
from trustdesk.interfaces.enricher import FactValue

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
ZONE: Zone = {
    ("shop.example", "A"): ["192.0.2.11", "192.0.2.10"],
    ("shop.example", "AAAA"): ["2001:db8::10"],
    ("shop.example", "NS"): ["NS1.Nube-Norte.example."],
    ("shop.example", "MX"): ["10 MX.shop.example."],
    ("www.shop.example", "CNAME"): ["shop.example."],
    ("xn--bcher-kva.example", "A"): ["192.0.2.12"],
    ("parked.example", "TXT"): ['"nothing else"'],
    ("10.2.0.192.in-addr.arpa", "PTR"): ["server-10.nube-norte.example."],
    ("many.example", "A"): [f"198.51.100.{n}" for n in range(1, 60)],
    ("silent.example", "A"): SILENT,
    ("half.example", "A"): ["192.0.2.13"],
    ("half.example", "AAAA"): SILENT,
    ("broken.example", "A"): BROKEN,
}
Peer = tuple[DnsEnricher, list[tuple[str, str]]]


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(ZONE) as (port, asked):
        yield make({"nameservers": ["127.0.0.1"], "port": port, "timeout": 0.6}), asked


def said(facts: tuple[FactValue, ...]) -> list[tuple[str, str]]:
    return [(fact.name, fact.value) for fact in facts]


def test_a_name(peer: Peer) -> None:
    facts = peer[0].enrich("domain", "Shop.Example.", now=NOW)
    assert said(facts) == [
        ("dns.a", "192.0.2.10"),
        ("dns.a", "192.0.2.11"),
        ("dns.aaaa", "2001:db8::10"),
        ("dns.ns", "ns1.nube-norte.example"),
        ("dns.mx", "10 mx.shop.example"),
    ]
    assert {(f.source, f.observed_at, f.valid_for) for f in facts} == {("dns:127.0.0.1", NOW, 300)}


def test_hosts_inside_other_indicators(peer: Peer) -> None:
    wanted = ("dns.a", "192.0.2.10")
    assert wanted in said(peer[0].enrich("url", "https://user@shop.example:8443/a?b#c", now=NOW))
    assert wanted in said(peer[0].enrich("email", "someone@shop.example", now=NOW))
    assert said(peer[0].enrich("domain", "bücher.example", now=NOW)) == [("dns.a", "192.0.2.12")]
    assert said(peer[0].enrich("ip", "192.0.2.10", now=NOW)) == [("dns.ptr", "server-10.nube-norte.example")]
    assert said(peer[0].enrich("url", "http://192.0.2.10/x", now=NOW)) == [("dns.ptr", "server-10.nube-norte.example")]


def test_an_alias_is_a_fact(peer: Peer) -> None:
    facts = said(peer[0].enrich("domain", "www.shop.example", now=NOW))
    assert facts[:2] == [("dns.cname", "shop.example"), ("dns.a", "192.0.2.10")]


def test_what_is_not_there_is_a_fact(peer: Peer) -> None:
    enricher, asked = peer
    assert said(enricher.enrich("domain", "nobody.example", now=NOW)) == [("dns.status", "nxdomain")]
    assert len(asked) == 1  # the other types were not asked for
    assert said(enricher.enrich("domain", "parked.example", now=NOW)) == [("dns.status", "no_data")]
    assert said(enricher.enrich("ip", "2001:db8::99", now=NOW)) == [("dns.status", "nxdomain")]


def test_silence_and_failure_are_facts_and_take_no_longer_than_told(peer: Peer) -> None:
    began = time.monotonic()
    assert said(peer[0].enrich("domain", "silent.example", now=NOW)) == [("dns.status", "timeout")]
    assert time.monotonic() - began < 1.5
    assert said(peer[0].enrich("domain", "broken.example", now=NOW)) == [("dns.status", "failure")]
    assert said(peer[0].enrich("domain", "half.example", now=NOW)) == [
        ("dns.a", "192.0.2.13"),
        ("dns.status", "timeout"),
    ]


def test_a_long_answer_is_cut(peer: Peer) -> None:
    facts = peer[0].enrich("domain", "many.example", now=NOW)
    assert sum(fact.name == "dns.a" for fact in facts) == 20


def test_what_is_no_name_asks_nothing(peer: Peer) -> None:
    enricher, asked = peer
    for kind, value in (
        ("domain", ""),
        ("domain", "a" * 64 + ".example"),
        ("domain", ".".join(["a" * 60] * 6)),
        ("domain", "a b"),
        ("domain", "\x00"),
        ("url", "mailto:a@b.example"),
        ("url", "http://["),
        ("ip", "999.1.1.1"),
        ("ip", "shop.example"),
        ("hash", "d41d8cd98f00b204e9800998ecf8427e"),
    ):
        assert enricher.enrich(kind, value, now=NOW) == (), (kind, value)
    assert asked == []


def test_configuration() -> None:
    for wrong in ({"nameservers": ["ns.example"]}, {"types": ["LETTER"]}, {"port": "53"}, {"resolver": "x"}):
        with pytest.raises(ValueError):
            make(wrong)
