"""The two databases: SQLite embedded, PostgreSQL for a team."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit


def from_url(url: str, *, home: Path) -> dict[str, object]:
    """Django's settings for `url` (`postgresql://user:password@host:port/name?option=…`); SQLite under `home` if empty.

    Raises ValueError on a scheme that is neither.
    """
    if not url:
        return sqlite(home / "trustdesk.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(Path(unquote(parts.path)))
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"TRUSTDESK_DATABASE_URL: scheme {parts.scheme!r} is neither postgresql nor sqlite")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or (parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def sqlite(path: Path) -> dict[str, object]:
    """SQLite that keeps its promises: WAL, synchronous=FULL (a commit survives power loss), writers queue up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "trustdesk.sqlite",
        "NAME": str(path),
        # A file in tests too: SQLite in memory does not wait for locks, and waiting is part of what is tested.
        "TEST": {"NAME": str(path.with_name(f"test-{path.name}"))},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
        },
    }
