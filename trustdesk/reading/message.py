"""A message as decoded headers and parts. Reading never raises; what is wrong with the bytes is a list of problems."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trustdesk.core.types import Problem
from trustdesk.reading.headers import Headers
from trustdesk.reading.keys import Signature
from trustdesk.reading.limits import LIMITS, Limits
from trustdesk.reading.mime import Budget, Part, leaves, split_header

_MBOX_LINE = re.compile(rb"From [^\r\n]{0,998}\r?\n")
#: One of these makes a mail; of those that also open letters, two are needed.
_MAIL_FIELDS = (
    "From", "Received", "Return-Path", "Message-ID", "MIME-Version", "Content-Type", "Delivered-To", "DKIM-Signature", "X-Mailer",
    "List-Id", "Auto-Submitted", "Content-Transfer-Encoding",
)  # fmt: skip
_LETTER_FIELDS = ("To", "Subject", "Date", "Cc", "Sender", "Reply-To")
_MESSAGE_FILE = re.compile(r"(?i)\.eml$")


class Message:
    """Decoded headers and leaf parts of one message.

    kind     "mail", "json" (bare JSON, as posted to the API), "text" (no header at all) or "empty"
    headers  the message's own header fields
    parts    its leaves in order; a nested message is one leaf whose `message` is set
    body     where its body is in `raw`: (start, end)
    problems what was wrong while reading; grows as parts are decoded
    signatures  what came of its signatures, once `sealed.unseal` has looked at it
    """

    __slots__ = ("raw", "kind", "headers", "parts", "budget", "depth", "body", "signatures")

    def __init__(
        self, raw: bytes, kind: str, headers: Headers, parts: tuple[Part, ...], budget: Budget, depth: int
    ) -> None:
        self.raw, self.kind, self.headers, self.parts, self.budget, self.depth = (
            raw,
            kind,
            headers,
            parts,
            budget,
            depth,
        )
        self.body = (len(raw), len(raw))
        self.signatures: tuple[Signature, ...] = ()

    @classmethod
    def from_bytes(cls, raw: bytes, *, limits: Limits = LIMITS) -> Message:
        """Read `raw`: a mail, bare JSON, or anything else. Never raises."""
        return cls._read(bytes(raw), 0, len(raw), 0, Budget(limits))

    @classmethod
    def _read(cls, raw: bytes, start: int, end: int, depth: int, budget: Budget) -> Message:
        if raw.startswith(b"\xef\xbb\xbf", start):
            start += 3
        mbox = _MBOX_LINE.match(raw, start, min(end, start + 1024))
        if mbox:
            start = mbox.end()
        first = raw[start : start + 4096].lstrip()[:1]
        if not first and not raw[start:end].strip():
            budget.note("empty", "there is nothing in this message")
            return cls(raw, "empty", Headers(), (), budget, depth)
        head, body = (start, start) if first in (b"{", b"[") else split_header(raw, start, end)
        if head == start and body == start:
            kind = "json" if first in (b"{", b"[") else "text"
            content_type = "application/json" if kind == "json" else "text/plain"
            if raw.startswith(b"%PDF-", start):
                content_type = "application/pdf"
            if kind == "text":
                budget.note("no_header", "there is no mail header")
            part = Part(raw, start, end, path="1", content_type=content_type, params={}, headers=Headers(),
                        containers=(), depth=depth, budget=budget)  # fmt: skip
            return cls(raw, kind, Headers(), (part,), budget, depth)
        block = raw[start : min(head, start + budget.limits.header_bytes + 1)]
        headers, problems = Headers.from_bytes(block, budget.limits)
        for problem in problems:
            budget.note(problem.code, problem.message, problem.where)
        if not any(n in headers for n in _MAIL_FIELDS) and sum(n in headers for n in _LETTER_FIELDS) < 2:
            # A letter may begin with a word and a colon; without one field of a mail it is a text.
            budget.note("no_header", "there is no mail header")
            part = Part(raw, start, end, path="1", content_type="text/plain", params={}, headers=Headers(),
                        containers=(), depth=depth, budget=budget)  # fmt: skip
            return cls(raw, "text", Headers(), (part,), budget, depth)
        message = cls(raw, "mail", headers, (), budget, depth)
        message.body = (min(body, end), end)
        message.parts = tuple(leaves(raw, body, end, headers, depth=depth, path="", budget=budget))
        for part in message.parts:
            message.nest(part)
        return message

    def nest(self, part: Part) -> None:
        """Read the message that `part` carries, if it is one, within the same budget."""
        if part.content_type not in ("message/rfc822", "message/global") and not _MESSAGE_FILE.search(part.filename):
            return
        if part.depth + 1 >= self.budget.limits.depth:
            self.budget.note("mime_too_deep", f"more than {self.budget.limits.depth} levels", part.path)
            return
        if part.encoding in ("", "7bit", "8bit", "binary"):
            part.message = Message._read(part._raw, part._start, part._end, part.depth + 1, self.budget)
        else:
            data = part.payload
            part.message = Message._read(data, 0, len(data), part.depth + 1, self.budget)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the bytes, as far as they have been looked at."""
        return tuple(self.budget.problems)

    def walk(self) -> Iterator[Part]:
        """All leaves, those of nested messages after the leaf that carries them."""
        for part in self.parts:
            yield part
            if part.message is not None:
                yield from part.message.walk()

    def find(self, *content_types: str) -> Part | None:
        """The first own leaf of one of these types."""
        return next((p for p in self.parts if p.content_type in content_types), None)

    @property
    def text(self) -> str:
        """The plain text a reader sees: all inline text/plain leaves of this message."""
        return "\n".join(p.text for p in self.parts if p.content_type == "text/plain" and not p.is_attachment)

    @property
    def html(self) -> str:
        """All inline text/html leaves of this message, as markup."""
        return "\n".join(p.text for p in self.parts if p.content_type == "text/html" and p.disposition != "attachment")

    @property
    def attachments(self) -> tuple[Part, ...]:
        """The leaves of this message that a mail program shows as files."""
        return tuple(p for p in self.parts if p.is_attachment and p.message is None)

    @property
    def nested(self) -> tuple[Message, ...]:
        """The messages attached to this one."""
        return tuple(p.message for p in self.parts if p.message is not None)

    @property
    def feedback_report(self) -> Headers | None:
        """The fields of the machine-readable part of an ARF report (RFC 5965), or None."""
        part = self.find("message/feedback-report")
        return part.fields[0] if part is not None and part.fields else None
