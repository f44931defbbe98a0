"""Bytes to text, whatever the label says."""

from __future__ import annotations

import codecs
import re

from trustdesk.core.types import Problem

#: Labels that mail uses for something wider or differently named (WHATWG Encoding Standard, and what clients send).
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "x-mac-roman": "mac-roman",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "8bit": "utf-8",
    "binary": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
#: Codecs that are no charsets; two of them take quadratic time.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_SAMPLE = 16 * 1024
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def codec(label: str) -> str | None:
    """Python's name of the charset `label`, or None if there is no such text encoding."""
    label = label.strip().strip("'\"").lower()
    label = _ALIASES.get(label, label)
    if not label or len(label) > 40:
        return None
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError, UnicodeError):
        return None
    if info.name in _REFUSED or not getattr(info, "_is_text_encoding", True):
        return None
    return info.name


def clean(text: str) -> str:
    """`text` without what databases and encoders refuse: NUL and lone surrogates become U+FFFD, one for one."""
    if "\x00" not in text:
        try:
            text.encode("utf-8")
            return text
        except UnicodeEncodeError:
            pass
    return _UNSTORABLE.sub("\ufffd", text)


def decode(data: bytes, label: str = "", where: str = "") -> tuple[str, tuple[Problem, ...]]:
    """The text of `data`, and what was wrong with its label.

    UTF-8 is tried first whatever the label says (text that is valid UTF-8 beyond ASCII practically always is UTF-8),
    then the label, then detection on a sample. Never raises; undecodable bytes become U+FFFD.
    """
    if data.isascii() and (not label or label.lower() in ("us-ascii", "utf-8", "iso-8859-1", "windows-1252")):
        return clean(data.decode("ascii")), ()
    problems: list[Problem] = []
    name = codec(label) if label else None
    if label and name is None:
        problems.append(Problem("charset_unknown", f"there is no charset {label[:40]!r}", where))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(data) % 2 == 0:
        return clean(data.decode("utf-16", "replace")), tuple(problems)
    stateful = name is not None and name.startswith(
        ("iso2022", "hz", "utf-7", "utf-16", "utf-32", "utf_7", "cp037", "cp500")
    )
    if not stateful:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
        else:
            if name not in (None, "utf-8", "cp1252") and not data.isascii():
                problems.append(Problem("charset_wrong", f"labelled {label[:40]} but is UTF-8", where))
            return clean(text), tuple(problems)
    if name is not None and name != "utf-8":
        try:
            return clean(data.decode(name)), tuple(problems)
        except (UnicodeError, ValueError):
            problems.append(Problem("charset_wrong", f"is not valid {label[:40]}", where))
    elif name == "utf-8":
        # A few broken bytes in a long UTF-8 text are damage, not another charset.
        text = data.decode("utf-8", "replace")
        if text.count("\ufffd") * 200 < len(text) or text.count("\ufffd") <= 2:
            return clean(text), (*problems, Problem("charset_damaged", "some bytes are not valid UTF-8", where))
        problems.append(Problem("charset_wrong", "is not valid UTF-8", where))
    detected = _detect(data) or name or "cp1252"
    return clean(data.decode(detected, "replace")), tuple(problems)


def _detect(data: bytes) -> str | None:
    from charset_normalizer import from_bytes  # slow to import, rarely needed

    # The bytes beyond ASCII tell most; take the sample where they begin.
    first = next((m.start() for m in re.finditer(rb"[\x80-\xff]", data)), 0)
    start = max(0, first - 200)
    best = from_bytes(data[start : start + _SAMPLE], steps=3, chunk_size=512).best()
    return codec(best.encoding) if best is not None else None
