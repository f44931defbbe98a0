"""The plugins that `desk.toml` enables, made with their configuration and kept for the life of the process."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any

from django.conf import settings

from trustdesk.interfaces.channel import Channel
from trustdesk.interfaces.enforcer import Enforcer
from trustdesk.interfaces.enricher import Enricher
from trustdesk.interfaces.exchange import Exchange
from trustdesk.interfaces.registry import make

#: Where the sample provider listens when the desk runs it.
SAMPLE_CONTROL_PORT = int(os.environ.get("TRUSTDESK_SAMPLE_CONTROL_PORT", "8026"))
SAMPLE_SITES_PORT = int(os.environ.get("TRUSTDESK_SAMPLE_SITES_PORT", "8027"))


@lru_cache(maxsize=64)
def _made(group: str, name: str, config: str) -> Any:
    return make(group, name, json.loads(config))


def _configured(group: str, name: str, config: dict[str, Any]) -> Any:
    return _made(group, name, json.dumps(config, sort_keys=True, default=str))


def enforcers() -> dict[str, Enforcer]:
    """Enforcers by name. A sample desk without any of its own speaks to the sample provider."""
    tables = settings.DESK.enforcers
    if not tables and settings.DESK.sample:
        tables = {"webhook": sample_enforcer()}
    return {name: _configured("trustdesk.enforcers", name, config) for name, config in tables.items()}


def sample_enforcer() -> dict[str, Any]:
    """Configuration of the webhook enforcer for the sample provider on loopback."""
    from examples.provider import enforcer_config, home_secret  # ships with the source, not with the program

    return enforcer_config(SAMPLE_CONTROL_PORT, SAMPLE_SITES_PORT, home_secret(settings.HOME / "provider"))


def enforcer_for(kind: str) -> tuple[str, Enforcer] | None:
    """The enforcer that carries out measures of `kind`, with its name."""
    return next(((name, e) for name, e in enforcers().items() if kind in e.kinds), None)


def enrichers() -> list[Enricher]:
    """The enrichers that `desk.toml` names."""
    return [_configured("trustdesk.enrichers", n, settings.DESK.enricher.get(n, {})) for n in settings.DESK.enrichers]


def exchange(name: str) -> Exchange:
    """The exchange with a public register, as `desk.toml` configures it. Raises LookupError where it does not."""
    if name not in settings.DESK.exchanges:
        raise LookupError(f"desk.toml has no [exchanges.{name}]: nothing is handed to that register")
    made: Exchange = _configured("trustdesk.exchanges", name, settings.DESK.exchanges[name])
    return made


def channel() -> Channel:
    """The channel that letters leave by."""
    name = settings.DESK.channel
    config = dict(settings.DESK.channels.get(name, {}))
    if name == "mailbox":
        config.setdefault("path", str(settings.MAILBOX_DIR))
    return _configured("trustdesk.channels", name, config)
