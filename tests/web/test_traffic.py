"""What came in, what went out, what failed, and the small acts on a case."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.conf import settings

from trustdesk.models import Case, Entry, Fact, Notice, Report, Task


@pytest.fixture
def mails(tmp_path, monkeypatch, opened):
    """A local mailbox with one letter of this desk and one that is none."""
    from trustdesk.flow import links

    monkeypatch.setattr(settings, "MAILBOX_DIR", tmp_path)
    (tmp_path / "new").mkdir()
    own = links.customer_url(opened.pk, opened.subject_id)
    for number, (to, text) in enumerate(
        (("abuse@orbital.example", f"See {own} and https://evil.example/x"), ("x@y.example", "other"))
    ):
        mail = EmailMessage()
        mail["To"], mail["Subject"], mail["Date"] = to, f"Letter {number}", "Wed, 18 Nov 2026 09:00:00 +0000"
        mail.set_content(text)
        mail.add_alternative(f"<p onclick='x()'>{text}</p><img src='https://evil.example/p.gif'>", subtype="html")
        (tmp_path / "new" / f"{number}.mail").write_bytes(bytes(mail))
    return own


def test_incoming_shows_each_report_and_what_it_became(browser, ana, opened):
    text = browser(ana).get("/desk/incoming").content.decode()
    report = Report.objects.get()
    assert report.code in text
    assert opened.code in text
    assert "CSIRT" in text
    page = browser(ana).get(f"/desk/incoming/{report.code}").content.decode()
    assert "hxxps://login-bancoazul[.]example/acceso" in page
    assert report.evidence_id in page
    for address in ("/desk/incoming/R-0000-00", "/desk/incoming/nonsense"):
        assert browser(ana).get(address).status_code == 404


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("channel=form", True),
        ("channel=mail", False),
        ("form=dmca", False),
        ("state=joined", True),
        ("channel=x&form=x&state=x", True),
    ],
)
def test_incoming_is_filtered_by_the_address(browser, ana, opened, query, there):
    text = browser(ana).get(f"/desk/incoming?{query}").content.decode()
    assert (Report.objects.get().code in text) == there


def test_a_letter_is_shown_as_sent_and_its_html_is_cleaned(browser, ana, opened):
    notice = Notice.objects.get()
    client = browser(ana)
    assert opened.code in client.get("/desk/outbox").content.decode()
    text = client.get(f"/desk/outbox/{notice.pk}").content.decode()
    assert notice.message_id.strip("<>") in text
    Notice.objects.filter(pk=notice.pk).update(
        html="<p style='x'>Hello<script>alert(1)</script><a href='https://evil.example'>x</a></p>"
    )
    html = client.get(f"/desk/outbox/{notice.pk}?as=html").content.decode()
    assert "Hello" in html
    assert "alert(1)" not in html
    assert "evil.example" not in html


def test_the_local_mailbox_follows_own_links_and_no_others(browser, ana, mails):
    client = browser(ana)
    text = client.get("/desk/outbox/mailbox?m=0.mail").content.decode()
    path = mails.removeprefix("http://127.0.0.1:8000")
    assert f'<a href="{path}">' in text
    assert 'href="https://evil.example' not in text
    html = client.get("/desk/outbox/mailbox?m=0.mail&as=html").content.decode()
    assert "onclick" not in html
    assert "p.gif" not in html
    assert "Letter 1" not in client.get("/desk/outbox/mailbox?to=orbital").content.decode()


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "..%2F0.mail", "2.mail"])
def test_the_mailbox_reads_nothing_but_its_mails(browser, ana, mails, key):
    text = browser(ana).get("/desk/outbox/mailbox", {"m": key}).content.decode()
    assert "root:" not in text


def test_failed_work_is_named_with_its_reason_and_tried_again(browser, ana, diego, opened, now):
    task = Task.objects.create(
        name="apply", arguments={"measure": 7}, state="dead", due_at=now, attempts=10, created_at=now,
        error="Traceback (most recent call last):\n  …\nConnectionError: http://control.example refused\n",
    )  # fmt: skip
    page = browser(ana).get("/desk/failed").content.decode()
    assert "1 task gave up" in page
    assert "ConnectionError: hxxp://control[.]example refused" in page
    assert "measure 7" in page
    assert "Try again</button>" not in page
    assert browser(ana).post(f"/desk/failed/{task.pk}/retry").status_code == 403
    browser(diego).post(f"/desk/failed/{task.pk}/retry")
    task.refresh_from_db()
    assert (task.state, task.attempts) == ("queued", 0)


def test_the_ledger_shows_entries_by_kind_and_case(browser, ana, opened):
    client = browser(ana)
    text = client.get("/desk/ledger").content.decode()
    assert "Nobody has verified the ledger" in text
    assert Entry.objects.filter(chain=opened.pk).first().hash[:16] in text
    only = client.get(f"/desk/ledger?case={opened.code}&kind=case.opened").content.decode()
    assert only.count("<summary>case.opened</summary>") == 1
    assert "<summary>report.received</summary>" not in only
    assert "No entry matches" in client.get("/desk/ledger?case=nonsense").content.decode()


def test_the_weekly_figures_are_those_of_the_journal(browser, ana, opened):
    client = browser(ana)
    document = client.get("/desk/reports?week=2026-W47&format=json").json()
    assert (document["received"]["total"], document["opened"], document["open_at_end"]) == (1, 1, 1)
    assert "Week 47 of 2026" in client.get("/desk/reports?week=2026-W47").content.decode()
    assert client.get("/desk/reports?week=2026-W47&format=csv").content.startswith(b"metric,key,value")
    for week in ("2026-W99", "nonsense", "0000-W01"):
        assert client.get("/desk/reports", {"week": week}).status_code == 404


def test_a_person_corrects_what_was_found_in_a_notice_and_the_regime_judges_again(browser, ana, report, drain, site):
    report(category="copyright", original_work="The Long Sea", signature="M. Ruiz", statements={"good_faith": True})
    drain()
    case, got = Case.objects.get(), Report.objects.get()
    client = browser(ana)
    verdict = Fact.objects.filter(case=case, name="law.verdict", value__regime="us-dmca-512c").order_by("-id").first()
    assert verdict is not None
    assert verdict.value["verdict"] != "valid"
    page = client.get(f"/desk/case/{case.code}").content.decode()
    assert "us-dmca-512c" in page
    names = [f"us-dmca-512c.el.{name}" for name in {*verdict.value["elements"], *verdict.value["missing"]}]
    form = {"report": got.code, "element": names, "there": names, "why": ""}
    client.post(f"/desk/case/{case.code}/elements", form)
    assert Fact.objects.filter(case=case, name="law.verdict", value__regime="us-dmca-512c").count() == 1
    client.post(f"/desk/case/{case.code}/elements", form | {"why": "All of it stands in the attachment."})
    again = Fact.objects.filter(case=case, name="law.verdict", value__regime="us-dmca-512c").order_by("-id").first()
    assert again.value["verdict"] in ("valid", "open")
    assert "corrected by a person" in client.get(f"/desk/case/{case.code}").content.decode()
