"""The eleven parts as files: CSV by RFC 4180 in UTF-8, a zip of them, and a workbook. The same parts give the same bytes."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence

from trustdesk.insight.transparency.form import form

#: Rows of a part, the heading first.
Grid = Sequence[Sequence[str]]
#: What a workbook and a zip say about when they were made: nothing, so that the bytes do not depend on the day.
EPOCH = (1980, 1, 1, 0, 0, 0)


def file_name(number: int) -> str:
    """Name of the CSV file of a part."""
    return f"{number}_{form().part(number).name}.csv"


def to_csv(grid: Grid) -> bytes:
    """One part: commas, CR LF, UTF-8 without a byte order mark."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(grid)
    return out.getvalue().encode()


def to_files(parts: Mapping[int, Grid]) -> dict[str, bytes]:
    """File name → CSV of every part."""
    return {file_name(number): to_csv(parts[number]) for number in sorted(parts)}


def to_zip(files: Mapping[str, bytes]) -> bytes:
    """The files in one zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, content)
    return out.getvalue()


def to_xlsx(parts: Mapping[int, Grid]) -> bytes:
    """A workbook with a sheet for every part. Figures are numbers, all else is text: nothing is ever a formula."""
    from datetime import datetime

    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime(*EPOCH[:6])})  # noqa: DTZ001 - a workbook knows no zones
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for number in sorted(parts):
        part = form().part(number)
        sheet = book.add_worksheet(f"{number}_{part.name}"[:31])
        figures = set(part.figures) if part.by_category else {6} if number in (7, 8, 9, 10) else set()
        for r, row in enumerate(parts[number]):
            for c, text in enumerate(row):
                if not text:
                    continue
                if r and c in figures and _is_number(text):
                    sheet.write_number(r, c, float(text))
                else:
                    sheet.write_string(r, c, text, head if r == 0 else wrapped if number == 11 else None)
        sheet.freeze_panes(1, 0)
        for c in range(len(part.columns)):
            sheet.set_column(c, c, 90 if number == 11 and c == 4 else 44 if not part.by_category or c == 3 else 18)
    book.close()
    return out.getvalue()


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
