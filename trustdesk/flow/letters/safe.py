"""Hostile text made fit for a letter: no link of a stranger's, no hidden characters, no second header line.

Escaping for HTML is not done here; the template does it.
"""

from __future__ import annotations

import ipaddress
import unicodedata

import re2

_URL = r"(?i:\b(?:https?|ftp)://[^\s<>\"'`]+)"
_IPV4 = r"\b(?:\d{1,3}\.){3}\d{1,3}\b"
#: A name with dots in it: host, mail domain, or a file name, which is harmless to defang. Without \b, which RE2 knows
#: for ASCII letters only.
_DOTTED = r"(?:[\pL\pN_-]+[.。．｡])+\pL[\pL\pN-]+"
_ADDRESS = re2.compile(f"({_URL})|({_IPV4})|{_DOTTED}")
_SCHEME = re2.compile(r"(?i)\b(?:https?|ftp)://")
_NAME_OR_IP = re2.compile(f"({_IPV4})|{_DOTTED}")
_PLAIN_HOST = re2.compile(r"^[^\s\[\]()<>\"'`]*$|^[^\s\[\]()<>\"'`]*\[[0-9a-fA-F:]*\](?::\d+)?$")
_DOT = re2.compile(r"[.。．｡]")
#: What a salutation may hold: a name, and nothing that a mail program makes a link of.
_NAME = re2.compile(r"^[\pL\pM][\pL\pM ,.&'’-]*$")
_NOT_IN_NAMES = re2.compile(_DOTTED)
_NAME_LIMIT = 60
_BLANKS = "\u2028\u2029\u2800\u3164\u115f\u1160\uffa0"


def clean(text: str) -> str:
    """`text` in NFC without control, bidi, zero-width, private-use and lone surrogate characters; only line feeds stay.

    The joiners U+200C and U+200D stay: Persian, Hindi and emoji need them.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return "".join(_plain(char) for char in text)


def line(text: str, limit: int = 2000) -> str:
    """`text` on one line, at most `limit` characters."""
    short = " ".join(clean(text[: limit * 4]).split())
    return short if len(short) <= limit else short[: limit - 1] + "…"


def paragraphs(text: str, limit: int) -> str:
    """Free text with its line breaks, at most `limit` characters, at most one empty line in a row."""
    lines: list[str] = []
    for row in clean(text[: limit * 2]).split("\n"):
        row = row.rstrip()
        if row or (lines and lines[-1]):
            lines.append(row)
    whole = "\n".join(lines).strip("\n")
    return whole if len(whole) <= limit else whole[: limit - 1] + "…"


def defang(text: str) -> str:
    """Every web, mail and network address in free text written so that no program makes a link of it.

    What has a dot between two words may be a host to some mail program, so it is defanged too. One linear pass.
    """
    return _ADDRESS.sub(lambda m: defang_target(m.group(1)) if m.group(1) else _undot(m.group(0), m.group(2)), text)


def _flat(text: str) -> str:
    text = _SCHEME.sub(lambda m: _scheme(m.group(0)[:-3]) + "://", text)
    return _NAME_OR_IP.sub(lambda m: _undot(m.group(0), m.group(1)), text)


def _undot(found: str, address: str | None) -> str:
    return "[.]".join(found.rsplit(".", 1)) if address else _DOT.sub("[.]", found)


def _scheme(scheme: str) -> str:
    return "fxp" if scheme[:1] in "fF" else "hxxp" + scheme[4:].lower()


def defang_target(value: str) -> str:
    """A canonical target, defanged: only the host of a URL changes, so that the path can be searched for.

    A path that holds another address (`?to=https://…`), or a blank, which no canonical URL has, is defanged throughout.
    """
    value = line(value)
    scheme, mark, rest = value.partition("://")
    if not mark:
        return _host(value) if "/" not in value or _is_network(value) else _flat(value)
    if scheme.lower() not in ("http", "https", "ftp"):
        return _flat(value)
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    host, path = rest[:end], rest[end:]
    fanged = " " in path or _SCHEME.search(path) or "www." in path.lower() or "@" in path or "%3a%2f%2f" in path.lower()
    return f"{_scheme(scheme)}://{_host(host)}{_flat(path) if fanged else path}"


def host_of(value: str) -> str:
    """The host of a canonical target, or the target itself when it is no URL; not defanged."""
    rest = value.partition("://")[2] or value
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    return line(rest[:end].rpartition("@")[2] if "://" in value else value, 100)


def name(text: str) -> str:
    """`text` if it can be a person's or a body's name in a salutation, else "".

    Whoever fills in a form chooses the name and the address that our letter goes to: a name that carries a message or
    a link would make the desk the messenger.
    """
    short = line(text, _NAME_LIMIT + 1)
    if len(short) > _NAME_LIMIT or len(short.split()) > 6 or not _NAME.match(short):
        return ""
    return "" if _NOT_IN_NAMES.search(short) or "http" in short.lower() else short


def _host(host: str) -> str:
    if not _PLAIN_HOST.match(host):
        return _flat(host)
    user, at, bare = host.rpartition("@")
    digits = bare.rpartition(":")[0] or bare
    if digits.replace(".", "").isdigit() or _is_network(bare):
        head, dot, tail = bare.rpartition(".")
        return f"{user}{at}{head}[.]{tail}" if dot else host
    return f"{user.replace('.', '[.]')}{at}{bare.replace('.', '[.]')}"


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _plain(char: str) -> str:
    if char in "\n\u200c\u200d":
        return char
    if char in _BLANKS:
        return " "
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    return "" if category in ("Cc", "Cf", "Co") or char == "\u034f" else char
