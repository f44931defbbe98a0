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
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

LIMIT_MS = 100.0
#: Plans of statements that take at least so long are printed.
SHOW_MS = 4.0
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
    with server(here, "-c shared_buffers=2GB -c jit=off") if here is not None else nullcontext(options.url) as url:
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
        taken: dict[str, list[list[float]]] = {}
        for process in running:
            out, _ = process.communicate()
            for name, times in json.loads(out).items():
                taken.setdefault(name, []).extend(times)
    return report(taken, options)


def _again(options: argparse.Namespace) -> list[str]:
    out = [sys.executable, "-m", "benchmarks.screens", "--cases", str(options.cases)]
    return [*out, "--seconds", str(options.seconds), "--pause", str(options.pause)]


def report(taken: dict[str, list[list[float]]], options: argparse.Namespace) -> int:
    """Print the percentiles; 1 if one page is too slow."""
    missed = 0
    load = os.getloadavg()[1]
    print(f"{options.cases} cases, {options.people} people, load average {load:.1f}")
    print(f"{'':12} {'':>6} {'from click to page':>20} {'processor':>14} {'database':>14} {'statements':>14}")
    columns = f"{'p50 ms':>10} {'p95':>9} {'p50':>7} {'p95':>6} {'p50':>7} {'p95':>6} {'p50':>7} {'p95':>6}"
    print(f"{'page':12} {'n':>6} {columns}")
    for name, times in sorted(taken.items()):
        wall, cpu, asked, count = (sorted(column) for column in zip(*times, strict=True))
        late = at(wall, 0.95) > options.limit
        missed += late
        figures = f"{at(wall, 0.5):10.1f} {at(wall, 0.95):9.1f} {at(cpu, 0.5):7.1f} {at(cpu, 0.95):6.1f}"
        figures += f" {at(asked, 0.5):7.1f} {at(asked, 0.95):6.1f} {at(count, 0.5):7.0f} {at(count, 0.95):6.0f}"
        print(f"{name:12} {len(times):6} {figures}{'  too slow' if late else ''}")
    return 1 if missed else 0


def at(ordered: list[float], share: float) -> float:
    """The value below which this share lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


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
    from trustdesk.management.parts import settle

    seed = int(os.environ.get("SEED", "0"))
    taken: dict[str, list[list[float]]] = {}
    there = Barrier(options.people, action=settle)  # as `trustdesk run` does after its first pages
    people = [
        Thread(target=_person, args=(n + seed * options.people, options, taken, there)) for n in range(options.people)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    print(json.dumps(taken))


def _person(number: int, options: argparse.Namespace, taken: dict[str, list[list[float]]], there: Barrier) -> None:
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client

    chance = random.Random(number)
    client = Client()
    client.force_login(get_user_model().objects.get(username=f"person-{number}"))
    for name in MIX:  # templates are compiled, statements written, the rulebook is read, the connection is open
        method, address, data = page(name, chance, options.cases)
        getattr(client, method)(address, data)
    there.wait()
    until = time.monotonic() + options.seconds
    time.sleep(chance.random() * options.pause)
    while time.monotonic() < until:
        name = chance.choices(list(MIX), list(MIX.values()))[0]
        method, address, data = page(name, chance, options.cases)
        asked: list[float] = []
        began, worked = time.perf_counter(), time.thread_time()
        with connection.execute_wrapper(partial(_timed, asked)):
            answer = getattr(client, method)(address, data)
        figures = (time.perf_counter() - began, time.thread_time() - worked, sum(asked))
        taken.setdefault(name, []).append([*(figure * 1000 for figure in figures), len(asked)])
        assert answer.status_code in (200, 302, 404), (address, answer.status_code)  # 404: a sealed case
        time.sleep(chance.expovariate(1 / options.pause))


def _timed(asked: list[float], execute: Any, *arguments: Any) -> Any:
    began = time.perf_counter()
    try:
        return execute(*arguments)
    finally:
        asked.append(time.perf_counter() - began)


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
    """Print for pages of each kind what their statements cost in the database (the fastest of three), with plans."""
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
            answer = getattr(client, method)(address, data)
        if number == 0:
            continue  # templates were compiled and the rulebook read
        selects = [q["sql"] for q in queries.captured_queries if q["sql"].startswith("SELECT")]
        plain = [sql for sql in selects if "FOR UPDATE" not in sql]
        best = [min((_explained(connection, sql) for _ in range(3)), key=lambda pair: pair[0]) for sql in plain]
        total = sum(ms for ms, _plan in best)
        print(
            f"\n== {method} {address} {data}: {answer.status_code}, {len(queries)} statements, {total:.1f} ms in the database"
        )
        for (ms, plan), sql in sorted(zip(best, plain, strict=True), key=lambda pair: -pair[0][0]):
            if ms >= SHOW_MS:
                print(f"   {ms:.1f} ms: {sql[:1500]}")
                print("\n".join(f"      {line}" for line in plan))


def _explained(connection: Any, sql: str) -> tuple[float, list[str]]:
    """Milliseconds of planning and execution, and the plan (SQLite: the plan, and the time it took to read the rows)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY) {sql.replace('%', '%%')}", [])
            lines = [line for (line,) in cursor.fetchall()]
            spent = [
                line.split(":")[1].split()[0] for line in lines if line.startswith(("Planning Time", "Execution Time"))
            ]
            return sum(map(float, spent)), lines
        began = time.perf_counter()
        cursor.execute(sql.replace("%", "%%"), [])
        cursor.fetchall()
        took = (time.perf_counter() - began) * 1000
        cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}", [])
        return took, [str(row[-1]) for row in cursor.fetchall()]


if __name__ == "__main__":
    raise SystemExit(main())
