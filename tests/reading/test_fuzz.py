# ruff: noqa: E501  (sample messages)
"""Nothing that arrives may raise, hang, or leave something in the text that cannot be stored."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reading.samples import ARF, COUNTER, DMCA, mail
from trustdesk.core.types import Problem, Reading
from trustdesk.interfaces.reading import read
from trustdesk.reading.extract import extract
from trustdesk.reading.identity import identity
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
CSV = mail("ip,url,date\n192.0.2.1,http://a.test/,2026-11-01\n", extra="Content-Type: text/csv\r\n")
SEEDS = [
    ARF,
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
