"""The sample mail as fresh reports: the same complaint from another sender at another time is another message."""

from __future__ import annotations

import csv
import json
import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

#: Header fields that make a message the message it is.
_OWN = re.compile(
    rb"(?im)^(Message-ID|Date|From|Reply-To|Return-Path|In-Reply-To|References)[ \t]*:.*(?:\r?\n[ \t].*)*\r?\n"
)
_FROM = re.compile(rb"(?im)^From[ \t]*:")
_DATES = ("Date", "report_date", "timestamp", "received_date", "ReportDate")
_NUMBERS = ("report_id", "ReportID", "reportId")

#: Senders beside those of the samples, so that a case has several reporters.
SENDERS = (
    ("Marta Quiroga", "marta.quiroga@bancoazul.example"),
    ("Anti-Phishing Desk", "desk@brandwatch.example"),
    ("Tomás Ibarra", "tomas.ibarra@mail.example"),
    ("Security Team", "soc@swiftparcel.example"),
    ("J. Whitcombe", "j.whitcombe@mail.example"),
    ("CERT Valle", "cert@upvalle.example"),
    ("Aline Rocha", "aline.rocha@correio.example"),
    ("Network Operations", "noc@transit.example"),
    ("Petra Lindner", "petra.lindner@post.example"),
    ("Rights Desk", "rights@horizonte-studios.example"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One message of `examples/mail` with what its index says it is."""

    file: str
    form: str
    category: str
    language: str
    raw: bytes

    @property
    def is_json(self) -> bool:
        """Whether it is a bare JSON document, as the API gets it."""
        return self.file.endswith(".json")


def load(folder: Path) -> dict[str, Sample]:
    """Every sample by file name. Raises FileNotFoundError if there is no index."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["file"]: Sample(
                row["file"], row["form"], row["category"], row["language"], (folder / row["file"]).read_bytes()
            )
            for row in csv.DictReader(file)
        }


def fresh(sample: Sample, at: datetime, dice: random.Random, *, other_sender: bool = False) -> bytes:
    """The sample as a message sent at `at`, with a number of its own; from somebody else if asked for."""
    number = f"{dice.getrandbits(64):016x}"
    if sample.is_json:
        return _document(sample.raw, at, number)
    end = re.search(rb"\r?\n\r?\n", sample.raw)
    if end is None:
        return sample.raw + b"\r\n" + number.encode()
    head, rest = sample.raw[: end.start()] + b"\n", sample.raw[end.start() :].lstrip(b"\r\n")
    line = b"\r\n" if b"\r\n" in sample.raw[: end.end()] else b"\n"
    fields = [f"Message-ID: <{number}@mail.example>", f"Date: {format_datetime(at)}"]
    kept = _OWN.sub(lambda m: m.group() if _FROM.match(m.group()) and not other_sender else b"", head)
    if other_sender:
        name, address = dice.choice(SENDERS)
        fields.append(f"From: {_encoded(name)} <{address}>")
    return line.join(field.encode() for field in fields) + line + kept.rstrip(b"\r\n") + line + line + rest


def reply(sender: str, text: str, in_reply_to: str, subject: str, at: datetime, dice: random.Random) -> bytes:
    """A customer's answer by mail to one of our letters."""
    fields = (
        f"From: {sender}", "To: abuse@nube-norte.example", f"Subject: {_encoded('Re: ' + subject)}",
        f"Message-ID: <{dice.getrandbits(64):016x}@mail.example>", f"Date: {format_datetime(at)}",
        f"In-Reply-To: {in_reply_to}", f"References: {in_reply_to}", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text, "",
    )  # fmt: skip
    return "\r\n".join(fields).encode()


def _encoded(text: str) -> str:
    from email.header import Header

    return Header(" ".join(text.split()), "utf-8", maxlinelen=998).encode() if not text.isascii() else text


def _document(raw: bytes, at: datetime, number: str) -> bytes:
    """A JSON report with the times and numbers changed wherever they stand."""

    def renew(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: renew(inner, name) for name, inner in value.items()}
        if key in _DATES and isinstance(value, str):
            seen = at - timedelta(milliseconds=int(number[:6], 16) % 3_600_000)  # reports come within the hour
            return seen.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if key in _NUMBERS and isinstance(value, str):
            return f"{number[:8]}-{number[8:12]}-4{number[13:16]}-8{number[1:4]}-{number[:12]}"
        return value

    return json.dumps(renew(json.loads(raw)), ensure_ascii=False, indent=1).encode()
