"""Mail for benchmarks: the sample mail of the product, over and over, each time as a new message."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "examples" / "mail"
_ID = re.compile(rb"(?im)^Message-ID[ \t]*:.*(?:\r?\n[ \t].*)*\r?\n")
_DATE = re.compile(rb"(?im)^Date[ \t]*:.*(?:\r?\n[ \t].*)*\r?\n")
_WORDS = (
    "we", "have", "observed", "repeated", "connection", "attempts", "from", "this", "host", "the", "session", "was",
    "closed", "after", "authentication", "failed", "please", "see", "attached", "lines", "of", "our", "log", "port",
)  # fmt: skip


def generated(count: int, *, folder: Path = SAMPLES, mean: int = 6000, seed: int = 7) -> list[bytes]:
    """`count` distinct messages made from the .eml files in `folder`, in the order that `seed` gives.

    Each has a Message-ID and a Date of its own. Those below `mean` bytes get trace fields and lines of a server log,
    as mail on its way through real systems has, so that the average comes to about `mean`. Raises FileNotFoundError
    if the folder holds no mail.
    """
    samples = [path.read_bytes() for path in sorted(folder.rglob("*.eml"))]
    samples = [raw for raw in samples if 0 < len(raw) < 200_000]
    if not samples:
        raise FileNotFoundError(f"no .eml files in {folder}")
    dice = random.Random(seed)
    start = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    drawn = [dice.choice(samples) for _ in range(count)]
    missing = max(0, mean - sum(map(len, drawn)) // count)
    return [
        _fresh(raw, number, start + timedelta(seconds=7 * number), missing, dice) for number, raw in enumerate(drawn)
    ]


def _fresh(raw: bytes, number: int, date: datetime, more: int, dice: random.Random) -> bytes:
    head, gap, body = _split(raw)
    line = b"\r\n" if b"\r\n" in gap else b"\n"
    head = _DATE.sub(b"", _ID.sub(b"", head + line))
    own = [
        f"Message-ID: <{number}.{dice.getrandbits(48):x}@mail.example>",
        f"Date: {format_datetime(date)}",
    ]
    trace = []
    while sum(map(len, trace)) < min(more, 1500):
        trace.append(
            f"Received: from relay{dice.randrange(9)}.example ([192.0.2.{dice.randrange(256)}]) by mx.nube-norte.example "
            f"with ESMTPS id {dice.getrandbits(64):x};\n\t{format_datetime(date)}"
        )
    fields = line.join(text.replace("\n", line.decode()).encode() for text in [*trace, *own]) + line
    text = _log(more - sum(map(len, trace)), date, dice) if b"multipart/" not in head.lower() else []
    return fields + head.rstrip(b"\r\n") + gap + body.rstrip(b"\r\n") + line + line.join([b"", *text, b""])


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", raw)
    return (raw, b"\r\n\r\n", b"") if found is None else (raw[: found.start()], found.group(), raw[found.end() :])


def _log(size: int, date: datetime, dice: random.Random) -> list[bytes]:
    lines: list[bytes] = []
    while size > 0:
        words = " ".join(dice.choice(_WORDS) for _ in range(dice.randrange(6, 11)))
        lines.append(f"{date:%b %d %H:%M:%S} edge sshd[{dice.randrange(9999)}]: {words}".encode())
        size -= len(lines[-1])
    return lines
