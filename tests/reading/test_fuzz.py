# ruff: noqa: E501  (sample messages)
"""Nothing that arrives may raise, hang, or leave something in the text that cannot be stored."""

from __future__ import annotations

import base64
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reading.samples import ARF, COUNTER, DMCA, mail
from trustdesk.core.types import Problem, Reading
from trustdesk.interfaces.reading import read
from trustdesk.reading import cms
from trustdesk.reading.extract import extract
from trustdesk.reading.identity import identity
from trustdesk.reading.keys import NO_KEYS
from trustdesk.reading.message import Message

BOUNDED = settings(max_examples=120, deadline=4000, suppress_health_check=list(HealthCheck), derandomize=True)

XARF = json.dumps(
    {
        "Version": "3",
        "ReporterInfo": {
            "ReporterOrg": "Example",
            "ReporterOrgDomain": "reporter.example",
            "ReporterOrgEmail": "r@reporter.example",
        },
        "Report": {
            "ReportClass": "Activity",
            "ReportType": "Spam",
            "Date": "2026-11-02T10:00:00Z",
            "SourceIp": "192.0.2.1",
        },
    }
).encode()
X_ARF = mail(
    "--b\nContent-Type: text/plain\n\nAn attack.\n--b\nContent-Type: text/plain; name=report.txt\n\n---\nReported-From: a@b.example\n"
    "Category: abuse\nReport-Type: login-attack\nReport-ID: 1\nDate: 2026-11-02\nSource-Type: ipv4\nSource: [192.0.2.1, '192.0.2.2']\n"
    "Schema-URL: http://x.example/\n--b--\n",
    extra="X-XARF: PLAIN\r\nContent-Type: multipart/mixed; boundary=b\r\n",
)
SIGNED = mail(
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nSpam from 192.0.2.1\n-----BEGIN PGP SIGNATURE-----\n\nwr0EARYKAG8F\n=ek5B\n"
    "-----END PGP SIGNATURE-----\n"
)


def der(tag: int, *parts: bytes) -> bytes:
    return bytes([tag, len(body := b"".join(parts))]) + body


def ber(tag: int, *parts: bytes) -> bytes:
    """The same with a length that is not said beforehand."""
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


_OIDS = [
    bytes.fromhex(f"06{len(h) // 2:02x}{h}")
    for h in ("2a864886f70d010702", "2a864886f70d010701", "608648016503040201", "2a8648ce3d040302")
]
_SIGNER = der(
    0x30,
    der(2, b"\1"),
    der(0x30, der(0x30), der(2, b"\7")),
    der(0x30, _OIDS[2]),
    der(0x30, _OIDS[3]),
    der(4, b"\1\2\3"),
)
#: Signed data (RFC 5652) with a content in two pieces and one signer.
CMS = ber(
    0x30,
    _OIDS[0],
    ber(
        0xA0,
        ber(
            0x30,
            der(2, b"\1"),
            der(0x31, der(0x30, _OIDS[2])),
            ber(0x30, _OIDS[1], ber(0xA0, ber(0x24, der(4, b"\r\nspam from "), der(4, b"192.0.2.1\r\n")))),
            der(0x31, _SIGNER),
        ),
    ),
)
SMIME = mail(
    base64.encodebytes(CMS).decode(),
    extra="Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n",
)
TNEF = mail(
    base64.encodebytes(b"\x78\x9f\x3e\x22\x01\x00\x01\x0c\x80\x02\x00\x06\x00\x00\x00http:/\x00\x00").decode(),
    extra="Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n",
)
CSV = mail("ip,url,date\n192.0.2.1,http://a.test/,2026-11-01\n", extra="Content-Type: text/csv\r\n")
SEEDS = [
    ARF,
    X_ARF,
    SIGNED,
    SMIME,
    TNEF,
    XARF,
    CSV,
    mail(DMCA),
    mail(COUNTER),
    mail("<p>x <a href='http://a.test'>y</a>", extra="Content-Type: text/html\r\n"),
]
PIECES = st.sampled_from(
    [b"\r\n", b"\n", b"--b\r\n", b"--b--", b"\x00", b"\xff", b"=?utf-8?b?", b"?=", b'"', b"<", b">", b"http://", b"[.]", b"192.0.2.", b"Content-Type: ",
     b"multipart/mixed; boundary=b", b"message/rfc822", b"base64", b"{", b"}", b"[", b",", b"%PDF-", b"PK\x03\x04", b"\x1f\x8b\x08", b"-----BEGIN PGP"]
)  # fmt: skip


def check(reading: Reading) -> None:
    reading.text.encode("utf-8")
    assert "\x00" not in reading.text
    assert all(isinstance(p, Problem) and p.code for p in reading.problems)
    for claim in reading.indicators:
        if claim.start >= 0:
            assert 0 <= claim.start <= claim.end <= len(reading.text)


@BOUNDED
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 40), st.one_of(st.binary(max_size=30), PIECES)), max_size=12
    ),
)
def test_damaged_messages(seed: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    raw = seed
    for at, cut, piece in edits:
        at %= len(raw) + 1
        raw = raw[:at] + piece + raw[at + cut :]
    check(read(raw))
    assert len(identity(raw)) == 64


@BOUNDED
@given(st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=60).map(b"".join))
def test_made_of_pieces(raw: bytes) -> None:
    check(read(b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + raw))
    list(Message.from_bytes(raw).walk())


@BOUNDED
@given(
    edits=st.lists(st.tuples(st.integers(0, len(CMS)), st.integers(0, 4), st.binary(max_size=4)), max_size=8),
    cut=st.integers(0, len(CMS)),
)
def test_damaged_signed_data(edits: list[tuple[int, int, bytes]], cut: int) -> None:
    raw = CMS
    for at, gone, piece in edits:
        raw = raw[:at] + piece + raw[at + gone :]
    for data in (raw, raw[:cut]):
        try:
            cms.check(cms.signed(data), b"", NO_KEYS)
        except cms.Damaged:
            continue


@BOUNDED
@given(st.text(max_size=400))
def test_extractor_spans_are_true(text: str) -> None:
    for found in extract(text):
        assert text[found.start : found.end] == found.raw


@BOUNDED
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda c: (
            st.lists(c, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "Report",
                        "ReporterInfo",
                        "xarf_version",
                        "Source",
                        "SourceIp",
                        "evidence",
                        "category",
                        "type",
                        "tags",
                        "Samples",
                    ]
                ),
                c,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json(value: object) -> None:
    check(read(json.dumps(value).encode()))
