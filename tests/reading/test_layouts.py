# ruff: noqa: E501  (sample messages)
"""Complaints in many layouts and languages (layouts.toml): what is complained about is found, and little else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.reading.samples import mail
from trustdesk.core.types import Category, Form
from trustdesk.interfaces.reading import read
from trustdesk.reading import canonical

MAILS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("layouts.toml").read_text("utf-8"))["mail"]
ANSWERS = "In-Reply-To: <n1@provider.example>\r\nReferences: <n1@provider.example>\r\n"


def spelled(value: str) -> str:
    """`value` as the reader spells it."""
    known = canonical.url(value) if "://" in value else None
    return known[0] if known else value


def host(value: str) -> str:
    known = canonical.url(value if "://" in value else f"http://{value}") if ":" not in value.split("://")[-1] else None
    return known[1] if known else value


@pytest.mark.parametrize("sample", MAILS, ids=[m["name"] for m in MAILS])
def test_what_is_complained_about(sample: dict[str, Any]) -> None:
    reading = read(mail(sample["body"].lstrip("\n"), subject=sample["subject"], sender=sample["sender"]))
    found = {i.value for i in reading.targets}
    wanted = {spelled(v) for v in sample["targets"]}
    loose = {v.rstrip("/").removeprefix("https://").removeprefix("http://") for v in found}
    assert all(v in found or v.rstrip("/").removeprefix("https://").removeprefix("http://") in loose for v in wanted)
    if wanted:
        hosts = {i.value if i.kind != "url" else host(i.value) for i in reading.targets}
        named = " ".join(wanted)
        assert all(h in named for h in hosts)
    if "category" in sample:
        assert reading.category == Category(sample["category"])
    if "language" in sample:
        assert reading.language == sample["language"]
    for claim in reading.targets:
        if claim.start >= 0:
            assert reading.text[claim.start : claim.end] == claim.raw


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (
            "Re: [Desk 2026-0004] We received your report",
            "No, the site is still up.\n\nOn Mon, 2 Nov 2026, the abuse desk wrote:\n> Thank you for your report. We have received your "
            "report and opened a case.\n> This is an automated confirmation.\n",
        ),
        (
            "Re: your report",
            "It still works for me.\n\n> We received your report about http://evil.test/login and opened a case.\n",
        ),
        (
            "AW: Eingangsbestätigung",
            "Hier noch unsere Vollmacht.\n\nAm 02.11.2026 um 10:00 schrieb Abuse Desk:\n> Ihre Anfrage ist bei uns eingegangen.\n",
        ),
    ],
)
def test_a_reply_that_quotes_our_letter_is_a_reply(subject: str, body: str) -> None:
    assert read(mail(body, subject=subject, extra=ANSWERS)).form is Form.REPLY


def test_our_own_kind_of_acknowledgement_is_still_one() -> None:
    body = "Thank you for your report. We have received your report and opened a case.\n"
    assert read(mail(body, subject="Re: abuse from 192.0.2.1", extra=ANSWERS)).form is Form.TICKET_ACK


def test_a_mail_that_complains_of_nothing_is_other_and_a_mail_passed_on_is_spam() -> None:
    asked = read(mail("Hello,\n\nwhat does a small server cost with you each month?\n\nCarl\n", subject="question"))
    assert (asked.category, asked.confidence < 0.3) == (Category.OTHER, True)
    passed = read(
        mail("From: Win <win@prize.test>\nSubject: You won\n\nSee http://prize.test/a\n", subject="Fwd: You won")
    )
    assert passed.category is Category.SPAM


def test_a_complaint_that_was_attached_shows_the_reported_mail_in_its_text() -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nOur filter has found the attached mail to be spam.\n--b\nContent-Type: message/rfc822\n\n"
        "Received: from relay.reporter.example ([198.51.100.5]) by mx.provider.example; Mon, 2 Nov 2026 02:00:00 +0000\n"
        "From: abuse@reporter.example\nSubject: phishing mail\n\nThis phishing mail came from you:\n\n"
        "Return-Path: <x@bad.test>\nReceived: from bad.test (bad.test [192.0.2.44]) by mx.reporter.example; Mon, 2 Nov 2026 01:00:00 +0000\n"
        "From: x@bad.test\nSubject: verify your account\n\nhello\n--b--\n"
    )
    reading = read(mail(body, subject="phishing", extra="Content-Type: multipart/mixed; boundary=b\r\n"))
    assert "192.0.2.44" in {i.value for i in reading.targets}
    assert "198.51.100.5" not in {i.value for i in reading.targets}
