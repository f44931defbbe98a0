"""Reading an XLSX workbook of somebody else: cells as the texts that a CSV export of it would have.

Bounded in size, no entity is expanded, nothing is run: formulas give the value that was stored with them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: Bytes that a part of the workbook may have when unpacked, and cells in one sheet.
LARGEST = 50_000_000
CELLS = 2_000_000
WIDEST = 1024
_DAYS = frozenset({14, 15, 16, 17, 22})
_TIMES = frozenset({18, 19, 20, 21, 45, 46, 47})


class NotAWorkbook(ValueError):
    """The bytes are no XLSX workbook that can be read."""


def sheets(data: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    """Every worksheet as (name, rows of cells) in the order of the workbook. Raises NotAWorkbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            shared = _shared(archive)
            styles = _styles(archive)
            targets = {row.get("Id", ""): row.get("Target", "") for row in _xml(archive, "xl/_rels/workbook.xml.rels")}
            for sheet in _xml(archive, "xl/workbook.xml").iter(f"{NS}sheet"):
                target = targets.get(sheet.get(REL, ""), "").lstrip("/")
                if target and "worksheets" in target:
                    path = target if target.startswith("xl/") else f"xl/{target}"
                    yield sheet.get("name", ""), _rows(_xml(archive, path), shared, styles)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, NotImplementedError, ValueError) as error:
        raise NotAWorkbook(str(error)) from error


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(name) as member:
        text = member.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST} bytes")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError(f"{name} has a document type, which a workbook has not")
    return ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities


def _text(element: ElementTree.Element) -> str:
    """The text of a string item: plain or in runs, without phonetic hints."""
    found = []
    for child in element:
        if child.tag == f"{NS}t":
            found.append(child.text or "")
        elif child.tag == f"{NS}r":
            found += [t.text or "" for t in child.findall(f"{NS}t")]
    return "".join(found)


def _shared(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_text(item) for item in _xml(archive, "xl/sharedStrings.xml").findall(f"{NS}si")]


def _styles(archive: zipfile.ZipFile) -> list[str]:
    """What each cell format shows: "" for a number, "date", "time" or "percent"."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    tree = _xml(archive, "xl/styles.xml")
    own = {int(f.get("numFmtId", "0")): f.get("formatCode", "") for f in tree.iter(f"{NS}numFmt")}
    formats = tree.find(f"{NS}cellXfs")
    return [_kind(int(f.get("numFmtId", "0")), own) for f in (() if formats is None else formats)]


def _kind(number: int, own: dict[int, str]) -> str:
    if number in _DAYS:
        return "date"
    if number in _TIMES:
        return "time"
    if number in (9, 10):
        return "percent"
    code, quoted = [], False
    for letter in own.get(number, "").lower():
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            code.append(letter)
    bare = "".join(code)
    if "%" in bare:
        return "percent"
    if "y" in bare or "d" in bare.replace("[red]", ""):
        return "date"
    return "time" if "h" in bare or "ss" in bare else ""


def _rows(tree: ElementTree.Element, shared: list[str], styles: list[str]) -> list[list[str]]:
    """The rows without the blank cells and rows behind the last that says something."""
    out: list[list[str]] = []
    cells = 0
    for row in tree.iter(f"{NS}row"):
        place = int(row.get("r") or len(out) + 1)
        if place - len(out) > 10_000:
            raise ValueError("a sheet has rows far beyond its data")
        while len(out) < place - 1:
            out.append([])
        line: list[str] = []
        for cell in row.findall(f"{NS}c"):
            column = _column(cell.get("r", "")) if cell.get("r") else len(line)
            if column >= WIDEST:
                break
            line += [""] * (column - len(line))
            line.append(_value(cell, shared, styles))
            cells += 1
        if cells > CELLS:
            raise ValueError(f"a sheet has more than {CELLS} cells")
        while line and not line[-1].strip():
            line.pop()
        out.append(line)
    while out and not out[-1]:
        out.pop()
    return out


def _column(reference: str) -> int:
    number = 0
    for letter in reference[:4]:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1


def _value(cell: ElementTree.Element, shared: list[str], styles: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inside = cell.find(f"{NS}is")
        return "" if inside is None else _text(inside)
    value = cell.findtext(f"{NS}v") or ""
    if kind == "s":
        return shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind != "n" or not value:
        return value
    style = int(cell.get("s") or 0)
    return _number(value, styles[style] if style < len(styles) else "")


def _number(value: str, kind: str) -> str:
    """A stored number as it is shown: dates and times as such, 5.0 as 5."""
    try:
        number = Decimal(value)
        if not number.is_finite() or abs(number) > 10**15:
            return value
        if kind == "date" and 0 <= number < 2_958_466:
            return (date(1899, 12, 30) + timedelta(days=int(number))).isoformat()
        if kind == "time":
            seconds = round(number * 86400)
            return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
        if kind == "percent":
            return f"{_plain(number * 100)}%"
        return _plain(number)
    except (InvalidOperation, OverflowError):
        return value


def _plain(number: Decimal) -> str:
    """Spreadsheets keep 17 digits of what was typed with fewer: 0.1 is stored as 0.10000000000000001."""
    text = f"{float(number):.15g}"
    if "e" in text:
        text = f"{Decimal(text):f}"
    return text
