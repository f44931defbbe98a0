"""Hostile text made fit to be shown: addresses defanged, invisible and direction-changing characters made visible.

Everything here returns plain strings or segments; escaping stays with the templates.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import idna
import re2

#: A scheme that a mail program or chat would make clickable.
_SCHEME = re2.compile(r"(?i)\b(h)(tt)(ps?|p)(:)|\b(f)(t)(ps?|p)(:/)")
#: Host after a scheme or after the @ of an address: only there is a dot surely not the end of a sentence.
_HOST = re2.compile(r"(?i)(?:://(?:[^\s/@<>\"']{0,200}@)?|@)([\pL\pN\-._\[\]:%]+)")
_BARE = re2.compile(r"(?i)\bwww\.[\pL\pN\-.]+")
_DOMAIN = re2.compile(r"(?i)\b[\pL\pN][\pL\pN-]*(?:\.[\pL\pN-]+)*\.\pL{2,}\b")
#: A dotted name, after a scheme or an @ where it is surely a host, defanged or not.
_NAME = re2.compile(r"(://|@)?([\pL\pN][\pL\pM\pN-]*(?:\[?\.\]?[\pL\pM\pN-]+)*\[?\.\]?\pL[\pL\pM\pN-]+)")
#: Kinds of indicator whose dots are defanged throughout their host.
_HOSTS = frozenset({"domain", "ip", "cidr", "email"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a shown text. `role` is "", "target", "reference" or "reporter"; `parts` alternates text and what would
    not be seen: `(True, "U+202E")` for a character, `(True, "xn--…")` for the true name of the host before it."""

    role: str
    parts: tuple[tuple[bool, str], ...]
    value: str = ""


def defang(value: str, kind: str = "url") -> str:
    """`value` so that nothing turns it into a link: `hxxps://evil[.]example/a.php`, `203.0.113[.]9`, `a@b[.]example`.

    In a URL only the host's dots change, so that paths stay readable and can be searched.
    """
    if kind in _HOSTS:
        return _last_dots(value) if kind in ("ip", "cidr") else value.replace(".", "[.]")
    if kind != "url":
        return defang_text(value)
    scheme, mark, rest = value.partition("://")
    if not mark:
        return defang_text(value)
    end = min((i for i in (rest.find(c) for c in "/?#") if i >= 0), default=len(rest))
    host, tail = rest[:end], rest[end:]
    return f"{_no_link(scheme)}://{_host(host)}{tail}"


def defang_text(text: str) -> str:
    """Free text with every address in it defanged; characters stay in their order, nothing is removed."""
    if ":" in text:  # most texts have none, and looking for it costs next to nothing
        text = _SCHEME.sub(lambda m: _no_link(m.group(0)), text)
    if "://" in text or "@" in text:
        text = _HOST.sub(lambda m: m.group(0).replace(m.group(1), _host(m.group(1))), text)
    if "." not in text:
        return text
    return _BARE.sub(lambda m: m.group(0).replace(".", "[.]"), text)


def defang_line(text: str) -> str:
    """As `defang_text`, and bare domains too: for titles and names, where a dot within a word is seldom a full stop.

    A host in letters of another script is followed by its name on the wire.
    """
    defanged = defang_text(text)
    if "." in defanged:
        defanged = _DOMAIN.sub(lambda m: m.group(0).replace(".", "[.]"), defanged)
    return "".join(piece + (f" ({name})" if name else "") for piece, name in _foreign(defanged))


def wire(host: str) -> str:
    """The name by which the network knows `host`, defanged (`xn--pple-43d[.]example`); "" for one in ASCII.

    Letters of another script that look like ours are what a name is faked with; on the wire they look like nothing.
    """
    plain = host.replace("[.]", ".")
    if plain.isascii():
        return ""
    try:
        name = idna.encode(plain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        labels = plain.lower().split(".")
        name = ".".join(x if x.isascii() else "xn--" + x.encode("punycode", "replace").decode() for x in labels)
    return name.replace(".", "[.]")


def _foreign(text: str) -> Iterator[tuple[str, str]]:
    """`text` in pieces, each with the wire name of the host that it ends with, or ""."""
    at = 0
    for match in () if text.isascii() else _NAME.finditer(text):
        name = match.group(2)
        # Outside an address a dot between words may end a sentence: there the last label must be one of ours.
        if name.isascii() or not (match.group(1) or name.rpartition(".")[2].lstrip("]").isascii()):
            continue
        yield text[at : match.end()], wire(name)
        at = match.end()
    if at < len(text):
        yield text[at:], ""


def _runs(text: str) -> tuple[tuple[bool, str], ...]:
    """As `visible`, and (True, "xn--…") after a host in letters of another script."""
    runs: list[tuple[bool, str]] = []
    for piece, name in _foreign(text):
        runs += visible(piece)
        if name:
            runs.append((True, name))
    return tuple(runs)


def marked(text: str, spans: Iterable[tuple[int, int, str, str, str]]) -> Iterator[Segment]:
    """`text` in segments, with the indicators `(start, end, role, kind, value)` that stand in it marked.

    Offsets count characters of `text`; a span that is out of range or overlaps an earlier one is left unmarked.
    """
    at = 0
    for start, end, role, kind, value in sorted(spans):
        if start < at or end <= start or end > len(text):
            continue
        if start > at:
            yield Segment("", _runs(defang_text(text[at:start])))
        shown = text[start:end]
        yield Segment(role, _runs(defang(shown, kind) if shown == value else defang_any(shown, kind)), value)
        at = end
    if at < len(text):
        yield Segment("", _runs(defang_text(text[at:])))


def defang_any(shown: str, kind: str) -> str:
    """Defang a raw form that may be defanged already (`hxxp://evil[.]example`)."""
    if "[" in shown or "(" in shown or shown[:4].lower().startswith("hxx"):
        return shown if "[.]" in shown or "(.)" in shown or "[dot]" in shown.lower() else defang(shown, kind)
    return defang(shown, kind)


def visible(text: str) -> tuple[tuple[bool, str], ...]:
    """`text` as runs: (False, text) and (True, "U+202E") for what is invisible or would change the reading direction.

    Line feed and tab pass; carriage returns before a line feed vanish.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _plain(text.replace("\n", " ").replace("\t", " ")):
        return ((False, text),) if text else ()
    runs: list[tuple[bool, str]] = []
    plain: list[str] = []
    for char in text:
        if char in "\n\t" or not _hidden(char):
            plain.append(char)
            continue
        if plain:
            runs.append((False, "".join(plain)))
            plain = []
        runs.append((True, f"U+{ord(char):04X}"))
    if plain:
        runs.append((False, "".join(plain)))
    return tuple(runs)


def shown(text: str) -> str:
    """`text` without characters that nobody sees; line breaks and tabs stay."""
    return "".join(c for c in text if c in "\n\t" or not _hidden(c))


def one_line(text: str, limit: int = 300) -> str:
    """`text` for a heading or a table cell: hidden characters and line breaks out, at most `limit` characters."""
    text = text[: limit * 2]
    clean = " ".join((text if _plain(text) else "".join(c if not _hidden(c) else " " for c in text)).split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _plain(text: str) -> bool:
    """Surely nothing hidden: letters, digits and signs of ASCII alone."""
    return text.isascii() and text.isprintable()


def _hidden(char: str) -> bool:
    # Cc control, Cf format (bidi marks, zero width, tags), Co private use, Cs lone surrogate; U+2800 looks like a blank.
    category = unicodedata.category(char)
    if char in "\u200c\u200d":  # joiners that Persian, Hindi and emoji need
        return False
    return category in ("Cc", "Cf", "Co", "Cs") or char in "\u2800\u3164\u115f\u1160\uffa0\u034f\u2028\u2029"


def _no_link(scheme: str) -> str:
    low = scheme.lower()
    if low.startswith("http"):
        return "hxxp" + scheme[4:]
    if low.startswith("ftp"):
        return "fxp" + scheme[3:]
    return scheme


def _host(host: str) -> str:
    user, at, name = host.rpartition("@")
    bare, colon, port = name.rpartition(":")
    if not colon or not port.isdigit():
        bare, colon, port = name, "", ""
    if "[.]" in bare or bare.startswith("["):
        return host
    dotted = _last_dots(bare) if bare.replace(".", "").isdigit() else bare.replace(".", "[.]")
    return f"{user}{at}{dotted}{colon}{port}"


def _last_dots(address: str) -> str:
    """Only the last dot of an address: `203.0.113[.]9` reads well and links nowhere."""
    head, dot, tail = address.rpartition(".")
    return f"{head}[.]{tail}" if dot else address
