"""Nothing lost, nothing doubled: what was acknowledged is there once, however often everything is killed meanwhile."""

from __future__ import annotations

import contextlib
import queue
import smtplib
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.doors.desk import Desk, mail, send
from tests.processes import ROOT, own_desk

MAILS, KILLS, SENDERS = 1000, 5, 4

DJANGO = {"DJANGO_SETTINGS_MODULE": "trustdesk.settings"}
#: Read what has come in and place it in cases. Letters and the rest are other tests' business and take their time.
READ = """
import django
django.setup()
from datetime import timedelta
from trustdesk import clock
from trustdesk.flow import work
work.load_handlers()
def later():  # when the leases of the killed workers have run out
    return clock.now() + work.LEASE + timedelta(seconds=1)
while work.run_once(later, names=["parse"]):
    pass
"""


class Senders:
    """Clients that send every mail until it is acknowledged, as a mail server does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.work: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.acknowledged: list[int] = []
        self.retried = 0
        for number in range(MAILS):
            self.work.put(number)
            if number % 10 == 0:
                self.work.put(number)
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(SENDERS)]

    def _run(self) -> None:
        client: smtplib.LMTP | None = None
        with contextlib.suppress(queue.Empty):
            number = self.work.get_nowait()
            while True:
                try:
                    if client is None:
                        client = smtplib.LMTP("127.0.0.1", self.desk.port("LMTP"), timeout=10)
                        client.ehlo()
                    if send(client, mail(number), "abuse@host.example")[0][0] == 250:
                        self.acknowledged.append(number)
                        number = self.work.get_nowait()
                        continue
                except (OSError, smtplib.SMTPException, AssertionError):
                    client = None
                self.retried += 1
                time.sleep(0.05)


@pytest.mark.slow
def test_nothing_lost_nothing_doubled(tmp_path: Path) -> None:
    with own_desk(tmp_path, with_tables=True) as environment:
        desk = Desk(environment, 'address = "abuse@host.example"\n')
        try:
            _kill_and_count(desk)
        finally:
            desk.close()


def _kill_and_count(desk: Desk) -> None:
    log = open(desk.home / "log", "wb")  # noqa: SIM115
    run = desk.start("run", "--no-demo", "--no-sample", stdout=log, stderr=log)
    desk.wait_for("LMTP", process=run)
    senders = Senders(desk)
    for thread in senders.threads:
        thread.start()
    for kill in range(1, KILLS + 1):
        until = time.monotonic() + 180
        while len(senders.acknowledged) < kill * MAILS // (KILLS + 1):
            assert time.monotonic() < until, (desk.home / "log").read_text()
            time.sleep(0.005)
        desk.kill(run)
        run = desk.start("run", "--no-demo", "--no-sample", stdout=log, stderr=log)
    for thread in senders.threads:
        thread.join(240)
    assert not any(thread.is_alive() for thread in senders.threads), (desk.home / "log").read_text()
    assert sorted(set(senders.acknowledged)) == list(range(MAILS))
    assert senders.retried > 0, "no client ever noticed a kill"

    desk.kill(run)
    read = subprocess.run([sys.executable, "-c", READ], env=desk.environment | DJANGO, cwd=ROOT, capture_output=True)
    assert read.returncode == 0, read.stderr.decode()
    assert desk.one("SELECT count(*) FROM trustdesk_report") == MAILS
    assert desk.one("SELECT count(DISTINCT message_id) FROM trustdesk_report WHERE state = 'joined'") == MAILS
    assert desk.one("SELECT count(*) FROM trustdesk_case") == MAILS
    assert desk.one("SELECT count(*) FROM trustdesk_joining") == MAILS
    assert desk.one("SELECT count(*) FROM trustdesk_task WHERE state = 'dead'") == 0
    assert (
        desk.query(
            "SELECT report_id FROM trustdesk_notice WHERE kind = 'acknowledgement' GROUP BY 1 HAVING count(*) > 1"
        )
        == []
    )
    verified = desk.command("verify")
    assert verified.returncode == 0, verified.stdout.decode() + verified.stderr.decode()
