"""Builds a letter as an RFC 5322 message; every channel that speaks mail sends exactly this."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from trustdesk.interfaces.channel import Letter

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}@[A-Za-z0-9.-]{1,200}>")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}")
# C0 and C1 controls end or bend a header; the bidirectional controls make it read as something else.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
#: Fields that are made here and may not be given; the rest of `Letter.headers` is taken.
_OURS = frozenset(
    ("from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version", "content-type")
    + ("content-transfer-encoding", "content-language", "return-path", "received", "dkim-signature")
)


class BadLetter(ValueError):
    """The letter cannot be a message. `code` for machines."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def build(letter: Letter, *, now: datetime) -> EmailMessage:
    """The message: text, or text and HTML as alternatives, marked as automatic (RFC 3834) so that no loop can start.

    The same letter gives the same octets (`now`, aware, only where `sent_at` is None). Names and subject are cleaned of
    everything that could end a header; what cannot be cleaned (an address, a Message-ID) raises BadLetter.
    """
    if not _MESSAGE_ID.fullmatch(letter.message_id):
        raise BadLetter("message_id", f"{letter.message_id!r} is not a Message-ID")
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox("sender", letter.sender)
    message["To"] = _mailbox("to", letter.to)
    message["Subject"] = clean(letter.subject)
    message["Date"] = format_datetime(letter.sent_at or now)
    message["Message-ID"] = letter.message_id
    given = {}
    for name, value in letter.headers:
        if not _FIELD_NAME.fullmatch(name) or name.lower() in _OURS or name.lower() in given:
            raise BadLetter("header", f"the field {name!r} may not be given, or is given twice")
        given[name.lower()] = value
        message[name] = clean(value)
    if "auto-submitted" not in given:
        message["Auto-Submitted"] = "auto-generated"
    # Quoted-printable, not 8bit: no relay has a reason to re-encode the body, which would break the DKIM signature.
    message.set_content(_body(letter.text), cte="quoted-printable")
    if letter.html:
        message.add_alternative(_body(letter.html), subtype="html", cte="quoted-printable")
        # A random boundary would make every retry another message; "=_" cannot occur in quoted-printable text.
        message.set_boundary("=_" + hashlib.sha256(letter.message_id.encode()).hexdigest()[:32])
    for file in letter.attachments:
        main, _, sub = file.media_type.partition("/")
        if not _FILE_NAME.fullmatch(file.name) or not _MEDIA_TYPE.fullmatch(file.media_type):
            raise BadLetter("attachment", f"{file.name[:80]!r} of type {file.media_type[:80]!r} cannot be attached")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    if letter.attachments:
        message.set_boundary("=_" + hashlib.sha256(f"files {letter.message_id}".encode()).hexdigest()[:32])
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", letter.language):
        message["Content-Language"] = letter.language  # last: setting the content drops every Content- field
    return message


def as_bytes(letter: Letter, *, now: datetime) -> bytes:
    """`build`, as octets with CRLF line ends."""
    return build(letter, now=now).as_bytes(policy=SMTP)


def clean(text: str) -> str:
    """One line without control characters, at most 900 characters (RFC 5322 knows lines up to 998)."""
    return " ".join(_UNSAFE.sub(" ", text.encode("utf-8", "replace").decode()).split())[:900]


def address(text: str) -> str:
    """The bare address in `Name <user@host>` or `user@host`; raises BadLetter. ASCII only: no SMTPUTF8 is asked for."""
    inner = text.strip()
    if inner.endswith(">") and "<" in inner:
        inner = inner.rpartition("<")[2][:-1]
    local, _, host = inner.rpartition("@")
    if len(inner) > 254 or not _LOCAL.fullmatch(local) or not _HOST.fullmatch(host):
        raise BadLetter("address", f"{text[:80]!r} is not a mail address")
    return inner


def _mailbox(which: str, text: str) -> Address:
    try:
        bare = address(text)
    except BadLetter as error:
        raise BadLetter(which, str(error)) from None
    name = text.strip().rpartition("<")[0].strip().strip('"') if text.strip().endswith(">") else ""
    local, _, host = bare.rpartition("@")
    return Address(clean(name)[:200], local, host)


def _body(text: str) -> str:
    # Lone surrogates cannot be encoded; NUL is not allowed in a body (RFC 5322 section 3.5 through 2.3).
    text = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"
