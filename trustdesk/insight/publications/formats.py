"""Every form in which a report can be had. The same document gives the same bytes in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trustdesk.insight import publication
from trustdesk.insight.publications import page, paper, workbook

LANGUAGES = ("en", "es")


@dataclass(frozen=True, slots=True)
class Format:
    """`write` takes the document and a language and gives the file."""

    name: str
    media_type: str
    write: Callable[[dict[str, Any], str], bytes]


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("json", "application/json", lambda d, _language: publication.to_json(d).encode()),
        Format("csv", "text/csv; charset=utf-8", lambda d, _language: publication.to_csv(d).encode()),
        Format("html", "text/html; charset=utf-8", lambda d, language: page.to_html(d, language).encode()),
        Format("pdf", "application/pdf", paper.to_pdf),
        Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook.to_xlsx),
    )
}


def write(name: str, document: dict[str, Any], language: str = "en") -> bytes:
    """The document as a file. Raises KeyError for an unknown form."""
    return FORMATS[name].write(document, language)
