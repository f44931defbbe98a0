"""The local mailbox of the embedded default, read for the desk: a maildir that the channel of that name writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """One line of the list. `key` is the file's name."""

    key: str
    to: str
    subject: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Body:
    """Both sides of one mail, as sent."""

    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


def folder() -> Path:
    """Where the mails lie."""
    configured = settings.DESK.channels.get("mailbox", {}).get("path")
    return Path(str(configured or settings.MAILBOX_DIR))


def available() -> bool:
    """Whether this desk delivers to a local mailbox at all."""
    return settings.DESK.channel == "mailbox"


def _files() -> list[Path]:
    files = [p for sub in ("new", "cur") for p in folder().glob(f"{sub}/*") if p.is_file()]
    if not files:  # a mailbox a recipient: one maildir each
        files = [p for sub in ("new", "cur") for p in folder().glob(f"*/{sub}/*") if p.is_file()]
    return sorted(files, key=lambda p: p.stat().st_mtime, reverse=True)


def newest(to: str = "") -> list[Mail]:
    """The latest mails, optionally those to one address."""
    parser = BytesHeaderParser(policy=policy.default)
    found: list[Mail] = []
    for path in _files():
        with path.open("rb") as stream:
            headers = parser.parse(stream)
        recipient = str(headers.get("To", ""))
        if to and to.lower() not in recipient.lower():
            continue
        found.append(Mail(path.name, recipient, str(headers.get("Subject", "")), _date(str(headers.get("Date", "")))))
        if len(found) >= LIMIT:
            break
    return found


def _date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def read(key: str) -> Body | None:
    """The mail of that name, or None. The name is looked up in the list, never joined to a path."""
    path = next((p for p in _files() if p.name == key), None)
    if path is None:
        return None
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return Body(_part(message, "plain"), _part(message, "html"), tuple((k, str(v)) for k, v in message.items()))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
