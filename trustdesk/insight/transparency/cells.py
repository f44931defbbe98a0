"""Single cells: numbers, dates, periods, texts; and blanks where 0 is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from trustdesk.insight.transparency.form import OTHER, PLACEHOLDERS, norm
from trustdesk.insight.transparency.shape import Row, Table, short

COUNT, HOURS, SHARE, FTE = "count", "hours", "share", "fte"
LONGEST = 5000
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:([,. '’\u00a0\u202f_])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]+)?")
_SHAPES: Sequence[tuple[str, re.Pattern[str]]] = (
    ("number.negative", re.compile(r"[-−–][0-9][0-9.,]*")),
    ("number.time", re.compile(r"(?:[0-9]+ ?(?:d|days?),? ?)?[0-9]+:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?")),
    ("number.time", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?")),
    ("number.time", re.compile(r"P(?:[0-9]+[YMWD])*(?:T(?:[0-9.]+[HMS])+)?")),
    ("number.percent", re.compile(r"[0-9]+(?:[.,][0-9]+)? ?(?:%|percent|pct|per cent)", re.I)),
    ("number.exponent", re.compile(r"[0-9]+(?:\.[0-9]+)?e[+-]?[0-9]+", re.I)),
    ("number.form", re.compile(r"\+[0-9]+(?:\.[0-9]+)?|0[0-9]+(?:\.[0-9]+)?|\.[0-9]+|[0-9]+\.")),
    ("number.decimal_comma", re.compile(r"[0-9]+,[0-9]+")),
    ("number.unit", re.compile(r"[~<>≈]? ?[0-9]+(?:[.,][0-9]+)? ?[a-zµ]+\.?(?: ?[0-9]+ ?[a-z]+)*", re.I)),
)
_WHOLE = re.compile(r"0|[1-9][0-9]*")
_POINT = re.compile(r"(?:0|[1-9][0-9]*)\.[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(slots=True)
class Figures:
    """The numbers of one table: row number and column → value. `invalid` cells have a text that is no number."""

    values: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    invalid: set[tuple[int, int]] = field(default_factory=set)

    def at(self, row: Row, column: int) -> Decimal | None:
        """The number, or None where there is none."""
        return self.values.get((row.number, column))

    def blank(self, row: Row, column: int) -> bool:
        """Whether nothing stands there."""
        return (row.number, column) not in self.values and (row.number, column) not in self.invalid


@lru_cache(4096)
def number(text: str, kind: str) -> tuple[Decimal | None, str]:
    """The value of a cell of that kind and the rule that it breaks ("" if none). A blank cell is (None, "")."""
    bare = text.strip()
    if not bare:
        return None, ""
    spaced = "number.form" if bare != text else ""
    if len(bare) > 40:
        return None, "number.text"
    if _WHOLE.fullmatch(bare) or _POINT.fullmatch(bare):
        value = Decimal(bare)
        if kind == SHARE and value > 1:
            return None, "number.range"
        if kind == COUNT and "." in bare:
            whole, _, after = bare.partition(".")
            thousands = len(after) == 3 and whole != "0" and len(whole) <= 3
            return None, "number.thousands" if thousands else "number.decimal"
        return value, spaced
    if kind != SHARE and _THOUSANDS.fullmatch(bare):
        return None, "number.thousands"
    for rule, shape in _SHAPES:
        if shape.fullmatch(bare):
            return None, "number.range" if kind == SHARE and rule == "number.negative" else rule
    return None, "number.text"


def column_kind(title: str) -> str:
    """What a column by category holds."""
    return HOURS if "median" in title.lower() else COUNT


def row_kind(row: Row, part: int) -> str:
    """What the value of a named row is (parts 7 to 10)."""
    if part == 8 and row.key[0].startswith("Accuracy"):
        return SHARE
    if row.scope.startswith("Percentage"):
        return SHARE
    if row.scope == "Median time":
        return HOURS
    return FTE if part == 9 and row.scope == "Total number" else COUNT


def figures(out: Table) -> Figures:
    """Read every number of a part; say which are none."""
    found = Figures()
    for row in out.rows:
        if row.ragged:
            continue
        for column, kind in _numbers(out, row):
            text = row.cells[column]
            value, rule = number(text, kind)
            if rule:
                out.bad(rule, row, column, _said(text, kind))
            if value is not None:
                found.values[row.number, column] = value
            elif rule:
                found.invalid.add((row.number, column))
    return found


def _numbers(out: Table, row: Row) -> list[tuple[int, str]]:
    if out.part.by_category:
        return [(n, column_kind(out.part.columns[n])) for n in out.part.figures]
    return [(6, row_kind(row, out.part.number))] if row.key and out.part.number in (7, 8, 9, 10) else []


def _said(text: str, kind: str) -> str:
    wanted = {COUNT: "a whole number", HOURS: "hours as a number", SHARE: "a number from 0 to 1", FTE: "a number"}[kind]
    return f"says {short(text)!r} where {wanted} is asked for"


def texts(out: Table) -> None:
    """Service, descriptions, placeholders and the free texts of parts 1 and 11."""
    number_of = out.part.number
    if number_of != 2:
        for row in out.rows:
            if not row.cells[1].strip():
                out.bad("service.missing", row, 1, "the cell is blank")
    if out.part.by_category:
        for row in out.rows:
            _description(out, row)
    if number_of == 11:
        for row in out.rows:
            _free_text(out, row, 4, required=norm(row.applicability) == "All" and bool(row.key))


def _description(out: Table, row: Row) -> None:
    about = norm(row.cells[4])
    if row.code != OTHER:
        if about and row.code:
            out.bad("other.misplaced", row, 4, f"{row.code} is described as {short(about)!r}")
        return
    if about in map(norm, PLACEHOLDERS):
        out.bad("text.placeholder", row, 4, f"still says {short(about)!r}")
    elif not about and any(row.cells[n].strip().strip("0.") for n in out.part.figures):
        out.bad("other.undescribed", row, 4, f"KEYWORD_OTHER of {row.parent} has figures")


def _free_text(out: Table, row: Row, column: int, *, required: bool) -> None:
    text = row.cells[column]
    if norm(text) in PLACEHOLDERS:
        out.bad("text.placeholder", row, column, f"still says {short(norm(text))!r}")
    elif required and not text.strip():
        out.bad("text.missing", row, column, f"{row.key[0]} is blank")
    elif len(text) > LONGEST:
        out.bad("text.too_long", row, column, f"has {len(text)} characters")


def a_date(text: str) -> tuple[date | None, str]:
    """The day, and the rule that its text breaks."""
    if not _DATE.fullmatch(text):
        return None, "date.malformed"
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, "date.impossible"


def a_period(text: str) -> tuple[tuple[date, date] | None, str]:
    """First and last day, and the rule that the text breaks."""
    first, slash, last = text.partition("/")
    if not slash or not _DATE.fullmatch(first) or not _DATE.fullmatch(last):
        return None, "period.malformed"
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None, "period.impossible"
    return (days, "") if days[0] < days[1] else (None, "period.impossible")


def blanks(out: Table, found: Figures) -> None:
    """A column or row that never applies is blank altogether; where one cell is filled, nothing is 0."""
    if out.part.by_category:
        _blank_columns(out, found)
    elif out.part.number in (7, 8, 9, 10):
        _blank_rows(out, found)


#: The counts that a median is taken of, by part and column.
CASES: Mapping[int, Mapping[int, tuple[int, ...]]] = {
    3: {8: (6,), 9: (6,), 11: (10,), 12: (10,)},
    4: {9: (5, 11, 13), 10: (6, 12, 14)},
}


def _blank_columns(out: Table, found: Figures) -> None:
    rows = [row for row in out.rows if row.code and not row.ragged]
    required: tuple[int, ...] = {3: (6, 7, 10), 5: (5, 6), 6: (5, 6)}.get(out.part.number, ())
    if out.part.number == 4 and any(not found.blank(r, n) for r in rows for n in out.part.figures):
        required = (5, 7, 11, 13)  # trusted flaggers send to platforms only
    for column in out.part.figures:
        if column_kind(out.part.columns[column]) == HOURS:
            _blank_medians(out, found, rows, column)
            continue
        empty = [row for row in rows if found.blank(row, column)]
        if len(empty) == len(rows) and column not in required:
            continue
        for row in empty:
            out.bad("number.blank", row, column, f"{row.code}{_scope(out, row)} has no figure")


def _blank_medians(out: Table, found: Figures, rows: Sequence[Row], column: int) -> None:
    """A median of nothing may be 0 everywhere or blank everywhere; a median of something must be there."""
    of = CASES[out.part.number][column]
    wanted = (11, 13) if column == 9 and out.part.number == 4 else (12, 14) if out.part.number == 4 else of
    blank, zero = [], 0
    for row in rows:
        if not found.blank(row, column):
            zero += not any(found.at(row, n) for n in of)
        elif any(found.at(row, n) for n in wanted):
            out.bad("number.blank", row, column, f"{row.code}{_scope(out, row)} has cases and no median")
        else:
            blank.append(row)
    if zero:
        for row in blank:
            out.bad("number.blank", row, column, f"{row.code}{_scope(out, row)} is blank where other rows say 0")


def _scope(out: Table, row: Row) -> str:
    return f" ({row.scope})" if out.part.number == 3 else ""


def _blank_rows(out: Table, found: Figures) -> None:
    """Rows for one kind of provider are filled together or not at all; what is for all must be filled."""
    groups: dict[str, list[Row]] = {}
    for row in out.rows:
        if row.key and not row.ragged and row.scope not in ("[...]", "[…]"):
            groups.setdefault(norm(row.applicability), []).append(row)
    for applies, rows in groups.items():
        if applies != "All" and all(found.blank(row, 6) for row in rows):
            continue
        for row in rows:
            if found.blank(row, 6) and not _may_be_blank(row, rows, found, out.part.number):
                out.bad("number.blank", row, 6, f"{' / '.join(row.key)} has no figure")


def _may_be_blank(row: Row, rows: Sequence[Row], found: Figures, part: int) -> bool:
    if part == 8 and row.key[0].startswith("Accuracy"):
        group = [r for r in rows if r.key[0].startswith("Accuracy") and r.scope == row.scope]
        return all(found.blank(r, 6) for r in group)
    same = [r for r in rows if r.key[0] == row.key[0]]
    if row.scope in ("Median time", "Percentage of outcomes implemented"):
        over = [r for r in same if r.scope.startswith("Decisions")]
        if row.scope.startswith("Percentage"):
            over = [r for r in over if "reversed" in r.scope]
        others = [r for r in rows if r.scope == row.scope and not found.blank(r, 6) and not found.at(r, 6)]
        return not any(found.at(r, 6) for r in over) and not others
    # What the provider never does (it pays nobody, so it cannot stop paying) is blank in every row of it.
    return "monetise" in row.key[0] and all(found.blank(r, 6) for r in same)
