"""How long the engine takes for one case: which regimes, is the notice valid, which clocks. Goal: under 1 ms.

python benchmarks/rules_engine.py [--rounds 2000]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trustdesk import rules
from trustdesk.core.clocks import starting
from trustdesk.core.regimes import Facts, applicable
from trustdesk.core.types import Category
from trustdesk.core.validity import judge

FOUND = dict.fromkeys(("written", "work", "material", "contact", "goodfaith"), True)


def case(book: rules.Rulebook, facts: Facts, now: datetime) -> int:
    """Everything the engine decides when a report becomes a case; returns how many clocks start."""
    applied = applicable(book.regimes.values(), facts, now.date())
    for a in applied:
        judge(a.rules, "notice", FOUND)
    events = ("report.received", "notice.valid", "counter_notice.effective")
    return sum(len(starting(applied, e, at=now, calendars=book.calendars, location="US")) for e in events)


def measure(work: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each round."""
    out = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        out.append((time.perf_counter() - began) * 1000)
    return sorted(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    args = parser.parse_args()
    began = time.perf_counter()
    book = rules.load()
    print(f"rulebook: {len(book.regimes)} regimes read and checked in {time.perf_counter() - began:.2f} s")
    now = datetime(2026, 12, 18, 12, tzinfo=UTC)
    shapes = cycle(
        Facts(category=c, form="dmca" if c == Category.COPYRIGHT else "notice", provider_role=role, provider_country="US",
              customer_country="DE", reporter_country="MX")
        for c in Category
        for role in ("hosting", "pass_through", "registrar", "online_platform")
    )  # fmt: skip
    times = measure(lambda: case(book, next(shapes), now), args.rounds)
    p95, p99 = times[int(0.95 * len(times))], times[int(0.99 * len(times))]
    print(
        f"one case: median {statistics.median(times):.3f} ms, 95 % {p95:.3f} ms, 99 % {p99:.3f} ms ({args.rounds} rounds)"
    )
    return 0 if statistics.median(times) < 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
