"""What the README says, done by a stranger in a fresh clone: the commands run as they stand there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import wait
from tests.processes import ROOT

pytestmark = pytest.mark.slow
FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)


def commands() -> list[str]:
    """Every command of the README's code blocks."""
    blocks = FENCE.findall((ROOT / "README.md").read_text("utf-8"))
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def test_the_readme_holds_the_two_commands_and_how_to_send_a_mail():
    assert [line.split()[0] for line in commands()] == ["make", ".venv/bin/python", "make"]


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder on disk, where the clone's environment can be links into the installer's cache, and programs may run."""
    with tempfile.TemporaryDirectory(prefix="trustdesk-clone-", dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.mark.skipif(bool(os.environ.get("TRUSTDESK_DATABASE_URL")), reason="the README speaks of the embedded default")
def test_a_fresh_clone_runs_and_takes_mail(tmp_path: Path, disk: Path, desk_home: dict[str, str]):
    clone = disk / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    environment = desk_home | {"TRUSTDESK_HOME": str(tmp_path / "home")}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    run, send, _ = commands()
    log = tmp_path / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            run.split(), cwd=clone, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        wait(f"make run; see {log}", lambda: b"Ctrl-C stops it" in log.read_bytes() or process.poll(), 400)
        assert process.poll() is None, log.read_text("utf-8", "replace")[-3000:]
        subprocess.run(["sh", "-c", send], cwd=clone, env=environment, check=True)
        web = f"http://127.0.0.1:{environment['TRUSTDESK_WEB_PORT']}"

        def healthy() -> bool:
            with urllib.request.urlopen(f"{web}/healthz", timeout=10) as answer:
                return json.load(answer)["status"] == "ok"

        wait("the desk to be well", healthy)
        os.killpg(process.pid, signal.SIGINT)
        began = time.monotonic()
        process.wait(20)
        assert time.monotonic() - began < 10
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    trustdesk = clone / ".venv" / "bin" / "trustdesk"
    subprocess.run([trustdesk, "work", "--until-idle"], env=environment, check=True, timeout=120)
    subprocess.run([trustdesk, "verify"], env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL)
