"""The rulebook of the project, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from trustdesk import rules

ROOT = Path(__file__).resolve().parents[2] / "rulebook"


@pytest.fixture(scope="session")
def book() -> rules.Rulebook:
    return rules.load(ROOT)
