"""Feeds: files of findings that somebody publishes and we subscribe to.

A table (CSV) is one report: the reader knows the shared formats and makes one case for each accountable subject of it.
Of JSON lines each line is a report. With a map (a TOML file) each row or line becomes a report in the fields of our own
form, with the row as it came beside them.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from typing import Any, BinaryIO

from trustdesk.core.types import Category, Finding, Refused
from trustdesk.doors.files import Found
from trustdesk.reading.submission import submission

#: One line of a feed; longer ones are a problem.
LINE = 1 << 20
#: Fields of our form that a row may fill.
FIELDS = frozenset({"urls", "category", "description", "incident_at", "title"})


@dataclass(frozen=True, slots=True)
class Map:
    """How the rows of a feed are read: our field → the name of theirs (dots go into objects), their words for
    categories → ours, the category where they have none, and who reports."""

    fields: Mapping[str, str]
    category: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)
    reporter: Mapping[str, str] = field(default_factory=dict)


def load_map(path: Path) -> Map:
    """Read a map. Raises Refused naming the key that is wrong."""
    try:
        found = Map(**tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise Refused(Finding("feed.map", f"{path}: {error}")) from error
    ours = {c.value for c in Category}
    for name in set(found.fields) - FIELDS:
        raise Refused(Finding("feed.map", f"{path}: fields: unknown {name!r}; known are {', '.join(sorted(FIELDS))}"))
    for name in {found.category or "other", *found.categories.values()} - ours:
        raise Refused(Finding("feed.map", f"{path}: {name!r} is not one of our categories"))
    if "urls" not in found.fields:
        raise Refused(
            Finding("feed.map", f"{path}: fields.urls is missing: which field says what is complained about?")
        )
    return found


def table(source: BinaryIO, name: str, *, sender: str, limit: int) -> Iterator[Found]:
    """The whole file as one report, in the form of a mail that carries it, so that its sender and name are kept with it.

    The same file again gives the same bytes: nothing in them depends on when it was fetched.
    """
    raw = source.read(limit + 1)
    if len(raw) > limit * 3 // 4 - 4096:  # base64 makes it a third larger
        yield Found(name, b"", problem="too_large")
        return
    shown, address = parseaddr(sender)
    file = " ".join(Path(name).name.split())
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(shown, addr_spec=address) if address else "feed"
    mail["Subject"] = f"Feed {file}"
    mail["Message-ID"] = f"<{hashlib.sha256(raw).hexdigest()}@feed.invalid>"
    mail["Content-Type"] = "text/csv"
    mail.add_header("Content-Disposition", "attachment", filename=file)
    mail["Content-Transfer-Encoding"] = "base64"
    mail["MIME-Version"] = "1.0"
    mail.set_payload(base64.encodebytes(raw).decode("ascii"))
    yield Found(name, mail.as_bytes())


def rows(source: BinaryIO, name: str, *, mapped: Map) -> Iterator[Found]:
    """Each row of a CSV with a heading as a report of its own."""
    text = io.TextIOWrapper(source, "utf-8-sig", "replace", newline="")
    reader = csv.DictReader((line for line in text if not line.startswith("#")), restkey="_more")
    number = 1
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Found(f"{name}#{number}", b"", problem=f"not_csv: {error}")
            continue
        yield _mapped(row, f"{name}#{number}", mapped)


def lines(source: BinaryIO, name: str, *, mapped: Map | None) -> Iterator[Found]:
    """Each line of JSON as a report of its own: as it stands (XARF, for example), or by the map."""
    number = 0
    while line := source.readline(LINE + 1):
        number += 1
        where = f"{name}#{number}"
        if len(line) > LINE and not line.endswith(b"\n"):
            while rest := source.readline(LINE):
                if rest.endswith(b"\n"):
                    break
            yield Found(where, b"", problem="too_large")
            continue
        raw = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not raw:
            continue
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            yield Found(where, b"", problem="not_a_json_object")
        elif mapped is None:
            yield Found(where, raw, "application/json")
        else:
            yield _mapped(value, where, mapped)


def _mapped(row: Mapping[str, Any], where: str, mapped: Map) -> Found:
    def said(ours: str) -> Any:
        value: Any = row
        for name in mapped.fields.get(ours, "").split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    urls = said("urls")
    urls = [str(u) for u in (urls if isinstance(urls, list) else [urls]) if u]
    if not urls:
        return Found(where, b"", problem="no_target")
    category = mapped.categories.get(str(said("category")), mapped.category or "other")
    fields: dict[str, Any] = {"category": category, "urls": urls, "original": row}
    for name in ("description", "title", "incident_at"):
        if said(name):
            fields[name] = str(said(name))
    if mapped.reporter:
        fields["reporter"] = dict(mapped.reporter)
    return Found(where, submission(fields), "application/json")
