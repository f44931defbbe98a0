# ruff: noqa: E501  (sample messages)
"""How fast is reading? Beside the floor: what a script of twenty lines would do.

    python benchmarks/reading.py [MAILS…]

The floor is the standard library's parser and one regular expression for URLs and IPv4 addresses. Both run over the
same messages in turns, five times; the best time of each counts, in processor time, so that a busy machine does not
decide. Without MAILS, the mail of `make bench` is read, and made-up messages that are small and dense with indicators.
Also printed: time against size up to 30 MB.
"""

from __future__ import annotations

import email
import email.policy
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.mails import generated
from trustdesk.interfaces.reading import installed, read

_FLOOR = re.compile(r"(?:https?|ftp)://[^\s<>\"]+|\b\d{1,3}(?:\.\d{1,3}){3}\b")
_ROUNDS = 5


def floor(raw: bytes) -> int:
    """Parse with the standard library, decode the text parts, and look for URLs and addresses."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    count = 0
    for part in message.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                count += len(_FLOOR.findall(payload.decode("utf-8", "replace")))
    return count


def made_up() -> list[bytes]:
    """Messages of the usual kinds and sizes; addresses and names are those reserved for documentation."""
    head = b"From: Reporter <r@reporter.example>\r\nTo: abuse@provider.example\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
    out = []
    for n in range(40):
        ip = f"192.0.2.{n + 1}".encode()
        out.append(
            head
            + b"Subject: Abuse report for "
            + ip
            + b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nDear team,\r\n\r\nwe saw brute force "
            b"attacks from "
            + ip
            + b".\r\n\r\n"
            + b"".join(
                b"2026-11-02 09:%02d:00 sshd[77]: Failed password for root from %s port 22 ssh2\r\n" % (i, ip)
                for i in range(40)
            )
        )
        out.append(
            head
            + b"Subject: Copyright infringement\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>We act for Example Films.</p>"
            b"<table>"
            + b"".join(
                b"<tr><td>Infringing URL</td><td><a href='http://site%d.test/w/%d'>http://site%d.test/w/%d</a></td></tr>"
                % (n, i, n, i)
                for i in range(30)
            )
            + b"</table><p>Good faith belief, penalty of perjury.</p></body></html>"
        )
        out.append(
            head
            + b"Subject: report\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nsee attached\r\n--x\r\n"
            b"Content-Type: text/csv; name=a.csv\r\n\r\ntimestamp,ip,port,asn\r\n"
            + b"".join(b"2026-11-02 09:00:00,198.51.100.%d,%d,64496\r\n" % (i, i) for i in range(200))
            + b"--x--\r\n"
        )
    return out


def best(work: Callable[[bytes], object], mails: list[bytes]) -> float:
    """Processor seconds for one round over `mails`."""
    started = time.process_time()
    for raw in mails:
        work(raw)
    return time.process_time() - started


def beside_the_floor(title: str, mails: list[bytes]) -> None:
    """Print both times over `mails` and their ratio."""
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        theirs.append(best(floor, mails))
        ours.append(best(read, mails))
    a, b = min(theirs), min(ours)
    print(f"{title}: {len(mails)} messages, {sum(map(len, mails)) / 1e6:.1f} MB")
    print(f"  floor    {a / len(mails) * 1000:8.3f} ms a message  {len(mails) / a:8.0f} messages a second")
    print(f"  reading  {b / len(mails) * 1000:8.3f} ms a message  {len(mails) / b:8.0f} messages a second")
    print(f"  ratio    {a / b:8.2f} of the floor")


def main() -> None:
    """Print the times, their ratios and the curve of size."""
    installed()
    paths = [Path(p) for p in sys.argv[1:]]
    files = [f for p in paths for f in (sorted(p.rglob("*.eml")) if p.is_dir() else [p])]
    if files:
        beside_the_floor("your mail", [f.read_bytes() for f in files])
    else:
        beside_the_floor("the mail of make bench", generated(400))
        beside_the_floor("small and dense with indicators", made_up())
    line = b"On 2026-11-02 we found http://evil.test/login at 192.0.2.7, please remove it.\r\n"
    for megabytes in (1, 2, 4, 8, 16, 30):
        raw = b"From: r@reporter.example\r\nSubject: phishing\r\n\r\n" + line * (megabytes * 1_000_000 // len(line))
        spent = min(best(read, [raw]) for _ in range(2))
        print(f"size {megabytes:3d} MB {spent:6.2f} s  {spent / megabytes * 1000:7.1f} ms a MB")


if __name__ == "__main__":
    main()
