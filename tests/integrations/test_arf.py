"""ARF reports (RFC 5965)."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.reading.samples import ARF
from trustdesk.core.types import Category, Form
from trustdesk.interfaces.reading import read


def test_report() -> None:
    reading = read(ARF)
    assert (reading.parser, reading.form, reading.category) == ("arf", Form.NOTICE, Category.SPAM)
    assert {(i.kind, i.value) for i in reading.targets} == {
        ("ip", "192.0.2.9"),
        ("url", "http://shop.test/buy"),
        ("url", "http://shop.test/more"),
    }
    assert reading.incident_at == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert reading.original_recipient == "user@mailbox.example"
    assert reading.problems == ()


def test_fields_that_are_missing_or_wrong_are_named() -> None:
    raw = ARF.replace(b"Version: 1\r\n", b"").replace(b"Source-IP: 192.0.2.9", b"Source-IP: nowhere")
    assert {p.where for p in read(raw).problems} == {"Version", "Source-IP"}


def test_fraud_and_virus() -> None:
    assert read(ARF.replace(b"Feedback-Type: abuse", b"Feedback-Type: fraud")).category is Category.PHISHING
    assert read(ARF.replace(b"Feedback-Type: abuse", b"Feedback-Type: virus")).category is Category.MALWARE
