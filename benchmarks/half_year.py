"""`python -m benchmarks.half_year`: half a year of a large CDN, worked by rules, exported and reported. Two parts.

Through the desk: an even sample of the 404,106 notices (`--through-the-desk`, 2,000 unless said otherwise, up to all of them)
goes as real mails, forms and API calls through receive, parse, triage, decide by rules, enforce and notify
(benchmarks/half_year_desk.py); `trustdesk verify` then finds the ledger in order.

The whole: 404,106 notices about 1,107,986 URLs in the published mix of categories (`half_year.toml`) as journal entries, each
decided by the same table of rules and hashed in the chain of its case, written straight into the database of a fresh desk.

From there on both are the product alone: `trustdesk lake export`, and `trustdesk publish quarterly --engine …` for both
quarters. Every number of the reports must equal the generator's own count; so must notices, URLs and outcomes by category.
The same plans make both, so the first part shows that the entries of the second are those that a desk writes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import half_year_desk as through
from benchmarks import half_year_maker as maker

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Print one JSON object; exit code 1 if a number differs."""
    parser = argparse.ArgumentParser(prog="benchmarks.half_year", description=__doc__)
    parser.add_argument(
        "--share", type=float, default=1.0, help="part of the half-year, for a trial (default: 1; 0: none)"
    )
    parser.add_argument(
        "--through-the-desk", type=int, default=2000, metavar="N", help="notices as real messages (0: none)"
    )
    parser.add_argument("--engine", action="append", help="engines to report with (default: duckdb and spark)")
    parser.add_argument("--home", type=Path, help="keep the desks here")
    options = parser.parse_args()
    engines = options.engine or ["duckdb", "spark"]
    result: dict[str, Any] = {}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="trustdesk-half-year-") as folder:
        home = options.home or Path(folder)
        if options.through_the_desk:
            result["through the desk"], found = worked(home / "worked", options.through_the_desk, engines)
            wrong += found
        if options.share:
            result["the whole"], found = measure(home / "whole", options.share, engines)
            wrong += found
    print(json.dumps(result, indent=2))
    for line in wrong[:50]:
        print(f"DIFFERS {line}", file=sys.stderr)
    return 1 if wrong else 0


def worked(home: Path, take: int, engines: list[str]) -> tuple[dict[str, Any], list[str]]:
    """So many notices through the desk: the figures, and every number that differs."""
    plans, truth = list(through.sample(take)), maker.Truth()
    for plan in plans:
        maker.count(plan, truth)
    environment = through.prepare(home, plans)
    trustdesk(environment, "setup")
    trustdesk(environment, "inventory", str(home / "inventory"))
    command = ["-m", "benchmarks.half_year_desk", "--home", str(home), "--take", str(take)]
    said, spent = run(environment, *command)
    result: dict[str, Any] = json.loads(said) | {"peak_mb": spent["peak_mb"]}
    wrong = []
    letters = sum(counts["sent"] for counts in truth.counts.values())
    if result["letters"] != letters:
        wrong.append(f"{result['letters']} letters arrived instead of {letters}")
    _, result["verify"] = trustdesk(environment, "verify")
    reported(environment, truth, engines, result, wrong)
    return result, wrong


def measure(home: Path, share: float, engines: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The whole half-year or a part of it, from the journal on: the figures, and every number that differs."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDESK_")}
    environment |= {"TRUSTDESK_HOME": str(home)}
    (home / "desk.toml").write_text('name = "CDN"\npolicy = "example-cdn"\n')
    trustdesk(environment, "setup")
    truth, begun = maker.Truth(), time.monotonic()
    cases, entries = maker.write(home / "trustdesk.sqlite3", share, truth)
    made = time.monotonic() - begun
    items = sum(c["items"] for c in truth.categories.values())
    result: dict[str, Any] = {"notices": cases, "urls": items, "entries": entries, "generate_s": round(made, 1)}
    wrong: list[str] = []
    if share == 1 and (cases, items) != (maker.MIX["notices"], maker.MIX["items"]):
        wrong.append(f"the generator made {cases} notices and {items} URLs")
    reported(environment, truth, engines, result, wrong)
    result["export"]["entries_a_second"] = round(entries / result["export"]["seconds"])
    size = sum(f.stat().st_size for f in (home / "lake").rglob("*.parquet"))
    result["lake_mb"] = round(size / 1e6, 1)
    return result, wrong


def reported(
    environment: dict[str, str], truth: maker.Truth, engines: list[str], result: dict[str, Any], wrong: list[str]
) -> None:
    """Export and report; add the figures to `result` and what differs to `wrong`."""
    _, result["export"] = trustdesk(environment, "lake", "export")
    checked = 0
    for engine in engines:
        for quarter in maker.QUARTERS:
            said, spent = trustdesk(environment, "publish", "quarterly", "--period", quarter, "--engine", engine)
            numbers = list(differences(json.loads(said), truth.report(quarter), f"{engine} {quarter}"))
            checked += len(numbers)
            wrong += [line for line in numbers if line]
            result[f"publish {quarter} {engine}"] = spent
    for name, found in by_category(environment).items():
        expected = truth.categories[name]
        checked += 4
        if found != {k: expected[k] for k in found}:
            wrong.append(f"{name}: {found} instead of {dict(expected)}")
    result |= {"numbers_compared": checked, "numbers_that_differ": len(wrong)}


def by_category(environment: dict[str, str]) -> dict[str, dict[str, int]]:
    """Notices, URLs and outcomes of the whole half-year, asked of the lake in SQL as an analyst would."""
    sql = (
        "SELECT category, count(*) AS notices, CAST(sum(targets) AS BIGINT) AS items, "
        "count(*) FILTER (first_outcome = 'measures') AS measures, "
        "count(*) FILTER (first_outcome = 'no_violation') AS no_violation FROM fact_report GROUP BY category"
    )
    said, _ = trustdesk(environment, "lake", "sql", sql)
    head, *lines = said.replace('"', "").splitlines()
    rows = [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]
    return {r.pop("category"): {k: int(v) for k, v in r.items()} for r in rows}


def differences(found: Any, expected: Any, where: str) -> Any:
    """One item for each number compared: empty, or what differs."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            yield from differences(found.get(key) if isinstance(found, dict) else None, value, f"{where}.{key}")
        if where.rpartition(".by_")[1] or where.endswith("outcomes"):
            extra = set(found or ()) - set(expected)
            yield f"{where}: {sorted(extra)} too many" if extra else ""
    elif isinstance(expected, list):
        for one, two in zip(found, expected, strict=True):
            yield from differences(one, two, f"{where}[{two['day']}]")
    else:
        yield "" if found == expected else f"{where}: {found} instead of {expected}"


def trustdesk(environment: dict[str, str], *arguments: str) -> tuple[str, dict[str, Any]]:
    """What a command said, its seconds and the peak memory of it and its children. Raises SystemExit when it fails."""
    return run(environment, "-m", "trustdesk.cli", *arguments)


def run(environment: dict[str, str], *arguments: str) -> tuple[str, dict[str, Any]]:
    """The same of any Python program."""
    begun, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as out:
        command = [sys.executable, *arguments]
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, start_new_session=True)
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.2)
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
        out.seek(0)
        said = out.read().decode()
    return said, {"seconds": round(time.monotonic() - begun, 1), "peak_mb": peak // 2**20}


def resident(session: int) -> int:
    """Bytes of memory that the processes of a session hold together (Linux; else 0): Spark's is a process of its own."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total


if __name__ == "__main__":
    sys.exit(main())
