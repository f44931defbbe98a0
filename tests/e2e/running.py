"""A desk as a stranger runs it: the process tree of `trustdesk run`, its ports, its accounts, its mailbox."""

from __future__ import annotations

import email
import email.policy
import http.client
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from tests.processes import ROOT, TRUSTDESK


class Desk:
    """A running desk and what a person outside can see of it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.home = Path(environment["TRUSTDESK_HOME"])
        self.web = f"http://127.0.0.1:{environment['TRUSTDESK_WEB_PORT']}"

    def port(self, name: str) -> int:
        """A port by its setting's short name."""
        return int(self.environment[f"TRUSTDESK_{name}_PORT"])

    def command(self, *arguments: str, code: int = 0) -> str:
        """Run one command on the same desk and return what it printed."""
        done = subprocess.run(
            [*TRUSTDESK, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def password(self, name: str) -> str:
        """A demo account's password, from the file that `run` names."""
        lines = (self.home / "demo-accounts.txt").read_text("utf-8").splitlines()
        line = next(line for line in lines if line.split()[:1] == [name])
        return line.split()[1]

    def site(self, host: str) -> int:
        """What a customer's site answers to somebody outside."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port("SAMPLE_SITES"), timeout=10)
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().status

    def letters(self, address: str) -> list[EmailMessage]:
        """The letters in the local mailbox to one address, oldest first."""
        found = []
        for path in sorted(self.home.glob("mailbox/new/*"), key=lambda p: p.stat().st_mtime_ns):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if isinstance(message, EmailMessage) and address in str(message["To"]):
                found.append(message)
        return found


def wait(what: str, check: Callable[[], object], seconds: float = 30) -> object:
    """Ask until the answer is yes; fails with `what` when time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = check()
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def link(letter: EmailMessage, path: str) -> str:
    """The private link in a letter's text."""
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(rf"https?://\S+{path}\S+", body.get_content())
    assert found is not None, body.get_content()
    return found.group().rstrip(".>)")


@contextmanager
def running(environment: dict[str, str], *options: str) -> Iterator[Desk]:
    """Start `trustdesk run` and stop it as Ctrl-C does; it must be gone within five seconds."""
    log = Path(environment["TRUSTDESK_HOME"]).with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        before = out.tell()
        process = subprocess.Popen(
            [*TRUSTDESK, "run", *options], env=environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
        )
        try:
            ready = lambda: b"Ctrl-C stops it" in log.read_bytes()[before:] or process.poll()  # noqa: E731
            wait(f"the desk to start; see {log}", ready, 240)
            assert process.poll() is None, log.read_text("utf-8", "replace")
            yield Desk(environment)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            process.wait(15)
            # Five seconds are promised; a machine that runs the rest of the suite meanwhile gets a little more.
            assert time.monotonic() - began < 8, "a desk stops within five seconds"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
