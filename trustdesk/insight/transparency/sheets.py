"""From folders, zips, workbooks and single files to the parts of a report, with what is wrong with the files."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trustdesk.insight.transparency import xlsx
from trustdesk.insight.transparency.form import form, norm
from trustdesk.insight.transparency.rules import Found

#: Bytes that one file of a report may have: a full part 3 with all Member States is under 2 MB.
LARGEST = 50_000_000
FILES = 200
#: Words in the name of a file or sheet that say which part it is, the more telling first.
_NAMES = (
    (2, ("categories_names", "category_names", "categories")), (3, ("orders",)), (4, ("notices",)),
    (5, ("own_initiative_illegal", "initiative_illegal")), (6, ("own_initiative_tc", "initiative_tc", "own_initiative_t")),
    (7, ("appeals", "recidivism", "complaints")), (8, ("automated",)), (9, ("human_resources", "human", "moderators")),
    (10, ("amar", "recipients")), (11, ("qualitative",)), (1, ("summary", "identification")),
)  # fmt: skip
_NUMBER = re.compile(r"^(?:part|sheet)?[ _.-]*0?(1[01]|[1-9])(?![0-9])")
csv.field_size_limit(10_000_000)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One part as it came: `rows` with the heading first, every cell as text; `name` as a person finds it again."""

    part: int
    name: str
    rows: list[list[str]]
    workbook: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What was given: the sheets, what was wrong with the files, and whether all parts must be there."""

    sheets: tuple[Sheet, ...]
    found: tuple[Found, ...]
    whole: bool


def read(paths: Sequence[Path]) -> Source:
    """Read what lies at `paths`. A folder, a zip or a workbook must be a whole report; single files need not."""
    sheets: list[Sheet] = []
    found: list[Found] = []
    whole = False
    for path in paths:
        try:
            if path.is_dir():
                whole = True
                for file in sorted(path.iterdir()):
                    if file.is_file() and not file.name.startswith(".") and file.suffix.lower() in (".csv", ".xlsx"):
                        _one(file.name, _bytes(file), sheets, found)
            else:
                whole |= _one(path.name, _bytes(path), sheets, found)
        except OSError as error:
            found.append(Found("file.unreadable", str(path), 0, 0, "", str(error.strerror or error)))
    return Source(tuple(sheets), tuple(found), whole or len(sheets) > 1)


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise OSError(f"is larger than {LARGEST} bytes")
    return path.read_bytes()


def _one(name: str, data: bytes, sheets: list[Sheet], found: list[Found]) -> bool:
    """Read one file; whether it claims to be a whole report."""
    try:
        if name.lower().endswith(".xlsx") or _is_workbook(data):
            for title, rows in xlsx.sheets(data):
                _take(f"{name}#{title}", title, rows, sheets, found, workbook=True)
            return True
        if data[:4] == b"PK\x03\x04":
            for inner, content in _members(data):
                _one(f"{name}/{inner}", content, sheets, found)
            return True
    except (xlsx.NotAWorkbook, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        found.append(Found("file.unreadable", name, 0, 0, "", str(error)))
        return False
    text = _decode(name, data, found)
    if text is not None:
        _take(name, name.rpartition("/")[2], _parse(name, text, found), sheets, found)
    return False


def _is_workbook(data: bytes) -> bool:
    if data[:4] != b"PK\x03\x04":
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return not {"xl/workbook.xml", "[Content_Types].xml"}.isdisjoint(archive.namelist())


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = [m for m in archive.infolist() if m.filename.lower().endswith(".csv") and "__MACOSX" not in m.filename]
        if len(inside) > FILES:
            raise ValueError(f"has more than {FILES} files")
        room = LARGEST
        for member in inside:
            with archive.open(member) as stream:
                content = stream.read(room + 1)
            room -= len(content)
            if room < 0:
                raise ValueError(f"unpacks to more than {LARGEST} bytes")
            yield member.filename, content


def _take(
    name: str, title: str, rows: list[list[str]], sheets: list[Sheet], found: list[Found], *, workbook: bool = False
) -> None:
    part = part_of(title, rows)
    if part == 0:
        if rows:
            found.append(
                Found("part.unknown", name, 0, 0, "", "neither its name nor its heading is one of the template")
            )
    elif any(sheet.part == part for sheet in sheets):
        found.append(Found("part.repeated", name, part, 0, "", f"part {part} was there already"))
    else:
        sheets.append(Sheet(part, name, rows, workbook))


def part_of(title: str, rows: Sequence[Sequence[str]]) -> int:
    """Which part this is, 1 to 11, by its name and, where that says nothing, by its heading; 0 if it is none."""
    name = re.sub(r"[^a-z0-9]+", "_", Path(title).stem.lower()).strip("_")
    named = next((part for part, words in _NAMES if any(word in name for word in words)), 0)
    if named:
        return named
    heading = {norm(cell) for cell in rows[0]} if rows else set()
    best, share = 0, 0.0
    for part in form().parts:
        wanted = {norm(column) for column in part.columns}
        now = len(wanted & heading) / len(wanted | heading)
        if now > share:
            best, share = part.number, now
    if share > 0.7 and not (best in (7, 8, 9) or best in (5, 6)):
        return best
    numbered = _NUMBER.match(name)
    return int(numbered[1]) if numbered else _alike(best, rows) if share > 0.7 else 0


def _alike(best: int, rows: Sequence[Sequence[str]]) -> int:
    """Which of the parts that share a heading: the one whose fixed texts are in the rows; `best` where none tells."""
    inside = {norm(cell) for row in rows[1:] for cell in row}
    if best in (7, 8, 9):
        told = {p.number: {norm(row[2]) for row in p.rows} for p in form().parts if p.number in (7, 8, 9)}
    elif best in (5, 6):
        told = {n: {c.code for c in form().of(n)} - {c.code for c in form().of(11 - n)} for n in (5, 6)}
    else:
        return best
    return max(told, key=lambda number: (len(told[number] & inside), number == best))


def _decode(name: str, data: bytes, found: list[Found]) -> str | None:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            found.append(Found("file.encoding", name, 0, 0, "", "the text is UTF-16"))
            return data.decode(encoding, "replace")
    if data.startswith(b"\xef\xbb\xbf"):
        found.append(Found("file.bom", name, 0, 1, "", "the file begins with the bytes EF BB BF"))
        data = data[3:]
    if b"\x00" in data:
        found.append(Found("file.unreadable", name, 0, 0, "", "the file has NUL bytes: it is no text"))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found.append(Found("file.encoding", name, 0, line, "", f"byte {data[error.start]:02X} is not UTF-8"))
        text = data.decode("cp1252", "replace")
    return text


#: What UTF-8 looks like that was read as Windows-1252, and the mark of lost letters.
_GARBLED = re.compile("\u00e2\u20ac[\u2122\u0153\u201c\u009d\u00a6]|\u00c3[\u00a1-\u00bf]|\ufffd")


def _parse(name: str, text: str, found: list[Found]) -> list[list[str]]:
    garbled = _GARBLED.search(text)
    if garbled:
        line = text.count("\n", 0, garbled.start()) + 1
        found.append(Found("file.garbled", name, 0, line, "", f"{garbled[0]!r} stands for another letter"))
    delimiter = _delimiter(text.partition("\n")[0])
    if delimiter != ",":
        shown = {"\t": "a tab", ";": "a semicolon", "|": "a bar"}[delimiter]
        found.append(Found("file.delimiter", name, 0, 1, "", f"cells are separated by {shown}"))
    _line_ends(name, text, found)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
    except csv.Error as error:
        found.append(Found("file.quoting", name, 0, len(rows) + 1, "", str(error)))
        rows = []
        with suppress(csv.Error):  # a cell of megabytes: what came before it is checked
            rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    else:
        if bare := _bare(text, delimiter):
            found.append(
                Found("file.quoting", name, 0, bare, "", "a quotation mark stands in a cell that is not quoted")
            )
    return rows


def _bare(text: str, delimiter: str) -> int:
    """The first line with a quotation mark in a cell that does not begin with one (RFC 4180, 2.5), else 0."""
    if '"' not in text:
        return 0
    left = _QUOTED[delimiter].sub(lambda cell: cell[0][:1].strip('"') + "\n" * cell[0].count("\n", 1), text)
    mark = left.find('"')
    return 0 if mark < 0 else left.count("\n", 0, mark) + 1


#: A quoted cell with the mark before it.
_QUOTED = {mark: re.compile(rf'(?:\A|[{re.escape(mark)}\r\n])"[^"]*(?:""[^"]*)*"') for mark in ",;\t|"}
_LINE_ENDS = {"\r\n": "CR LF", "\n": "LF", "\r": "CR"}


def _line_ends(name: str, text: str, found: list[Found]) -> None:
    """Inside quoted cells any line end may stand; between rows all must be the same, and never a bare CR."""
    bare = re.sub(r'"[^"]*"', "", text) if '"' in text else text
    kinds = {_LINE_ENDS[end] for end in set(re.findall(r"\r\n|\n|\r", bare))}
    if len(kinds) > 1 or "CR" in kinds:
        found.append(Found("file.line_ends", name, 0, 0, "", f"lines end with {' and '.join(sorted(kinds))}"))


def _delimiter(heading: str) -> str:
    counts = {mark: heading.count(mark) for mark in (",", ";", "\t", "|")}
    best = max(counts, key=lambda mark: counts[mark])
    # A heading of the template has at least three commas; some of its texts have commas of their own.
    return best if best != "," and counts[best] >= 3 and counts[best] > counts[","] else ","


def missing(sheets: Iterable[Sheet]) -> tuple[int, ...]:
    """Numbers of the parts that are not there."""
    there = {sheet.part for sheet in sheets}
    return tuple(part.number for part in form().parts if part.number not in there)
