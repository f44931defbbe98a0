"""winmail.dat: the wrapper in which some mail programs put text and attachments (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from trustdesk.reading import rtf

SIGNATURE = b"\x78\x9f\x3e\x22"
_BODY, _TITLE, _DATA, _PROPERTIES = 0x0002800C, 0x00018010, 0x0006800F, 0x00069003
_MAX_ATTRIBUTES = 2_000


def parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of what is inside; name "" is the text of the message. Damaged input ends early, never raises."""
    if data[:4] != SIGNATURE:
        return
    at, title, count, unpacked = 6, "", 0, False
    while at + 9 <= len(data) and count < _MAX_ATTRIBUTES:
        count += 1
        ident, length = struct.unpack_from("<II", data, at + 1)
        start = at + 9
        value = data[start : start + length]
        at = start + length + 2
        if ident == _BODY:
            yield "", value.rstrip(b"\x00")
        elif ident == _TITLE:
            title = value.rstrip(b"\x00").decode("cp1252", "replace")
        elif ident == _DATA:
            yield title or "attachment", value
            title = ""
        elif ident == _PROPERTIES:
            low = value.lower()
            start, stop = low.find(b"<html"), low.rfind(b"</html>")
            packed = max(value.find(b"LZFu"), value.find(b"MELA"))
            if 0 <= start < stop:
                yield "message.html", value[start : stop + 7]
            elif packed >= 8 and not unpacked:  # a message has one, and unpacking costs
                unpacked = True
                text, html = rtf.text_of(rtf.unpacked(value[packed - 8 :]))
                yield "message.html" if html else "", text.encode("utf-8", "replace")
