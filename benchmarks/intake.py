"""`make bench`: how many mails a second become reports in cases, durably, beside what one would write in an afternoon.

The same mails go through the floor (benchmarks/floor.py) and through the desk on both databases, one after the other,
the floor before and after each, so that all of them see the same machine. Nothing is switched off: every commit is
synced, every row journaled and hashed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import desk, floor
from benchmarks.mails import SAMPLES, generated

ROOT = Path(__file__).parent.parent
TARGET = 0.25
WARM_UP = 100


def main() -> int:
    """Print the table; exit code 1 if the desk in one process falls below the target on either database."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--mails", type=int, default=2000, help="how many (default: 2000)")
    parser.add_argument("--folder", type=Path, default=SAMPLES, help="the .eml files they are made from")
    parser.add_argument("--mean", type=int, default=6000, help="their mean size in bytes, at least (default: 6000)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--alone", help=argparse.SUPPRESS)  # floor, desk, timed, work: this process is one measurement
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(alone(options)))
        return 0
    result = measure(options)
    print(json.dumps(result, indent=2) if options.json else table(result))
    return 0 if all(run["ratio"] >= TARGET for run in result["runs"] if run["workers"] == 0) else 1


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All runs, each in a process of its own and beside the floor."""
    mails = generated(options.mails, folder=options.folder, mean=options.mean)
    result: dict[str, Any] = {
        "mails": len(mails),
        "mean_bytes": sum(map(len, mails)) // len(mails),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "runs": [],
    }
    del mails
    before = child(options, "floor")["rate"]
    floors = [before]
    with databases() as urls:
        for name, url in urls.items():
            for workers in (0, 2):
                run = child(options, f"desk:{workers}", url)
                after = child(options, "floor")["rate"]
                floors.append(after)
                run |= {"database": name, "workers": workers, "ratio": run["rate"] / ((before + after) / 2)}
                before = after
                result["runs"].append(run)
            result.setdefault("where", {})[name] = child(options, "timed", url)["where"]
    result["floor"] = sum(floors) / len(floors)
    return result


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """SQLite; and the PostgreSQL of TRUSTDESK_BENCH_POSTGRES_URL, or one that is started here if there are programs."""
    from tests.run import programs, server

    given, found = os.environ.get("TRUSTDESK_BENCH_POSTGRES_URL"), programs()
    if given:
        yield {"SQLite": "", "PostgreSQL": given}
    elif found is not None:
        with server(found) as url:
            yield {"SQLite": "", "PostgreSQL": url}
    else:
        print("no PostgreSQL on this machine: measured on SQLite only", file=sys.stderr)
        yield {"SQLite": ""}


def child(options: argparse.Namespace, what: str, url: str = "") -> dict[str, Any]:
    """One measurement in a fresh process and a fresh home; PostgreSQL gets a fresh database."""
    home = Path(tempfile.mkdtemp(prefix="trustdesk-bench-"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDESK_")}
    environment |= {"BENCH_HOME": str(home), "BENCH_URL": url}
    command = [sys.executable, "-m", "benchmarks.intake", "--alone", what, "--mails", str(options.mails)]
    command += ["--folder", str(options.folder), "--mean", str(options.mean)]
    try:
        if url:
            _fresh_schema(url)
        done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE)
        return dict(json.loads(done.stdout.splitlines()[-1]))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _fresh_schema(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def alone(options: argparse.Namespace) -> dict[str, Any]:
    """What a child does."""
    home, url = Path(os.environ["BENCH_HOME"]), os.environ["BENCH_URL"]
    what, _, number = options.alone.partition(":")
    if what == "work":
        desk.connect(home, url)
        return {"done": desk.work(int(number))}
    mails = generated(options.mails, folder=options.folder, mean=options.mean)
    if what == "floor":
        return {"rate": len(mails) / floor.run(mails, home)}
    workers = int(number or 0)
    warm = generated(WARM_UP * (1 + 3 * workers), folder=options.folder, mean=options.mean, seed=1)
    total = len(warm) + len(mails) if workers else 0
    desk.set_up(home, url)
    command = [sys.executable, "-m", "benchmarks.intake", "--alone", f"work:{total}"]
    helpers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(workers)]
    desk.run(warm, elsewhere=len(warm) if workers else 0)  # rulebook and tables are loaded once in a desk's life
    if what == "timed":
        from benchmarks.timers import where

        return {"where": where(lambda: desk.run(mails), len(mails))}
    took = desk.run(mails, elsewhere=total)
    for helper in helpers:
        helper.wait(60)
    desk.check(len(warm) + len(mails))
    return {"rate": len(mails) / took}


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"{result['mails']:,} mails of {result['mean_bytes'] / 1000:.1f} kB on average; {result['cores']} cores, "
        f"Python {result['python']}; every commit synced",
        "",
        f"{'':44}{'mails/s':>9}{'beside the floor':>19}",
        f"{'the floor: stdlib, one regex, SQLite':44}{result['floor']:9.0f}{1:19.2f}",
    ]
    for run in result["runs"]:
        how = f"receiving and {run['workers']} workers" if run["workers"] else "one process"
        lines.append(f"{run['database'] + ', ' + how:44}{run['rate']:9.0f}{run['ratio']:19.2f}")
    for name, where in result["where"].items():
        lines += ["", f"Where the time of one process goes on {name}, in ms a mail:"]
        lines += [f"  {what:42}{ms:9.2f}" for what, ms in where.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
