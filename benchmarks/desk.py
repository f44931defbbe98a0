"""The desk's own intake, in a fresh home, in this process: receive, parse, triage, journal; every commit durable."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

#: So many messages are taken in with one commit, as the mail listener does when they come at once.
GROUP = 64
#: Tasks of the intake; letters and enrichment come after it.
INTAKE = ("parse",)


def connect(home: Path, url: str = "") -> None:
    """Use the desk in `home` from this process."""
    os.environ["TRUSTDESK_HOME"] = str(home)
    os.environ["TRUSTDESK_DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "trustdesk.settings"
    os.environ.setdefault("TRUSTDESK_LOG_LEVEL", "ERROR")
    import django

    django.setup()


def set_up(home: Path, url: str = "") -> None:
    """Make an empty desk of the sample provider in `home`."""
    connect(home, url)
    from django.core.management import call_command

    quiet = StringIO()
    call_command("setup", stdout=quiet, stderr=quiet)


def clock() -> datetime:
    """The present."""
    return datetime.now(UTC)


def run(mails: Sequence[bytes], *, group: int = GROUP, elsewhere: int = 0) -> float:
    """Seconds from the first byte handed over to the last report placed in its case.

    With `elsewhere` other processes do the work; it ends when so many reports are placed.
    """
    from trustdesk.core.types import Channel
    from trustdesk.flow.receive import Incoming, receive_many

    began = time.perf_counter()
    for start in range(0, len(mails), group):
        receive_many([Incoming(raw, Channel.MAIL) for raw in mails[start : start + group]], now=clock())
    if elsewhere:
        while placed() < elsewhere:
            time.sleep(0.02)
    else:
        work()
    return time.perf_counter() - began


def work(until: int = 0) -> int:
    """Read and place what is there; with `until`, go on until so many reports are placed."""
    from trustdesk.flow import work

    work.load_handlers()
    done = 0
    while True:
        taken = work.run_once(clock, names=INTAKE)
        done += taken
        if not taken:
            if placed() >= until:
                return done
            time.sleep(0.01)


def placed() -> int:
    """How many reports are in a case or set aside."""
    from trustdesk.models import Report

    return Report.objects.exclude(state="received").count()


def check(count: int) -> None:
    """Raises AssertionError unless there are so many reports, all placed, each journaled once."""
    from trustdesk.models import Entry, Report

    assert Report.objects.count() == count, f"{Report.objects.count()} of {count} reports"
    assert placed() == count, "not all reports were placed"
    assert Entry.objects.filter(kind__in=("report.received", "report.set_aside")).count() == count
