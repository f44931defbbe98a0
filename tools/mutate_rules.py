"""Change every number of the regimes, one at a time, and see whether a law test notices.

    python tools/mutate_rules.py [REGIME …]      (default: every regime)

A number is what decides something: `low`, `high`, `period`, `within`, `renews` (one more, one less), the unit, and the first
and last day of a validity (a day earlier, a day later). `as_of`, `review_due` and `version` describe the file and decide
nothing. Exit code 1 when a mutation survives.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trustdesk import rules
from trustdesk.core.cases_format import CaseTest, parse_cases
from trustdesk.core.cases_run import run
from trustdesk.core.regime_file import parse_regime
from trustdesk.core.strict import BadRules

NUMBERS = ("low", "high", "period", "within", "renews")
DAYS = ("effective_from", "effective_to", "valid_from", "valid_to")
OTHER_UNIT = {
    "minute": "hour", "hour": "minute", "calendar_day": "week", "business_day": "calendar_day", "week": "calendar_day",
    "month": "year", "year": "month",
}  # fmt: skip


def mutations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every changed copy of a document, with a name for the change."""
    for path, key, value in numbers(document, ()):
        if key in NUMBERS:
            changed: list[Any] = [value + 1, value - 1]
        elif key in DAYS:
            changed = [value + timedelta(days=1), value - timedelta(days=1)]
        else:
            changed = [OTHER_UNIT[value]]
        for new in changed:
            twin = copy.deepcopy(document)
            place: Any = twin
            for step in path:
                place = place[step]
            place[key] = new
            item = place.get("id", "")
            yield f"{'.'.join(str(p) for p in path)} {item} {key} {value} → {new}", twin


def numbers(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from numbers(item, (*path, n))
    elif isinstance(value, dict):
        for key, item in value.items():
            number = key in NUMBERS and isinstance(item, int)
            day = key in DAYS and isinstance(item, date)
            if number or day or (key == "unit" and value.keys() & set(NUMBERS)):
                yield path, key, item
            else:
                yield from numbers(item, (*path, key))


def tests_of(folder: Path) -> list[CaseTest]:
    found: list[CaseTest] = []
    for file in sorted(folder.glob("cases/*.case")):
        cases, problems = parse_cases(file.read_text(encoding="utf-8"))
        if problems:
            raise SystemExit(f"{file}: {problems[0]}")
        found += cases
    return found


def survivors(book: rules.Rulebook, regime: str) -> tuple[int, list[str]]:
    """How many mutations were tried on a regime, and the names of those that no test noticed."""
    folder = book.root / "regimes" / regime
    document = tomllib.loads((folder / "regime.toml").read_text(encoding="utf-8"))
    cases = tests_of(folder)
    tried, alive = 0, []
    for name, twin in mutations(document):
        tried += 1
        try:
            changed = dict(book.regimes) | {regime: parse_regime(twin, file=regime)}
        except BadRules:
            continue  # refused at load: noticed
        if not any(run(case, changed, book.calendars) for case in cases):
            alive.append(name)
    return tried, alive


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("regimes", nargs="*")
    args = parser.parse_args()
    book = rules.load()
    chosen = args.regimes or sorted(book.regimes)
    total, left = 0, 0
    for regime in chosen:
        tried, alive = survivors(book, regime)
        total += tried
        left += len(alive)
        print(f"{regime:24} {tried:4} mutations, {len(alive)} survive")
        for name in alive:
            print(f"    {name}")
    print(f"{total} mutations of {len(chosen)} regimes, {left} survive")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
