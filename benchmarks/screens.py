"""`python -m benchmarks.screens`: how long do the desk's pages take on a large desk with twenty people at work?

A desk of `--cases` cases (a fifth of them open, five journal entries each) is written into a database of its own, then so
many people look at queues, take the next case, open cases and search, each with a pause between two pages as a person has.
Two processes serve them, one for each core, through Django's own request handling: everything but the socket. Prints
percentiles for each page, and the plans of the statements behind them with `--plans`. Exit code 1 when the 95th percentile
of a page is above `--limit` milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

LIMIT_MS = 100.0
#: What a person does next, out of a hundred pages.
MIX = {"queue": 30, "filtered": 10, "next": 10, "case": 35, "search": 15}


def main() -> int:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.screens", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--pause", type=float, default=3.0, help="mean seconds between two pages of one person")
    parser.add_argument("--limit", type=float, default=LIMIT_MS)
    parser.add_argument("--plans", action="store_true", help="print the plans of the statements of each page")
    parser.add_argument("--home", help="a folder to keep the desk in; a desk that is there already is used as it is")
    parser.add_argument("--url", default="", help="a database of your own instead of a temporary server")
    parser.add_argument("--alone", choices=("fill", "work", "plans"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        return int({"fill": fill, "work": work, "plans": plans}[options.alone](options) or 0)
    from tests.run import programs, server

    home = options.home or tempfile.mkdtemp(prefix="trustdesk-screens-")
    here = None if options.sqlite or options.url else programs()
    with server(here) if here is not None else nullcontext(options.url) as url:
        env = {**os.environ, "TRUSTDESK_HOME": home, "TRUSTDESK_DATABASE_URL": url, "TRUSTDESK_LOG_LEVEL": "CRITICAL"}
        env["DJANGO_SETTINGS_MODULE"] = "trustdesk.settings"
        if not (Path(home) / "filled").exists():
            subprocess.run([*_again(options), "--alone", "fill"], env=env, check=True)
            (Path(home) / "filled").touch()
        if options.plans:
            subprocess.run([*_again(options), "--alone", "plans"], env=env, check=True)
        servers = 2
        each = [*_again(options), "--alone", "work", "--people", str(options.people // servers)]
        running = [
            subprocess.Popen([*each], env=env | {"SEED": str(n)}, stdout=subprocess.PIPE) for n in range(servers)
        ]
        taken: dict[str, list[float]] = {}
        for process in running:
            out, _ = process.communicate()
            for name, times in json.loads(out).items():
                taken.setdefault(name, []).extend(times)
    return report(taken, options)


def _again(options: argparse.Namespace) -> list[str]:
    out = [sys.executable, "-m", "benchmarks.screens", "--cases", str(options.cases)]
    return [*out, "--seconds", str(options.seconds), "--pause", str(options.pause)]


def report(taken: dict[str, list[float]], options: argparse.Namespace) -> int:
    """Print the percentiles; 1 if one page is too slow."""
    missed = 0
    load = os.getloadavg()[1]
    print(f"{options.cases} cases, {options.people} people, load average {load:.1f}")
    print(f"{'page':12} {'n':>6} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}")
    for name, times in sorted(taken.items()):
        times.sort()
        p50, p95, p99 = (times[min(int(len(times) * q), len(times) - 1)] for q in (0.5, 0.95, 0.99))
        late = p95 > options.limit
        missed += late
        print(f"{name:12} {len(times):6} {p50:8.1f} {p95:8.1f} {p99:8.1f}{'  too slow' if late else ''}")
    return 1 if missed else 0


def _start() -> None:
    import django

    django.setup()


def fill(options: argparse.Namespace) -> None:
    """Write the desk."""
    _start()
    from django.core.management import call_command

    from benchmarks.large_desk import fill as write

    call_command("setup", stdout=sys.stderr, stderr=sys.stderr)
    began = time.perf_counter()
    _empty()
    counts = write(options.cases, now=datetime.now(UTC))
    print(f"filled in {time.perf_counter() - began:.0f} s: {counts}", file=sys.stderr, flush=True)


def _empty() -> None:
    """`setup` brings the sample's inventory along; this desk has its own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM trustdesk_asset")
        cursor.execute("DELETE FROM trustdesk_subject")


def work(options: argparse.Namespace) -> None:
    """So many people, each a thread; prints the milliseconds of each page as JSON."""
    _start()
    seed = int(os.environ.get("SEED", "0"))
    taken: dict[str, list[float]] = {}
    people = [Thread(target=_person, args=(n + seed * options.people, options, taken)) for n in range(options.people)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    print(json.dumps(taken))


def _person(number: int, options: argparse.Namespace, taken: dict[str, list[float]]) -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client

    chance = random.Random(number)
    client = Client()
    client.force_login(get_user_model().objects.get(username=f"person-{number}"))
    client.get("/desk/")  # templates are compiled, the rulebook is read, the connection is open
    until = time.monotonic() + options.seconds
    time.sleep(chance.random() * options.pause)
    while time.monotonic() < until:
        name = chance.choices(list(MIX), list(MIX.values()))[0]
        method, address, data = page(name, chance, options.cases)
        began = time.perf_counter()
        answer = getattr(client, method)(address, data)
        taken.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        assert answer.status_code in (200, 302), (address, answer.status_code)
        time.sleep(chance.expovariate(1 / options.pause))


def page(name: str, chance: random.Random, cases: int) -> tuple[str, str, dict[str, str]]:
    """Method, address and fields of a page."""
    from trustdesk.models.code import encode

    queues = ("phishing", "copyright", "security", "fraud")
    if name == "queue":
        return "get", "/desk/", {}
    if name == "filtered":
        kinds: list[dict[str, str]] = [
            {"category": "copyright"}, {"due": "late"}, {"assigned": "me"}, {"assigned": "none"}, {"state": "held"},
            {"unread": "1"}, {"state": "closed"}, {"due": "hour", "category": "terrorism"}, {"older": "30"},
            {"queue": chance.choice(queues)}, {"state": "all", "subject": f"c-{chance.randrange(1, cases // 20)}"},
        ]  # fmt: skip
        return "get", "/desk/", chance.choice(kinds)
    if name == "next":
        return "post", "/desk/next", {}
    if name == "case":
        low = int(cases * 0.8) if chance.random() < 0.8 else 0  # mostly open ones
        return "get", f"/desk/case/{encode('C', chance.randrange(low, cases) + 1)}", {}
    what = chance.choice(
        ["s{}.example", "Customer {}", "soc-{}@bank.example", "c-{}", "hxxps://s{}[.]example/path/1f", "path/{}f"]
    )
    return "get", "/desk/find", {"q": what.format(chance.randrange(1, cases // 20))}


def plans(options: argparse.Namespace) -> None:
    """Print each statement of each kind of page once with its time and, on PostgreSQL, its plan where it is slow."""
    _start()
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(get_user_model().objects.get(username="person-3"))
    chance = random.Random(1)
    looks = [
        page(name, chance, options.cases)
        for name in ("queue", "queue", *["filtered"] * 12, "next", "case", "case", *["search"] * 8)
    ]
    looks += [("get", "/desk/board", {})]
    for number, (method, address, data) in enumerate(looks):
        if address == "/desk/board":
            client.force_login(get_user_model().objects.get(username="person-21"))
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            answer = getattr(client, method)(address, data)
            took = (time.perf_counter() - began) * 1000
        print(f"\n== {method} {address} {data}: {took:.1f} ms, {len(queries)} statements, {answer.status_code}")
        if number == 0:
            continue
        for query in queries.captured_queries:
            ms = float(query["time"]) * 1000
            if ms >= 4:
                print(f"   {ms:.0f} ms: {query['sql'][:1500]}")
                if (
                    connection.vendor == "postgresql"
                    and query["sql"].startswith("SELECT")
                    and "FOR UPDATE" not in query["sql"]
                ):
                    with connection.cursor() as cursor:
                        cursor.execute(
                            "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + query["sql"].replace("%", "%%"), []
                        )
                        print("\n".join("      " + line for (line,) in cursor.fetchall()))


if __name__ == "__main__":
    raise SystemExit(main())
