"""The report as a workbook: one sheet for each section, and every number of the document on the last. The same bytes each time.

Texts are written as texts, never as formulas or links, whatever they begin with.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from trustdesk.insight import publication
from trustdesk.insight.publications import page, sections, summary
from trustdesk.insight.publications.sections import Section
from trustdesk.insight.publications.texts import texts

FORMATS = {"count": "#,##0", "hours": "0.00", "share": "0.0%", "change": "+#,##0;-#,##0;0"}


def to_xlsx(document: dict[str, Any], language: str = "en") -> bytes:
    """The whole workbook."""
    import xlsxwriter

    t, out = texts(language), io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        end = max(datetime.fromisoformat(document["to"]), datetime(1980, 1, 1, tzinfo=UTC))  # where ZIP begins
        created = end.replace(tzinfo=None)
        book.set_properties({"title": f"{t.title(document['kind'], document['period'])} · {document['provider']}",
                             "author": document["provider"], "created": created})  # fmt: skip
        made = sections.sections(document, t)
        styles = {kind: book.add_format({"num_format": form}) for kind, form in FORMATS.items()}
        styles |= {"bold": book.add_format({"bold": True}), "big": book.add_format({"bold": True, "font_size": 16}),
                   "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
                   "head": book.add_format({"bold": True, "bottom": 1})}  # fmt: skip
        _front(book.add_worksheet(_name(t.gettext("Summary"))), document, language, styles)
        for section in made:
            if section.rows:
                _sheet(book, section, styles)
        _numbers(book.add_worksheet(_name(t.gettext("All numbers"))), document, styles)
    return out.getvalue()


def _front(sheet: Any, d: dict[str, Any], language: str, styles: dict[str, Any]) -> None:
    t = texts(language)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 2, 26)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, t.title(d["kind"], d["period"]), styles["big"])
    sheet.write_string(1, 0, f"{d['provider']} · {t.days(d)}")
    sheet.merge_range(2, 0, 2, 2, "", styles["wrap"])
    sheet.write_string(2, 0, summary.summary(d, t), styles["wrap"])
    sheet.set_row(2, 150)
    for n, card in enumerate(sections.cards(d, t), 4):
        sheet.write_string(n, 0, card.title, styles["bold"])
        sheet.write_string(n, 1, card.value)
        sheet.write_string(n, 2, card.beside)
    for n, said in enumerate(filter(None, (page.note(d, t), *page.footnotes(d, t))), 11):
        sheet.write_string(n, 0, said)


def _sheet(book: Any, s: Section, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_name(s.title))
    sheet.write_string(0, 0, s.title, styles["big"])
    sheet.write_string(1, 0, s.sentence)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, len(s.columns), 16)
    for n, column in enumerate(s.columns):
        sheet.write_string(3, n, column.title, styles["head"])
    for r, row in enumerate(s.rows, 4):
        for n, (value, column) in enumerate(zip(row, s.columns, strict=True)):
            if column.kind in FORMATS and value is not None:
                sheet.write_number(r, n, value, styles[column.kind])
            elif value is not None:
                sheet.write_string(r, n, str(value))
    sheet.freeze_panes(4, 1)
    if s.chart:
        _chart(book, sheet, s)


def _chart(book: Any, sheet: Any, s: Section) -> None:
    kind = {"columns": "column", "lines": "line"}.get(s.chart, "bar")
    chart, last = book.add_chart({"type": kind}), 3 + len(s.rows)
    for n, colour in zip(s.series, ("#0c6b66", "#6b8fb5", "#b9c2cd"), strict=False):
        paint = {"line": {"color": colour}} if kind == "line" else {"fill": {"color": colour}}
        chart.add_series({"name": [sheet.name, 3, n], "categories": [sheet.name, 4, 0, last, 0],
                          "values": [sheet.name, 4, n, last, n], **paint})  # fmt: skip
    if kind == "bar":
        chart.set_y_axis({"reverse": True})
    chart.set_title({"none": True})
    chart.set_legend({"none": True} if len(s.series) == 1 else {"position": "top"})
    sheet.insert_chart(3, len(s.columns) + 1, chart, {"description": f"{s.title}. {s.sentence}"})


def _numbers(sheet: Any, d: dict[str, Any], styles: dict[str, Any]) -> None:
    sheet.set_column(0, 1, 44)
    for n, title in enumerate(("metric", "key", "value")):
        sheet.write_string(0, n, title, styles["head"])
    for r, (metric, key, value) in enumerate(publication.numbers(d), 1):
        sheet.write_string(r, 0, metric)
        sheet.write_string(r, 1, key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            sheet.write_number(r, 2, value)
        elif value is not None:
            sheet.write_string(r, 2, str(value))
    sheet.freeze_panes(1, 0)


def _name(title: str) -> str:
    """A name that a workbook allows: 31 characters, none of []:*?/\\."""
    return "".join("-" if c in "[]:*?/\\'" else c for c in title)[:31]
