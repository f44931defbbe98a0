"""Every built-in enforcer keeps the contract, against the sample provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.provider import Provider, enforcer_config, serve
from trustdesk.integrations import webhook
from trustdesk.interfaces import contracts
from trustdesk.interfaces.enforcer import MEASURE_KINDS, Order

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

ORDERS = [
    Order("m-1", "site_disable", "site", "site-1002-17", "https://login-bancoazul.example/acceso/verificar"),
    Order("m-2", "site_disable", "site", "site-1003", "kreativ-notizen.example"),
    Order("m-3", "path_block", "site", "site-1004", "https://dateikiste.example/d/k7Qm2x"),
    Order("m-4", "warning_page", "site", "site-1012", "http://swiftparcel-delivery.example/track/pay"),
    Order("m-5", "account_suspend", "account", "u-1014", "u-1014"),
    Order("m-6", "domain_hold", "domain", "dom-1022-03", "secure-bancoazul-alerts.example"),
    Order("m-7", "null_route", "prefix", "net-1009", "198.51.100.66"),
    Order("m-8", "null_route", "prefix", "net-1009-v6", "2001:db8:1009::/48"),
]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    home: Path = tmp_path_factory.mktemp("provider")
    with serve(home, 0, 0, SECRET) as running:
        yield running


@pytest.mark.parametrize("order", ORDERS, ids=lambda o: f"{o.kind}-{o.key}")
def test_webhook(provider: Provider, order: Order) -> None:
    plugin = webhook.make(enforcer_config(provider.control_port, provider.sites_port, SECRET))
    assert contracts.enforcer(plugin, order) == ()


def test_every_kind_is_tried() -> None:
    assert {order.kind for order in ORDERS} == MEASURE_KINDS


def test_configuration_is_strict(provider: Provider) -> None:
    config = enforcer_config(provider.control_port, provider.sites_port, SECRET)
    assert contracts.strict_config(webhook.make, config) == ()
