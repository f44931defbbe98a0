"""Every built-in inventory keeps the contract."""

from __future__ import annotations

from examples.provider import INVENTORY
from trustdesk.integrations import inventory_csv
from trustdesk.interfaces import contracts


def test_csv() -> None:
    config: dict[str, object] = {"path": str(INVENTORY)}
    assert contracts.inventory(inventory_csv.make(config)) == ()
    assert contracts.strict_config(inventory_csv.make, config) == ()
