"""`trustdesk verify` as a person runs it: exit codes, keys and exports of a desk of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection

from tests.processes import TRUSTDESK
from tests.verify.world import world
from trustdesk.verify import check


def run(home: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TRUSTDESK, *arguments], env=home, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_a_fresh_desk(desk_home: dict[str, str], tmp_path: Path) -> None:
    before = run(desk_home, "verify")
    assert before.returncode == 2
    assert "no desk here" in before.stderr
    assert run(desk_home, "setup").returncode == 0
    verified = run(desk_home, "verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    said = json.loads(verified.stdout)
    assert said["ok"] is True
    assert said["findings"] == []
    assert verified.stderr == "", "no progress where nobody watches"
    keys = Path(desk_home["TRUSTDESK_HOME"]) / "keys"
    (keys / "ledger.key").write_text("another key")
    spoiled = run(desk_home, "verify")
    assert spoiled.returncode == 1
    assert "FINDING row.changed trustdesk_" in spoiled.stdout


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite has one writer")
def test_nobody_waits_for_the_checker_and_it_waits_for_nobody(now: datetime, tmp_path: Path) -> None:
    with world(now, tmp_path) as here:
        here.case()
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=1)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        running = check()
        assert [f for f in running if not f.note] == []
        assert time.monotonic() - began < 20, "waited for the writer"
        other.execute("ROLLBACK")
        other.close()
