"""Filling the form in: figures by leaf of the tree become rows with their sums and medians.

A figure is stored once, at the leaf (category and sub-category) where it belongs; categories and TOTAL are always sums of
their leaves, so the parts add up by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from trustdesk.insight.transparency.form import (
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
from trustdesk.insight.transparency.write import Grid

#: Where a figure belongs: category code, sub-category code, description of a KEYWORD_OTHER ("" else).
Leaf = tuple[str, str, str]


@dataclass(slots=True)
class Cells:
    """The figures of one part by category: leaf, country ("" where there is none) and column → count or hours."""

    counts: dict[tuple[Leaf, str, int], int] = field(default_factory=dict)
    hours: dict[tuple[Leaf, str, int], list[float]] = field(default_factory=dict)

    def add(self, leaf: Leaf, column: int, number: int = 1, country: str = "") -> None:
        """Count so many more."""
        key = (leaf, country, column)
        self.counts[key] = self.counts.get(key, 0) + number

    def took(self, leaf: Leaf, column: int, hours: float, country: str = "") -> None:
        """One more duration for a median."""
        self.hours.setdefault((leaf, country, column), []).append(hours)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who reports on what. `previous` is None in the first report; `blank` are columns of parts 5 and 6 that can never
    apply; `platform` and `very_large` decide which rows apply."""

    provider: str
    service: str
    first: date
    last: date
    published: date
    previous: date | None = None
    hosting: bool = True
    platform: bool = False
    very_large: bool = False
    blank: frozenset[int] = frozenset()

    @property
    def period(self) -> str:
        """As every row has it."""
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


@dataclass(slots=True)
class Figures:
    """All that goes into a report. `named` are the rows of parts 7 to 10: (part, indicator, scope) → text of the figure;
    `remarks` go into a contextual column: (part, code or indicator, column or scope) → text; `texts` are part 11's."""

    orders: Cells = field(default_factory=Cells)
    notices: Cells = field(default_factory=Cells)
    own_law: Cells = field(default_factory=Cells)
    own_terms: Cells = field(default_factory=Cells)
    named: dict[tuple[int, str, str], str] = field(default_factory=dict)
    remarks: dict[tuple[int, str, str], str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def fill(identity: Identity, figures: Figures) -> dict[int, Grid]:
    """The eleven parts with their headings, cells in the text that a CSV has."""
    by_category = {3: figures.orders, 4: figures.notices, 5: figures.own_law, 6: figures.own_terms}
    out: dict[int, Grid] = {1: _summary(identity), 2: [form().part(2).columns, *((*row, "") for row in titles())]}
    for number, cells in by_category.items():
        applies = identity.hosting or number != 4
        out[number] = _by_category(form().part(number), identity, cells, figures.remarks, applies=applies)
    for number in (7, 8, 9, 10):
        out[number] = _named(form().part(number), identity, figures)
    out[11] = _texts(identity, figures.texts)
    return {number: out[number] for number in sorted(out)}


def _summary(identity: Identity) -> Grid:
    part = form().part(1)
    values = (
        identity.provider,
        identity.published.isoformat(),
        identity.previous.isoformat() if identity.previous else "",
        identity.first.isoformat(),
        identity.last.isoformat(),
    )
    rows = [[row[0], identity.service, row[1], value] for row, value in zip(part.rows, values, strict=True)]
    return [part.columns, *rows]


def _by_category(
    part: Part, identity: Identity, cells: Cells, remarks: Mapping[tuple[int, str, str], str], *, applies: bool
) -> Grid:
    countries = sorted({country for _, country, _ in cells.counts if country}, key=MEMBER_STATES.index)
    rows: list[Sequence[str]] = [part.columns]
    for scope in (TOTAL, *countries) if part.number == 3 else ("",):
        country = "" if scope == TOTAL else scope
        for code, about, leaves in _lines(part, cells, country):
            row = [part.applicability, identity.service, identity.period, code, about]
            row += [scope] if part.number == 3 else []
            told = []
            for column in part.figures:
                blank = not applies or (part.number in (5, 6) and column in identity.blank)
                row.append("" if blank else _figure(part, cells, leaves, country, column))
                told.append("" if country else remarks.get((part.number, code, norm(part.columns[column])), ""))
            rows.append(row + told)
    return rows


def _lines(part: Part, cells: Cells, country: str) -> Iterable[tuple[str, str, set[Leaf] | None]]:
    """Code, description and leaves of every row; None stands for all leaves."""
    used = {leaf for leaf, there, _ in (*cells.counts, *cells.hours) if not country or there == country}
    yield TOTAL, "", None
    for category in form().of(part.number):
        yield category.code, "", {leaf for leaf in used if leaf[0] == category.code}
        for sub in category.subs:
            if sub.code == OTHER:
                yield from _others(category, used)
            else:
                yield sub.code, "", {(category.code, sub.code, "")}


def _others(category: Category, used: set[Leaf]) -> Iterable[tuple[str, str, set[Leaf]]]:
    """One row for each kind of one's own; an empty one where there is none."""
    own = sorted({leaf[2] for leaf in used if leaf[:2] == (category.code, OTHER)})
    for about in own or [""]:
        yield OTHER, about, {(category.code, OTHER, about)}


def _figure(part: Part, cells: Cells, leaves: set[Leaf] | None, country: str, column: int) -> str:
    def mine(leaf: Leaf, there: str, at: int) -> bool:
        return at == column and (leaves is None or leaf in leaves) and (not country or there == country)

    if "median" in part.columns[column].lower():
        return hours([h for key, times in cells.hours.items() if mine(*key) for h in times])
    return str(sum(n for key, n in cells.counts.items() if mine(*key)))


def hours(times: Sequence[float]) -> str:
    """The median in hours with two decimals at most; 0 where there is nothing to take it of."""
    if not times:
        return "0"
    ranked = sorted(times)
    middle = len(ranked) // 2
    median = ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2
    return f"{median:.2f}".rstrip("0").rstrip(".")


def _named(part: Part, identity: Identity, figures: Figures) -> Grid:
    remark = len(part.columns) == 8
    rows: list[Sequence[str]] = [part.columns]
    for applicability, section, indicator, scope in _spread(part, identity):
        key = (part.number, norm(indicator), norm(scope))
        applies = _applies(applicability, identity)
        value = figures.named.get(key, "0" if applies and not indicator.startswith("Accuracy") else "")
        row = [applicability, identity.service, identity.period, section, indicator, scope, value if applies else ""]
        rows.append(row + ([figures.remarks.get(key, "")] if remark else []))
    return rows


def _spread(part: Part, identity: Identity) -> Iterable[tuple[str, ...]]:
    """The rows of the form, with all codes in the place of `[...]` where the breakdown applies."""
    every = MEMBER_STATES if part.number == 10 else LANGUAGES
    done = set()
    for row in part.rows:
        if not identity.very_large or norm(row[3]) not in (*every, *PLACEHOLDERS):
            yield row
        elif row[2] not in done:
            done.add(row[2])
            yield from ((*row[:3], code) for code in every)


def _applies(applicability: str, identity: Identity) -> bool:
    if "VLOP" in applicability:
        return identity.very_large
    if "hosting" in applicability:
        return identity.hosting or identity.platform
    return applicability == "All" or identity.platform


def _texts(identity: Identity, texts: Mapping[str, str]) -> Grid:
    part = form().part(11)
    rows: list[Sequence[str]] = [part.columns]
    for applicability, indicator, _ in part.rows:
        text = texts.get(norm(indicator), "") if _applies(applicability, identity) else ""
        rows.append([applicability, identity.service, identity.period, indicator, text])
    return rows
