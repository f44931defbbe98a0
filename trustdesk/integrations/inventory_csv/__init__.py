"""Inventory from two CSV files, customers.csv and assets.csv, as a provider's billing system can export them."""

from __future__ import annotations

from collections.abc import Mapping

from trustdesk.integrations.inventory_csv.inventory import CsvInventory


def make(config: Mapping[str, object]) -> CsvInventory:
    """The plugin, from its table in the configuration. Raises ValueError where that is wrong."""
    return CsvInventory(config)
