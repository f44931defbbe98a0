"""Every built-in enricher keeps the contract."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.integrations.dns_server import serving
from trustdesk.integrations import dns
from trustdesk.interfaces import contracts


def test_dns() -> None:
    with serving({("shop.example", "A"): ["192.0.2.10"]}) as (port, _):
        config: dict[str, object] = {"nameservers": ["127.0.0.1"], "port": port, "timeout": 1.0}
        now = datetime(2026, 11, 18, tzinfo=UTC)
        assert contracts.enricher(dns.make(config), "domain", "shop.example", now) == ()
        assert contracts.strict_config(dns.make, config) == ()
