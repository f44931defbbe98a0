"""What the door makes of hostile and broken mail: the protocol's own answer, a case for what was accepted, and neither
more than two seconds nor more than 200 MB for any of it."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doors.desk import Desk, mail, send
from tests.processes import ROOT, own_desk

HEAD = b"From: a@reporter.example\r\nTo: abuse@host.example\r\nSubject: %s\r\nMessage-ID: <%s@reporter.example>\r\n"
SECONDS, MEGABYTES = 2.0, 200


def head(name: str) -> bytes:
    return HEAD % (name.encode(), name.encode())


def nested(levels: int) -> bytes:
    out = head("nested")
    for level in range(levels):
        out += b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
    return out + b"Content-Type: text/plain\r\n\r\nhttp://deep.customer.example/\r\n"


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.csv", "b.csv", "c.csv"):
            archive.writestr(name, b"0" * (300 << 20))
    body = base64.encodebytes(packed.getvalue()).replace(b"\n", b"\r\n")
    attached = b'Content-Type: application/zip; name="report.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + body
    intro = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee http://bomb.customer.example/\r\n"
    return head("bomb") + intro + b"--b\r\n" + attached + b"\r\n--b--\r\n"


#: What is sent, made when its turn comes (some of it is large), and the answer.
TABLE: dict[str, tuple[Callable[[], bytes], int]] = {
    "no From": (lambda: mail(1).partition(b"\r\n")[2], 250),
    "a From that cannot be parsed": (lambda: mail(2).replace(b"From: ", b"From: <<>,,;\xff\"@@ ", 1), 250),
    "a forged loop header": (
        lambda: mail(3, headers=["Auto-Submitted: no", "X-Loop: abuse@host.example", "Delivered-To: abuse@host.example"]), 250,
    ),
    "an empty body": (lambda: head("empty") + b"\r\n", 250),
    "a 40 MB mail": (lambda: head("forty") + b"\r\n" + b"http://large.customer.example/ 0123456789abcdef\r\n" * 840_000, 552),
    "a 20 MB mail": (lambda: head("thirty") + b"\r\n" + b"http://large.customer.example/ 0123456789abcdef\r\n" * 420_000, 250),
    "20 MB of one line": (lambda: head("line") + b"\r\nhttp://line.customer.example/ " + b"x" * (20 << 20) + b"\r\n", 250),
    "20 MB of empty lines": (lambda: head("blank") + b"\r\nhttp://blank.customer.example/\r\n" + b"\r\n" * (10 << 20), 250),
    "200 levels of MIME": (lambda: nested(200), 250),
    "an encoding that does not exist": (
        lambda: mail(4, headers=["Content-Type: text/plain; charset=klingon-8", "Content-Transfer-Encoding: rot13"]), 250,
    ),
    "NUL bytes": (lambda: mail(5, text="\0http://nul.customer.example/\0x\0"), 250),
    "5,000 links": (lambda: mail(6, text="\r\n".join(f"http://s{n}.customer.example/p/{n}" for n in range(5000))), 250),
    "a zip bomb": (lambda: zip_bomb(), 250),
    "10,000 headers": (lambda: mail(7, headers=[f"X-H{n}: {n}" for n in range(10_000)]), 250),
    "no bytes at all": (lambda: b"", 250),
}  # fmt: skip

#: What comes to the database as it is; the others are a matter of reading.
IN_ROWS = ("no From", "a From that cannot be parsed", "an encoding that does not exist", "NUL bytes", "5,000 links")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with own_desk(tmp_path_factory.mktemp("bad-input")) as environment:
        desk = Desk(environment, 'address = "abuse@host.example"\n')
        desk.set_up()
        desk.start_listener()
        try:
            yield desk
        finally:
            desk.close()


#: A worker that is ready; for each line it is given, a process forked from it does what is due and says how many seconds
#: of processor time that took and its peak memory in MB.
MEASURED = """
import os, pathlib, sys, time, django
django.setup()
from trustdesk import clock, rules
from trustdesk.flow import work
from trustdesk.interfaces.reading import read
work.load_handlers(); rules.current(); read(b"From: a@reporter.example\\r\\n\\r\\nhttp://warm.example/ is phishing")
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        began = time.process_time()
        work.run_until_idle(clock.now)
        seconds = time.process_time() - began
        peak = next(x for x in pathlib.Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
        print(seconds, int(peak.split()[1]) // 1024, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def worker(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    environment = desk.environment | {"DJANGO_SETTINGS_MODULE": "trustdesk.settings"}
    command = [sys.executable, "-c", MEASURED]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        yield process


def used(worker: subprocess.Popen[str]) -> tuple[float, int]:
    """Do what is due in a process of its own; see MEASURED."""
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write("go\n")
    seconds, megabytes = worker.stdout.readline().split()
    return float(seconds), int(megabytes)


def peak(pid: int) -> int:
    """Peak memory of a running process in MB."""
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    "name", [n if n in IN_ROWS else pytest.param(n, marks=pytest.mark.one_database) for n in TABLE]
)
def test_bad_input(desk: Desk, worker: subprocess.Popen[str], name: str) -> None:
    make, code = TABLE[name]
    raw = make()
    before = desk.one("SELECT count(*) FROM trustdesk_report")
    client = desk.lmtp()
    started = time.monotonic()
    assert send(client, raw, "abuse@host.example")[0][0] == code
    answered = time.monotonic() - started
    if code == 250:
        assert desk.one("SELECT count(*) FROM trustdesk_report") == before + 1
        seconds, megabytes = used(worker)
        assert desk.query("SELECT state, case_id IS NOT NULL FROM trustdesk_report ORDER BY id DESC LIMIT 1") in (
            [("joined", True)], [("joined", 1)],
        ), "what was accepted is a case"  # fmt: skip
        assert seconds < SECONDS, f"{seconds:.2f} s to read it"
        assert megabytes < MEGABYTES, f"{megabytes} MB to read it"
    else:
        assert desk.one("SELECT count(*) FROM trustdesk_report") == before
    assert answered < SECONDS * 2, f"{answered:.2f} s to answer"  # wall clock: other tests run beside this one
    assert peak(desk.running[0].pid) < MEGABYTES
    assert desk.one("SELECT count(*) FROM trustdesk_task WHERE state <> 'queued' OR attempts > 0") == 0
