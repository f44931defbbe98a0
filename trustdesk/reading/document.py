"""The text of a message in one piece: what a person would read, with the source of each stretch."""

from __future__ import annotations

from dataclasses import dataclass

from trustdesk.reading import archive, tnef
from trustdesk.reading.charsets import decode
from trustdesk.reading.html import html_to_text
from trustdesk.reading.message import Message
from trustdesk.reading.mime import Budget, Part
from trustdesk.reading.pdf import is_pdf, pdf_text

#: Header fields of a nested message that are part of the document: who, when, and the way it took.
_SHOWN = (
    "Authentication-Results",
    "Received-SPF",
    "Received",
    "X-Originating-IP",
    "X-Sender-IP",
    "From",
    "To",
    "Date",
    "Subject",
)


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch [start, end) of the document: `source` is body, html, file:<name>, message …; `depth` counts nesting."""

    start: int
    end: int
    source: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """All readable text of a message. Offsets of indicators and elements point into `text`."""

    text: str
    sections: tuple[Section, ...]

    def section_at(self, offset: int) -> Section:
        """The section that holds the character at `offset`."""
        for section in self.sections:
            if section.start <= offset < section.end:
                return section
        return self.sections[-1] if self.sections else Section(0, 0, "body")


class Assembler:
    """Collects sections up to the limits on characters and on lines."""

    def __init__(self, limit: int, lines: int, pdf: bool = False) -> None:
        self.lines = lines
        self.pdf = pdf
        self.pieces: list[str] = []
        self.sections: list[Section] = []
        self.size = 0
        self.limit = limit
        self.cut = False

    def add(self, text: str, source: str, depth: int = 0) -> None:
        room = self.limit - self.size
        if len(text) > room:
            text, self.cut = text[: max(room, 0)], True
        if not text.strip():
            return
        if (found := text.count("\n")) > self.lines:
            text, self.cut = "\n".join(text.split("\n", self.lines)[: self.lines]), True
        self.lines = max(0, self.lines - found)
        if not text.endswith("\n"):
            text += "\n"
        self.sections.append(Section(self.size, self.size + len(text), source, depth))
        self.pieces.append(text)
        self.pieces.append("\n")
        self.size += len(text) + 1


def document(message: Message, *, pdf: bool = False) -> Document:
    """Assemble the document of `message`: its inline text, attached text, and nested messages in their order.

    PDF files are read only if asked for: most are powers of attorney, and opening them costs more than all the rest.
    """
    limits = message.budget.limits
    out = Assembler(limits.text_chars, limits.text_lines, pdf)
    _message(message, out, 0)
    if out.cut:
        message.budget.note(
            "text_too_long",
            f"only the first {limits.text_chars} characters and {limits.text_lines} lines were searched",
        )
    return Document("".join(out.pieces), tuple(out.sections))


def _message(message: Message, out: Assembler, depth: int) -> None:
    html_of: dict[str, list[Part]] = {}
    plain_of: dict[str, list[Part]] = {}
    for part in message.parts:
        if part.disposition != "attachment" and "alternative" in part.containers:
            group = _group(part)
            if part.content_type == "text/html":
                html_of.setdefault(group, []).append(part)
            elif part.content_type == "text/plain":
                plain_of.setdefault(group, []).append(part)
    for part in message.parts:
        if part.message is not None:
            nested = part.message
            lines = [f"{n}: {v}" for n in _SHOWN for v in nested.headers.get_all(n)[:12]]
            out.add("\n".join(lines), "message-header", depth + 1)
            _message(nested, out, depth + 1)
        elif part.content_type == "text/plain" and not part.filename and part.disposition != "attachment":
            group = _group(part)
            if html_of.get(group) and "alternative" in part.containers and _is_poor(part.text):
                continue
            out.add(part.text, "body", depth)
        elif part.content_type == "text/html" and part.disposition != "attachment":
            group = _group(part)
            plain = plain_of.get(group, []) if "alternative" in part.containers else []
            if plain and not all(_is_poor(p.text) for p in plain):
                continue
            out.add(html_to_text(part.text), "html", depth)
        elif part.content_type == "application/json" and message.kind == "json":
            out.add(part.text, "json", depth)
        else:
            _file(part.filename, part.content_type, part, out, depth)


#: Types and endings that may hold text; what is neither is left alone without decoding it.
_TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".log", ".json", ".jsonl", ".ndjson", ".xml", ".md")
_BINARY_TYPES = ("image/", "audio/", "video/", "font/")
_IGNORED = frozenset({
    "text/rfc822-headers", "text/calendar", "application/pgp-signature", "application/pgp-keys", "application/pkcs7-signature",
    "application/x-pkcs7-signature", "message/delivery-status", "message/feedback-report", "text/x-vcard", "text/vcard",
})  # fmt: skip


def _file(name: str, content_type: str, part: Part, out: Assembler, depth: int) -> None:
    lower = name.lower()
    if content_type in _IGNORED or content_type.startswith(_BINARY_TYPES) or lower.endswith((".asc", ".p7s", ".sig")):
        return
    if content_type == "text/html" or lower.endswith((".html", ".htm")):
        out.add(html_to_text(part.text), f"file:{name}", depth)
    elif (
        content_type.startswith("text/")
        or lower.endswith(_TEXT_ENDINGS)
        or content_type.endswith(("/xml", "/json", "+xml", "+json"))
    ):
        out.add(part.text, f"file:{name}", depth)
    elif content_type == "application/pdf" or lower.endswith(".pdf"):
        if out.pdf and is_pdf(part.payload):
            out.add(pdf_text(part.payload, name, part._budget), f"file:{name}", depth)
    elif content_type == "application/ms-tnef" or lower == "winmail.dat":
        for inner, data in tnef.parts(part.payload):
            _bytes(inner, data, f"file:{name}/{inner}" if inner else "body", part._budget, out, depth)
    elif _may_be_archive(part):
        _archive(part, out, depth)


def _bytes(name: str, data: bytes, source: str, budget: Budget, out: Assembler, depth: int) -> None:
    """Add one file out of an archive or wrapper."""
    lower = name.lower()
    if is_pdf(data):
        if out.pdf:
            out.add(pdf_text(data, name, budget), source, depth)
    elif lower.endswith(".eml"):
        _message(Message._read(data, 0, len(data), depth + 1, budget), out, depth + 1)
    elif lower.endswith((".html", ".htm")):
        out.add(html_to_text(decode(data)[0]), source, depth)
    elif not name or lower.endswith(_TEXT_ENDINGS):
        out.add(decode(data)[0].replace("\r\n", "\n"), source, depth)


def has_pdf(message: Message) -> bool:
    """True if a PDF is attached to `message` (or it is one) that `document` can read on demand."""
    return any(p.content_type == "application/pdf" or p.filename.lower().endswith(".pdf") for p in message.walk())


def _may_be_archive(part: Part) -> bool:
    name = part.filename.lower()
    return name.endswith((".zip", ".gz")) or part.content_type in (
        "application/zip",
        "application/x-zip-compressed",
        "application/gzip",
        "application/x-gzip",
    )


def _archive(part: Part, out: Assembler, depth: int) -> None:
    data = part.payload
    if not archive.is_archive(part.filename, part.content_type, data):
        return
    for name, content in archive.members(data, part.filename, part._budget):
        _bytes(name, content, f"file:{part.filename}/{name}", part._budget, out, depth)


def _group(part: Part) -> str:
    """Path of the innermost multipart/alternative around `part`; parts with one group are versions of one text."""
    levels = part.path.split(".")
    index = (
        len(part.containers) - 1 - part.containers[::-1].index("alternative") if "alternative" in part.containers else 0
    )
    return ".".join(levels[:index]) if "alternative" in part.containers else part.path


def _is_poor(text: str) -> bool:
    """True for the text half of an alternative that says nothing (empty, or "your mail program shows no HTML")."""
    solid = text.strip()
    return len(solid) < 40 or (len(solid) < 400 and "html" in solid.lower() and "://" not in solid)
