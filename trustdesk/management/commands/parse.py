"""`trustdesk parse`: what the reader makes of messages. Touches no database."""

from __future__ import annotations

import json
import mailbox
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from trustdesk import keyring
from trustdesk.core.types import Form, Reading
from trustdesk.interfaces.reading import read
from trustdesk.reading.keys import NO_KEYS

DONE, FINDINGS, USAGE = 0, 1, 2


class Command(BaseCommand):
    """Read messages and print what they claim: form, category, reporter, indicators with their roles."""

    help = "Read messages (.eml, .json, mbox, maildir, a directory, or - for standard input) and print what they claim."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths", nargs="+", metavar="PATH", help="message, mbox, maildir, directory, or - for standard input"
        )
        parser.add_argument("--jsonl", action="store_true", help="one JSON object a message")
        parser.add_argument(
            "--keys", metavar="FOLDER", type=Path, help="keys in reporters/ and private/ (docs/operate/mail.md)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        code = DONE
        keys = NO_KEYS
        if options["keys"] is not None:
            keys, wrong = keyring.load(options["keys"])
            if wrong or not (keys.known or keys.private):
                none = _("There are no keys in %(path)s") % {"path": options["keys"]}
                self.stderr.write("\n".join(map(str, wrong)) or none)
                sys.exit(USAGE)
        try:
            for name, raw in messages(options["paths"]):
                reading = read(raw, keys=keys)
                if reading.form == Form.UNPARSED:
                    code = FINDINGS
                self.stdout.write(
                    json.dumps(as_json(name, reading), ensure_ascii=False)
                    if options["jsonl"]
                    else as_text(name, reading)
                )
        except FileNotFoundError as error:
            self.stderr.write(_("There is no such file: %(path)s") % {"path": error.filename})
            sys.exit(USAGE)
        if code:
            sys.exit(code)


def messages(paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every message under `paths`, in sorted order. Raises FileNotFoundError."""
    for name in paths:
        if name == "-":
            yield "-", sys.stdin.buffer.read()
            continue
        path = Path(name)
        if not path.exists():
            raise FileNotFoundError(2, "no such file", name)
        yield from _expand(path)


def _expand(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        if (path / "cur").is_dir() and (path / "new").is_dir():
            for child in sorted([*(path / "cur").iterdir(), *(path / "new").iterdir()]):
                yield str(child), child.read_bytes()
            return
        for child in sorted(path.iterdir()):
            if child.is_dir() or child.is_file():
                yield from _expand(child)
        return
    with path.open("rb") as file:
        start = file.read(5)
    if start == b"From " and path.suffix.lower() != ".eml":
        box = mailbox.mbox(path, create=False)
        for key in box.iterkeys():
            yield f"{path}#{key}", box.get_bytes(key)
        box.close()
        return
    yield str(path), path.read_bytes()


def as_json(name: str, reading: Reading) -> dict[str, Any]:
    """The documented JSON object of one message."""
    party = {
        k: v
        for k in ("name", "email", "organisation", "phone", "address", "country")
        if (v := getattr(reading.reporter, k))
    }
    return {
        "file": name,
        "form": reading.form.value,
        "category": reading.category.value if reading.category else None,
        "confidence": reading.confidence,
        "language": reading.language,
        "reporter": party,
        "indicators": [
            {"kind": i.kind, "value": i.value, "role": i.role.value, "start": i.start, "end": i.end}
            for i in reading.indicators
        ],
        "problems": [{"code": p.code, "message": p.message, "where": p.where} for p in reading.problems],
        "subject": reading.subject,
        "parser": reading.parser,
        "incident_at": reading.incident_at.isoformat() if reading.incident_at else None,
        "elements": [
            {"id": e.id, "present": e.present, "spans": [[s.start, s.end] for s in e.spans]} for e in reading.elements
        ],
        "tags": list(reading.tags),
    }


def as_text(name: str, reading: Reading) -> str:
    """The same for people: one block a message."""
    category = reading.category.value if reading.category else "?"
    lines = [name, f"  {reading.form.value}  {category}  ({reading.confidence:.2f})  {reading.language}"]
    if reading.subject:
        lines.append(f"  {reading.subject[:110]}")
    who = " ".join(
        x for x in (reading.reporter.name, f"<{reading.reporter.email}>" if reading.reporter.email else "") if x
    )
    if who:
        lines.append("  " + _("from %(who)s") % {"who": who})
    lines += ["  " + tag for tag in reading.tags if tag.startswith("signed:")]
    for item in reading.indicators:
        if item.role == "target":
            lines.append(f"  → {item.kind:6} {item.value}  ({item.confidence:.2f})")
    others = sum(i.role != "target" for i in reading.indicators)
    if others:
        lines.append("  " + _("%(count)d other indicators") % {"count": others})
    lines += [f"  ! {p.code}: {p.message}" for p in reading.problems]
    return "\n".join(lines) + "\n"
