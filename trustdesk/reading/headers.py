"""Header fields of a message: unfolded, decoded, bounded."""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime

from trustdesk.core.types import Problem
from trustdesk.reading.charsets import decode
from trustdesk.reading.limits import LIMITS, Limits

_LINE = re.compile(rb"(?m)^([!-9;-~]{1,200})[ \t]*:(.*(?:\n[ \t].*)*)")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,4000})\?=")
_GAP = re.compile(r"(?<=\?=)\s+(?==\?)")
_ANGLE = re.compile(r"<([^<>\s]{1,998})>")
_PARAM = re.compile(
    r";\s*([\w!#$%&+\-^`{}~.]{1,60})(\*\d{1,2})?(\*)?\s*=\s*(?:\"((?:[^\"\\]|\\.){0,2000})\"|([^;\s]{0,2000}))",
    re.ASCII,
)


def _word(match: re.Match[str]) -> tuple[str, bytes]:
    charset, how, text = match.group(1).split("*")[0], match.group(2).lower(), match.group(3)
    raw = text.encode("utf-8", "replace")
    try:
        if how == "b":
            return charset, binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
        return charset, binascii.a2b_qp(raw, header=True)
    except (binascii.Error, ValueError):
        return charset, raw


def decode_words(value: str) -> str:
    """`value` with its encoded words (RFC 2047) decoded; neighbours of one charset are joined before decoding."""
    if "=?" not in value:
        return value
    value = _GAP.sub("", value)
    out: list[str] = []
    pending: tuple[str, bytes] | None = None
    end = 0
    for match in _WORD.finditer(value):
        between = value[end : match.start()]
        charset, data = _word(match)
        if pending and not between and pending[0].lower() == charset.lower():
            pending = (charset, pending[1] + data)
        else:
            if pending:
                out.append(decode(pending[1], pending[0])[0])
            out.append(between)
            pending = (charset, data)
        end = match.end()
    if pending:
        out.append(decode(pending[1], pending[0])[0])
    out.append(value[end:])
    return "".join(out)


class Headers:
    """Fields of one header block in their order. Names compare without case; values are unfolded and decoded."""

    __slots__ = ("fields", "_index", "_people")

    def __init__(self, fields: tuple[tuple[str, str], ...] = ()) -> None:
        self.fields = fields
        index: dict[str, list[str]] = {}
        for name, value in fields:
            index.setdefault(name.lower(), []).append(value)
        self._index = index
        self._people: dict[str, tuple[tuple[str, str], ...]] = {}

    @classmethod
    def from_bytes(cls, block: bytes, limits: Limits = LIMITS) -> tuple[Headers, tuple[Problem, ...]]:
        """Read one header block (without the blank line that ends it)."""
        problems: list[Problem] = []
        if len(block) > limits.header_bytes:
            problems.append(Problem("header_too_large", f"header block of {len(block)} bytes was cut", "header"))
            block = block[: limits.header_bytes]
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        fields: list[tuple[str, str]] = []
        for match in _LINE.finditer(block):
            if len(fields) >= limits.header_fields:
                problems.append(Problem("header_too_many", f"more than {limits.header_fields} header fields", "header"))
                break
            raw = match.group(2)
            value = raw.decode("ascii") if raw.isascii() and b"\0" not in raw else decode(raw)[0]
            if "\n" in value:
                value = " ".join([line.strip() for line in value.split("\n")])
            fields.append((match.group(1).decode("ascii"), value.strip()))
        return cls(tuple(fields)), tuple(problems)

    def raw(self, name: str) -> str:
        """First field `name`, unfolded but with encoded words left as they are; empty if absent."""
        values = self._index.get(name.lower())
        return values[0] if values else ""

    def get(self, name: str) -> str:
        """First field `name`, decoded; empty if absent."""
        return decode_words(self.raw(name))

    def get_all(self, name: str) -> tuple[str, ...]:
        """All fields `name`, decoded, in their order."""
        return tuple(decode_words(v) for v in self._index.get(name.lower(), ()))

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._index

    def __len__(self) -> int:
        return len(self.fields)

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """Value and parameters of a field like Content-Type (RFC 2045, continuations and charsets of RFC 2231)."""
        return parameters(self.raw(name))

    def addresses(self, name: str) -> tuple[tuple[str, str], ...]:
        """(display name, address) pairs of an address field; an address that cannot be parsed is left out."""
        known = self._people.get(name)
        if known is None:
            known = self._people[name] = _people(self.raw(name)[:20_000])
        return known

    def date(self, name: str = "Date") -> datetime | None:
        """The time of a date field, aware in UTC, or None."""
        return parse_date(self.raw(name))

    def message_ids(self, name: str) -> tuple[str, ...]:
        """The identifiers in angle brackets of a field such as References, without the brackets."""
        return tuple(_ANGLE.findall(self.raw(name)[:50_000]))


#: The two forms nearly all fields have: `name <address>` and a bare address. The standard library's parser takes all.
_SIMPLE = re.compile(
    r"(?:\"([^\"\\]{0,200})\" ?|((?:[\w.'\-]+ )*))<([\w.+=\-]{1,100}@[\w.\-]{1,200})>|([\w.+=\-]{1,100}@[\w.\-]{1,200})",
    re.ASCII,
)


def _people(value: str) -> tuple[tuple[str, str], ...]:
    if not value:
        return ()
    simple = _SIMPLE.fullmatch(value) if "=?" not in value else None
    if simple:
        quoted, words, address, bare = simple.groups()
        return (((quoted or words or "").strip(), (address or bare).lower()),)
    try:
        pairs = getaddresses([value])
    except (ValueError, IndexError, RecursionError):
        pairs = []
    found = tuple((decode_words(n).strip(), a.strip().lower()) for n, a in pairs if "@" in a and " " not in a)
    if found:
        return found
    return tuple(("", a.lower()) for a in _ANGLE.findall(decode_words(value)) if "@" in a)


def parse_date(value: str) -> datetime | None:
    """An RFC 5322 date as an aware time in UTC, or None. A date without zone is read as UTC."""
    if not value or len(value) > 200:
        return None
    try:
        when = parsedate_to_datetime(value)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split `type/sub; name=value; …` into its lower-case value and its parameters."""
    main = value.split(";", 1)[0].strip().lower()
    params: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAM.finditer(value[:20_000]):
        name = match.group(1).lower()
        text = match.group(4) if match.group(4) is not None else match.group(5)
        if match.group(4) is not None and "\\" in text:
            text = re.sub(r"\\(.)", r"\1", text)
        starred = bool(match.group(3))
        if match.group(2) or starred:
            pieces.setdefault(name, []).append((int((match.group(2) or "*0")[1:]), starred, text))
        else:
            params.setdefault(name, decode_words(text.strip("'\"") if match.group(4) is None else text))
    for name, found in pieces.items():
        params[name] = _extended(sorted(found))
    return main, params


def _extended(pieces: list[tuple[int, bool, str]]) -> str:
    from urllib.parse import unquote_to_bytes

    charset, data = "utf-8", b""
    for number, starred, text in pieces:
        if starred:
            if number == 0 and text.count("'") >= 2:
                charset, _, text = text.split("'", 2)
            data += unquote_to_bytes(text)
        else:
            data += text.encode("utf-8", "replace")
    return decode(data, charset)[0]
