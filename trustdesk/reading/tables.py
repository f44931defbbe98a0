# ruff: noqa: E501  (a list of words reads best in few lines)
"""Tables with a heading: comma, semicolon, tab or pipe separated, or in columns; in the text or attached.

The heading says which column holds what is complained about. Only those cells are looked at, so that a table of
100,000 rows costs little and its destinations and sensors are never taken for targets.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from trustdesk.reading import canonical
from trustdesk.reading.extract import Found, extract
from trustdesk.reading.layout import Layout
from trustdesk.reading.lexicon import fold, load, words

_NAME = re.compile(r"[\W_]+")


def _column_name(name: str) -> str:
    return _NAME.sub("_", fold(name.strip().strip("\"'*").lower())).strip("_")


#: What columns weigh whose names stand in the files of languages.
_SPOKEN = {"address": 4.0, "url": 4.0, "name": 4.0, "other": -5.0, "known": 0.0}
_COLUMNS = {
    **{_column_name(name): (group, weight) for group, weight in _SPOKEN.items() for name in words("columns", group)},
    **{name: (group, float(weight)) for group, names in load("columns").items() for name, weight in names.items()},
}
_VICTIM = ("other", -5.5)
_GAPS = re.compile(r" {2,}|\t+")
_DELIMITERS = ("\t", ",", ";", "|")
_MAX_FIELDS = 200
#: Without one of these a line is no heading of a table that we could read.
_TELLING = (
    "ip",
    "url",
    "src",
    "host",
    "domain",
    "addr",
    "source",
    "link",
    "site",
    "attacker",
    "uri",
    "page",
    "fqdn",
    "dom",
    "adres",
    "lien",
    "enlace",
    "odkaz",
    "lenk",
)
_INDICATOR = re.compile(r"\d\.\d{1,3}\.\d|://|@")


@dataclass(frozen=True, slots=True)
class Tables:
    """Cells found, and the stretches of text that are tables (to be left out of the search of running text)."""

    found: list[Found]
    ranges: list[tuple[int, int]]


@dataclass(slots=True)
class _Heading:
    delimiter: str  # "" for columns separated by several spaces
    columns: dict[int, tuple[str, float]]
    size: int


#: Words of which names of columns are made, where the name as a whole is not in the list.
_ADDRESS_WORDS = frozenset(
    ["ip", "ips", "ipv4", "ipv6", "addr", "address", "addresses", "ipaddress", "adresse", "direccion", "indirizzo", "adres", "adresa", "endereco"]
)  # fmt: skip
_URL_WORDS = frozenset(["url", "urls", "uri", "link", "links", "enlace", "lien", "webpage"])
_HOST_WORDS = frozenset(["host", "hostname", "server", "servidor", "serveur", "domain", "dominio", "domaine", "fqdn"])
_OTHER_WORDS = frozenset(
    ["dst", "dest", "destination", "destino", "destinazione", "ziel", "cible", "target", "server", "local", "sensor", "honeypot", "reporter",
     "nameserver", "dns", "original", "official", "legitimate", "authorized", "own", "our", "screenshot", "evidence", "proof", "report",
     "brand", "legit", "genuine", "impersonated", "spoofed", "imitated", "sinkhole", "referer", "referrer", "nat", "gateway", "relay", "work"]
)  # fmt: skip
_VICTIM_WORDS = frozenset(["victim", "victima", "victime", "vittima", "opfer", "slachtoffer"])
_SOURCE_WORDS = frozenset(
    ["src", "source", "attacker", "attacking", "attackers", "offender", "offending", "infected", "infringing", "malicious", "bot", "client",
     "remote", "abuser", "abusive", "abusing", "origin", "originating", "quelle", "quell", "origen", "origem", "sorgente", "atacante",
     "suspect", "suspicious", "spammer", "sender", "sending", "compromised", "vulnerable", "affected", "phishing", "malware", "reported",
     "spam", "scanner", "scanning", "fraudulent", "unauthorized", "illegal", "pirate", "peer"]
)  # fmt: skip
_CONTROL_WORDS = frozenset(["c2", "cnc", "controller"])


@lru_cache(maxsize=4096)
def _normal(name: str) -> str:
    return _column_name(name)


@lru_cache(maxsize=4096)
def column(name: str) -> tuple[str, float] | None:
    """(group, weight) of a column or key named `name`, or None if the name says nothing."""
    normal = _normal(name)
    known = _COLUMNS.get(normal)
    if known is not None or not 2 < len(normal) < 40:
        return known
    words = frozenset(normal.split("_"))
    if len(words) > 6:
        return None
    if words & _CONTROL_WORDS or normal.endswith("_c_c") or normal.startswith("c_c_"):
        return ("address", 3.0) if words & (_ADDRESS_WORDS | _HOST_WORDS) else None
    group = "address" if words & _ADDRESS_WORDS else "url" if words & _URL_WORDS else ""
    if not group:
        return None
    if words & _VICTIM_WORDS:
        return _VICTIM
    if words & _SOURCE_WORDS:
        return group, 5.0
    if words & _OTHER_WORDS:
        return "other", -5.0
    return (group, 3.5) if len(words) <= 3 else None


def _heading(text: str) -> _Heading | None:
    """The columns a line names, if it is a heading: short names, at least two of them known, no indicators."""
    lower = text.lower()
    if text.isascii() and not any(word in lower for word in _TELLING) or _INDICATOR.search(text):
        return None
    label = text.find(":", 0, 24)
    if label > 0 and "," in text[label:]:
        text = text[label + 1 :]
    delimiter = max(_DELIMITERS, key=text.count)
    if text.count(delimiter) >= 1:
        names = text.strip().strip("|").split(delimiter) if delimiter == "|" else text.split(delimiter)
        if delimiter == "\t":
            names = [n for n in names if n.strip()] if names and not names[0].strip() else names
    elif "  " in text.strip():
        delimiter, names = "", _GAPS.split(text.strip())
    else:
        return None
    if len(names) < 2 or len(names) > _MAX_FIELDS or max(map(len, names)) > 60:
        return None
    columns = {}
    known = 0
    for index, name in enumerate(names):
        entry = column(name)
        if entry:
            if _normal(name).startswith("victim"):
                entry = _VICTIM
            known += 1
            if entry[0] != "known":
                columns[index] = entry
    if (
        known < 2
        or not any(entry == _VICTIM or entry[0] in ("address", "url", "name") for entry in columns.values())
        or known * 6 < len(names)
    ):
        return None
    return _Heading(delimiter, columns, len(names))


def _unfinished(text: str) -> bool:
    """True for a line that a mail program may have broken: a heading that goes on in the next line."""
    return text.count(",") >= 2 or text.count(";") >= 2


def _goes_on(text: str) -> bool:
    return (
        bool(text.strip())
        and len(text) < 120
        and ("," in text or ";" in text)
        and not any(c.isdigit() for c in text[:4])
    )


def tables(text: str, lines: Layout, *, rows: int, limit: int, infected: bool = False) -> Tables:
    """All tables in the document `text`, at most `rows` rows and `limit` cells. Linear; never raises.

    `infected` says that the complaint is about infected machines, whose owners are its victims.
    """
    found: list[Found] = []
    ranges: list[tuple[int, int]] = []
    apart: _Heading | None = None
    at = 0
    total = len(lines.lines)
    while at < total and rows > 0 and len(found) < limit:
        line = lines.lines[at]
        at += 1
        body = line.text
        if (
            len(body) < 6
            or len(body) > 4000
            or ("," not in body and "\t" not in body and ";" not in body and "|" not in body and "  " not in body)
        ):
            continue
        heading = None
        if at < total and 40 < len(body) < 200 and _unfinished(body) and _goes_on(lines.lines[at].text):
            heading = _heading(body + " " + lines.lines[at].text)
            if heading is not None:
                at += 1
        heading = heading or _heading(body)
        if heading is not None:
            if infected:
                heading.columns = {i: ("address", 5.0) if c == _VICTIM else c for i, c in heading.columns.items()}
        elif apart is not None and body.count(apart.delimiter) == apart.size - 1 and _INDICATOR.search(body):
            # The heading stands apart from its rows ("the format of the log is …").
            heading = apart
            at -= 1
        else:
            continue
        start, taken = line.start, 0
        cells: list[Found] = []
        misses = 0
        while at < total and rows > 0 and len(found) + len(cells) < limit:
            row, used = _row(lines, at, heading)
            if row is None:
                blank = not lines.lines[at].text.strip()
                misses += 1
                if misses > (1 if taken else 2) or (not blank and taken == 0 and misses > 1):
                    break
                at += 1
                continue
            misses = 0
            taken += 1
            rows -= 1
            cells += _cells(row, heading, text)
            at += used
        if not taken and heading.delimiter:
            apart = heading if heading.size > 3 else None
            cells, at, taken = _broken(lines, at, heading)
        if taken and any(c.hint > 0 for c in cells):
            found += cells
            end = lines.lines[min(at, total) - 1].end
            ranges.append((start, end))
    return Tables(found[:limit], ranges)


#: Rows without order that are looked at after a heading, and lines one of them may take.
_BROKEN_ROWS, _BROKEN_LINES = 500, 4


def _broken(lines: Layout, at: int, heading: _Heading) -> tuple[list[Found], int, int]:
    """(cells, line after them, rows) where a mail program has broken the rows: blocks of lines set apart by blank ones,
    each with as many addresses as the heading has columns for them."""
    cells: list[Found] = []
    taken = 0
    first = at
    while taken < _BROKEN_ROWS and at < len(lines.lines):
        while at < len(lines.lines) and not lines.lines[at].text.strip():
            at += 1
        end = at
        while end < len(lines.lines) and lines.lines[end].text.strip() and end - at <= _BROKEN_LINES:
            end += 1
        if end == at or end - at > _BROKEN_LINES:
            break
        block = [(line.start, line.text) for line in lines.lines[at:end]]
        row = _by_order(block, heading)
        if not row:
            break
        cells += row
        taken += 1
        at = end
    return cells, at if taken else first, taken


def _by_order(pieces: list[tuple[int, str]], heading: _Heading) -> list[Found]:
    """The addresses in `pieces` as the columns for addresses in their order; empty if their numbers differ."""
    columns = [heading.columns[i] for i in sorted(heading.columns) if _holds_address(heading.columns[i])]
    items = [
        replace(item, start=start + item.start, end=start + item.start + len(item.raw))
        for start, piece in pieces
        for item in extract(piece[:4000], limit=20)
        if item.kind == "ip"
    ]
    if not columns or len(items) != len(columns):
        return []
    return [replace(item, hint=weight) for item, (_, weight) in zip(items, columns, strict=True)]


def _holds_address(entry: tuple[str, float]) -> bool:
    return entry[0] == "address" or entry == _VICTIM or (entry[0] == "other" and entry[1] <= -5.0)


def _row(lines: Layout, at: int, heading: _Heading) -> tuple[list[tuple[int, str]] | None, int]:
    """(offset, cell) pairs of the row that begins at line `at` and how many lines it takes; None if it is no row."""
    line = lines.lines[at]
    text = line.text
    if not text.strip():
        return None, 0
    if heading.delimiter == "":
        parts: list[tuple[int, str]] = []
        position = len(text) - len(text.lstrip())
        for piece in _GAPS.split(text.strip()):
            position = text.find(piece, position)
            parts.append((line.start + position, piece))
            position += len(piece)
        return (parts, 1) if len(parts) == heading.size else (None, 0)
    used = 1
    joined = text
    while joined.count('"') % 2 and used < 12 and at + used < len(lines.lines):
        joined += "\n" + lines.lines[at + used].text
        used += 1
    if joined.count('"') % 2:
        joined, used = text, 1
    delimiter = heading.delimiter
    body = joined.strip().strip("|") if delimiter == "|" else joined
    offset = line.start + (joined.find(body) if body else 0)
    try:
        fields = next(csv.reader([body], delimiter=delimiter)) if '"' in body else body.split(delimiter)
    except (csv.Error, StopIteration):
        return None, 0
    if '"' in body and "\n" in body:
        try:
            fields = next(csv.reader(body.split("\n"), delimiter=delimiter))
        except (csv.Error, StopIteration):
            return None, 0
    if len(fields) < heading.size and used == 1 and at + 1 < len(lines.lines) and delimiter in (",", ";"):
        # A mail program may have broken the row at a space.
        more = lines.lines[at + 1].text
        longer = f"{body}\n{more}".split(delimiter)
        if more.strip() and len(longer) == heading.size:
            body, fields, used = f"{body}\n{more}", longer, 2
    if heading.size >= 3 and len(fields) * 2 < heading.size:
        return None, 0  # the beginning of another table
    if abs(len(fields) - heading.size) > 1 and len(fields) < max(heading.columns) + 1:
        return None, 0
    cells = []
    position = 0
    for field in fields:
        where = body.find(field, position) if field else position
        if where < 0:
            where = position
        cells.append((offset + where, field))
        position = where + len(field)
    return cells, used


def _items(cell: str) -> list[Found]:
    text = cell.strip().strip("\"'")
    address = canonical.address(text) if len(text) < 46 and (text[:1].isdigit() or ":" in text) else None
    if address:
        at = cell.find(text)
        return [Found("ip", address, text, at, at + len(text), address, True)]
    if text.isalnum() and text.isascii():
        return []
    return extract(cell[:4000], limit=20)


def _cells(row: list[tuple[int, str]], heading: _Heading, text: str) -> list[Found]:
    out: list[Found] = []
    if len(row) < heading.size and not any(_items(row[i][1]) for i in heading.columns if i < len(row)):
        return _by_order(row, heading)  # fields are missing
    groups = {group for group, _ in heading.columns.values()}
    filled = {
        heading.columns[i][0] for i in heading.columns if i < len(row) and len(row[i][1].strip()) > 3
    }  # a row may leave its address empty
    for index, (group, weight) in heading.columns.items():
        if index >= len(row):
            continue
        start, cell = row[index]
        if len(cell.strip()) < 4:
            continue
        if group == "name" and ("address" in filled or "url" in filled):
            weight = -1.0
        if group == "url" and weight < 3.5 and "address" in groups:
            weight = 1.0
        for item in _items(cell):
            if item.kind in ("hash", "email"):
                continue
            begin = start + item.start
            raw = item.raw
            out.append(
                Found(
                    item.kind,
                    item.value,
                    raw,
                    begin,
                    begin + len(raw),
                    item.host,
                    item.bare,
                    item.defanged,
                    item.port,
                    weight,
                )
            )
    return out
