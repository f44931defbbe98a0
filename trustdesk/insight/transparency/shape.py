"""Headings and rows held against the form: what is missing, too much, renamed or in another order.

The outcome is a `Table` whose cells are found by the columns of the form, so that later checks need not care how a
file was laid out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trustdesk.insight.transparency.form import (
    CATEGORY,
    KEYWORD,
    LANGUAGES,
    MEMBER_STATES,
    OTHER,
    PLACEHOLDERS,
    TOTAL,
    Category,
    Part,
    form,
    norm,
    titles,
)
from trustdesk.insight.transparency.rules import Found
from trustdesk.insight.transparency.sheets import Sheet

#: Rows of a Member State's block that the official template forgot: they may be there or not.
FORGOTTEN = frozenset({"KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE", "STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER"})


@dataclass(slots=True)
class Row:
    """One row: `number` as a spreadsheet counts; `cells` by the columns of the form. `code` and `parent` in parts by
    category, `key` in the others; `scope` a country, a language or "". `ragged` rows have cells that cannot be trusted."""

    number: int
    cells: list[str]
    code: str = ""
    parent: str = ""
    scope: str = ""
    key: tuple[str, ...] = ()
    ragged: bool = False
    applicability: str = ""


@dataclass(slots=True)
class Table:
    """One part of a report, and where its findings go."""

    part: Part
    name: str
    found: list[Found]
    rows: list[Row] = field(default_factory=list)

    def bad(self, rule: str, row: Row | int, column: int | str, message: str) -> None:
        """Note a broken rule."""
        number = row.number if isinstance(row, Row) else row
        title = norm(self.part.columns[column]) if isinstance(column, int) else column
        self.found.append(Found(rule, self.name, self.part.number, number, title, message))


def table(sheet: Sheet, found: list[Found]) -> Table:
    """Read a sheet by the form."""
    part = form().part(sheet.part)
    out = Table(part, sheet.name, found)
    rows = sheet.rows
    start = _heading(rows, part)
    if start is None or not any(any(c.strip() for c in row) for row in rows[start + 1 :]):
        out.bad("part.empty", 0, "", "there is no heading" if start is None else "there are no rows under the heading")
        return out
    for n in range(start):
        out.bad("row.unknown", n + 1, "", "a row stands before the heading")
    places = _columns(out, rows[start], start + 1)
    for n, cells in enumerate(rows[start + 1 :], start + 2):
        if not any(cell.strip() for cell in cells):
            out.bad("row.blank", n, "", "the row has no text in any cell")
            continue
        row = Row(n, [cells[place] if 0 <= place < len(cells) else "" for place in places])
        if not sheet.workbook and len(cells) != len(rows[start]):
            row.ragged = True
            out.bad("row.width", row, "", f"{len(cells)} cells under {len(rows[start])} headings")
        out.rows.append(row)
    _align(out)
    return out


def _heading(rows: Sequence[Sequence[str]], part: Part) -> int | None:
    """Which of the first rows is the heading."""
    wanted = {norm(column) for column in part.columns}
    best, most = None, 1
    for n, row in enumerate(rows[:6]):
        same = len(wanted & {norm(cell) for cell in row})
        if same > most:
            best, most = n, same
    return best


def _columns(out: Table, heading: Sequence[str], line: int) -> list[int]:
    """For every column of the form its place in the file, -1 where it is missing."""
    wanted, there = [norm(c) for c in out.part.columns], [norm(c) for c in heading]
    places = []
    for name in wanted:
        places.append(there.index(name) if name in there else -1)
        if there.count(name) > 1:
            out.bad("column.repeated", line, name, f"{name!r} stands {there.count(name)} times")
    unknown = [n for n, name in enumerate(there) if name not in wanted]
    for n, name in enumerate(wanted):
        if places[n] >= 0:
            continue
        if n in unknown and len(there) == len(wanted):
            unknown.remove(n)
            places[n] = n
            out.bad("column.renamed", line, name, f"the heading is {short(heading[n])!r}")
        else:
            out.bad("column.missing", line, name, f"{name!r} is not there")
    for n in unknown:
        out.bad("column.unknown", line, there[n], f"column {n + 1} is headed {short(heading[n])!r}")
    ordered = [place for place in places if place >= 0]
    if ordered != sorted(ordered):
        first = next(n for n in range(1, len(ordered)) if ordered[n] < ordered[n - 1])
        out.bad(
            "column.order", line, there[ordered[first]], "stands before columns that come before it in the template"
        )
    return places


def _align(out: Table) -> None:
    number = out.part.number
    if number == 2:
        _names(out)
    elif out.part.by_category:
        _by_category(out)
    else:
        _fixed(out)
    for row in out.rows:
        wanted = out.part.applicability or row.applicability
        if number != 2 and wanted and norm(row.cells[0]) != norm(wanted):
            out.bad("applicability.changed", row, 0, f"says {short(row.cells[0])!r} for {short(wanted)!r}")


def _names(out: Table) -> None:
    """Part 2 lists every category once; sub-categories of one's own may follow a KEYWORD_OTHER."""
    wanted = list(titles())
    seen: set[int] = set()
    last = -1
    for row in out.rows:
        label, code = norm(row.cells[0]), norm(row.cells[2])
        at = next((n for n, w in enumerate(wanted) if norm(w[0]) == label), None)
        if at is None:
            same = [n for n, w in enumerate(wanted) if w[2] == code and n not in seen]
            if code == OTHER and last >= 0 and wanted[last][2] == OTHER:
                continue
            if code == OTHER or len(same) != 1:
                out.bad("row.unknown", row, 0, f"{short(row.cells[0])!r} is no label of the template")
                continue
            at = same[0]
            out.bad("label.changed", row, 0, f"says {short(row.cells[0])!r} for {wanted[at][0]!r}")
        if at in seen:
            out.bad("row.repeated", row, 0, f"{label!r} stood before")
            continue
        if at < last:
            out.bad("row.order", row, 0, f"{label!r} stands after {wanted[last][0]!r}")
        seen.add(at)
        last = max(at, last)
        for column in (1, 2):
            if norm(row.cells[column]) != norm(wanted[at][column]):
                out.bad(
                    "label.changed", row, column, f"says {short(row.cells[column])!r} for {norm(wanted[at][column])!r}"
                )
    for n, (label, title, _) in enumerate(wanted):
        if n not in seen:
            out.bad("row.missing", 0, 0, f"{label} ({norm(title)}) is not there")


def _by_category(out: Table) -> None:
    scopes: dict[str, list[Row]] = {}
    orders = out.part.number == 3
    for row in out.rows:
        row.code = norm(row.cells[3])
        row.scope = norm(row.cells[5]) if orders else TOTAL
        if orders:
            _country(out, row, 5, TOTAL)
        scopes.setdefault(row.scope, []).append(row)
    if TOTAL not in scopes:
        out.bad("row.missing", 0, 5 if orders else 3, "there are no rows of scope TOTAL")
    for scope, rows in scopes.items():
        block = _Block(out, scope, {row.code for row in rows})
        for row in rows:
            block.take(row)
        block.close(sparse=scope != TOTAL)


class _Block:
    """The rows of one scope, in the order of the form: TOTAL, then each category before its sub-categories."""

    def __init__(self, out: Table, scope: str, there: set[str]) -> None:
        self.out, self.scope, self.there = out, scope, there
        self.categories = {c.code: c for c in form().of(out.part.number)}
        self.every = {c.code for c in form().categories}
        self.home = {s.code: c.code for c in form().categories for s in c.subs if s.code != OTHER}
        self.order = list(self.categories)
        self.seen: set[str] = set()
        self.last = -1
        self.at: Category | None = None
        self.place = -1  # of the last sub-category in its category
        self.others: dict[str, int] = {}  # descriptions of KEYWORD_OTHER rows → row

    def take(self, row: Row) -> None:
        """Find the place of the next row."""
        code = row.code
        if code == TOTAL:
            if self._once(row) and self.last >= 0:
                self._misplaced(row, "stands after categories")
        elif code.startswith(CATEGORY):
            self._category(row)
        elif code == OTHER:
            self._other(row)
        elif code.startswith(KEYWORD):
            self._keyword(row)
        else:
            self._unknown(row)

    def _category(self, row: Row) -> None:
        if row.code not in self.every:
            self._unknown(row)
        elif row.code not in self.categories:
            self.out.bad("row.not_here", row, 3, f"{row.code} may not be used in part {self.out.part.number}")
        elif self._once(row):
            at = self.order.index(row.code)
            if at < self.last:
                self._misplaced(row, f"stands after {self.order[self.last]}")
            self.last = max(at, self.last)
            self.at, self.place = self.categories[row.code], -1

    def _keyword(self, row: Row) -> None:
        home = self.home.get(row.code)
        if home is None:
            self._unknown(row)
            return
        if home not in self.categories:
            self.out.bad("row.not_here", row, 3, f"{row.code} belongs to {home}, which may not be used in this part")
            return
        row.parent = home
        if not self._once(row):
            return
        if (self.at is None or self.at.code != home) and home not in self.there:
            self.at, self.place = self.categories[home], -1  # the row of the category itself is missing
            self.last = max(self.last, self.order.index(home))
        if self.at is None or self.at.code != home:
            self._misplaced(row, f"stands under {self.at.code if self.at else TOTAL} and belongs to {home}")
            return
        at = [s.code for s in self.at.subs].index(row.code)
        if at < self.place:
            self._misplaced(row, f"stands after {self.at.subs[self.place].code}")
        self.place = max(at, self.place)

    def _other(self, row: Row) -> None:
        if self.at is None or not self.at.subs:
            self._unknown(row)
            return
        row.parent = self.at.code
        self.seen.add(f"{self.at.code}/{OTHER}")
        self.place = len(self.at.subs) - 1
        about = norm(row.cells[4])
        if about and about not in map(norm, PLACEHOLDERS):
            if about.casefold() in self.others:
                self.out.bad("other.repeated", row, 4, f"as in row {self.others[about.casefold()]}: {short(about)!r}")
            self.others.setdefault(about.casefold(), row.number)
        elif (key := f"{self.at.code}\n") in self.others:
            self.out.bad("other.repeated", row, 4, f"row {self.others[key]} has no description either")
        else:
            self.others[key] = row.number

    def _once(self, row: Row) -> bool:
        if row.code in self.seen:
            self.out.bad("row.repeated", row, 3, f"{row.code}{self._where()} stood before")
            row.code = ""
            return False
        self.seen.add(row.code)
        return True

    def _misplaced(self, row: Row, why: str) -> None:
        self.out.bad("row.order", row, 3, f"{row.code}{self._where()} {why}")

    def _unknown(self, row: Row) -> None:
        self.out.bad("row.unknown", row, 3, f"{short(row.code)!r}{self._where()} is no code of this part")
        row.code = ""

    def _where(self) -> str:
        return f" ({self.scope})" if self.out.part.number == 3 else ""

    def close(self, *, sparse: bool) -> None:
        """Say what is missing. A Member State may be given by the rows that have figures alone: then nothing is."""
        wanted: list[tuple[str, str]] = [(TOTAL, TOTAL)]
        for category in self.categories.values():
            wanted.append((category.code, category.code))
            wanted += [(s.code, f"{category.code}/{OTHER}" if s.code == OTHER else s.code) for s in category.subs]
        if sparse and len(self.seen) * 2 < len(wanted):
            return
        for code, key in wanted:
            if key not in self.seen and not (sparse and code in FORGOTTEN):
                self.out.bad("row.missing", 0, 3, f"{key}{self._where()} is not there")


def _fixed(out: Table) -> None:
    """Parts whose rows are named: part 1, 7 to 11."""
    labels = {1: (2,), 11: (3,), 7: (3, 4, 5), 8: (3, 4, 5), 9: (3, 4, 5), 10: (3, 4, 5)}[out.part.number]
    scoped = len(labels) == 3
    wanted, opened, kinds = _wanted(out.part)
    seen: dict[tuple[str, ...], int] = {}
    last = -1
    for row in out.rows:
        words = tuple(norm(row.cells[n]) for n in labels)
        key = words[1:] if scoped else words
        indicator, scope = key[0], key[1] if scoped else ""
        row.key, row.scope = key, scope
        if key in wanted:
            row.applicability = wanted[key]
            at = list(wanted).index(key)
            if key in seen:
                out.bad("row.repeated", row, labels[-1], f"{' / '.join(key)} stood in row {seen[key]}")
                row.key = ()
                continue
            if at < last:
                out.bad(
                    "row.order", row, labels[-1], f"{' / '.join(key)} stands after {' / '.join(list(wanted)[last])}"
                )
            last = max(at, last)
            seen[key] = row.number
        elif indicator in opened:
            row.applicability = opened[indicator]
            if _spread(out, row, labels[-1]) and any(c.strip() for c in row.cells[6:]):
                if key in seen:
                    out.bad("row.repeated", row, labels[-1], f"{' / '.join(key)} stood in row {seen[key]}")
                    row.key = ()
                seen.setdefault(key, row.number)
        else:
            known = any(indicator == w[0] for w in wanted)
            column = labels[-1] if known else labels[-2] if scoped else labels[-1]
            out.bad(
                "row.unknown",
                row,
                column,
                f"{short(scope if known and scoped else indicator)!r} is not in the template",
            )
            row.key = ()
            continue
        if scoped and words[0] != norm(kinds[indicator]):
            out.bad("label.changed", row, labels[0], f"says {short(words[0])!r} for {norm(kinds[indicator])!r}")
    for key in wanted:
        if key not in seen:
            out.bad("row.missing", 0, labels[-1], f"{' / '.join(key)} is not there")
    _spread_missing(out, opened, labels[-1])


def _wanted(part: Part) -> tuple[dict[tuple[str, ...], str], dict[str, str], dict[str, str]]:
    """Named rows → applicability; indicators that are given by country or language → applicability; indicator → section."""
    fixed: dict[tuple[str, ...], str] = {}
    opened: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for applicability, *cells in part.rows:
        if len(cells) == 2:
            fixed[(norm(cells[0]),)] = applicability
            continue
        section, indicator, scope = cells[0], norm(cells[1]), norm(cells[2])
        kinds[indicator] = section
        if scope in LANGUAGES or scope in MEMBER_STATES or scope in PLACEHOLDERS:
            opened[indicator] = applicability
        else:
            fixed[indicator, scope] = applicability
    return fixed, opened, kinds


def _spread(out: Table, row: Row, column: int) -> bool:
    """Whether the scope is a country or language of the right shape."""
    if row.scope in ("[...]", "[…]"):
        if any(c.strip() for c in row.cells[6:]):
            out.bad("text.placeholder", row, column, "[...] stands for the codes in between")
        return False
    return _country(out, row, column, TOTAL) if out.part.number == 10 else _language(out, row, column)


def _country(out: Table, row: Row, column: int, total: str) -> bool:
    scope = row.scope
    if scope == total or scope in MEMBER_STATES:
        return True
    if "[" in scope:
        out.bad("text.placeholder", row, column, f"{scope!r} stands for a country's code")
    elif scope.upper() in MEMBER_STATES or scope.upper() == total:
        out.bad("country.case", row, column, f"{scope!r} is written {scope.upper()}")
        row.scope = scope.upper()
        return True
    else:
        hint = "; Greece is EL" if scope.upper() == "GR" else ""
        out.bad("country.unknown", row, column, f"{short(scope)!r} is no Member State{hint}")
    return False


def _language(out: Table, row: Row, column: int) -> bool:
    scope = row.scope
    if scope in LANGUAGES:
        return True
    if scope.lower() in LANGUAGES:
        out.bad("language.case", row, column, f"{scope!r} is written {scope.lower()}")
        row.scope = scope.lower()
        return True
    out.bad("language.unknown", row, column, f"{short(scope)!r} is no official language of the Union")
    return False


def _spread_missing(out: Table, opened: dict[str, str], column: int) -> None:
    """A breakdown that is filled in must be whole; one that does not apply keeps its rows as in the template."""
    every = MEMBER_STATES if out.part.number == 10 else LANGUAGES
    for indicator in opened:
        rows = [row for row in out.rows if row.key[:1] == (indicator,) and row.scope not in ("Total number", TOTAL)]
        rows = [row for row in rows if row.scope in every or row.scope in PLACEHOLDERS]
        if not rows:
            out.bad(
                "row.missing",
                0,
                column,
                f"{indicator} has no row by {'country' if every is MEMBER_STATES else 'language'}",
            )
        elif any(any(c.strip() for c in row.cells[6:7]) for row in rows):
            there = {row.scope for row in rows}
            for scope in every:
                if scope not in there:
                    out.bad("row.missing", 0, column, f"{indicator} / {scope} is not there")


def short(text: str, most: int = 60) -> str:
    """The beginning of a cell, for a message."""
    return text if len(text) <= most else text[: most - 1] + "…"
