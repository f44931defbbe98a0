"""`trustdesk run` and the commands beside it, as real processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doors.desk import Desk, mail, send
from tests.processes import own_desk

pytestmark = pytest.mark.slow
untouched = pytest.mark.parametrize("desk", [False], indirect=True, ids=["untouched"])
RUN = ("run", "--no-demo", "--workers", "1")


@pytest.fixture(params=[True], ids=["with tables"])
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A desk that has its tables, and nothing else; or not even those, where a test says so."""
    with own_desk(tmp_path, with_tables=request.param) as environment:
        desk = Desk(environment)
        try:
            yield desk
        finally:
            desk.close()


def eventually(true: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def parts(process: subprocess.Popen[bytes]) -> dict[int, str]:
    """Process id → part, of the processes that a run has started."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(re.search(r"PPid:\s+(\d+)", (folder / "status").read_text())[1])  # type: ignore[index]
            name = (folder / "comm").read_text().strip()
        except (OSError, TypeError):
            continue
        if parent == process.pid and name.startswith("td-"):
            found[int(folder.name)] = name.removeprefix("td-")
    return found


def healthy(desk: Desk) -> bool:
    """What /healthz says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{desk.port('WEB')}/healthz", timeout=10) as answer:
            return json.load(answer)["status"] == "ok"
    except urllib.error.HTTPError as error:
        assert error.code == 503
        return False


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.one_database
def test_a_desk_lives_dies_in_parts_and_stops(desk: Desk) -> None:
    output = desk.home / "output"
    with open(output, "wb") as out:
        process = desk.start(*RUN, stdout=out, stderr=out)
    eventually(lambda: b"Ctrl-C stops it" in output.read_bytes() or process.poll() is not None)
    text = output.read_text()
    for name in ("WEB", "LMTP", "SMTP", "SAMPLE_SITES"):
        assert f"127.0.0.1:{desk.port(name)}" in text
    accounts = desk.home / "demo-accounts.txt"
    assert accounts.read_text().splitlines()[0] in text and "ana" in text
    assert stat.S_IMODE(accounts.stat().st_mode) == 0o600
    assert sorted(parts(process).values()) == ["listener", "sample", "ticker", "web", "worker"]

    # A mail becomes a case, and the desk calls itself healthy.
    assert send(desk.lmtp(), mail(1), "abuse@nube-norte.example")[0][0] == 250
    eventually(lambda: desk.query("SELECT state FROM trustdesk_report") == [("joined",)])
    eventually(lambda: healthy(desk), 30)

    # A second run of the same desk is refused, other commands work beside it.
    second = desk.command(*RUN)
    assert second.returncode == 75 and b"runs already" in second.stderr
    assert desk.command("work", "--until-idle").returncode == 0

    # What dies is started again, and said.
    old = parts(process)
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(parts(process)) == 5 and not parts(process).keys() & old.keys())
    assert "mail listener was killed by signal 9; starting it again" in output.read_text()
    desk.wait_for("LMTP", "WEB", process=process)
    assert send(desk.lmtp(), mail(2), "abuse@nube-norte.example")[0][0] == 250

    # Ctrl-C reaches every process of the group; all is over within five seconds.
    running = parts(process)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) == 0
    assert time.monotonic() - started < 5
    assert not any(Path(f"/proc/{pid}").exists() for pid in running)
    assert output.read_text().endswith("stopped\n")

    # A second start keeps the data and the passwords.
    before = accounts.read_text()
    assert desk.command("setup").returncode == 0
    assert desk.one("SELECT count(*) FROM trustdesk_report") == 2
    assert accounts.read_text() == before


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_parts_end_when_the_supervisor_is_killed(desk: Desk) -> None:
    process = desk.start(*RUN, "--no-sample", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    desk.wait_for("LMTP", "WEB", process=process)
    left = parts(process)
    assert {*left.values()} == {"listener", "ticker", "web", "worker"}  # on PostgreSQL there may be several of one kind
    process.kill()
    process.wait()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), 10)


def test_a_taken_port_is_said(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", desk.port("LMTP"))):
        refused = desk.command(*RUN)
    assert refused.returncode == 75
    assert f"port {desk.port('LMTP')} is taken; set TRUSTDESK_LMTP_PORT" in refused.stderr.decode()


@untouched
def test_two_set_ups_at_once(desk: Desk) -> None:
    codes: list[int] = []
    both = [threading.Thread(target=lambda: codes.append(desk.command("setup").returncode)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert codes == [0, 0]
    assert desk.one("SELECT count(*) FROM auth_user") == 3
    assert len((desk.home / "demo-accounts.txt").read_text().splitlines()) == 3
    names = {path.name for path in (desk.home / "keys").iterdir()}
    assert {"web.key", "ledger.key", "links.key", "checkpoint.ed25519"} <= names


@pytest.mark.one_database
@untouched
def test_commands_on_a_desk_that_was_never_set_up(desk: Desk, tmp_path: Path) -> None:
    good = tmp_path / "a.eml"
    good.write_bytes(mail(1))
    (tmp_path / "big.eml").write_bytes(b"x" * 2000)
    desk.environment["TRUSTDESK_MESSAGE_SIZE_LIMIT"] = "1000"
    done = desk.command("receive", str(good), str(good), "-", str(tmp_path / "big.eml"), stdin=mail(2))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(x["file"], x["duplicate"]) for x in lines] == [
        (str(good), False), (str(good), True), ("-", False), (str(tmp_path / "big.eml"), False),
    ]  # fmt: skip
    assert lines[0]["report"] == lines[1]["report"] != lines[2]["report"]
    assert lines[3] == {"file": str(tmp_path / "big.eml"), "report": None, "duplicate": False, "problem": "too_large"}
    assert done.returncode == 1, "a message was not taken"
    assert desk.command("receive", str(tmp_path / "missing")).returncode == 2

    assert desk.command("work", "--until-idle").returncode == 0
    assert desk.query("SELECT DISTINCT state FROM trustdesk_report") == [("joined",)]
    token = desk.command("user", "token", "--name", "n", "--account", "a", "--scope", "reports:write", "reports:read")
    assert re.fullmatch(rb"td_[\w-]{43}\n", token.stdout)
    assert desk.command("user", "add", "eva", "--role", "senior", stdin=b"short\n").returncode == 2
    assert desk.command("user", "add", "eva", "--role", "senior", stdin=b"a long enough secret\n").returncode == 0
    listed = [json.loads(line) for line in desk.command("user", "list", "--json").stdout.splitlines()]
    assert {"username": "eva", "roles": ["senior"], "active": True} in listed
    assert desk.command("user", "nonsense").returncode == 2


def test_old_mail_keeps_its_time(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "old.eml"
    path.write_bytes(mail(1).replace(b"18 Nov 2026", b"18 Nov 2020"))
    assert desk.command("receive", "--received-at", "date-header", str(path)).returncode == 0
    assert str(desk.one("SELECT received_at FROM trustdesk_report")).startswith("2020-11-18 09:00:00")


def test_one_worker_per_task_beside_another(desk: Desk, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.eml").write_bytes(mail(number))
    assert desk.command("receive", *(str(path) for path in tmp_path.glob("*.eml"))).returncode == 0
    codes: list[int] = []
    workers = [
        threading.Thread(target=lambda: codes.append(desk.command("work", "--until-idle").returncode)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert codes == [0, 0]
    assert desk.one("SELECT count(*) FROM trustdesk_case") == 30
    assert desk.one("SELECT count(*) FROM trustdesk_notice WHERE kind = 'acknowledgement'") == 30
