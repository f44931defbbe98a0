"""Taking out of a text what says who somebody is, before the text goes to a public register."""

from __future__ import annotations

from collections.abc import Iterable

import re2

_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
#: Kind → pattern, in the order in which they are taken out. RE2 is linear whatever the text.
_KINDS = (
    ("url", re2.compile(r"\b(?:https?|hxxps?|ftp)://[^\s<>\"']+", _OPTIONS)),
    ("email", re2.compile(r"[a-z0-9._%+'-]+(?:@| ?[\[(](?:at|@)[\])] ?)[a-z0-9.-]+(?:\.|\[\.\])[a-z]{2,24}", _OPTIONS)),
    ("address", re2.compile(r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f:]{1,19}\b", _OPTIONS)),
    ("iban", re2.compile(r"\b[a-z]{2}[0-9]{2}(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,3})?\b", _OPTIONS)),
    ("phone", re2.compile(r"(?:\+|\b00)[0-9][0-9 ()./-]{6,20}[0-9]", _OPTIONS)),
    ("phone", re2.compile(r"\b(?:tel|phone|mobile|telefon|tel[eé]fono)[.: ]+[0-9][0-9 ()./-]{5,20}[0-9]", _OPTIONS)),
)  # fmt: skip
MARK = "[removed]"


def redact(text: str, names: Iterable[str] = (), *, keep: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    """The text without addresses, numbers and `names` (of people and firms known to the case), and the kinds that were
    taken out. `keep` names kinds that may stay."""
    found = []
    for kind, pattern in _KINDS:
        if kind not in keep:
            text, many = pattern.subn(MARK, text)
            if many:
                found.append(kind)
    for name in sorted({n.strip() for n in names if len(n.strip()) >= 3}, key=len, reverse=True):
        pattern = re2.compile(r"\b" + re2.escape(name[:200]) + r"\b", _OPTIONS)
        text, many = pattern.subn(MARK, text)
        if many:
            found.append("name")
    return text, tuple(dict.fromkeys(found))
