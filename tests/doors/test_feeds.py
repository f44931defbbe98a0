"""Files of findings: a table is one report, a line of JSON is one, and the same file again is nothing new."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from trustdesk import clock
from trustdesk.core.types import Channel, Refused
from trustdesk.doors import feeds
from trustdesk.flow import work
from trustdesk.interfaces.reading import read
from trustdesk.management.commands.feed import Command
from trustdesk.models import Asset, Case, Notice, Report, Subject

CSV = (
    b'"timestamp","ip","port","protocol","hostname","tag","asn"\r\n'
    b'"2026-11-18 03:00:00","192.0.2.7",53,"udp","","openresolver",64500\r\n'
    b'"2026-11-18 03:00:01","192.0.2.8",53,"udp","","openresolver",64500\r\n'
    b'"2026-11-18 03:00:02","198.51.100.9",53,"udp","","openresolver",64501\r\n'
)
MAP = """
category = "malware"
[fields]
urls = "entry.url"
category = "threat"
description = "note"
[categories]
phish = "phishing"
[reporter]
name = "A Feed"
email = "feed@feed.example"
"""


@pytest.fixture
def mapped(tmp_path: Path) -> feeds.Map:
    path = tmp_path / "map.toml"
    path.write_text(MAP)
    return feeds.load_map(path)


def run(*arguments: str) -> tuple[int, list[dict[str, object]]]:
    """The command in this process: exit code and what it printed."""
    out = io.StringIO()
    command = Command(stdout=out)
    options = vars(command.create_parser("trustdesk", "feed").parse_args(list(arguments)))
    options.pop("args", None)
    code = 0
    try:
        command.execute(**options)
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_table_is_one_report_and_one_case_for_each_subject(db: None, tmp_path: Path) -> None:
    for number, (low, value) in enumerate((("c0000207", "192.0.2.7/32"), ("c0000208", "192.0.2.8/32")), 1):
        subject = Subject.objects.create(ref=f"c-{number}", name=f"Customer {number}", email=f"c{number}@c.example")
        Asset.objects.create(
            subject=subject, kind="prefix", ref=f"p-{number}", value=value, role="hosting",
            family=4, low=low, high=low,
        )  # fmt: skip
    path = tmp_path / "2026-11-18-scan_dns.csv"
    path.write_bytes(CSV)
    sender = "Scanner <reports@scanner.example>"
    code, said = run(str(path), "--format", "csv", "--from", sender)
    assert (code, len(said), said[0]["duplicate"]) == (0, 1, False)
    assert run(str(path), "--format", "csv", "--from", sender)[1][0]["duplicate"] is True
    work.run_until_idle(clock.now)
    report = Report.objects.select_related("reporter").get()
    assert (report.channel, report.category) == ("feed", "vulnerable_service")
    assert report.reporter is not None
    assert report.reporter.email == "reports@scanner.example"
    assert {c.subject.ref for c in Case.objects.filter(subject__isnull=False)} == {"c-1", "c-2"}
    assert not Notice.objects.filter(to_role="reporter").exists(), "nobody waits behind a feed"


def test_the_file_is_in_the_evidence_as_it_came() -> None:
    (found,) = feeds.table(io.BytesIO(CSV), "x/é\r\nBcc: a@b.example.csv", sender="", limit=1 << 20)
    import email

    mail = email.message_from_bytes(found.raw)
    assert mail.get_payload(decode=True) == CSV
    assert mail["Bcc"] is None, "a file's name adds no header"
    (again,) = feeds.table(io.BytesIO(CSV), "x/é\r\nBcc: a@b.example.csv", sender="", limit=1 << 20)
    assert again.raw == found.raw
    (large,) = feeds.table(io.BytesIO(CSV * 1000), "x.csv", sender="", limit=100_000)
    assert large.problem == "too_large"


def test_lines_of_xarf_are_kept_as_they_came() -> None:
    xarf = {
        "xarf_version": "4.2.0", "report_id": "7f1c2a52-5a0e-4d0c-9f5e-0a4f2a4f9b11",
        "timestamp": "2026-11-17T10:59:45Z",
        "reporter": {"org": "Bank", "contact": "soc@bank.example", "domain": "bank.example"},
        "sender": {"org": "Bank", "contact": "soc@bank.example", "domain": "bank.example"},
        "source_identifier": "192.0.2.10", "category": "content", "type": "phishing",
        "url": "http://login.shop-1.example/bank",
    }  # fmt: skip
    line = json.dumps(xarf).encode()
    source = io.BytesIO(b"\xef\xbb\xbf" + line + b"\r\n\n[1]\nnot json\n" + b"x" * (feeds.LINE + 50) + b"\n" + line)
    found = list(feeds.lines(source, "f", mapped=None))
    assert [(f.name, f.problem) for f in found] == [
        ("f#1", ""), ("f#3", "not_a_json_object"), ("f#4", "not_a_json_object"), ("f#5", "too_large"), ("f#6", ""),
    ]  # fmt: skip
    assert found[0].raw == found[-1].raw == line
    reading = read(found[0].raw)
    assert (reading.category, "http://login.shop-1.example/bank" in [i.value for i in reading.targets]) == (
        "phishing",
        True,
    )


def test_a_map_says_which_field_is_which(mapped: feeds.Map) -> None:
    rows = [
        {"entry": {"url": "hxxp://a.customer.example/x"}, "threat": "phish", "note": "seen"},
        {"entry": {"url": ["http://b.customer.example/", "http://c.customer.example/"]}},
        {"entry": "flat"},
        {"threat": "phish"},
    ]
    source = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
    found = list(feeds.lines(source, "f", mapped=mapped))
    assert [f.problem for f in found] == ["", "", "no_target", "no_target"]
    first, second = (read(f.raw) for f in found[:2])
    assert (first.category, first.reporter.email) == ("phishing", "feed@feed.example")
    assert [i.value for i in first.targets] == ["http://a.customer.example/x"]
    assert (second.category, len(second.targets)) == ("malware", 2)
    assert json.loads(found[0].raw)["original"] == rows[0]


def test_rows_of_a_csv_by_a_map(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('category = "malware"\n[fields]\nurls = "url"\nincident_at = "seen"\n')
    text = '# a comment\nid,url,seen\n1,http://a.customer.example/,2026-11-01T00:00:00Z\n2,,\n3,"http://b.customer.example/,x",\n'
    found = list(feeds.rows(io.BytesIO(text.encode()), "f.csv", mapped=feeds.load_map(path)))
    assert [f.problem for f in found] == ["", "no_target", ""]
    assert read(found[0].raw).incident_at is not None


@pytest.mark.parametrize(
    "text",
    [
        'category = "evil"\n[fields]\nurls = "u"', "[fields]\nurl = 'u'", "[fields]\ncategory = 'u'", "nonsense = 1",
        "[fields\n", '[fields]\nurls = "u"\n[categories]\nx = "evil"',
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(Refused):
        feeds.load_map(path)


def test_a_try_takes_in_nothing(db: None, tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"trustdesk_form": 1, "category": "phishing", "urls": ["http://a.customer.example/"]}\nx\n')
    code, said = run(str(path), "--format", "jsonl", "--dry-run")
    assert (code, said[0]["read_as"], said[0]["targets"]) == (
        0, {"notice, phishing": 1, "not_a_json_object": 1}, 1,
    )  # fmt: skip
    assert not Report.objects.exists()
    assert run(str(path), "--format", "jsonl")[0] == 1
    assert Report.objects.get().channel == Channel.FEED
