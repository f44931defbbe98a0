"""The checker: a report, of ours or of another provider, held against every rule of the template.

for found in check([Path("report.zip")]).found:
    print(found.file, found.row, found.column, found.rule, found.message)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from trustdesk.insight.transparency import cells, sheets, sums
from trustdesk.insight.transparency.cells import Figures
from trustdesk.insight.transparency.form import PERIOD_PATTERN, TOTAL, form, norm
from trustdesk.insight.transparency.rules import Found
from trustdesk.insight.transparency.shape import Row, Table, short, table


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check: the parts that were there, and what was found, in the order of the parts and rows."""

    parts: tuple[int, ...]
    found: tuple[Found, ...]

    @property
    def wrong(self) -> tuple[Found, ...]:
        """What breaks a rule."""
        return tuple(one for one in self.found if not one.doubtful)

    @property
    def odd(self) -> tuple[Found, ...]:
        """What is odd but lawful."""
        return tuple(one for one in self.found if one.doubtful)


def check(paths: Sequence[Path]) -> Checked:
    """Check what lies at `paths`: folders or zips of CSV files, XLSX workbooks, single CSV files. Never raises on bad input."""
    source = sheets.read(paths)
    found = list(source.found)
    if source.whole:
        for number in sheets.missing(source.sheets):
            part = form().part(number)
            found.append(Found("part.missing", "", number, 0, "", f"part {number} ({part.name}) is not there"))
    elif not source.sheets and not found:
        found.append(Found("file.unreadable", str(paths[0]) if paths else "", 0, 0, "", "there is no part of a report"))
    tables = {sheet.part: table(sheet, found) for sheet in sorted(source.sheets, key=lambda s: s.part)}
    period = _identification(tables[1]) if 1 in tables else None
    period = _periods(tables, period)
    _services(tables)
    hours = (period[1] - period[0]).days * 24 + 24 if period else None
    figures: dict[int, Figures] = {}
    for number, one in tables.items():
        cells.texts(one)
        figures[number] = read = cells.figures(one)
        cells.blanks(one, read)
        if one.part.by_category:
            sums.by_category(one, read, hours)
        else:
            sums.named(one, read, hours)
    _across(tables, figures)
    order = {sheet.name: sheet.part for sheet in source.sheets}
    found.sort(key=lambda f: (f.part or order.get(f.file, 0), f.row))
    return Checked(tuple(tables), tuple(found))


def _identification(out: Table) -> tuple[date, date] | None:
    """Part 1: the provider, two dates of publication, the period."""
    rows = {row.key[0]: row for row in out.rows if row.key and not row.ragged}
    names = [norm(cells[1]) for cells in form().part(1).rows]
    days: list[date | None] = [None, None, None, None]
    for n, name in enumerate(names):
        row = rows.get(name)
        if row is None:
            continue
        text = row.cells[3]
        if norm(text) in ("Text", "YYYY-MM-DD"):
            out.bad("text.placeholder", row, 3, f"still says {norm(text)!r}")
        elif not text.strip():
            if n != 2:  # the first report of all has none before it
                out.bad("text.missing", row, 3, f"{name} is blank")
        elif n:
            days[n - 1], rule = cells.a_date(text)
            if rule:
                out.bad(rule, row, 3, f"says {short(text)!r}")
    published, before, first, last = days
    if first is not None and last is not None and first >= last:
        out.bad("period.impossible", rows[names[4]], 3, f"ends on {last} and begins on {first}")
        return None
    if published is not None and last is not None:
        if published <= last:
            out.bad("date.early", rows[names[1]], 3, f"published on {published}, the period ends on {last}")
        elif published > _two_months(last):
            out.bad("date.late", rows[names[1]], 3, f"published on {published}, due on {_two_months(last)}")
    if published is not None and before is not None and before >= published:
        out.bad("date.previous", rows[names[2]], 3, f"{before} is not before {published}")
    if first is None or last is None:
        return None
    if not _usual(first, last):
        out.bad("period.unusual", rows[names[3]], 3, f"{first}/{last}")
    return first, last


def _two_months(last: date) -> date:
    """Two months after a period's end; a period ends with a month, so the day is the end of a month too."""
    after = last + timedelta(days=1)
    month = after.month + 2
    return date(after.year + (month - 1) // 12, (month - 1) % 12 + 1, after.day) - timedelta(days=1)


def _usual(first: date, last: date) -> bool:
    """Calendar years from 2026; half-years for the very large from July 2025; before that the time of transition."""
    if first < date(2026, 1, 1):
        return first >= date(2024, 2, 17) and last <= date(2025, 12, 31)
    halves = ((1, 1, 6, 30), (7, 1, 12, 31), (1, 1, 12, 31))
    return first.year == last.year and (first.month, first.day, last.month, last.day) in halves


def _periods(tables: dict[int, Table], period: tuple[date, date] | None) -> tuple[date, date] | None:
    """Every row of parts 3 to 11 names the period; all of them the same."""
    said = f"{period[0]}/{period[1]}" if period else ""
    for number, out in tables.items():
        if number < 3:
            continue
        for row in out.rows:
            text = row.cells[2]
            if text == said or row.ragged:
                continue
            if norm(text) == PERIOD_PATTERN:
                out.bad("text.placeholder", row, 2, f"still says {PERIOD_PATTERN!r}")
                continue
            days, rule = cells.a_period(text)
            if rule:
                out.bad(rule, row, 2, f"says {short(text)!r}")
            elif not said:
                said, period = text, days
            else:
                out.bad("period.differs", row, 2, f"says {short(text)!r} where others say {said!r}")
    return period


def _services(tables: dict[int, Table]) -> None:
    names = [norm(row.cells[1]) for out in tables.values() if out.part.number != 2 for row in out.rows]
    there = [name for name in names if name]
    usual = max(dict.fromkeys(there), key=there.count, default="")
    for out in tables.values():
        for row in out.rows if out.part.number != 2 else ():
            name = norm(row.cells[1])
            if name and name != usual and not row.ragged:
                out.bad("service.differs", row, 1, f"says {short(name)!r} where others say {short(usual)!r}")


def _across(tables: dict[int, Table], figures: dict[int, Figures]) -> None:
    """What two parts say about the same thing must agree."""
    if 8 in tables:
        _automated(tables, figures)
    if 7 in tables and 4 in tables:
        out = tables[7]
        row = next((r for r in out.rows if r.key == (sums.NO_ACTION, "Total number")), None)
        notices = _total(tables, figures, 4, 5)
        if row is not None and notices == 0 and (figures[7].at(row, 6) or 0) > 0:
            out.bad(
                "across.complaints", row, 6, f"{figures[7].at(row, 6)} complaints about notices, and part 4 has none"
            )


def _automated(tables: dict[int, Table], figures: dict[int, Figures]) -> None:
    out, read = tables[8], figures[8]
    rows = {row.key: row for row in out.rows if row.key and not row.ragged}

    def both(one: str, other: str, scope: str) -> tuple[Decimal, Row] | None:
        a, b = sums.value(read, rows, one, scope), sums.value(read, rows, other, scope)
        return None if a is None or b is None else (a + b, rows[one, scope])

    def at_most(found: tuple[Decimal, Row] | None, most: Decimal | None, rule: str, where: str) -> None:
        if found is not None and most is not None and found[0] > most:
            out.bad(rule, found[1], 6, f"with and without automated means make {found[0]}; {where} has {most}")

    notices, flaggers = _total(tables, figures, 4, 5), _total(tables, figures, 4, 6)
    at_most(both(sums.NOTICES_SOLELY, sums.NOTICES_NOT, "NAM Total"), notices, "across.notices", "part 4")
    at_most(both(sums.NOTICES_SOLELY, sums.NOTICES_NOT, "NAM Trusted Flagger"), flaggers, "across.flaggers", "part 4")
    own = [_total(tables, figures, 5, 5), _total(tables, figures, 6, 5)]
    initiative = None if None in own else sum((n for n in own if n is not None), Decimal(0))
    at_most(both(sums.SOLELY, sums.NOT_SOLELY, "Own-initiative"), initiative, "across.own", "the sum of parts 5 and 6")
    every, ordered = both(sums.SOLELY, sums.NOT_SOLELY, "Total number"), _total(tables, figures, 3, 6)
    if initiative is None or every is None:
        return
    taken = [_total(tables, figures, 4, n) for n in (11, 13)]
    if ordered == 0 and (None not in taken or notices is None):
        at_most(
            every, initiative + sum((n for n in taken if n is not None), Decimal(0)), "across.measures", "parts 4 to 6"
        )


def _total(tables: dict[int, Table], figures: dict[int, Figures], part: int, column: int) -> Decimal | None:
    """The figure of the row TOTAL."""
    if part not in tables:
        return None
    row = next((r for r in tables[part].rows if r.code == TOTAL and r.scope == TOTAL and not r.ragged), None)
    return None if row is None else figures[part].at(row, column)
