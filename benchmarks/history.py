"""`python -m benchmarks.history`: how long the import of an old mailbox takes, how much memory, and doing it again.

Makes an mbox of many small complaints, imports it into a fresh desk (SQLite, every commit synced), kills the import in
the middle, runs it again, and again. Nothing is read while it goes on: that is the workers' part and is measured by
`make bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import IO

START = datetime(2023, 1, 2, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
KINDS = ("phishing page", "malware download", "spam", "port scan", "copyright infringement")


def write(path: Path, count: int) -> None:
    """An mbox of `count` small complaints, one a quarter of an hour from the beginning of 2023."""
    with open(path, "wb") as out:
        for number in range(count):
            at = START + timedelta(minutes=15 * number)
            kind = KINDS[number % len(KINDS)]
            host = f"site{number % 977}.customer.example"
            out.write(
                f"From reporter{number}@reporter.example {at:%a %b %d %H:%M:%S %Y}\n"
                f"From: Reporter {number} <reporter{number % 313}@reporter.example>\nTo: abuse@host.example\n"
                f"Subject: Abuse report: {kind} on {host}\nMessage-ID: <{number}@reporter.example>\n"
                f"Date: {format_datetime(at)}\n\nWe found a {kind} at http://{host}/{number}\n"
                f"First seen {at:%Y-%m-%d %H:%M} UTC from 192.0.2.{number % 250}.\n\nPlease act.\n\n".encode()
            )


def run(mbox: Path, environment: dict[str, str], kill_at: int = 0) -> dict[str, float]:
    """One import, killed after so many messages if asked: seconds, messages, duplicates, and the peak memory of the
    process in megabytes."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "trustdesk.cli", "receive", str(mbox), "--received-at", "date-header"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=said)
        while kill_at and lines_in(said) < kill_at:
            time.sleep(0.05)
        if kill_at:
            os.kill(process.pid, signal.SIGKILL)
        _, _, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        said.seek(0)
        lines = [line for line in said.read().splitlines() if line.endswith(b"}")]
    duplicates = sum(json.loads(line)["duplicate"] for line in lines)
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return {
        "seconds": round(seconds, 1),
        "messages": len(lines),
        "duplicates": duplicates,
        "rate": round(len(lines) / seconds),
        "peak_mb": round(usage.ru_maxrss / scale),
    }


def lines_in(said: IO[bytes]) -> int:
    """How many lines a file has by now; does not move its position, which the writer shares."""
    count = at = 0
    while part := os.pread(said.fileno(), 1 << 20, at):
        count += part.count(b"\n")
        at += len(part)
    return count


def main() -> None:
    """Print one JSON object a run."""
    parser = argparse.ArgumentParser(prog="benchmarks.history", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000, help="how many (default: 100000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trustdesk-history-") as folder:
        home = Path(folder)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDESK_")}
        environment |= {"TRUSTDESK_HOME": str(home / "desk")}
        small, large = home / "small.mbox", home / "large.mbox"
        write(small, options.messages // 50)
        write(large, options.messages)
        setup = [sys.executable, "-m", "trustdesk.cli", "setup"]
        subprocess.run(setup, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        first = run(small, environment)
        print(json.dumps({"run": "a fiftieth", **first}), flush=True)
        killed = run(large, environment, kill_at=options.messages // 2)
        print(json.dumps({"run": "all, killed in the middle", **killed}), flush=True)
        print(json.dumps({"run": "again, to the end", **run(large, environment)}), flush=True)
        print(json.dumps({"run": "again, all duplicates", **run(large, environment)}), flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
