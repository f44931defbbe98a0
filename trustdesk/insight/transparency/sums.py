"""Arithmetic inside one part: totals, parents, subsets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trustdesk.insight.transparency.cells import CASES, COUNT, Figures, column_kind
from trustdesk.insight.transparency.form import CATEGORY, TOTAL, norm
from trustdesk.insight.transparency.shape import Row, Table

ZERO = Decimal(0)


def by_category(out: Table, figures: Figures, hours: int | None) -> None:
    """Parts 3 to 6. `hours` is the length of the period, if it is known."""
    scopes: dict[str, list[Row]] = {}
    for row in out.rows:
        if row.code and not row.ragged:
            scopes.setdefault(row.scope, []).append(row)
    for column in out.part.figures:
        if column_kind(out.part.columns[column]) == COUNT:
            for rows in scopes.values():
                _tree(out, figures, rows, column)
            if out.part.number == 3:
                _states(out, figures, scopes, column)
    for rows in scopes.values():
        for row in rows:
            {3: _orders, 4: _notices, 5: _measures, 6: _measures}[out.part.number](out, figures, row)
            _medians(out, figures, row, hours)


def _tree(out: Table, figures: Figures, rows: Sequence[Row], column: int) -> None:
    """TOTAL = sum of the categories; category = sum of its sub-categories."""
    top = [row for row in rows if row.code.startswith(CATEGORY)]
    for row in top:
        subs = [r for r in rows if r.parent == row.code]
        if subs:
            _sum(out, figures, row, subs, column, "sum.parent", ())
    for row in rows:
        if row.code == TOTAL and top:
            _sum(out, figures, row, top, column, "sum.total", [r for r in rows if r.parent])


def _sum(
    out: Table, figures: Figures, whole: Row, parts: Sequence[Row], column: int, rule: str, below: Iterable[Row]
) -> None:
    said = figures.at(whole, column)
    if said is None or any((row.number, column) in figures.invalid for row in parts):
        return
    if all(figures.blank(row, column) for row in parts) and not said:
        return
    counted = sum((figures.at(row, column) or ZERO for row in parts), ZERO)
    if said == counted:
        return
    twice = counted + sum((figures.at(row, column) or ZERO for row in below), ZERO)
    where = f" ({whole.scope})" if out.part.number == 3 else ""
    if counted and twice != counted and said == twice:
        out.bad(
            "sum.double_counting",
            whole,
            column,
            f"{whole.code}{where} says {said}: categories and sub-categories were added up",
        )
    else:
        out.bad(rule, whole, column, f"{whole.code}{where} says {said}, the rows below it make {counted}")


def _states(out: Table, figures: Figures, scopes: dict[str, list[Row]], column: int) -> None:
    """The rows of scope TOTAL are the sums of the Member States."""
    counted: dict[tuple[str, str, str], Decimal] = {}
    unsure: set[tuple[str, str, str]] = set()
    for scope, rows in scopes.items():
        for row in rows if scope != TOTAL else ():
            key = _identity(row)
            counted[key] = counted.get(key, ZERO) + (figures.at(row, column) or ZERO)
            if (row.number, column) in figures.invalid:
                unsure.add(key)
    for row in scopes.get(TOTAL, ()):
        said, key = figures.at(row, column), _identity(row)
        made = counted.get(key, ZERO)
        if said is not None and said != made and key not in unsure:
            out.bad("sum.scope", row, column, f"{row.code} says {said}, the Member States make {made}")


def _identity(row: Row) -> tuple[str, str, str]:
    return row.code, row.parent, norm(row.cells[4])


def _at_most(out: Table, figures: Figures, row: Row, part: int, whole: int, rule: str) -> None:
    a, b = figures.at(row, part), figures.at(row, whole)
    if a is not None and b is not None and a > b:
        out.bad(rule, row, part, f"{row.code} says {a}, of {b} in {norm(out.part.columns[whole])!r}")


def _orders(out: Table, figures: Figures, row: Row) -> None:
    _items(out, figures, row, 6, 7)


def _notices(out: Table, figures: Figures, row: Row) -> None:
    for part, whole in ((6, 5), (8, 7), (12, 11), (14, 13)):
        _at_most(out, figures, row, part, whole, "subset.flaggers")
    _items(out, figures, row, 5, 7)
    _items(out, figures, row, 6, 8)
    for notices, items, columns in ((5, 7, (11, 13)), (6, 8, (12, 14))):
        taken = [figures.at(row, n) for n in columns]
        sent, named = figures.at(row, notices), figures.at(row, items)
        actions = sum((n for n in taken if n is not None), ZERO)
        if sent is None or not actions:
            continue
        if not sent:
            out.bad("actions.without_notices", row, columns[0], f"{row.code} has {actions} actions on no notice")
        elif named is not None and actions > max(sent, named):
            out.bad(
                "actions.too_many",
                row,
                columns[0],
                f"{row.code} has {actions} actions on {named} items of {sent} notices",
            )


def _items(out: Table, figures: Figures, row: Row, cases: int, items: int) -> None:
    sent, named = figures.at(row, cases), figures.at(row, items)
    if sent is None or named is None:
        return
    if not sent and named:
        out.bad("items.none", row, items, f"{row.code} has {named} items and no notice or order")
    elif named < sent:
        out.bad("items.few", row, items, f"{row.code} has {named} items in {sent} notices or orders")


def _measures(out: Table, figures: Figures, row: Row) -> None:
    """Parts 5 and 6: F all measures, G detected by machines alone, H to U one column for each kind of restriction."""
    _at_most(out, figures, row, 6, 5, "subset.automated")
    kinds = range(7, 21)
    whole = figures.at(row, 5)
    if whole is None or any((row.number, n) in figures.invalid for n in kinds):
        return
    larger = [n for n in kinds if (figures.at(row, n) or ZERO) > whole]
    for column in larger:
        out.bad("subset.type", row, column, f"{row.code} says {figures.at(row, column)}, of {whole} measures")
    if larger or all(figures.blank(row, n) for n in kinds):
        return
    counted = sum((figures.at(row, n) or ZERO for n in kinds), ZERO)
    if counted > whole:
        out.bad("sum.double_counting", row, 5, f"{row.code} says {whole} measures, their kinds make {counted}")
    elif counted < whole:
        out.bad("sum.types", row, 5, f"{row.code} says {whole} measures, their kinds make {counted}")


def _medians(out: Table, figures: Figures, row: Row, hours: int | None) -> None:
    for column, of in CASES.get(out.part.number, {}).items():
        value = figures.at(row, column)
        if not value:
            continue
        cases = [figures.at(row, n) for n in of]
        if all(n == 0 for n in cases if n is not None) and any(n is not None for n in cases):
            if not any((row.number, n) in figures.invalid for n in of):
                out.bad("median.without_cases", row, column, f"{row.code} has a median of {value} hours and no case")
        elif hours is not None and value > hours:
            out.bad("median.too_long", row, column, f"{row.code} says {value} hours; the period has {hours}")


def named(out: Table, figures: Figures, hours: int | None) -> None:
    """Parts 7 to 10."""
    rows = {row.key: row for row in out.rows if row.key and not row.ragged}
    if out.part.number == 7:
        _complaints(out, figures, rows, hours)
    elif out.part.number == 8:
        _automated(out, figures, rows)
    elif out.part.number in (9, 10):
        _shares_of_total(out, figures, rows)


Rows = dict[tuple[str, ...], Row]


def value(figures: Figures, rows: Rows, indicator: str, scope: str) -> Decimal | None:
    """The figure of a named row; None where there is none."""
    row = rows.get((indicator, scope))
    return None if row is None else figures.at(row, 6)


COMPLAINTS = "Number of complaints submitted to the internal-complaints mechanism"
DISPUTES = "Number of disputes submitted to out-of-court dispute settlement bodies"
NO_ACTION = "Complaint regarding a decision not to take action on a notice submitted in accordance with Article 16"
NO_ACTION_FLAGGERS = NO_ACTION.replace("submitted in", "submitted by a Trusted Flagger in")
OUTCOMES = ("Decisions upheld", "Decisions partially reversed", "Decisions reversed", "Decision omitted")
SHARE = "Percentage of outcomes implemented"


def _complaints(out: Table, figures: Figures, rows: Rows, hours: int | None) -> None:
    def at(indicator: str, scope: str) -> Decimal | None:
        return value(figures, rows, indicator, scope)

    indicators = list(dict.fromkeys(key[0] for key in rows))
    for indicator in indicators:
        whole = at(indicator, "Total number")
        ended = [n for scope in OUTCOMES if (n := at(indicator, scope)) is not None]
        if whole is not None and sum(ended, ZERO) > whole:
            out.bad(
                "complaints.outcomes",
                rows[indicator, "Total number"],
                6,
                f"{whole} were lodged, {sum(ended, ZERO)} ended",
            )
        decided = [n for scope in OUTCOMES[:3] if (n := at(indicator, scope)) is not None]
        median = at(indicator, "Median time")
        if median and decided and not sum(decided, ZERO):
            out.bad(
                "median.without_cases", rows[indicator, "Median time"], 6, f"a median of {median} hours of no decision"
            )
        elif median and hours is not None and median > hours:
            out.bad(
                "median.too_long", rows[indicator, "Median time"], 6, f"says {median} hours; the period has {hours}"
            )
    _kinds(out, figures, rows, indicators)
    for scope in ("Total number", *OUTCOMES):
        flaggers, every = at(NO_ACTION_FLAGGERS, scope), at(NO_ACTION, scope)
        if flaggers is not None and every is not None and flaggers > every:
            out.bad("complaints.flaggers", rows[NO_ACTION_FLAGGERS, scope], 6, f"{flaggers} of {every}")
    _share(out, figures, rows)


def _kinds(out: Table, figures: Figures, rows: Rows, indicators: Sequence[str]) -> None:
    kinds = [i for i in indicators if i.startswith("Complaint regarding") and i != NO_ACTION_FLAGGERS]
    for scope in ("Total number", *OUTCOMES[:3]):
        every = value(figures, rows, COMPLAINTS, scope)
        counts = [value(figures, rows, kind, scope) for kind in kinds]
        there = [n for n in counts if n is not None]
        if every is None or not there:
            continue
        row, counted = rows[COMPLAINTS, scope], sum(there, ZERO)
        if counted > every:
            out.bad("complaints.kinds", row, 6, f"{scope}: all are {every}, the kinds make {counted}")
        elif counted < every and len(there) == len(counts):
            out.bad("complaints.kinds_few", row, 6, f"{scope}: all are {every}, the kinds make {counted}")


def _share(out: Table, figures: Figures, rows: Rows) -> None:
    said = value(figures, rows, DISPUTES, SHARE)
    turned = [value(figures, rows, DISPUTES, scope) for scope in OUTCOMES[1:3]]
    if said is None or None in turned:
        return
    of = int(sum((n for n in turned if n is not None), ZERO))
    if not of:
        if said:
            out.bad("disputes.share", rows[DISPUTES, SHARE], 6, f"says {said} and nothing was reversed")
        return
    step = Decimal(1).scaleb(int(said.as_tuple().exponent))  # rounded or cut to so many decimals
    nearest = int(said * of)
    if of <= 1000 and not any(abs(Decimal(k) / of - said) < step for k in (nearest, nearest + 1) if k <= of):
        out.bad("disputes.share", rows[DISPUTES, SHARE], 6, f"{said} is no share of {of} reversals")


SOLELY, NOT_SOLELY = (
    "Number of measures solely taken by automated means",
    "Number of measures not taken by automated means",
)
NOTICES_SOLELY = "Number of notices solely processed by automated means"
NOTICES_NOT = "Number of notices not processed by automated means"


def _automated(out: Table, figures: Figures, rows: Rows) -> None:
    def at_most(indicator: str, part: str, whole: str) -> None:
        a, b = value(figures, rows, indicator, part), value(figures, rows, indicator, whole)
        if a is not None and b is not None and a > b:
            out.bad("scope.total", rows[indicator, part], 6, f"{part} says {a}, {whole} says {b}")

    for indicator in (SOLELY, NOT_SOLELY):
        at_most(indicator, "Own-initiative", "Total number")
    for indicator in (NOTICES_SOLELY, NOTICES_NOT):
        at_most(indicator, "NAM Trusted Flagger", "NAM Total")
    for key, row in rows.items():
        if key[0] in (SOLELY, NOT_SOLELY) and key[1] not in ("Total number", "Own-initiative"):
            a, b = figures.at(row, 6), value(figures, rows, key[0], "Total number")
            if a is not None and b is not None and a > b:
                out.bad("scope.total", row, 6, f"{key[1]} says {a}, of {b} in all")
    for scope, counted in (("Total number", SOLELY), ("Own-initiative", SOLELY), ("NAM Total", NOTICES_SOLELY)):
        given = rows.get(("Accuracy of the automated means - Accuracy", scope))
        if value(figures, rows, counted, scope) and given is not None and figures.blank(given, 6):
            out.bad("accuracy.missing", given, 6, f"{scope}: accuracy, precision and recall are blank")


def _shares_of_total(out: Table, figures: Figures, rows: Rows) -> None:
    """No language and no country can have more than there are in all."""
    for key, row in rows.items():
        a = figures.at(row, 6)
        b = value(figures, rows, key[0], TOTAL if out.part.number == 10 else "Total number")
        if a is not None and b is not None and a > b:
            out.bad("scope.total", row, 6, f"{key[1]} says {a}, of {b} in all")
    if out.part.number == 9:
        ours, theirs, able = (
            value(figures, rows, indicator, "Total number")
            for indicator in (
                "Number of internal moderators employed by the provider",
                "Number of external moderators contracted by the provider",
                "Number of total moderators with sufficient linguistic expertise",
            )
        )
        if ours is not None and theirs is not None and able is not None and able > ours + theirs:
            row = rows["Number of total moderators with sufficient linguistic expertise", "Total number"]
            out.bad("scope.total", row, 6, f"{able} moderators with a language, of {ours + theirs} in all")
