# ruff: noqa: E501  (sample messages)
"""The general reader tells what is complained about from everything else, whoever wrote it."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.reading.samples import COUNTER, DMCA, mail
from trustdesk.core.types import Category, Form, Reading, Role
from trustdesk.interfaces.reading import read
from trustdesk.reading import dmca


def targets(reading: Reading) -> set[str]:
    return {i.value for i in reading.targets}


def role(reading: Reading, value: str) -> Role:
    return next(i.role for i in reading.indicators if i.value == value)


def test_labels_decide() -> None:
    reading = read(
        mail(
            "We saw an attack on our network.\n\nSource IP: 192.0.2.7\nDestination IP: 198.51.100.1\n\n"
            "More information: https://reporter.example/help\n\nKind regards,\nRita\nhttps://www.reporter.example/\n",
            subject="port scan",
        )
    )
    assert targets(reading) == {"192.0.2.7"}
    assert reading.category is Category.NETWORK_ATTACK
    assert role(reading, "https://www.reporter.example/") is Role.REPORTER
    assert role(reading, "198.51.100.1") is Role.REFERENCE


def test_offsets_point_into_the_text() -> None:
    reading = read(mail("Phishing site: hxxp://evil[.]test/login\nIt imitates our bank.\n", subject="phishing"))
    claim = reading.targets[0]
    assert reading.text[claim.start : claim.end] == claim.raw == "hxxp://evil[.]test/login"


def test_headings_and_lists() -> None:
    reading = read(
        mail(
            "The following URLs infringe our copyright:\n\nhttp://pirate.test/1\nhttp://pirate.test/2\n\n"
            "The original work is here:\n\nhttps://films.example/work\n",
            subject="Copyright infringement",
        )
    )
    assert targets(reading) == {"http://pirate.test/1", "http://pirate.test/2"}


def test_table_columns() -> None:
    rows = "timestamp,src_ip,src_port,dst_ip,dst_port\n" + "".join(
        f"2026-11-01 10:00:0{n},192.0.2.{n},1000,198.51.100.9,22\n" for n in range(1, 6)
    )
    reading = read(mail("Hello, these hosts attack our servers:\n\n" + rows, subject="brute force"))
    assert targets(reading) == {f"192.0.2.{n}" for n in range(1, 6)}


def test_zipped_table() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.csv", "ip,port,asn\n192.0.2.1,25,64496\n192.0.2.2,25,64496\n")
    import base64

    body = (
        "--b\nContent-Type: text/plain\n\nPlease find the vulnerable services attached.\n--b\nContent-Type: application/zip; name=r.zip\n"
        "Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(packed.getvalue()).decode() + "\n--b--\n"
    )
    reading = read(mail(body, extra="Content-Type: multipart/mixed; boundary=b\r\n"))
    assert targets(reading) == {"192.0.2.1", "192.0.2.2"}


def test_log_lines_name_their_source() -> None:
    log = "".join(
        f"Nov  2 03:0{n}:11 host sshd[1]: Failed password for root from 192.0.2.66 port 4{n} ssh2\n" for n in range(6)
    )
    reading = read(mail("There were failed logins at our server:\n\n" + log, subject="brute force attack"))
    assert targets(reading) == {"192.0.2.66"}


def test_html_table_of_labels() -> None:
    body = "<table><tr><td>IP Address</td><td>192.0.2.5</td></tr><tr><td>URL</td><td><a href='http://evil.test/x'>link</a></td></tr></table><p>phishing</p>"
    reading = read(mail(body, subject="Phishing report", extra="Content-Type: text/html\r\n"))
    assert targets(reading) == {"192.0.2.5", "http://evil.test/x"}


def test_reported_mail_names_who_handed_it_over() -> None:
    body = (
        "I never asked for this spam.\n\nReceived: from mx1.mailbox.example (mx1.mailbox.example [198.51.100.3]) by store.mailbox.example\n"
        "Received: from mail.bad.test (mail.bad.test [192.0.2.44])\n\tby mx1.mailbox.example; Mon, 2 Nov 2026 01:00:00 +0000\n"
        "From: x@bad.test\nSubject: offer\n\nhttp://bad.test/offer\n"
    )
    assert "192.0.2.44" in targets(read(mail(body, subject="spam")))
    assert "198.51.100.3" not in targets(read(mail(body, subject="spam")))


def test_dmca_notice_with_all_elements() -> None:
    reading = read(mail(DMCA, subject="Notice of copyright infringement"))
    assert reading.form is Form.DMCA
    assert reading.category is Category.COPYRIGHT
    assert targets(reading) == {"http://pirate.test/watch/1", "http://pirate.test/watch/2"}
    assert dmca.missing(reading.elements) == ()
    assert "dmca:valid" in reading.tags
    faith = next(e for e in reading.elements if e.id == "us-dmca-512c.el.goodfaith")
    assert "good faith" in reading.text[faith.spans[0].start : faith.spans[0].end]
    assert reading.principal is not None and "Example Films" in reading.principal.organisation


def test_dmca_notice_without_oath_is_deficient() -> None:
    text = "\n".join(line for line in DMCA.splitlines() if "perjury" not in line and "good faith" not in line)
    reading = read(mail(text, subject="DMCA notice"))
    assert reading.form is Form.DMCA
    assert set(dmca.missing(reading.elements)) == {"us-dmca-512c.el.goodfaith", "us-dmca-512c.el.accuracy-perjury"}
    assert "dmca:deficient" in reading.tags


def test_counter_notice() -> None:
    reading = read(mail(COUNTER, subject="Counter notice"))
    assert reading.form is Form.COUNTER_NOTICE
    assert dmca.missing(reading.elements) == ()
    short = read(
        mail(COUNTER.replace("I consent to the jurisdiction", "I know of the location"), subject="Counter notice")
    )
    assert dmca.missing(short.elements) == ("us-dmca-512c.el.cn-jurisdiction",)


def test_retraction() -> None:
    reading = read(
        mail(
            "I would like to retract my DMCA notice about http://blog.test/post. It was sent by mistake.\n",
            subject="Retraction",
        )
    )
    assert reading.form is Form.RETRACTION


def test_who_takes_back_a_notice_says_that_it_was_a_claim() -> None:
    """What either side may have written is read as the letter that does less harm: nothing goes back up at once."""
    either = (
        "I would like to retract all my notice. All of the files in http://blog.test/post. Signature: A. N. Other\n"
    )
    assert read(mail(either, subject="DMCA notice")).form is Form.COUNTER_NOTICE
    assert read(mail(either.replace("notice", "takedown notice"), subject="")).form is Form.RETRACTION


def test_a_host_that_turns_down_a_counter_notice_writes_about_a_counter_notice() -> None:
    reversed_ = "Example Host has reversed the counter notice that it published as 2025-06-18. DMCA policy team\n"
    short = "It was a DMCA matter. This does not meet the requirements for a counter notice. We reject this notice.\n"
    for text in (reversed_, short):
        assert read(mail(text, subject="DMCA notice")).form is Form.COUNTER_NOTICE


def test_question_form_separates_work_and_target() -> None:
    text = (
        "**Are you the copyright owner?**\n\nYes.\n\n**Please describe the original copyrighted work. If possible, include a URL.**\n\n"
        "https://films.example/work\n\n**What files should be taken down? Please provide URLs for each file.**\n\nhttps://host.test/a/b\n\nhttps://host.test/c\n\n"
        "**Is the work licensed under an open source license?**\n\nNo, see https://films.example/licence\n\n**I have a good faith belief. DMCA.**\n\nyes\n"
    )
    reading = read(mail(text, subject="DMCA"))
    assert reading.form is Form.DMCA
    assert targets(reading) == {"https://host.test/a/b", "https://host.test/c"}


def test_order() -> None:
    reading = read(
        mail(
            "To whom it may concern,\n\nOn behalf of the Cyber Security Department of the Ministry of Public Security, and pursuant to article 12 of the "
            "law, we request you to remove http://host.test/page\n",
            subject="Official notice",
        )
    )
    assert reading.form is Form.ORDER
    assert targets(reading) == {"http://host.test/page"}


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (
            mail(
                "x",
                subject="Undelivered Mail",
                extra="Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
            ),
            Form.BOUNCE,
        ),
        (
            mail("I am away until Monday.", subject="Out of office", extra="Auto-Submitted: auto-replied\r\n"),
            Form.AUTO_REPLY,
        ),
        (
            mail(
                "Thank you for contacting us. Your ticket has been created.",
                subject="Ticket received: 123",
                extra="Auto-Submitted: auto-replied\r\n",
            ),
            Form.TICKET_ACK,
        ),
        (
            mail(
                "Our weekly newsletter. View in your browser. Read more about our webinar.",
                subject="Newsletter",
                extra="List-Unsubscribe: <https://x.example/u>\r\n",
            ),
            Form.NEWSLETTER,
        ),
        (mail("test", subject="Test"), Form.DELIVERY_TEST),
    ],
)
def test_what_is_no_report(raw: bytes, form: Form) -> None:
    assert read(raw).form is form


def test_an_automatic_complaint_is_a_complaint() -> None:
    reading = read(
        mail(
            "Brute force attack from 192.0.2.1 detected.\n",
            subject="abuse report",
            extra="Auto-Submitted: auto-generated\r\n",
        )
    )
    assert reading.form is Form.NOTICE


def test_incident_time_and_language() -> None:
    reading = read(
        mail(
            "Sehr geehrte Damen und Herren, wir haben einen Angriff auf unser System.\nZeit: 2026-11-01 12:00:00 +0100\nIP-Adresse: 192.0.2.1\n",
            subject="Angriff",
        )
    )
    assert reading.incident_at == datetime(2026, 11, 1, 11, 0, tzinfo=UTC)
    assert reading.language == "de"


@pytest.mark.parametrize(
    "raw", [b"", b"\x00" * 100, b"\xff\xfe", b"{", b"[[[[", b"From: x\r\n\r\n", b"%PDF-1.4 broken"]
)
def test_nobody_can_read_it_but_it_is_a_reading(raw: bytes) -> None:
    assert read(raw).form is Form.UNPARSED


def test_five_thousand_links() -> None:
    reading = read(
        mail("Phishing URLs:\n" + "".join(f"http://evil{n}.test/x\n" for n in range(5000)), subject="phishing")
    )
    assert len(reading.targets) == 5000


@pytest.mark.parametrize(
    ("name", "form", "category"),
    [
        ("order-terrorist-content-fr", "order", "terrorism"),
        ("order-blocking-authority-de", "order", "illegal_goods"),
        ("order-court-newspaper-es", "order", "government_order"),
        ("data-request-subpoena-en", "order", "data_request"),
        ("data-request-emergency-en", "order", "data_request"),
        ("data-request-preservation-pt", "order", "data_request"),
        ("phishing-bank-citizen-es", "notice", "phishing"),
        ("account-takeover-mailbox-es", "notice", "account_takeover"),
        ("doxing-home-address-en", "notice", "doxing"),
        ("threat-market-hall-en", "notice", "violent_threat"),
    ],
)
def test_the_sample_mail_of_authorities_and_citizens(samples: Path, name: str, form: str, category: str) -> None:
    found = read((samples / f"{name}.eml").read_bytes())
    assert (found.form, found.category) == (form, category)
