"""Messages from files: single mails, mboxes, maildirs, folders of them, XARF as JSON, standard input.

Everything is streamed: memory is that of the largest single message, however long an mbox is.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO, cast

#: The line before a message in an mbox (RFC 4155): who, and when in a form that has a clock time in it. The time is
#: asked for so that a sentence that begins with "From " does not cut a message in two.
_FROM = re.compile(rb"From [^\r\n]{0,300}?\d{1,2}:\d{2}(:\d{2})?[^\r\n]{0,80}\r?\n?\Z")
_QUOTED = re.compile(rb">+From ")
_DATE = re.compile(rb"(?im)^Date[ \t]*:[ \t]*([^\r\n]{1,100})")
_LINE = 1 << 20
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """One message. `name` is its file, with `#3` for the third of an mbox. `problem` says why `raw` is not there."""

    name: str
    raw: bytes
    media_type: str = "message/rfc822"
    problem: str = ""


def messages(path: str, *, limit: int) -> Iterator[Found]:
    """The messages at `path` (`-` is standard input), in the order of names. Larger ones than `limit` are a problem.

    Raises OSError for what cannot be opened.
    """
    if path == "-":
        yield from _stream(cast(BinaryIO, sys.stdin.buffer), "-", limit)
    elif os.path.isdir(path):
        yield from _folder(Path(path), limit)
    else:
        yield from _file(Path(path), limit)


def _folder(folder: Path, limit: int) -> Iterator[Found]:
    if (folder / "cur").is_dir() and (folder / "new").is_dir():  # a maildir; what is in tmp is not delivered yet
        for part in ("cur", "new"):
            for path in sorted((folder / part).iterdir()):
                if path.is_file():
                    yield from _file(path, limit)
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _folder(path, limit)
        elif path.is_file():
            yield from _file(path, limit)


def _file(path: Path, limit: int) -> Iterator[Found]:
    with open(path, "rb") as source:
        yield from _stream(source, str(path), limit)


def _stream(source: BinaryIO, name: str, limit: int) -> Iterator[Found]:
    first = source.readline(_LINE)
    if _FROM.match(first):
        yield from _mbox(source, name, limit)
        return
    rest = source.read(limit + 1 - len(first)) if len(first) <= limit else b""
    if len(first) + len(rest) > limit:
        yield Found(name, b"", problem="too_large")
        return
    raw = first + rest
    media_type = "application/json" if raw[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "message/rfc822"
    yield Found(name, raw, media_type)


def _mbox(source: BinaryIO, name: str, limit: int) -> Iterator[Found]:
    """Split at lines that look like the ones before messages and follow an empty line. `source` is past the first."""
    number, kept, size = 1, bytearray(), 0
    after_empty, at_start = False, True
    while line := source.readline(_LINE):
        if at_start and after_empty and line.startswith(b"From ") and _FROM.match(line):
            yield _one(f"{name}#{number}", kept, size, limit)
            number, kept, size = number + 1, bytearray(), 0
        else:
            if at_start and line.startswith(b">") and _QUOTED.match(line):
                line = line[1:]
            size += len(line)
            if size <= limit + 2:  # the empty line before the next message is not part of this one
                kept += line
        if at_start:
            after_empty = line in (b"\n", b"\r\n")
        at_start = line.endswith(b"\n")
    yield _one(f"{name}#{number}", kept, size, limit)


def _one(name: str, kept: bytearray, size: int, limit: int) -> Found:
    for end in (b"\r\n\r\n", b"\n\n"):
        if kept.endswith(end):
            cut = len(end) // 2
            del kept[-cut:]
            size -= cut
            break
    if size > limit:
        return Found(name, b"", problem="too_large")
    return Found(name, bytes(kept))


def date_of(raw: bytes, *, now: datetime) -> datetime:
    """When a message says it was sent; `now` if it does not say, or says something that cannot be."""
    head = raw[: 64 * 1024].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = _DATE.search(head)
    if found is not None:
        with suppress(ValueError, TypeError, OverflowError, IndexError):
            sent = parsedate_to_datetime(found[1].decode("ascii", "replace"))
            sent = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
            if _EARLIEST <= sent <= now:
                return sent
    return now
