"""Charts as SVG, drawn on the server without a browser. What a chart shows stands in the table beside it as well."""

from __future__ import annotations

import re
from typing import Any

from trustdesk.insight.publications.sections import Section
from trustdesk.insight.publications.texts import Texts

#: Colours of paper, and what stands for them on a page that has a dark side (see page.css).
INK, SOFT, LINE = "#131a24", "#475160", "#e2e6ea"
TONES = ("#0c6b66", "#6b8fb5", "#b9c2cd")
LESS = "#b3541e"
ON_PAGE = {INK: "var(--ink)", SOFT: "var(--ink-2)", LINE: "var(--line)", TONES[0]: "var(--accent)", TONES[1]: "var(--second)",
           TONES[2]: "var(--third)", LESS: "var(--less)"}  # fmt: skip
WIDTH, NARROW = 640, 270
#: Bars beyond this number are left to the table.
MOST = 12
_NAMED = re.compile(r"\b(?:clip|gradient_)\d+\b")
_OPENING = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>')


def svg(section: Section, t: Texts, *, font: str, page: bool = False) -> str:
    """The chart of a section; "" if it has none or nothing to show. `page`: in colours that follow the reader's scheme."""
    if not section.chart or not any(row[n] for row in section.rows for n in section.series):
        return ""
    import vl_convert

    spec = {"columns": _columns, "lines": _lines, "bars": _bars, "changes": _changes}[section.chart](section)
    drawn: str = vl_convert.vegalite_to_svg(
        spec.to_dict() | {"config": _style(font, section.chart in ("bars", "changes"))}
    )
    drawn = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", drawn)
    # Names within a drawing must not depend on how many were drawn before, nor be those of another one on the page.
    names: dict[str, str] = {}
    drawn = _NAMED.sub(lambda m: names.setdefault(m[0], f"{section.ident}-{len(names)}"), drawn)
    if page:
        drawn = _OPENING.sub(
            r'<svg aria-hidden="true" xmlns="http://www.w3.org/2000/svg" viewBox="\1" width="100%">', drawn, count=1
        )
        for colour, name in ON_PAGE.items():
            drawn = drawn.replace(f'"{colour}"', f'"{name}"')
    return drawn


def alt(section: Section, t: Texts) -> str:
    """What the chart shows, for who cannot see it."""
    names = ", ".join(section.columns[n].title for n in section.series)
    return t.gettext("Chart: %(title)s (%(series)s). The table has the same numbers. %(sentence)s") % {
        "title": section.title, "series": names, "sentence": section.sentence}  # fmt: skip


def _style(font: str, wide: bool) -> dict[str, Any]:
    axis = {"labelColor": SOFT, "titleColor": SOFT, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE,
            "labelFontSize": 11, "labelLimit": 118, "labelPadding": 6}  # fmt: skip
    return {
        "axisY": {"minExtent": 120, "maxExtent": 120} if wide else {},
        "background": "transparent", "font": font, "view": {"stroke": None}, "axis": axis,
        "legend": {"labelColor": SOFT, "title": None, "orient": "top", "labelFontSize": 11, "symbolSize": 80},
        "padding": 2,
    }  # fmt: skip


def _long(section: Section) -> list[dict[str, Any]]:
    return [
        {"x": str(row[0]), "series": section.columns[n].title, "y": row[n] or 0, "n": place, "s": k}
        for place, row in enumerate(section.rows)
        for k, n in enumerate(section.series)
    ]


def _colours(section: Section) -> Any:
    import altair as alt_

    names = [section.columns[n].title for n in section.series]
    return alt_.Color("series:N", scale=alt_.Scale(domain=names, range=list(TONES[: len(names)])), sort=None)


def _columns(section: Section) -> Any:
    import altair as alt_

    few = len(section.rows) <= 10
    labels = "substring(datum.value, 8) + '.' + substring(datum.value, 5, 7) + '.'"
    values = [row[0] for n, row in enumerate(section.rows) if few or n % max(len(section.rows) // 10, 1) == 0]
    axis = alt_.Axis(title=None, labelExpr=labels, labelAngle=0, values=values, ticks=False)
    base = alt_.Chart(alt_.Data(values=_long(section)), width=WIDTH, height=170)
    return base.mark_bar().encode(
        x=alt_.X("x:O", sort=None, axis=axis, scale=alt_.Scale(paddingInner=0.25)),
        xOffset=alt_.XOffset("series:N", sort=None),
        y=alt_.Y("y:Q", axis=alt_.Axis(title=None, tickCount=4, domain=False, ticks=False, format=",d", tickMinStep=1)),
        color=_colours(section),
    )


def _lines(section: Section) -> Any:
    import altair as alt_

    base = alt_.Chart(alt_.Data(values=_long(section)), width=WIDTH, height=190)
    return base.mark_line(point={"size": 45, "filled": True}, strokeWidth=2.5, clip=False).encode(
        x=alt_.X("x:O", sort=None, axis=alt_.Axis(title=None, labelAngle=0, labelOverlap=True, ticks=False),
                 scale=alt_.Scale(type="point", padding=0.3)),
        y=alt_.Y("y:Q", axis=alt_.Axis(title=None, tickCount=4, domain=False, ticks=False, format=",d", tickMinStep=1)),
        color=_colours(section),
    )  # fmt: skip


def _bars(section: Section) -> Any:
    import altair as alt_

    rows = _long(section)[:MOST]
    base = alt_.Chart(alt_.Data(values=rows), width=NARROW, height=alt_.Step(22)).encode(
        x=alt_.X("y:Q", axis=None, scale=alt_.Scale(domain=[0, max(row["y"] for row in rows)])),
        y=alt_.Y("x:N", sort=None, axis=alt_.Axis(title=None, domain=False, ticks=False)),
    )
    bars = base.mark_bar(color=TONES[0], height=13)
    return bars + base.mark_text(align="left", dx=5, color=SOFT, fontSize=11).encode(text=alt_.Text("y:Q", format=",d"))


def _changes(section: Section) -> Any:
    import altair as alt_

    rows = _long(section)[:MOST]
    most = max(abs(row["y"]) for row in rows) * 1.15
    scale = alt_.Scale(domain=[-most, most])
    base = alt_.Chart(alt_.Data(values=rows), width=NARROW, height=alt_.Step(22)).encode(
        x=alt_.X("y:Q", axis=None, scale=scale),
        y=alt_.Y("x:N", sort=None, axis=alt_.Axis(title=None, domain=False, ticks=False)),
    )
    tone = alt_.condition("datum.y < 0", alt_.value(LESS), alt_.value(TONES[0]))
    zero = (
        alt_.Chart(alt_.Data(values=[{"y": 0}])).mark_rule(color=SOFT).encode(x=alt_.X("y:Q", scale=scale, axis=None))
    )
    more = base.mark_text(align="left", dx=5, color=SOFT, fontSize=11).encode(text=alt_.Text("y:Q", format="+,d"))
    less = base.mark_text(align="right", dx=-5, color=SOFT, fontSize=11).encode(text=alt_.Text("y:Q", format="+,d"))
    return (
        base.mark_bar(height=13).encode(color=tone)
        + zero
        + more.transform_filter("datum.y >= 0")
        + less.transform_filter("datum.y < 0")
    )
