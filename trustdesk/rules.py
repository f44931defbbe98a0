"""The rulebook as it is on disk: read strictly, kept as values, and never replaced by something broken.

`current()` is what the running desk uses: it looks at the files' times now and then, and when a file has become bad it
keeps the last good rulebook and says so in `problems`. `load(path)` is for tools: it raises.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from trustdesk import clock
from trustdesk.core.calendars import Calendars, parse_calendar, parse_place, spelled
from trustdesk.core.policies import Policy, parse_policy
from trustdesk.core.regime_file import parse_regime
from trustdesk.core.regimes import Regime
from trustdesk.core.taxonomy import Taxonomy, parse_taxonomy
from trustdesk.core.types import Finding
from trustdesk.rule_files import Places, RulebookError, compare, in_force, read, valid_on


@dataclass(frozen=True)
class Rulebook:
    """Everything in force: regimes and policies by id, calendars, taxonomy. `policies` are the versions that are valid on
    the day for which it was read, `versions` all of them, the earliest first.

    `texts` maps the digest (SHA-256, hex) of each regime and policy file to (id, version, text), so that what a
    decision was made under can be stored beside it. `problems` is not empty when newer files could not be used.
    """

    root: Path
    regimes: Mapping[str, Regime]
    policies: dict[str, Policy]
    calendars: Calendars
    taxonomy: Taxonomy
    texts: Mapping[str, tuple[str, str, str]]
    problems: tuple[Finding, ...] = field(default=())
    versions: tuple[Policy, ...] = field(default=())

    @cached_property
    def digest(self) -> str:
        """One digest over every regime and policy in it, and over which of these are in force."""
        valid = sorted(policy.digest for policy in self.policies.values())
        return hashlib.sha256("\n".join([*sorted(self.texts), *valid]).encode()).hexdigest()


def root() -> Path:
    """Where the rulebook is: `TRUSTDESK_RULEBOOK`, else beside the program (a checkout), else inside it (installed)."""
    return _root(os.environ.get("TRUSTDESK_RULEBOOK", ""))


@lru_cache(maxsize=8)
def _root(named: str) -> Path:
    if named:
        return Path(named)
    here = Path(__file__).resolve().parent
    beside = here.parent / "rulebook"
    return beside if (beside / "regimes").is_dir() else here / "rulebook"


def load(path: Path | str | None = None, *, everything: bool = True, on: date | None = None) -> Rulebook:
    """Read the whole rulebook as it is in force `on` that day (UTC; today by itself). Raises `RulebookError` with every
    finding, each with file and line.

    Without `everything` the days off of places are read when they are first needed, which makes the start of a process
    three times as fast; `current()` reads everything as soon as any file has changed.
    """
    folder = Path(path) if path is not None else root()
    findings: list[Finding] = []
    texts: dict[str, tuple[str, str, str]] = {}

    def dated(parse: Callable[..., Any]) -> Callable[[dict[str, Any], str, str], Any]:
        def read(document: dict[str, Any], file: str, text: str) -> Any:
            digest = hashlib.sha256(text.encode()).hexdigest()
            value = parse(document, file=file, digest=digest)
            texts[digest] = (value.id, value.version, text)
            return value

        return read

    def plain(parse: Callable[..., Any]) -> Callable[[dict[str, Any], str, str], Any]:
        return lambda document, file, text: parse(document, file=file)

    regimes = read(folder, "regimes/*/regime.toml", dated(parse_regime), findings)
    policies = read(folder, "policies/*/*.toml", dated(parse_policy), findings)
    valid, unsound = in_force(folder, policies, on or clock.now().date())
    findings += unsound
    calendars = read(folder, "calendars/*.toml", plain(parse_calendar), findings)
    places = read(folder, "calendars/days/*.toml", plain(parse_place), findings) if everything else []
    taxonomies = read(folder, "taxonomy/categories.toml", plain(parse_taxonomy), findings)
    if not regimes and not findings:
        findings.append(Finding("rulebook.empty", "no regimes found", f"{folder}:1"))
    if not taxonomies:
        findings.append(Finding("rulebook.no_taxonomy", "taxonomy/categories.toml is missing or bad", f"{folder}:1"))
    book = Rulebook(
        root=folder,
        regimes={r.id: r for _, r in regimes},
        policies=valid,
        calendars=Calendars(
            {c.id: c for _, c in calendars}, {p.code: p for _, p in places} if everything else Places(folder)
        ),
        taxonomy=taxonomies[0][1] if taxonomies else Taxonomy(()),
        texts=texts,
        versions=tuple(sorted((p for _, p in policies), key=lambda p: (p.id, p.valid_from))),
    )
    if not findings:
        findings += compare(folder, book.calendars, book.taxonomy, regimes, policies, calendars, places)
    if findings:
        raise RulebookError(findings)
    return book


def excerpt(regime: str, location: str = "", path: Path | str | None = None) -> tuple[Regime, Calendars]:
    """One regime and the calendars that its clocks can need, without reading the whole rulebook.

    Raises `RulebookError` for what is wrong in these files, KeyError for a regime that does not exist.
    """
    folder = Path(path) if path is not None else root()
    findings: list[Finding] = []
    # The id comes from a command line: it names a folder here and nothing above it.
    known = {file.parent.name for file in folder.glob("regimes/*/regime.toml")}
    if regime not in known:
        raise KeyError(regime)
    regimes = read(folder, f"regimes/{regime}/regime.toml", lambda d, file, text: parse_regime(d, file=file), findings)
    calendars = read(folder, "calendars/*.toml", lambda d, file, text: parse_calendar(d, file=file), findings)
    code = spelled(location)
    wanted = {code, code.partition("-")[0], *(c.place for _, c in calendars), *(c.fallback for _, c in calendars)}
    days = Places(folder)
    places = {name: days[name] for name in sorted(wanted & set(days))}
    if findings:
        raise RulebookError(findings)
    return regimes[0][1], Calendars({c.id: c for _, c in calendars}, places)


def law_tests(book: Rulebook) -> tuple[int, tuple[Finding, ...]]:
    """Run every `.case` file of a rulebook. Returns how many tests ran and what failed; `field` is `file:line`.

    A regime without a test is a finding: nobody has shown that it says what the law says.
    """
    from trustdesk.core.cases_format import parse_cases
    from trustdesk.core.cases_run import run

    findings: list[Finding] = []
    count = 0
    tested = set()
    for path in sorted(book.root.glob("*/*/cases/*.case")):
        name = path.relative_to(book.root)
        cases, problems = parse_cases(path.read_text(encoding="utf-8"))
        findings += [Finding(p.code, p.message, f"{name}:{p.where}") for p in problems]
        for case in cases:
            count += 1
            tested.add(name.parts[1])
            for f in run(case, book.regimes, book.calendars, book.policies):
                findings.append(Finding(f.code, f.message, f"{name}:{f.field}"))
    for ident in sorted(book.regimes.keys() - tested):
        findings.append(Finding("rulebook.untested", "no law test", f"regimes/{ident}/regime.toml:1"))
    return count, tuple(findings)


#: Files are looked at no more often than this (seconds): a change of law can wait that long, a queue cannot.
LOOK_EVERY = 1.0

_lock = threading.Lock()
_last: tuple[Path, tuple[Any, ...], Rulebook] | None = None
_looked = float("-inf")
_day: date | None = None


def _stamps(folder: str) -> Iterator[tuple[str, int, int]]:
    """(path, time of change, size) of every TOML file below; a page waits for this once a second, so by the short way."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _stamps(entry.path)
            elif entry.name.endswith(".toml"):
                stat = entry.stat()
                yield entry.path, stat.st_mtime_ns, stat.st_size


def current() -> Rulebook:
    """The rulebook in force in this process. Reads again only when a file has changed, came or went, and with each new day.

    A rulebook that has become bad does not replace a good one: the last good one is returned with `problems` set.
    Raises `RulebookError` only when there has never been a good one.
    """
    global _last, _looked, _day
    folder = root()
    with _lock:
        if _last is not None and _last[0] == folder and time.monotonic() - _looked < LOOK_EVERY:
            return _last[2]
        stamp = tuple(sorted(_stamps(str(folder))))
        _looked = time.monotonic()
        if _last is None or _last[0] != folder or _last[1] != stamp:
            try:
                book = load(folder, everything=_last is not None and _last[0] == folder)
            except RulebookError as error:
                if _last is None or _last[0] != folder:
                    raise
                book = replace(_last[2], problems=error.findings)
            _last = (folder, stamp, book)
        today = clock.now().date()  # with the day another version of a policy may come into force
        if today != _day:
            _day = today
            _last = (folder, stamp, replace(_last[2], policies=_last[2].policies | valid_on(_last[2].versions, today)))
        return _last[2]
