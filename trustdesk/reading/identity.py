"""When are two messages the same message?"""

from __future__ import annotations

import hashlib
import re

from trustdesk.reading.mime import split_header

_COUNTED = (b"message-id", b"from", b"date", b"subject")
_FIELD = re.compile(rb"(?m)^(Message-ID|From|Date|Subject)[ \t]*:(.*(?:\n[ \t].*)*)", re.IGNORECASE)
_HEADER_BYTES = 256 * 1024
_CHUNK = 1 << 20


def identity(raw: bytes) -> str:
    """SHA-256 (hex) under which the same message, received twice, is one report.

    Counted are Message-ID, From, Date, Subject and the body. What differs from one delivery to the next does not
    count: trace and authentication fields, the order and folding of fields, line endings, newlines at the end.
    Linear, without reading the MIME structure. Never raises.
    """
    digest = hashlib.sha256()
    start = 0
    if raw.startswith(b"From ") and b"\n" in raw[:1024]:
        start = raw.index(b"\n") + 1
    head, body = split_header(raw, start, len(raw))
    values = dict.fromkeys(_COUNTED, b"")
    if head > start:
        block = raw[start : min(head, start + _HEADER_BYTES)].replace(b"\r\n", b"\n")
        for match in _FIELD.finditer(block):
            name = match.group(1).lower()
            if not values[name]:
                values[name] = b" ".join(match.group(2).split())
    if not any(values.values()):  # JSON, junk: nothing names this message, so every byte of it counts
        body = start
    for name in _COUNTED:
        digest.update(name + b":%d:" % len(values[name]) + values[name] + b"\n")
    end = len(raw)
    while end > body:  # a chunk at a time: a message may consist of newlines alone
        start = max(body, end - _CHUNK)
        left = len(raw[start:end].rstrip(b"\r\n"))
        end = start + left
        if left:
            break
    # Lines are normalised chunk by chunk, so that a large message is not copied as a whole.
    at = body
    while at < end:
        stop = min(at + _CHUNK, end)
        if stop < end and raw[stop - 1 : stop + 1] == b"\r\n":
            stop += 1
        digest.update(raw[at:stop].replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        at = stop
    return digest.hexdigest()
