"""Limits on what one message may cost. Beyond each limit reading goes on with what it has and says so by a problem.

The bytes are always kept whole by the door that received them; a limit only bounds how much of them is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one message. Sizes are bytes unless said otherwise."""

    #: Levels of multipart and message/rfc822 inside each other; deeper content is read as plain text.
    depth: int = 30
    #: Leaf parts of the whole message, nested messages included.
    parts: int = 1_000
    #: One header block; what is longer is cut.
    header_bytes: int = 256 * 1024
    #: Header fields in one block.
    header_fields: int = 1_000
    #: Decoded payload of all parts together.
    decoded_bytes: int = 64 * 1024 * 1024
    #: All that archives (zip, gzip) of one message unpack to.
    unpacked_bytes: int = 32 * 1024 * 1024
    #: Members of all archives of one message.
    unpacked_members: int = 200
    #: An archive inside an archive is opened this many times.
    archive_depth: int = 2
    #: What one encrypted part may hold; a larger part may hold four times its own size.
    opened_bytes: int = 16 * 1024 * 1024
    #: Characters of text that are searched for indicators, all parts together.
    text_chars: int = 3_000_000
    #: Lines of that text: fifteen million empty ones say no more than a few.
    text_lines: int = 100_000
    #: Markup of one HTML part that is turned into text.
    html_bytes: int = 4 * 1024 * 1024
    #: Indicators of one message.
    indicators: int = 20_000
    #: Rows of attached tables and lines of attached logs.
    rows: int = 100_000
    #: Bytes of one PDF and pages read of it.
    pdf_bytes: int = 16 * 1024 * 1024
    pdf_pages: int = 30


LIMITS = Limits()
