"""Enforcer over HTTP: orders go to the provider's control API, signed; the effect is looked for from outside."""

from __future__ import annotations

from collections.abc import Mapping

from trustdesk.integrations.webhook.enforcer import WebhookEnforcer


def make(config: Mapping[str, object]) -> WebhookEnforcer:
    """The plugin, from its table in the configuration. Raises ValueError where that is wrong."""
    return WebhookEnforcer(config)
