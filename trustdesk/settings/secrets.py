"""Keys that a desk makes for itself once and keeps under `keys/`, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
import threading
from pathlib import Path


def secret(path: Path) -> str:
    """The secret kept in `path`, made on first use.

    Two processes may start at once: the one that loses the race reads what the winner wrote.
    """
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
        out.write(secrets.token_urlsafe(48))
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(fresh, path)  # fails if another process was first
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text()
