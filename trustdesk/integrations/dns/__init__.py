"""Enricher: what the DNS says about a name or an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime

import ada_url
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename

from trustdesk.integrations.configuring import checked
from trustdesk.interfaces.enricher import FactValue

#: Never more facts of one type about one name: a hostile zone may hold thousands.
_MOST = 20


class DnsEnricher:
    """Asks for the records of a name (`types`), or for the name of an address (PTR).

    Configuration: `nameservers` (addresses; empty means the system's resolver), `port`, `timeout` (seconds for one
    question, retries included), `types`. Facts: `dns.<type>` with the record's data; `dns.status` when there are no
    records to show: `nxdomain`, `no_data`, `timeout`, `failure`. Names only ever leave as questions to the resolver.
    """

    name = "dns"
    kinds = frozenset({"domain", "url", "email", "ip"})

    def __init__(self, config: Mapping[str, object]) -> None:
        c = checked(self.name, config, nameservers=(), port=53, timeout=3.0, types=("A", "AAAA", "NS", "MX"))
        self._types = tuple(dns.rdatatype.to_text(_type(t)) for t in c["types"])
        self._reverse: tuple[str, ...] = ("PTR",)
        self._resolver = dns.resolver.Resolver(configure=not c["nameservers"])
        if c["nameservers"]:
            self._resolver.nameservers = [str(ipaddress.ip_address(a)) for a in c["nameservers"]]
        self._resolver.port = c["port"]
        self._resolver.lifetime = c["timeout"]
        self._resolver.timeout = c["timeout"] / 2
        self._source = "dns:" + ",".join(c["nameservers"] or ("system",))

    def enrich(self, kind: str, value: str, *, now: datetime) -> tuple[FactValue, ...]:
        """See Enricher. At most one question for each type; a name that does not exist is asked for once."""
        host = _host(kind, value) if kind in self.kinds else ""
        if not host:
            return ()
        try:
            question, types = dns.reversename.from_address(host), self._reverse
        except dns.exception.SyntaxError:
            try:
                question, types = dns.name.from_text(host), self._types
            except (dns.exception.DNSException, UnicodeError, ValueError):
                return ()
        facts: list[FactValue] = []
        status = ""
        for record in types:
            found, status = self._ask(question, record, now)
            facts += found
            if status in ("nxdomain", "timeout", "failure"):
                break  # the next type would only find the same
        if status in ("timeout", "failure") or not facts:
            facts.append(FactValue("dns.status", status or "no_data", self._source, now))
        return tuple(facts)

    def _ask(self, question: dns.name.Name, record: str, now: datetime) -> tuple[list[FactValue], str]:
        try:
            answer = self._resolver.resolve(question, record, search=False)
        except dns.resolver.NXDOMAIN:
            return [], "nxdomain"
        except dns.resolver.NoAnswer:
            return [], "no_data"
        except dns.resolver.LifetimeTimeout:
            return [], "timeout"
        except (dns.exception.DNSException, OSError, ValueError):
            return [], "failure"
        facts, ttl = [], int(answer.rrset.ttl) if answer.rrset is not None else 0
        if answer.canonical_name != question:
            facts.append(self._fact("cname", answer.canonical_name.to_text(), now, ttl))
        values = sorted({item.to_text() for item in answer})
        facts += [self._fact(record.lower(), value, now, ttl) for value in values[:_MOST]]
        return facts, ""

    def _fact(self, name: str, value: str, now: datetime, ttl: int) -> FactValue:
        if name in ("cname", "ns", "ptr", "mx"):
            value = value.rstrip(".").lower()
        return FactValue(f"dns.{name}", value[:1000], self._source, now, ttl)


def _type(text: object) -> dns.rdatatype.RdataType:
    try:
        return dns.rdatatype.from_text(str(text))
    except dns.exception.DNSException as error:
        raise ValueError(f"dns: {text!r} is not a record type: {error}") from None


def _host(kind: str, value: str) -> str:
    """The name or address inside an indicator, in A-labels; "" when there is none."""
    if kind == "ip":
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            return ""
    if kind == "email":
        value = value.rpartition("@")[2]
    try:
        # One parser for all: a bare name gets the same canonical form as the host of a URL.
        parsed = ada_url.URL(value if kind == "url" else f"http://{value}/")
    except ValueError:
        return ""
    return str(parsed.hostname).strip("[]").rstrip(".")


def make(config: Mapping[str, object]) -> DnsEnricher:
    """The plugin, from its table in the configuration. Raises ValueError where that is wrong."""
    return DnsEnricher(config)
