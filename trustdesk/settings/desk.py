"""`desk.toml`: who the provider is and which plugins it uses. Strict: an unknown key is an error at start."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class DeskError(Exception):
    """`desk.toml` cannot be used; the message names file, table and key."""


@dataclass(frozen=True)
class Desk:
    """The provider's own settings; every default fits the sample provider.

    `web` is the public address used in letters. `address` receives and sends mail. `enforcers` maps a plugin name to
    its configuration; `measures` maps a measure kind to the enforcer that carries it out.
    """

    name: str = "Nube Norte Hosting"
    address: str = "abuse@nube-norte.example"
    legal_name: str = "Nube Norte Hosting S.A. de C.V."
    contact: str = "https://nube-norte.example/contact"
    web: str = ""
    country: str = "MX"
    service_role: str = "hosting"
    languages: tuple[str, ...] = ("en", "es")
    policy: str = "example-host"
    switched_on: tuple[str, ...] = ()  # regimes that bind the service although they ship switched off or ask a person
    switched_off: tuple[str, ...] = ()  # regimes that counsel says never bind it
    out_of_court: str = ""  # certified dispute body, DSA Article 21
    where_to_turn: tuple[str, ...] = ()  # lines for reporters whose complaint is not about us
    inventory: str = ""
    sample: bool = True
    channel: str = "mailbox"
    enrichers: tuple[str, ...] = ()
    parsers: tuple[str, ...] = ()
    trusted_authserv: tuple[str, ...] = ()
    enforcers: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    enricher: dict[str, dict[str, Any]] = field(default_factory=dict)
    dkim: dict[str, Any] = field(default_factory=dict)  # whether and whom to ask for keys (flow/authenticate.py)
    trusted_flaggers: tuple[str, ...] = ()  # domains of trusted flaggers (DSA Article 22); they count when verified
    exchanges: dict[str, dict[str, Any]] = field(default_factory=dict)  # public registers that records are handed to
    submissions: dict[str, Any] = field(default_factory=dict)  # what is handed over by itself (settings/submissions.py)
    lake: dict[str, Any] = field(default_factory=dict)  # where facts are exported to (management/lake.py)
    reminders: tuple[str, ...] = ()  # mail addresses that are told of standing duties (flow/upkeep.py)
    survey: bool = True  # whether closing letters ask one question (flow/survey.py)
    reports: dict[str, Any] = field(default_factory=dict)  # who gets which report by mail (management/scheduled.py)
    imap: dict[str, Any] = field(default_factory=dict)  # a mailbox to read (doors/imap_settings.py)
    grace_seconds: int = 10  # so long a person's decision rests and can be taken back; 0: it goes out at once
    exposure_per_day: int = 40  # graphic files that a person may look at within a day
    second_factor: tuple[str, ...] = ()  # roles that nobody holds without one
    oidc: dict[str, Any] = field(default_factory=dict)  # sign-in by the company's own provider (settings/accounts.py)


def load(path: Path) -> Desk:
    """Read `desk.toml`; without one the desk is the sample provider's. Raises DeskError."""
    if not path.exists():
        return Desk()
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeskError(f"{path}: {error}") from error
    known = {f.name: f for f in fields(Desk)}
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in known:
            raise DeskError(f"{path}: unknown key {key!r}; known are {', '.join(sorted(known))}")
        default = getattr(Desk(), key)
        if isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                raise DeskError(f"{path}: {key} must be a list of strings")
            value = tuple(value)
        elif type(value) is not type(default):
            raise DeskError(f"{path}: {key} must be a {type(default).__name__}")
        values[key] = value
    values.setdefault("sample", False)
    return Desk(**values)
