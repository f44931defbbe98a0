"""Reading an XLSX workbook of somebody else: cells as the texts that a CSV export of it would have.

Bounded in size, no entity is expanded, nothing is run: formulas give the value that was stored with them.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NS, REL = f"{{{MAIN}}}", f"{{{LINKS}}}id"
#: The same names in the strict form of the standard (ISO/IEC 29500-1), which some programs write.
_STRICT = {"http://purl.oclc.org/ooxml/spreadsheetml/main": MAIN,
           "http://purl.oclc.org/ooxml/officeDocument/relationships": LINKS}  # fmt: skip
#: Bytes that a part of the workbook may have when unpacked, and cells in one sheet.
LARGEST = 50_000_000
CELLS = 2_000_000
WIDEST = 1024
_DAYS = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})
_TIMES = frozenset({18, 19, 20, 21, 45, 46, 47})


class NotAWorkbook(ValueError):
    """The bytes are no XLSX workbook that can be read."""


@dataclass(frozen=True, slots=True)
class _Book:
    """What the cells of all sheets refer to: `shared` texts, what each cell format shows, the day that is number 0."""

    shared: list[str]
    styles: list[str]
    zero: date


def sheets(data: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    """Every worksheet as (name, rows of cells) in the order of the workbook. Raises NotAWorkbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            place = _main(archive)
            book = _xml(archive, place)
            links = {row.get("Id", ""): row for row in _links(archive, place)}
            found = {row.get("Type", "").rpartition("/")[2]: _target(place, row) for row in links.values()}
            properties = book.find(f"{NS}workbookPr")
            old = properties is not None and properties.get("date1904") in ("1", "true")
            shown = _Book(
                _shared(archive, found), _styles(archive, found), date(1904, 1, 1) if old else date(1899, 12, 30)
            )
            for sheet in book.iter(f"{NS}sheet"):
                row = links.get(sheet.get(REL, ""))
                if row is not None and row.get("Type", "").endswith("/worksheet"):
                    yield sheet.get("name", ""), _rows(_xml(archive, _target(place, row)), shown)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, NotImplementedError, ValueError) as error:
        raise NotAWorkbook(str(error)) from error


def _main(archive: zipfile.ZipFile) -> str:
    """Where the workbook's own part is: programs may call it what they like."""
    for row in _links(archive, ""):
        if row.get("Type", "").endswith("/officeDocument"):
            return _target("", row)
    return "xl/workbook.xml"


def _links(archive: zipfile.ZipFile, part: str) -> Iterator[ElementTree.Element]:
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    yield from _xml(archive, path) if path in archive.namelist() else ()


def _target(part: str, link: ElementTree.Element) -> str:
    """The part that a link of `part` leads to: from the root, or from beside it."""
    target = link.get("Target", "")
    if target.startswith("/"):
        return target.lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(name) as member:
        data = member.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST} bytes")
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError(f"{name} has a document type, which a workbook has not")
    for strict, usual in _STRICT.items():
        text = text.replace(strict, usual)
    return ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities


def _text(element: ElementTree.Element) -> str:
    """The text of a string item: plain or in runs, without phonetic hints."""
    found = []
    for child in element:
        if child.tag == f"{NS}t":
            found.append(child.text or "")
        elif child.tag == f"{NS}r":
            found += [t.text or "" for t in child.findall(f"{NS}t")]
    return _plain_text("".join(found))


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def _plain_text(text: str) -> str:
    """Characters that XML cannot hold, or that a program would not trust it with, are written as `_x000D_`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\r\n", "\n")


def _shared(archive: zipfile.ZipFile, found: dict[str, str]) -> list[str]:
    path = found.get("sharedStrings", "")
    return [_text(item) for item in _xml(archive, path).findall(f"{NS}si")] if path in archive.namelist() else []


def _styles(archive: zipfile.ZipFile, found: dict[str, str]) -> list[str]:
    """What each cell format shows: "" for a number, "date", "time" or "percent"."""
    if found.get("styles", "") not in archive.namelist():
        return []
    tree = _xml(archive, found["styles"])
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
    if "y" in bare or "d" in bare.replace("[red]", "") or "mmm" in bare:
        return "date"
    return "time" if "h" in bare or "ss" in bare else ""


def _rows(tree: ElementTree.Element, book: _Book) -> list[list[str]]:
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
            line.append(_value(cell, book))
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


def _value(cell: ElementTree.Element, book: _Book) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inside = cell.find(f"{NS}is")
        return "" if inside is None else _text(inside)
    value = cell.findtext(f"{NS}v") or ""
    if kind == "s":
        return book.shared[int(value)] if value.isdigit() and int(value) < len(book.shared) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind == "d":  # a date as text (ISO 8601); midnight is a day
        day, _, clock = value.partition("T")
        return day if not clock.strip("0:.Z") else value
    if kind == "str":
        return _plain_text(value)
    if kind != "n" or not value:
        return value
    style = int(cell.get("s") or 0)
    return _number(value, book.styles[style] if style < len(book.styles) else "", book.zero)


def _number(value: str, kind: str, zero: date) -> str:
    """A stored number as it is shown: dates and times as such, 5.0 as 5."""
    try:
        number = Decimal(value)
        if not number.is_finite() or abs(number) > 10**15:
            return value
        if kind == "date" and 0 <= number < 2_957_000:
            return (zero + timedelta(days=int(number))).isoformat()
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
