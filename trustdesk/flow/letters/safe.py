"""Hostile text made fit for a letter: no link of a stranger's, no hidden characters, no second header line.

Escaping for HTML is not done here; the template does it.
"""

from __future__ import annotations

import ipaddress
import unicodedata

import re2

_SCHEME = re2.compile(r"(?i)\b(?:https?|ftp)://")
#: A name with dots in it: host, mail domain, or a file name, which is harmless to defang.
_DOTTED = re2.compile(r"(?i)\b(?:[\pL\pN_-]+\.)+[\pL][\pL\pN-]+\b")
_IPV4 = re2.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
#: What a salutation may hold: a name, and nothing that a mail program makes a link of.
_NAME = re2.compile(r"^[\pL\pM][\pL\pM ,'’-]*(?:\. ?[\pL\pM ,'’-]*)*$")
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
    """Every web, mail and network address in `text` written so that no program makes a link of it.

    `https://evil.example/a.b` becomes `hxxps://evil[.]example/a[.]b`. Every dot that stands between a word and a name
    goes, also in a path: what a mail program takes for a host is its own choice.
    """
    text = _SCHEME.sub(lambda m: ("fxp" if m.group(0)[0] in "fF" else "hxxp" + m.group(0)[4:-3].lower()) + "://", text)
    text = _IPV4.sub(lambda m: "[.]".join(m.group(0).rsplit(".", 1)), text)
    return _DOTTED.sub(lambda m: m.group(0).replace(".", "[.]"), text)


def defang_target(value: str) -> str:
    """A canonical target, defanged: only the host of a URL changes, so that the path can be searched for.

    A path that holds another address (`?to=https://…`) is defanged throughout.
    """
    value = line(value)
    scheme, mark, rest = value.partition("://")
    if not mark:
        return _host(value) if "/" not in value or _is_network(value) else defang(value)
    if scheme.lower() not in ("http", "https", "ftp"):
        return defang(value)
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    host, path = rest[:end], rest[end:]
    fanged = _SCHEME.search(path) or "www." in path.lower() or "@" in path or "%3a%2f%2f" in path.lower()
    return f"{defang(scheme + '://')}{_host(host)}{defang(path) if fanged else path}"


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
    if len(short) > _NAME_LIMIT or len(short.split()) > 6 or not _NAME.match(short) or _DOTTED.search(short):
        return ""
    return "" if "www" in short.lower() or "http" in short.lower() else short


def _host(host: str) -> str:
    if "[" in host and not host.startswith("["):
        return host
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
