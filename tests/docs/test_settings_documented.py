"""A setting that is not documented does not exist."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from trustdesk.settings.desk import Desk

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operate" / "settings.md").read_text("utf-8")


def test_every_environment_variable_is_documented() -> None:
    used = set()
    for path in [*(ROOT / "trustdesk").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]:
        used |= set(re.findall(r"""["'](TRUSTDESK_[A-Z_]*[A-Z])["']""", path.read_text("utf-8")))
    assert "TRUSTDESK_HOME" in used
    assert sorted(name for name in used if f"`{name}`" not in PAGE) == []


def test_every_key_of_desk_toml_is_documented() -> None:
    missing = [f.name for f in fields(Desk) if f"`{f.name}`" not in PAGE and f"[{f.name}" not in PAGE]
    assert missing == []
