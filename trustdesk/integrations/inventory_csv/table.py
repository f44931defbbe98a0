"""Reads one CSV file row by row, with the line each row stands on, and never stops at a bad one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trustdesk.core.types import Problem

_MAX_FILE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `where` is `file:line` of its first line; every known column is there, stripped, "" when empty."""

    where: str
    cells: dict[str, str]


def rows(path: Path, required: frozenset[str], optional: frozenset[str]) -> Iterator[Row | Problem]:
    """The rows of `path` and what is wrong with it.

    UTF-8 with or without BOM; comma, semicolon or tab, whichever the header line has most of; a quoted cell may hold
    line breaks. An unknown column is a Problem and is passed over: a misspelt `until` must not become "for ever".
    """
    name = path.name
    try:
        size = path.stat().st_size
        if size > _MAX_FILE:
            yield Problem("file_too_large", f"{size} octets; at most {_MAX_FILE}", name)
            return
        raw = path.read_bytes()
    except OSError as error:
        yield Problem("file", f"cannot be read: {error.strerror}", name)
        return
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Problem("encoding", "this is UTF-16; export it as UTF-8", name)
        return
    text = raw.decode("utf-8-sig", "surrogateescape")
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    head: list[str] | None = None
    while True:
        where = f"{name}:{reader.line_num + 1}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Problem("csv", f"{error}; nothing after this could be read", where)
            return
        if cells is None:
            if head is None:
                yield Problem("empty", "there is no header line", f"{name}:1")
            return
        if not any(cell.strip() for cell in cells):
            continue
        if head is None:
            head = [cell.strip().lower() for cell in cells]
            wrong = list(_header(head, required, optional, where))
            yield from wrong
            if any(problem.code != "unknown_column" for problem in wrong):
                return
            continue
        if len(cells) != len(head):
            yield Problem("columns", f"{len(cells)} cells where the header has {len(head)}", where)
            continue
        if not _clean("".join(cells)):
            yield Problem("encoding", "the row is not UTF-8, or holds a NUL", where)
            continue
        found = dict(zip(head, (cell.strip() for cell in cells), strict=True))
        yield Row(where, {column: found.get(column, "") for column in required | optional})


def _clean(text: str) -> bool:
    try:
        text.encode()  # octets that are not UTF-8 were read as lone surrogates, which cannot be written back
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _header(head: list[str], required: frozenset[str], optional: frozenset[str], where: str) -> Iterator[Problem]:
    for column in sorted(required - set(head)):
        yield Problem("missing_column", f"there is no column {column!r}", where)
    for column in sorted({c for c in head if head.count(c) > 1}):
        yield Problem("double_column", f"the column {column!r} comes twice", where)
    for column in sorted(set(head) - required - optional):
        yield Problem("unknown_column", f"the column {column!r} means nothing here and is passed over", where)
