"""The files of a rulebook: each read strictly, then compared with each other."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from trustdesk.core.calendars import Calendars, Place, parse_place
from trustdesk.core.deciding import OUTCOMES
from trustdesk.core.lines import line_of
from trustdesk.core.notices import LETTERS
from trustdesk.core.policies import Policy
from trustdesk.core.strict import BadRules
from trustdesk.core.taxonomy import Taxonomy
from trustdesk.core.types import Finding

#: What one file gave, with the file.
Read = list[tuple[Path, Any]]


class RulebookError(Exception):
    """The rulebook may not be used. Each finding's `field` is `file:line`."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(f"{f.field}: {f.message}" for f in self.findings))


def read(folder: Path, pattern: str, parse: Callable[[dict[str, Any], str, str], Any], findings: list[Finding]) -> Read:
    """Every file of a pattern, parsed by `parse(document, file, text)`; what is wrong is added to `findings`."""
    out = []
    for path in sorted(folder.glob(pattern)):
        name = str(path.relative_to(folder))
        try:
            text = path.read_bytes().decode("utf-8")
            document = tomllib.loads(text)
        except UnicodeDecodeError as error:
            findings.append(Finding("rulebook.encoding", f"not UTF-8: {error.reason}", f"{name}:1"))
            continue
        except tomllib.TOMLDecodeError as error:
            line = str(error).partition("(at line ")[2].partition(",")[0]
            findings.append(Finding("rulebook.toml", str(error), f"{name}:{line if line.isdigit() else 1}"))
            continue
        try:
            out.append((path, parse(document, name, text)))
        except BadRules as error:
            for f in error.findings:
                message = f"{f.field}: {f.message}" if f.field else f.message
                findings.append(Finding(f.code, message, f"{name}:{line_of(text, f.field)}"))
    return out


class Places(Mapping[str, Place]):
    """The days off of each place, read when they are first asked for: most desks count in two or three places.

    Reading one raises `RulebookError` when its file is bad.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = {file.stem for file in folder.glob("calendars/days/*.toml")}
        self._read: dict[str, Place] = {}

    def __getitem__(self, code: str) -> Place:
        if code not in self._read:
            if code not in self._names:
                raise KeyError(code)
            self._read[code] = _place(self._folder, code)
        return self._read[code]

    def __contains__(self, code: object) -> bool:
        return code in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)


def _place(folder: Path, code: str) -> Place:
    findings: list[Finding] = []
    found = read(folder, f"calendars/days/{code}.toml", lambda d, file, text: parse_place(d, file=file), findings)
    if findings:
        raise RulebookError(findings)
    place: Place = found[0][1]
    return place


def valid_on(versions: Iterable[Policy], on: date) -> dict[str, Policy]:
    """The version of each policy that is valid on that day, by id."""
    return {p.id: p for p in versions if p.valid_from <= on and (p.valid_to is None or on <= p.valid_to)}


def in_force(folder: Path, policies: Read, on: date) -> tuple[dict[str, Policy], list[Finding]]:
    """The version of each policy that is valid on that day, by id; and what is wrong with the versions: two that are valid
    on the same day, and a policy of which none is valid."""
    findings: list[Finding] = []
    by_id: dict[str, Read] = {}
    for path, policy in policies:
        by_id.setdefault(policy.id, []).append((path, policy))
    chosen = valid_on((policy for _, policy in policies), on)
    for ident, versions in by_id.items():
        versions.sort(key=lambda pair: (pair[1].valid_from, str(pair[0])))
        for (_, earlier), (path, later) in pairwise(versions):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                text = f"version {later.version} begins on {later.valid_from}, when {earlier.version} is still valid"
                findings.append(Finding("rulebook.overlap", text, _where(folder, path, "valid_from")))
        if ident not in chosen:
            text = f"no version of {ident!r} is valid on {on}"
            findings.append(Finding("rulebook.not_valid", text, _where(folder, versions[-1][0], "valid_from")))
    return chosen, findings


def _where(folder: Path, path: Path, key: str) -> str:
    return f"{path.relative_to(folder)}:{line_of(path.read_text(encoding='utf-8'), key)}"


def compare(
    folder: Path,
    all_calendars: Calendars,
    taxonomy: Taxonomy,
    regimes: Read,
    policies: Read,
    calendars: Read,
    places: Read,
) -> Iterable[Finding]:
    """What no single file can know: names that must agree with other files."""

    def where(path: Path, key: str) -> str:
        return _where(folder, path, key)

    for path, value in [*regimes, *policies]:
        if path.parent.name != value.id:
            yield Finding("rulebook.folder", f"the id {value.id!r} is not the folder's name", where(path, "id"))
    for path, value in calendars:
        if path.stem != value.id:
            yield Finding("rulebook.folder", f"the id {value.id!r} is not the file's name", where(path, "id"))
        for key in ("place", "fallback"):
            code = getattr(value, key)
            if code not in ("", "location") and code not in all_calendars.places:
                yield Finding("rulebook.unknown_place", f"unknown place {code!r}", where(path, key))
    for path, value in places:
        if path.stem != value.code:
            yield Finding("rulebook.folder", f"the code {value.code!r} is not the file's name", where(path, "code"))
    for path, regime in regimes:
        for n, duty in enumerate(regime.duties):
            if duty.letter and duty.letter not in LETTERS:
                yield Finding(
                    "rulebook.unknown_letter",
                    f"duty {duty.id!r}: there is no letter {duty.letter!r}",
                    where(path, f"duty[{n}].letter"),
                )
            if duty.event and duty.event not in taxonomy.events:
                yield Finding(
                    "rulebook.unknown_event",
                    f"duty {duty.id!r}: unknown event {duty.event!r}",
                    where(path, f"duty[{n}].event"),
                )
            if duty.document and duty.document not in {e.document for e in regime.elements}:
                yield Finding(
                    "rulebook.unknown_document",
                    f"duty {duty.id!r}: no element speaks of a document {duty.document!r}",
                    where(path, f"duty[{n}].document"),
                )
            for entry in duty.met_by:
                if problem := _entry(entry, (duty.id, *(c.id for c in regime.clocks)), taxonomy):
                    yield Finding(
                        "rulebook.unknown_entry",
                        f"duty {duty.id!r}: met_by {entry!r}: {problem}",
                        where(path, f"duty[{n}].met_by"),
                    )
        for n, clock in enumerate(regime.clocks):
            if clock.calendar and clock.calendar not in all_calendars.calendars:
                yield Finding(
                    "rulebook.unknown_calendar",
                    f"clock {clock.id!r}: unknown calendar {clock.calendar!r}",
                    where(path, f"clock[{n}].calendar"),
                )
            for what in ("met_by", "stopped_by", "paused_by", "resumed_by"):
                for entry in getattr(clock, what):
                    if problem := _entry(entry, (clock.id,), taxonomy):
                        yield Finding(
                            "rulebook.unknown_entry",
                            f"clock {clock.id!r}: {what} {entry!r}: {problem}",
                            where(path, f"clock[{n}].{what}"),
                        )
            if clock.starts_on not in taxonomy.events:
                yield Finding(
                    "rulebook.unknown_event",
                    f"clock {clock.id!r}: unknown event {clock.starts_on!r}",
                    where(path, f"clock[{n}].starts_on"),
                )


def _entry(entry: str, ids: tuple[str, ...], taxonomy: Taxonomy) -> str:
    """What is wrong with an entry that a rule waits for: one with a typing error would never come. `ids` are the rules
    that a record of a person may name."""
    kind, _, detail = entry.partition(":")
    if kind not in taxonomy.events:
        return "no such event in the taxonomy"
    lists: dict[str, Iterable[str]] = {
        "notice.sent": LETTERS,
        "notice.withheld": LETTERS,
        "decision.made": OUTCOMES,
        "duty.done": ids,
    }
    if detail and kind in lists and detail not in lists[kind]:
        return f"{detail!r} is none of {', '.join(lists[kind])}"
    return ""
