"""XARF, version 4 and the versions before it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest

from tests.reading.samples import mail
from trustdesk.core.types import Category, Form
from trustdesk.interfaces.reading import read


def v4(**changes: Any) -> dict[str, Any]:
    data = b"GET / HTTP/1.1"
    party = {"org": "Example CERT", "contact": "cert@reporter.example", "domain": "reporter.example"}
    report: dict[str, Any] = {
        "xarf_version": "4.2.0",
        "report_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "timestamp": "2026-11-02T10:00:00Z",
        "reporter": party,
        "sender": party,
        "source_identifier": "192.0.2.1",
        "category": "content",
        "type": "phishing",
        "evidence_source": "automated_scan",
        "url": "http://evil.test/login",
        "evidence": [
            {
                "content_type": "text/plain",
                "payload": base64.b64encode(data).decode(),
                "hash": "sha256:" + hashlib.sha256(data).hexdigest(),
                "size": len(data),
            }
        ],
    }
    report.update(changes)
    return {k: v for k, v in report.items() if v is not None}


def v3(**report: Any) -> dict[str, Any]:
    return {
        "Version": "3",
        "ReporterInfo": {
            "ReporterOrg": "Example",
            "ReporterOrgDomain": "reporter.example",
            "ReporterOrgEmail": "r@reporter.example",
        },
        "Disclosure": True,
        "Report": {
            "ReportClass": "Activity",
            "ReportType": "Spam",
            "Date": "2026-11-02T10:00:00Z",
            "SourceIp": "192.0.2.1",
        }
        | report,
    }


def test_version_4() -> None:
    reading = read(json.dumps(v4()).encode())
    assert (reading.parser, reading.form, reading.category) == ("xarf", Form.NOTICE, Category.PHISHING)
    assert {i.value for i in reading.targets} == {"192.0.2.1", "http://evil.test/login"}
    assert reading.reporter.organisation == "Example CERT"
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"payload": base64.b64encode(b"something else").decode()}, "xarf_evidence_hash"),
        ({"size": 3}, "xarf_evidence_size"),
        ({"payload": "not base64!"}, "xarf_evidence_encoding"),
    ],
)
def test_evidence_is_checked(change: dict[str, Any], code: str) -> None:
    report = v4()
    report["evidence"][0] |= change
    assert code in {p.code for p in read(json.dumps(report).encode()).problems}


def test_version_4_without_source_is_refused_by_name() -> None:
    reading = read(json.dumps(v4(source_identifier=None)).encode())
    assert reading.form is Form.UNPARSED
    assert any("source_identifier" in p.where + p.message for p in reading.problems)


def test_version_3() -> None:
    reading = read(json.dumps(v3(DestinationIp="198.51.100.2")).encode())
    assert (reading.form, reading.category) == (Form.NOTICE, Category.SPAM)
    assert {i.value for i in reading.targets} == {"192.0.2.1"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"SourceIp": "no address"}, "Report.SourceIp"),
        ({"SourcePort": 99999}, "Report.SourcePort"),
        ({"ReportType": "Nonsense"}, "Report.ReportType"),
        ({"Date": "yesterday"}, "Report.Date"),
        ({"Surprise": 1}, "Report.Surprise"),
        ({"Samples": [{"ContentType": "text/plain", "Payload": "x"}]}, "Report.Samples[0].Base64Encoded"),
        ({"CVE": "CVE-NOW-1"}, "Report.CVE"),
        ({"Custom": {"deep": {"er": 1}}}, "Report.Custom.deep"),
    ],
)
def test_version_3_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    reading = read(json.dumps(v3(**change)).encode())
    assert reading.form is Form.UNPARSED
    assert field in {p.where for p in reading.problems}


def test_attached_to_a_mail() -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nSee the attached report.\n--b\nContent-Type: application/json; name=xarf.json\n\n"
        + json.dumps(v4())
        + "\n--b--\n"
    )
    reading = read(mail(body, extra="Content-Type: multipart/mixed; boundary=b\r\n"))
    assert reading.parser == "xarf"
    assert reading.subject == "Abuse report"
    assert "http://evil.test/login" in {i.value for i in reading.targets}


def test_several_reports_in_one_file() -> None:
    reading = read(json.dumps([v4(), v4(source_identifier="192.0.2.2", url="http://evil2.test/")]).encode())
    assert {"192.0.2.1", "192.0.2.2"} <= {i.value for i in reading.targets}


YAML = """---
Reported-From: fail2ban@reporter.example
Category: abuse
Report-Type: login-attack
Report-ID: 1477@reporter.example
Service: ssh
Version: 0.2
User-Agent: Guard 1.2   # made by hand
Date: Mon, 02 Nov 2026 09:58:12 +0100
Source-Type: ipv4
Source: 192.0.2.44
Port: 22
Attachment: text/plain
Schema-URL: "http://schema.reporter.example/abuse_login-attack_0.1.2.json"
"""
LOG = "Nov  2 09:58:12 gate sshd[7]: Failed password for root from 192.0.2.44 port 4022 to 198.51.100.7\n"


def x_arf(report: str = YAML, header: str = "X-XARF: PLAIN\r\n", kind: str = "text/plain; name=report.txt") -> bytes:
    body = (
        "--b\nContent-Type: text/plain\n\nA login attack on our host 198.51.100.7 was seen. Please stop it.\n"
        f"--b\nContent-Type: {kind}\n\n{report}--b\nContent-Type: text/plain; name=logfile.log\n\n{LOG}--b--\n"
    )
    return mail(body, extra=f"{header}Content-Type: multipart/mixed; boundary=b\r\n")


@pytest.mark.parametrize("header", ["X-XARF: PLAIN\r\n", "X-ARF: YES\r\n", ""])
def test_x_arf_mail(header: str) -> None:
    reading = read(x_arf(header=header))
    assert (reading.parser, reading.form, reading.category) == ("xarf", Form.NOTICE, Category.NETWORK_ATTACK)
    assert [i.value for i in reading.targets] == ["192.0.2.44"]
    assert str(reading.incident_at) == "2026-11-02 08:58:12+00:00"
    assert "xarf:login-attack" in reading.tags and not reading.problems
    start, end = reading.targets[0].start, reading.targets[0].end
    assert reading.text[start:end] == "192.0.2.44"


def test_x_arf_about_a_page() -> None:
    report = YAML.replace("login-attack", "phishing").replace("Source-Type: ipv4", "Source-Type: uri")
    reading = read(x_arf(report.replace("Source: 192.0.2.44", "Source: >-\n  http://evil.test/login")))
    assert any(p.where.endswith("Source") for p in reading.problems), "a folded block is more YAML than is read"
    reading = read(x_arf(report.replace("Source: 192.0.2.44", "Source: http://evil.test/login")))
    assert reading.category == Category.PHISHING
    assert "http://evil.test/login" in {i.value for i in reading.targets}


def test_x_arf_in_bulk() -> None:
    packed = base64.encodebytes(gzip.compress((YAML + YAML.replace("2.44", "2.45")).encode())).decode()
    kind = "application/gzip; name=reports.yml.gz\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64"
    for raw in (
        x_arf(YAML + YAML.replace("2.44", "2.45"), "X-XARF: BULK\r\n"),
        x_arf(packed, "X-XARF: BULK\r\n", kind),
    ):
        assert {i.value for i in read(raw).targets} == {"192.0.2.44", "192.0.2.45"}


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ("Source: 192.0.2.44", "Source: somewhere", "xarf_invalid", "Source"),
        ("Source: 192.0.2.44", "", "xarf_field_missing", "Source"),
        ("Category: abuse", "Category: nonsense", "xarf_invalid", "Category"),
        ("Date: Mon, 02 Nov 2026 09:58:12 +0100", "Date: yesterday", "xarf_invalid", "Date"),
        ("Port: 22", "Port: 22\nPort: 23", "xarf_yaml", "line"),
        ("Port: 22", "<script>", "xarf_yaml", "line"),
        ("Port: 22", "Boom: &a [*a, *a]", "", ""),
    ],
)
def test_x_arf_names_the_field_that_is_wrong(old: str, new: str, code: str, where: str) -> None:
    reading = read(x_arf(YAML.replace(old, new)))
    assert reading.parser == "xarf" and reading.form is Form.NOTICE
    assert [p for p in reading.problems if p.code == code and where in p.where] if code else not reading.problems
