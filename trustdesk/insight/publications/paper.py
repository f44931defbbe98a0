"""The report as PDF: PDF/UA-1 (readable by a screen reader) from the same sections as the page, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from trustdesk.insight.publications import charts, page, sections, summary
from trustdesk.insight.publications.texts import texts

TEMPLATE = Path(__file__).with_name("report.typ")
#: Comes with Typst itself: what fonts a machine has must not show in a report.
FONT = "Libertinus Serif"
STANDARD: Literal["ua-1"] = "ua-1"


def to_pdf(document: dict[str, Any], language: str = "en") -> bytes:
    """The whole report. Fails to build, rather than being unreadable, if a chart had no words."""
    import typst

    data = json.dumps(_content(document, language), ensure_ascii=False)
    made: bytes = typst.compile(
        TEMPLATE, output=None, format="pdf", root=TEMPLATE.parent, ignore_system_fonts=True, sys_inputs={"data": data},
        pdf_standards=[STANDARD], timestamp=0,
    )  # fmt: skip
    return made


def _content(d: dict[str, Any], language: str) -> dict[str, Any]:
    t = texts(language)
    made = []
    for s in sections.sections(d, t):
        svg = charts.svg(s, t, font=FONT)
        rows = [] if s.folded and svg else list(sections.cells(s, t))
        made.append(
            {"title": s.title, "sentence": s.sentence, "svg": svg, "alt": charts.alt(s, t), "rows": rows,
             "wide": s.chart in ("columns", "lines"),
             "columns": [{"title": c.title, "text": c.kind == "text"} for c in s.columns]}
        )  # fmt: skip
    return {
        "language": language,
        "provider": d["provider"],
        "title": t.title(d["kind"], d["period"]),
        "over": page.over(d, t),
        "days": f"{t.days(d)} · {page.readers(d, t)}",
        "note": page.note(d, t),
        "summary": summary.summary(d, t),
        "cards": [{"title": c.title, "value": c.value, "beside": c.beside} for c in sections.cards(d, t)],
        "sections": made,
        "foot": page.footnotes(d, t),
    }
