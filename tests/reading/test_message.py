"""Messages are read into headers and parts, within limits, and never with an exception."""

from __future__ import annotations

import base64

import pytest

from tests.reading.samples import ARF, mail
from trustdesk.reading.identity import identity
from trustdesk.reading.limits import Limits
from trustdesk.reading.message import Message


def codes(message: Message) -> set[str]:
    return {p.code for p in message.problems}


def test_headers_are_decoded_and_unfolded() -> None:
    raw = mail("x", subject="=?utf-8?q?Caf=C3=A9?=\r\n =?utf-8?b?IMO8YmVy?= all")
    assert Message.from_bytes(raw).headers.get("subject") == "Café über all"


def test_parts_of_a_report() -> None:
    message = Message.from_bytes(ARF)
    assert [p.content_type for p in message.parts] == ["text/plain", "message/feedback-report", "message/rfc822"]
    assert message.feedback_report is not None
    assert message.feedback_report.get_all("Reported-URI") == ("http://shop.test/buy", "http://shop.test/more")
    assert message.nested[0].headers.get("From") == "seller@shop.test"


@pytest.mark.parametrize(
    ("label", "data", "text"),
    [
        ("iso-8859-1", "café".encode("latin-1"), "café"),
        ("iso-8859-1", "café".encode(), "café"),  # wrong label, is UTF-8
        ("x-nope", "café".encode(), "café"),
        ("gb2312", "钓鱼".encode("gb18030"), "钓鱼"),
        ("utf-16", "hello".encode("utf-16"), "hello"),
        ("punycode", b"abc-", "abc-"),  # a codec, but no charset
    ],
)
def test_charsets_and_wrong_labels(label: str, data: bytes, text: str) -> None:
    raw = (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset="
        + label.encode()
        + b"\r\n\r\n"
        + data
    )
    assert Message.from_bytes(raw).text.strip() == text


def test_filename_in_pieces() -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*0*=utf-8''na%C3%AFve; filename*1=.pdf\r\n\r\nx"
    )
    assert Message.from_bytes(raw).parts[0].filename == "naïve.pdf"


def test_depth_is_limited_and_the_rest_is_text() -> None:
    raw = b"From: a@b.example\r\n"
    for n in range(200):
        raw += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
    message = Message.from_bytes(raw + b"Content-Type: text/plain\r\n\r\nhttp://evil.test/\r\n")
    assert "mime_too_deep" in codes(message)
    assert "http://evil.test/" in message.parts[0].text


def test_parts_are_limited() -> None:
    raw = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50
    message = Message.from_bytes(raw, limits=Limits(parts=10))
    assert len(message.parts) == 10
    assert "mime_too_many_parts" in codes(message)


def test_headers_are_limited() -> None:
    message = Message.from_bytes(b"From: a@b.example\r\nX-Long: " + b"a" * 1_000_000 + b"\r\n\r\nbody")
    assert "header_too_large" in codes(message)
    assert message.headers.get("From") == "a@b.example"
    assert message.text == "body"


def test_damaged_base64_gives_what_it_has() -> None:
    data = base64.encodebytes(b"hello world, this is evidence").replace(b"\n", b"") + b"!"
    raw = b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n" + data[:-3]
    message = Message.from_bytes(raw)
    assert message.text.startswith("hello world")
    assert "transfer_damaged" in codes(message)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b'{"a": 1}', "json"),
        (b"Dear desk,\nhelp", "text"),
        (b"Note: one\n\ntwo", "text"),
    ],
)
def test_what_is_not_mail(raw: bytes, kind: str) -> None:
    assert Message.from_bytes(raw).kind == kind


def test_nul_and_lone_surrogates_never_reach_the_text() -> None:
    message = Message.from_bytes(mail("a\x00b"))
    assert "\x00" not in message.text
    message.text.encode("utf-8")


def test_identity_ignores_transport_and_line_endings() -> None:
    raw = mail("one\ntwo\n")
    other = b"Received: from x by y\r\nDKIM-Signature: v=1\r\n" + raw.replace(b"\r\n", b"\n") + b"\n\n"
    assert identity(raw) == identity(other) == identity(b"From x Mon\n" + other)
    assert identity(raw) != identity(raw.replace(b"two", b"three"))
    assert identity(raw) != identity(raw.replace(b"m1@", b"m2@"))


def test_identity_of_a_body_cut_between_cr_and_lf() -> None:
    body = b"a" * (1 << 20)
    raw = b"From: a@b.example\r\n\r\n" + body[:-1] + b"\r\nend"
    assert identity(raw) == identity(raw.replace(b"\r\n", b"\n"))
