"""Texts inside other things: winmail.dat, PDF, archives of them, mails in mails, digests of many incidents."""

from __future__ import annotations

import base64
import io
import struct
import zipfile

import pytest

from tests.reading.samples import mail
from trustdesk.core.types import Reading
from trustdesk.interfaces.reading import read
from trustdesk.reading import rtf
from trustdesk.reading.tnef import parts

URL = "http://evil.test/login"


def targets(reading: Reading) -> list[str]:
    return [i.value for i in reading.targets]


def tnef(*attributes: tuple[int, bytes]) -> bytes:
    """MS-OXTNEF: signature, key, then level, id, length, data and checksum of each attribute."""
    out = b"\x78\x9f\x3e\x22\x01\x00"
    for ident, data in attributes:
        out += struct.pack("<BII", 1, ident, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return out


BODY, TITLE, DATA, PROPERTIES = 0x0002800C, 0x00018010, 0x0006800F, 0x00069003


def attached(data: bytes, kind: str, name: str, text: str = "Please see the attached report.") -> bytes:
    encoded = base64.encodebytes(data).decode()
    body = (
        f"--b\nContent-Type: text/plain\n\n{text}\n--b\nContent-Type: {kind}; name={name}\n"
        f"Content-Disposition: attachment; filename={name}\nContent-Transfer-Encoding: base64\n\n{encoded}--b--\n"
    )
    return mail(body, extra="Content-Type: multipart/mixed; boundary=b\r\n")


RTF = (
    r"{\rtf1\ansi{\fonttbl{\f0 Arial http://font.example/;}}{\*\generator x http://maker.example/;}Phishing p\'e1ge: \u8220?"
    + URL
    + r"\u8221?\par\tab It imitates our bank.\par}"
)
HTML_RTF = (
    r"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Phishing page: {\*\htmltag84 <a href='" + URL + r"'>}"
    r"\htmlrtf {\field twice http://copy.example/}\htmlrtf0 here{\*\htmltag92 </a>}\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}}"
)


def compressed(text: str) -> bytes:
    """MS-OXRTFCP with one reference back to what every document begins with, the rest as it is."""
    known = r"{\rtf1\ansi"
    assert text.startswith(known)
    token = struct.pack(">H", 0 << 4 | len(known) - 2)
    rest = text[len(known) :].encode()
    body = bytes([1]) + token + rest[:7]
    for at in range(7, len(rest), 8):
        body += b"\0" + rest[at : at + 8]
    return struct.pack("<II4sI", len(body) + 12, len(text), b"LZFu", 0) + body


def test_rtf() -> None:
    plain = "Phishing p\xe1ge: \u201c" + URL + "\u201d\n\tIt imitates our bank.\n"
    assert rtf.text_of(rtf.unpacked(compressed(RTF))) == (plain, False)
    text, html = rtf.text_of(HTML_RTF.encode())
    assert (html, text) == (True, f"<p>Phishing page: <a href='{URL}'>here</a></p>")
    for cut in range(0, 120, 7):
        rtf.text_of(rtf.unpacked(compressed(RTF)[:cut]))
        rtf.text_of(RTF.encode()[cut:])


@pytest.mark.parametrize(
    "inside",
    [
        ((PROPERTIES, b"\x01\0\0\0\x02\x01\x09\x10" + compressed(RTF)),),
        ((PROPERTIES, b"\x01\0\0\0\x02\x01\x09\x10" + compressed(HTML_RTF)),),
        ((BODY, f"Phishing page: {URL}\0".encode()),),
        ((TITLE, b"list.txt\0"), (DATA, f"Phishing pages:\n{URL}\n".encode())),
        ((PROPERTIES, b"\x01\0\0\0<html><body>Phishing page: <b>" + URL.encode() + b"</b></body></html>\0"),),
    ],
    ids=["rtf", "html in rtf", "body", "file", "html"],
)
def test_winmail_dat(inside: tuple[tuple[int, bytes], ...]) -> None:
    reading = read(attached(tnef(*inside), "application/ms-tnef", "winmail.dat", ""))
    assert URL in targets(reading)


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_damaged_winmail_dat(cut: int) -> None:
    data = tnef((TITLE, b"a.txt\0"), (DATA, URL.encode()))
    assert list(parts(data[:cut])) == [] or cut > 20
    assert list(parts(data[: 6 + 5] + b"\xff\xff\xff\xff" + data[15:])) in ([], [("attachment", URL.encode())])
    read(attached(data[:cut], "application/ms-tnef", "winmail.dat"))


def pdf(*lines: str) -> bytes:
    """A PDF of one page in one font, with its table of offsets."""
    shown = b"BT /F1 12 Tf 50 780 Td 14 TL " + b" ".join(b"(" + t.encode() + b") Tj T*" for t in lines) + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(shown) + shown + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % at for at in offsets)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


LETTER = pdf("Phishing report", f"The phishing page is at {URL}", "It imitates our bank. Please remove it.")


def test_a_letter_in_pdf() -> None:
    reading = read(attached(LETTER, "application/pdf", "letter.pdf"))
    assert targets(reading) == [URL] and reading.category == "phishing"
    claim = reading.targets[0]
    assert reading.text[claim.start : claim.end] == URL


def test_a_pdf_is_left_alone_where_the_mail_says_it_all() -> None:
    power = pdf("Power of attorney of http://lawyer.example/")
    reading = read(attached(power, "application/pdf", "power.pdf", f"Please remove the phishing page {URL} at once."))
    assert targets(reading) == [URL] and "lawyer.example" not in reading.text


def test_a_text_in_a_zip_and_a_pdf_that_is_none() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.txt", f"Phishing page: {URL}")
    assert URL in targets(read(attached(packed.getvalue(), "application/zip", "report.zip")))
    reading = read(attached(LETTER[:200], "application/pdf", "letter.pdf"))
    assert "pdf_damaged" in {p.code for p in reading.problems}


INNER = (
    "From: Bank <cert@bank.example>\nTo: ana@reporter.example\nSubject: Phishing\n\n"
    f"A phishing page is at {URL}, please help.\n"
)


def nested(depth: int) -> str:
    text = INNER
    for level in range(depth):
        text = (
            f"From: p{level}@relay{level}.example\nSubject: Fwd: Phishing\nMIME-Version: 1.0\n"
            f"Content-Type: multipart/mixed; boundary=n{level}\n\n--n{level}\nContent-Type: text/plain\n\nFYI\n"
            f"--n{level}\nContent-Type: message/rfc822\n\n{text}\n--n{level}--\n"
        )
    return text


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_forwarded_as_attachment_again_and_again(depth: int) -> None:
    reading = read(nested(depth).replace("\n", "\r\n").encode())
    assert targets(reading) == [URL]
    assert reading.category == "phishing" and reading.reporter.email == f"p{depth - 1}@relay{depth - 1}.example"


def test_forwarded_inline_twice() -> None:
    quoted = "".join(f"> {line}\n" for line in INNER.splitlines())
    body = f"Please see below.\n\n-------- Forwarded Message --------\nFrom: a@relay.example\nSubject: Phishing\n\n{quoted}"
    assert targets(read(mail(body, subject="Fwd: Phishing"))) == [URL]


def test_a_mail_as_base64_attachment() -> None:
    assert targets(read(attached(INNER.encode(), "message/rfc822", "fwd.eml"))) == [URL]


def test_a_digest_of_many_incidents() -> None:
    """multipart/digest (RFC 2046, 5.1.5): each part is a message unless it says otherwise."""
    several = [INNER.replace("evil.test/login", f"evil{n}.test/login") for n in range(5)]
    pieces = "".join(f"--d\n\n{text}\n" for text in several)
    raw = mail(f"{pieces}--d--\n", subject="Digest of reports", extra="Content-Type: multipart/digest; boundary=d\r\n")
    assert set(targets(read(raw))) == {f"http://evil{n}.test/login" for n in range(5)}


def test_many_incidents_in_one_text() -> None:
    blocks = "\n\n".join(
        f"Incident {n}\nType: phishing\nURL: http://evil{n}.test/login\nIP: 192.0.2.{n}\nDate: 2026-11-0{n} 10:00 UTC"
        for n in range(1, 6)
    )
    reading = read(mail(f"The following phishing incidents were seen on your network.\n\n{blocks}\n"))
    assert {f"http://evil{n}.test/login" for n in range(1, 6)} <= set(targets(reading))
