"""Split a message into its leaf parts in linear time and bounded memory.

The standard library's parser is a good reader of honest mail. This one exists because hostile mail needs limits inside
the walk (depth, parts, decoded size) and because parts here are ranges of the original bytes, decoded only when asked.
Formats: RFC 5322, RFC 2045–2047, RFC 2231; damaged input is read as far as it goes.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trustdesk.core.types import Problem
from trustdesk.reading.charsets import decode
from trustdesk.reading.headers import Headers, decode_words, parameters
from trustdesk.reading.limits import LIMITS, Limits

if TYPE_CHECKING:
    from trustdesk.reading.message import Message

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_FIELD_START = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")


@dataclass(slots=True)
class Budget:
    """What may still be spent on one message, shared by its nested messages; and what went wrong."""

    limits: Limits = LIMITS
    decoded: int = 0
    parts: int = 0
    unpacked: int = 0
    members: int = 0
    problems: list[Problem] = field(default_factory=list)

    def note(self, code: str, message: str, where: str = "") -> None:
        """Record a problem once per code and place, 100 in all."""
        problem = Problem(code, message, where)
        if len(self.problems) < 100 and problem not in self.problems:
            self.problems.append(problem)


class Part:
    """One leaf of a message: a range of its bytes, decoded when asked.

    `path` is the position in the tree ("1.2"), `containers` the multipart subtypes it is inside of, outermost first.
    """

    __slots__ = ("path", "content_type", "params", "headers", "disposition", "filename", "encoding", "containers",
                 "depth", "message", "_raw", "_start", "_end", "_budget", "_payload", "_text")  # fmt: skip

    def __init__(
        self,
        raw: bytes,
        start: int,
        end: int,
        *,
        path: str,
        content_type: str,
        params: dict[str, str],
        headers: Headers,
        containers: tuple[str, ...],
        depth: int,
        budget: Budget,
    ) -> None:
        self._raw, self._start, self._end, self._budget = raw, start, end, budget
        self._payload: bytes | None = None
        self._text: str | None = None
        self.path, self.content_type, self.params, self.headers = path, content_type, params, headers
        self.containers, self.depth = containers, depth
        self.message: Message | None = None  # set by Message for nested messages
        self.encoding = headers.raw("Content-Transfer-Encoding").split(";")[0].strip().lower() if headers else ""
        disposition, dparams = "", dict[str, str]()
        if "Content-Disposition" in headers:
            disposition, dparams = parameters(headers.raw("Content-Disposition"))
        self.disposition = disposition
        self.filename = decode_words(dparams.get("filename") or params.get("name", ""))[:200]

    @property
    def raw(self) -> bytes:
        """The part's body as it stands in the message, still encoded."""
        return self._raw[self._start : self._end]

    @property
    def payload(self) -> bytes:
        """The decoded bytes. Empty once the message's budget for decoded bytes is spent."""
        if self._payload is None:
            size = self._end - self._start
            room = self._budget.limits.decoded_bytes - self._budget.decoded
            if size > room:
                self._budget.note(
                    "decoded_too_large", "more decoded content than the limit; the rest was not read", self.path
                )
                size = max(room, 0)
            data = self._raw[self._start : self._start + size]
            self._payload = decode_transfer(data, self.encoding, self._budget, self.path)
            self._budget.decoded += len(self._payload)
        return self._payload

    @property
    def text(self) -> str:
        """The payload as text, line endings as LF."""
        if self._text is None:
            text, problems = decode(self.payload, self.params.get("charset", ""), self.path)
            for problem in problems:
                self._budget.note(problem.code, problem.message, problem.where)
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            self._text = text
        return self._text

    @property
    def fields(self) -> tuple[Headers, ...]:
        """The payload read as blocks of header fields (feedback-report, delivery-status, rfc822-headers)."""
        blocks = re.split(rb"\n[ \t]*\n", self.payload.replace(b"\r\n", b"\n").strip())
        return tuple(Headers.from_bytes(block, self._budget.limits)[0] for block in blocks[:50])

    @property
    def is_attachment(self) -> bool:
        """True for what a mail program would show as a file rather than as text."""
        return self.disposition == "attachment" or bool(self.filename) or not self.content_type.startswith("text/")

    def __repr__(self) -> str:
        return f"<Part {self.path} {self.content_type} {self.filename!r} {self._end - self._start} bytes>"


def decode_transfer(data: bytes, encoding: str, budget: Budget, where: str = "") -> bytes:
    """Undo a Content-Transfer-Encoding; what cannot be decoded is returned as far as it could."""
    if encoding in ("", "7bit", "8bit", "binary"):
        return data
    if encoding in ("base64", "b64"):
        try:
            return binascii.a2b_base64(data)
        except (binascii.Error, ValueError):
            budget.note("transfer_damaged", "base64 is damaged", where)
            solid = _NOT_BASE64.sub(b"", data)
            solid = solid[: len(solid) - (1 if len(solid) % 4 == 1 else 0)]
            try:
                return binascii.a2b_base64(solid + b"=" * (-len(solid) % 4))
            except (binascii.Error, ValueError):
                return b""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return _uudecode(data, budget, where)
    budget.note("transfer_unknown", f"there is no transfer encoding {encoding[:40]!r}", where)
    return data


def _uudecode(data: bytes, budget: Budget, where: str) -> bytes:
    out: list[bytes] = []
    inside = False
    for line in data.splitlines():
        if line.startswith(b"begin "):
            inside = True
        elif inside and line.strip() == b"end":
            break
        elif inside and line:
            try:
                out.append(binascii.a2b_uu(line))
            except binascii.Error:
                budget.note("transfer_damaged", "uuencoding is damaged", where)
    return b"".join(out)


def split_header(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """(end of header block, start of body) of the entity at [start, end). Without a header both are `start`."""
    if raw[start : start + 1] == b"\n":
        return start, start + 1
    if raw[start : start + 2] == b"\r\n":
        return start, start + 2
    if not _FIELD_START.match(raw, start, min(end, start + 300)):
        return start, start
    lf = raw.find(b"\n\n", start, end)
    cr = raw.find(b"\n\r\n", start, lf + 3 if lf >= 0 else end)
    if cr >= 0 and (lf < 0 or cr < lf):
        return cr, cr + 3
    if lf >= 0:
        return lf, lf + 2
    return end, end


def boundaries(raw: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int, bool]]:
    """Lines in [start, end) that are the delimiter of `boundary`: (start of line, end of line, closes)."""
    marker = b"--" + boundary
    found: list[tuple[int, int, bool]] = []
    at = raw.find(marker, start, end)
    while at >= 0:
        after = at + len(marker)
        if at == start or raw[at - 1 : at] in (b"\n", b"\r"):
            eol = raw.find(b"\n", after, min(end, after + 200))
            eol = (eol + 1) if eol >= 0 else min(end, after + 200)
            rest = raw[after:eol].strip()
            if rest in (b"", b"--"):
                found.append((at, eol, rest == b"--"))
                if rest == b"--":
                    break
        at = raw.find(marker, after, end)
    return found


def leaves(raw: bytes, start: int, end: int, headers: Headers, *, depth: int, path: str, budget: Budget) -> list[Part]:
    """The leaf parts of the entity whose headers were read and whose body is raw[start:end), in their order."""
    out: list[Part] = []
    # (start, end, headers, depth, path, containers, default type)
    stack: list[tuple[int, int, Headers, int, str, tuple[str, ...], str]] = [
        (start, end, headers, depth, path, (), "text/plain")
    ]
    while stack:
        start, end, headers, depth, path, containers, default = stack.pop()
        content_type, params = headers.parameters("Content-Type") if "Content-Type" in headers else ("", {})
        if "/" not in content_type:
            content_type = default
        if content_type.startswith("multipart/") and params.get("boundary"):
            if depth >= budget.limits.depth:
                budget.note("mime_too_deep", f"more than {budget.limits.depth} levels; the rest is read as text", path)
                content_type = "text/plain"
            else:
                kind = content_type[10:]
                inner = "message/rfc822" if kind == "digest" else "text/plain"
                found = children(raw, start, end, params["boundary"], budget, path)
                if found:
                    # Reversed, because the stack gives back the last first.
                    for number, (a, b) in reversed(list(enumerate(found, 1))):
                        head, body = split_header(raw, a, b)
                        fields, problems = Headers.from_bytes(
                            raw[a : min(head, a + budget.limits.header_bytes + 1)], budget.limits
                        )
                        for problem in problems:
                            budget.note(problem.code, problem.message, path)
                        child = f"{path}.{number}" if path else str(number)
                        stack.append((min(body, b), b, fields, depth + 1, child, (*containers, kind), inner))
                    continue
                budget.note("mime_boundary_missing", "multipart without its boundary; read as text", path)
                content_type = "text/plain"
        if budget.parts >= budget.limits.parts:
            budget.note("mime_too_many_parts", f"more than {budget.limits.parts} parts; the rest was not read")
            break
        budget.parts += 1
        out.append(
            Part(raw, start, end, path=path or "1", content_type=content_type, params=params, headers=headers,
                 containers=containers, depth=depth, budget=budget)
        )  # fmt: skip
    return out


def children(raw: bytes, start: int, end: int, boundary: str, budget: Budget, path: str) -> list[tuple[int, int]]:
    """Where the parts of a multipart are, header and body of each, without the line break before the delimiter."""
    lines = boundaries(raw, start, end, boundary.encode("utf-8", "replace"))
    if not lines:
        return []
    if not lines[-1][2]:
        budget.note("mime_not_closed", "multipart is not closed", path)
    found: list[tuple[int, int]] = []
    room = budget.limits.parts - budget.parts + 1
    for index, (_, body, closes) in enumerate(lines):
        if closes:
            break
        if len(found) > room:
            break  # noted when the leaves are counted
        stop = lines[index + 1][0] if index + 1 < len(lines) else end
        # The line break before a delimiter belongs to the delimiter (RFC 2046, 5.1.1).
        if index + 1 < len(lines) and stop > body:
            if raw[stop - 1 : stop] == b"\n":
                stop -= 1
            if stop > body and raw[stop - 1 : stop] == b"\r":
                stop -= 1
        found.append((min(body, stop), stop))
    return found
