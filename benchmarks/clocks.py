"""`python -m benchmarks.clocks`: does the cost of finding due clocks grow with clocks that are not due, and how long does the
engine take to decide regimes, validity and clocks of a case?

On each database: 1,000 and then 100,000 running clocks, of which 100 are due; the statement of `tick` with its plan, and a
whole `tick` when nothing is due. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
DUE = 100
FIND_MS, ENGINE_MS = 50.0, 1.0


def main() -> int:
    """Measure and print; one process for each database."""
    parser = argparse.ArgumentParser(prog="benchmarks.clocks", description=__doc__)
    parser.add_argument("--alone", choices=("clocks", "engine"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(clocks() if options.alone == "clocks" else engine()))
        return 0
    missed = 0
    from tests.run import programs, server

    here = programs()
    with server(here) if here is not None else nullcontext("") as url:
        databases = {"SQLite": ""} | ({"PostgreSQL": url} if url else {})
        for name, database in databases.items():
            found = _process("clocks", database)
            for count, figures in found["sizes"].items():
                told = f"found in {figures['find']:.2f} ms, a tick with nothing due {figures['idle']:.2f} ms"
                print(f"{name}, {count} running clocks, {DUE} due: {told}")
                missed += figures["find"] > FIND_MS
            print(f"{name}: {found['plan']}\n")
    figures = _process("engine", "")
    print(f"engine, one case: {figures['mean']:.3f} ms on average, {figures['p99']:.3f} ms for 99 of 100 "
          f"({figures['cases']} kinds of cases, {figures['regimes']} regimes)")  # fmt: skip
    missed += figures["mean"] > ENGINE_MS
    return 1 if missed else 0


def _process(what: str, database: str) -> dict[str, Any]:
    home = tempfile.mkdtemp(prefix="trustdesk-clocks-")
    env = {**os.environ, "TRUSTDESK_HOME": home, "DJANGO_SETTINGS_MODULE": "trustdesk.settings"}
    env.pop("TRUSTDESK_DATABASE_URL", None)
    if database:
        env["TRUSTDESK_DATABASE_URL"] = database
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.clocks", "--alone", what],
            env=env, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _best(work: Callable[[], object], times: int = 15) -> float:
    """Milliseconds of the middle run."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def clocks() -> dict[str, Any]:
    """The table of clocks, small and large."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from trustdesk.flow import tick
    from trustdesk.models import Case, Clock

    call_command("migrate", verbosity=0)

    def fill(count: int) -> None:
        Clock.objects.all().delete()
        if not Case.objects.exists():
            Case.objects.bulk_create(
                Case(category="phishing", form="notice", state="open", queue="security", merge_key=str(n),
                     opened_at=NOW, last_report_at=NOW)
                for n in range(2000)
            )  # fmt: skip
        cases = list(Case.objects.values_list("pk", flat=True))
        Clock.objects.bulk_create(
            [
                Clock(case_id=cases[n % len(cases)], name=f"c{n % 5}", kind="target", regime="house-targets",
                      source="house", started_at=NOW - timedelta(days=2),
                      due_at=NOW - timedelta(minutes=n + 1) if n < DUE else NOW + timedelta(minutes=n))
                for n in range(count)
            ],
            batch_size=1000,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def due() -> list[int]:
        """The statement of `tick.tick`."""
        found = Clock.objects.filter(state="running", due_at__lt=NOW).order_by("due_at")
        return list(found.values_list("case_id", flat=True)[: tick.BATCH])

    sizes = {}
    for count in (1_000, 100_000):
        fill(count)
        assert len(due()) == DUE
        sizes[count] = {"find": _best(due), "idle": _best(lambda: tick.tick(NOW - timedelta(days=1)))}
    query = Clock.objects.filter(state="running", due_at__lt=NOW).order_by("due_at").values_list("case_id", flat=True)
    return {"sizes": sizes, "plan": query[: tick.BATCH].explain()}


def engine() -> dict[str, Any]:
    """Regimes, validity and clocks of every kind of case, from the files of the rulebook."""
    import django

    django.setup()
    from trustdesk import rules
    from trustdesk.core import clocks as counting
    from trustdesk.core.regimes import Facts, applicable
    from trustdesk.core.types import Category
    from trustdesk.core.validity import judge

    book = rules.current()
    kinds = [
        Facts(category=category, form=form, provider_role=role, provider_country=country, reporter_country="US",
              customer_country="DE")
        for category in Category
        for form in ("notice", "dmca", "order")
        for role in ("hosting", "registrar")
        for country in ("US", "MX", "DE", "GB")
    ]  # fmt: skip

    def decide(facts: Facts) -> None:
        applied = applicable(book.regimes.values(), facts, NOW.date())
        for a in applied:
            judge(a.rules, "notice", {"work": True, "material": True})
        for event in ("report.received", "notice.valid"):
            counting.starting(applied, event, at=NOW, calendars=book.calendars, location=facts.provider_country)

    for facts in kinds:
        decide(facts)  # the days off of a place are read when they are needed first
    spent = []
    for facts in kinds * 3:
        began = time.perf_counter()
        decide(facts)
        spent.append((time.perf_counter() - began) * 1000)
    return {
        "mean": statistics.mean(spent),
        "p99": statistics.quantiles(spent, n=100)[98],
        "cases": len(kinds),
        "regimes": len(book.regimes),
    }


if __name__ == "__main__":
    sys.exit(main())
