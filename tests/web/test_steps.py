"""The report form, one question after the other, without script; the short ways; proof of work above the limit."""

from __future__ import annotations

import re
from html import unescape

import pytest

from trustdesk.models import Indicator, Report
from trustdesk.web.public import helplines, proof
from trustdesk.web.public import report as report_view

pytestmark = pytest.mark.one_database


def fields(text):
    """What the page would send: hidden fields and what was typed."""
    return {n: unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)}


def answer(client, response, go="next", **said):
    data = fields(response.content.decode()) | said | {"go": go}
    return client.post("/report", data)


def at(response):
    return fields(response.content.decode())["step"]


def start(client, **said):
    return answer(client, client.get("/report"), **said)


def test_a_report_is_asked_for_one_thing_at_a_time(client, site, drain):
    page = start(client, category="phishing")
    assert at(page) == "where" and "Question 2 of 5" in page.content.decode()
    page = answer(client, page, urls="hxxps://login-bancoazul[.]example/a\nhttps://login-bancoazul.example/b")
    assert at(page) == "what"
    page = answer(client, page, description="It imitates <b>our</b> bank.")
    assert at(page) == "you"
    page = answer(client, page, name="Rosa", email="rosa@mail.example", good_faith="on")
    assert at(page) == "check" and "hxxps://login-bancoazul[.]example/a" in page.content.decode()
    assert not Report.objects.exists()
    done = answer(client, page, go="send")
    assert done.status_code == 302 and "/report/thanks/" in done.headers["Location"]
    drain()
    assert Report.objects.get().reporter.email == "rosa@mail.example"
    assert Indicator.objects.filter(role="target").count() == 2


def test_what_is_missing_is_said_where_it_is_asked_and_back_keeps_everything(client, site):
    page = start(client, category="phishing")
    wrong = answer(client, page, urls="")
    assert wrong.status_code == 422 and at(wrong) == "where" and "at least one address" in wrong.content.decode()
    page = answer(client, page, urls="https://login-bancoazul.example/a")
    page = answer(client, page, description="A & B")
    back = answer(client, page, go="back")
    assert at(back) == "what" and "A &amp; B" in back.content.decode()
    assert fields(back.content.decode())["urls"] == "https://login-bancoazul.example/a"
    assert at(client.post("/report", {"step": "check", "go": "send", "category": "phishing"})) == "where"
    assert not Report.objects.exists()


def test_an_address_that_is_not_ours_is_said_at_once_and_does_not_stop_anybody(client, site):
    page = start(client, category="phishing")
    told = answer(client, page, urls="https://login-bancoazul.example/a\nhttps://bücher.example/x")
    text = told.content.decode()
    assert at(told) == "where" and "This is not on our network" in text
    assert "xn--bcher-kva[.]example" in text and "bancoazul[.]example</li>" not in text
    urls = "https://login-bancoazul.example/a\nhttps://bücher.example/x"
    assert at(answer(client, told, urls=urls)) == "what"


def test_a_copyright_notice_is_asked_for_what_its_law_needs(client, site, drain):
    page = start(client, category="copyright")
    page = answer(client, page, urls="https://login-bancoazul.example/song.mp3")
    assert "512(c)(3)(A)" in page.content.decode() or "114 Octies" in page.content.decode()
    page = answer(client, page, description="My song, whole.")
    assert at(page) == "rights"
    short = answer(client, page, original_work="The Song")
    assert at(short) == "rights" and short.status_code == 422 and "needs a signature" in short.content.decode()
    said = {
        "original_work": "The Song",
        "signature": "Rosa R",
        "accuracy": "on",
        "authorised": "on",
        "phone": "555 0100",
    }
    page = answer(client, page, **said)
    page = answer(client, page, name="Rosa R", email="rosa@mail.example", good_faith="on")
    assert answer(client, page, go="send").status_code == 302
    drain()
    report = Report.objects.get()
    assert report.form == "dmca" and all(report.elements.values()), report.elements


def test_the_short_way_for_a_child_asks_for_no_name(client, site):
    text = client.get("/help/child?country=DE").content.decode()
    assert "jugendschutz.net" in text and "inhope.org" in text and "Report Remove" not in text
    assert 'href="/report?category=child_safety"' in text
    page = answer(client, client.get("/report?category=child_safety"), category="child_safety")
    page = answer(client, page, urls="https://login-bancoazul.example/x")
    page = answer(client, page, description="A picture.")
    page = answer(client, page)
    assert at(page) == "check"
    assert answer(client, page, go="send").status_code == 302


def test_the_short_way_for_pictures_names_the_services_that_take_them_down(client, db):
    text = client.get("/help/images?country=GB").content.decode()
    assert "stopncii.org" in text and "takeitdown.ncmec.org" in text and "0345 6000 459" in text
    assert client.get("/help/images?country=<script>").status_code == 200


@pytest.mark.parametrize("line", helplines._all(), ids=lambda line: line.name[:20])
def test_every_helpline_has_an_address_and_a_source(line):
    assert line.url.startswith("https://") and line.source and line.does


def test_above_the_limit_a_proof_of_work_lets_a_report_through_once(client, site, monkeypatch):
    monkeypatch.setattr(report_view, "PER_HOUR", 0)
    monkeypatch.setattr(proof, "BITS", 8)
    page = start(client, category="phishing")
    for said in ({"urls": "https://login-bancoazul.example/a"}, {"description": "It imitates our bank."}):
        page = answer(client, page, **said)
    page = answer(client, page, name="Rosa", email="rosa@mail.example", good_faith="on")
    stopped = answer(client, page, go="send")
    assert stopped.status_code == 429 and "needs no puzzle" in stopped.content.decode()
    challenge = re.search(r'data-proof="([^"]+)"', stopped.content.decode())[1]
    assert answer(client, stopped, go="send", challenge=challenge, proof="nonsense!").status_code == 429
    found = next(str(n) for n in range(1 << 16) if proof.fits(challenge, str(n)))
    elsewhere = client.post(
        "/report",
        fields(stopped.content.decode()) | {"go": "send", "challenge": challenge, "proof": found},
        REMOTE_ADDR="198.51.100.9",
    )
    assert elsewhere.status_code == 429
    assert answer(client, stopped, go="send", challenge=challenge, proof=found).status_code == 302
    assert answer(client, stopped, go="send", challenge=challenge, proof=found).status_code == 429
