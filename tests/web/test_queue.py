"""The queue: filters in the address, counts that are right, and one case for one person."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from trustdesk.models import Case


@pytest.fixture
def three(opened, report, drain, now):
    """Three open cases: phishing on the site, spam and malware elsewhere on the network."""
    report("https://login-bancoazul.example/x", category="spam")
    report("https://login-bancoazul.example/y", category="malware", at=now - timedelta(days=2))
    drain()
    return {case.category: case for case in Case.objects.all()}


def listed(client, query=""):
    text = client.get(f"/desk/{query}").content.decode()
    return set(re.findall(r'class="case-link" href="/desk/case/([^"]+)"', text)), text


def test_the_queue_lists_every_open_case_once(browser, ana, three):
    codes, text = listed(browser(ana))
    assert codes == {case.code for case in three.values()}
    assert "3 cases" in text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?category=spam", {"spam"}),
        ("?assigned=me", set()),
        ("?assigned=none", {"phishing", "spam", "malware"}),
        ("?due=late", {"malware"}),
        ("?state=closed", set()),
        ("?state=all", {"phishing", "spam", "malware"}),
        ("?subject=c-1042", {"phishing", "spam", "malware"}),
        ("?subject=c-9999", set()),
        ("?state=nonsense&due=nonsense&page=-3&page=x", {"phishing", "spam", "malware"}),
        ("?page=99999999999999999999", {"phishing", "spam", "malware"}),
    ],
)
def test_filters_live_in_the_address(browser, ana, three, query, wanted):
    codes, _ = listed(browser(ana), query)
    assert codes == {three[category].code for category in wanted}


def test_the_late_case_says_so_and_names_the_law_behind_the_clock(browser, ana, three):
    _, text = listed(browser(ana), "?due=late")
    assert " late</time>" in text
    assert "house target" in text


def test_counts_of_views_are_those_of_the_lists(browser, ana, three):
    client = browser(ana)
    text = client.get("/desk/").content.decode()
    views = re.findall(r'<a class="view" href="([^"]+)"[^>]*>([^<]+?) (\d+)</a>', text)
    assert len(views) == 6
    for href, _name, count in views:
        codes, _ = listed(client, href.replace("&amp;", "&").removeprefix("/desk/"))
        assert len(codes) == int(count), href


def test_next_gives_each_person_another_case(browser, ana, diego, three):
    first = browser(ana).post("/desk/next").headers["Location"]
    second = browser(diego).post("/desk/next").headers["Location"]
    assert first != second
    assert Case.objects.filter(assigned_to=ana).count() == 1
    assert Case.objects.filter(assigned_to=diego).count() == 1


def test_next_is_the_most_urgent_and_stays_the_same_until_it_is_done(browser, ana, three):
    client = browser(ana)
    top = Case.objects.order_by("-priority", "next_due_at", "id").first()
    assert client.post("/desk/next").headers["Location"] == f"/desk/case/{top.code}"
    assert client.post("/desk/next").headers["Location"] == f"/desk/case/{top.code}"


def test_next_says_so_when_nothing_waits(browser, ana):
    response = browser(ana).post("/desk/next", follow=True)
    assert "Nothing here waits for a decision" in response.content.decode()


def test_next_is_not_taken_by_a_link(browser, ana, three):
    assert browser(ana).get("/desk/next").status_code == 405
    assert not Case.objects.exclude(assigned_to=None).exists()


def test_a_case_that_somebody_has_is_not_pulled_away_silently(browser, ana, diego, opened):
    browser(ana).post(f"/desk/case/{opened.code}/assign", {"do": "take"})
    text = browser(diego).post(f"/desk/case/{opened.code}/assign", {"do": "take"}, follow=True).content.decode()
    assert "Somebody else has this case" in text
    opened.refresh_from_db()
    assert opened.assigned_to == ana
    browser(diego).post(f"/desk/case/{opened.code}/assign", {"do": "take_over"})
    opened.refresh_from_db()
    assert opened.assigned_to == diego
    browser(diego).post(f"/desk/case/{opened.code}/assign", {"do": "release"})
    opened.refresh_from_db()
    assert opened.assigned_to is None


def test_the_cost_of_the_list_does_not_grow_with_its_length(browser, ana, three, report, drain):
    client = browser(ana)
    client.get("/desk/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/desk/")
    for number in range(12):
        report(f"https://login-bancoazul.example/more/{number}", category="copyright")
    drain()
    with CaptureQueriesContext(connection) as many:
        client.get("/desk/")
    assert len(many) == len(few)


def test_search_finds_by_code_defanged_address_customer_and_mail(browser, ana, opened):
    client = browser(ana)
    assert client.get("/desk/search", {"q": opened.code.lower()}).headers["Location"] == f"/desk/case/{opened.code}"
    for query in (
        "hxxps://login-bancoazul[.]example/acceso",
        "login-bancoazul[.]example",
        "c-1042",
        "orbital",
        "csirt@bancoazul.example",
    ):
        text = client.get("/desk/search", {"q": query}).content.decode()
        assert "Nothing found" not in text, query
    assert "Nothing found" in client.get("/desk/search", {"q": "no-such-thing"}).content.decode()
    found = client.get("/desk/find", {"q": "orbital"}).json()["found"]
    assert [hit["href"] for hit in found if hit["href"] == f"/desk/case/{opened.code}"]


def test_who_paused_is_not_given_graphic_cases_unasked(browser, ana, diego, opened, report, drain):
    report("https://login-bancoazul.example/private", category="ncii")
    drain()
    graphic = Case.objects.get(category="ncii")
    Case.objects.filter(pk=graphic.pk).update(priority=opened.priority + 1000)
    client = browser(ana)
    client.post("/desk/exposure", {"do": "pause"})
    assert client.post("/desk/next").headers["Location"].endswith(opened.code)
    assert client.post("/desk/next", {"category": "ncii"}).headers["Location"].endswith("none=1")
    assert "left out until you go on" in client.get("/desk/").content.decode()
    assert browser(diego).post("/desk/next").headers["Location"].endswith(graphic.code)
    client.post("/desk/exposure", {"do": "resume"})
    browser(diego).post(f"/desk/case/{graphic.code}/assign", {"do": "release"})
    assert client.post("/desk/next").headers["Location"].endswith(graphic.code)
