"""Pages for reporters and customers: nothing typed is lost, nothing is told to the wrong person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from trustdesk import evidence
from trustdesk.flow import links, parse
from trustdesk.models import Appeal, Asset, Case, Decision, Indicator, Measure, Report, Subject
from trustdesk.web.public import private
from trustdesk.web.public import report as report_view

PHISHING = {
    "category": "phishing",
    "urls": "https://login-bancoazul.example/acceso\nhxxp://203.0.113[.]9/x",
    "description": "It imitates our bank.\nSince <b>Monday</b>.",
    "name": "María Ruiz",
    "email": "maria@bancoazul.example",
    "good_faith": "on",
    "nonce": "n-1",
}
COPYRIGHT = PHISHING | {
    "category": "copyright",
    "original_work": "The Long Sea, a film of 2024",
    "accuracy": "on",
    "authorised": "on",
    "signature": "María Ruiz",
    "phone": "+52 55 0000 0000",
}


@pytest.fixture
def decided(browser, ana, opened, decision_form, drain):
    """The case, decided and closed: the site is offline."""
    browser(ana).post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    drain()
    opened.refresh_from_db()
    assert opened.state == "closed"
    return opened


def customer_page(case):
    return f"/c/{links.customer_token(case.pk, case.subject_id)}"


# --- the report form ----------------------------------------------------------------------------------------------


def test_a_report_becomes_a_case_and_the_reporter_gets_a_private_link(client, site, drain):
    response = client.post("/report", PHISHING)
    assert response.status_code == 302
    thanks = client.get(response.headers["Location"]).content.decode()
    report = Report.objects.get()
    assert report.code in thanks
    assert links.status_url(report.pk) in thanks
    drain()
    case = Case.objects.get()
    assert (case.category, case.subject.ref) == ("phishing", "c-1042")
    assert {i.value for i in Indicator.objects.filter(role="target")} >= {"https://login-bancoazul.example/acceso"}
    report.refresh_from_db()
    assert report.reporter.email == "maria@bancoazul.example"


def test_the_same_form_sent_twice_is_one_report(client, site):
    first, second = client.post("/report", PHISHING), client.post("/report", PHISHING)
    assert first.headers["Location"] == second.headers["Location"]
    assert Report.objects.count() == 1


def test_what_is_missing_is_said_all_at_once_and_nothing_typed_is_lost(client, db):
    text = client.post("/report", PHISHING | {"email": "not an address", "good_faith": "", "category": ""})
    page = text.content.decode()
    assert text.status_code == 422
    assert "Choose what it is about." in page
    assert "does not look like an e-mail address" in page
    assert "It imitates our bank." in page
    assert "&lt;b&gt;Monday&lt;/b&gt;" in page
    assert "not an address" in page
    assert "hxxp://203.0.113[.]9/x" in page
    assert 'value="n-1"' in page
    assert not Report.objects.exists()


@pytest.mark.parametrize("missing", ["original_work", "signature", "accuracy", "authorised", "phone"])
def test_a_copyright_notice_needs_what_the_law_needs(client, db, missing):
    response = client.post("/report", {k: v for k, v in COPYRIGHT.items() if k != missing})
    assert response.status_code == 422
    assert not Report.objects.exists()


def test_a_complete_copyright_notice_has_its_elements(client, site, drain):
    assert client.post("/report", COPYRIGHT).status_code == 302
    drain()
    report = Report.objects.get()
    assert report.form == "dmca"
    assert all(report.elements.values()), report.elements


def test_who_reports_the_abuse_of_a_child_need_not_say_who_they_are(client, site):
    anonymous = {"category": "child_safety", "urls": "https://login-bancoazul.example/x", "description": "Pictures."}
    assert client.post("/report", anonymous).status_code == 302
    assert Report.objects.count() == 1


def test_the_form_speaks_spanish(client, db):
    page = client.get("/report", HTTP_ACCEPT_LANGUAGE="es").content.decode()
    assert "Reportar un abuso" in page
    assert '<html lang="es"' in page


def test_a_thousand_addresses_are_welcome_and_more_are_refused_with_all_kept(client, db):
    many = "\n".join(f"https://login-bancoazul.example/{n}" for n in range(1001))
    response = client.post("/report", PHISHING | {"urls": many})
    assert response.status_code == 422
    assert "/1000\n" in response.content.decode() or "/1000<" in response.content.decode()
    assert client.post("/report", PHISHING | {"urls": many.rpartition("\n")[0]}).status_code == 302


def test_programs_that_fill_in_everything_are_stopped_and_people_are_told(client, db):
    response = client.post("/report", PHISHING | {"website": "https://spam.example"})
    assert response.status_code == 422
    assert "hidden field" in response.content.decode()
    assert not Report.objects.exists()


def test_too_many_reports_from_one_network_wait_with_all_kept(client, db, monkeypatch):
    monkeypatch.setattr(report_view, "PER_HOUR", 2)
    for number in range(2):
        assert client.post("/report", PHISHING | {"nonce": str(number)}).status_code == 302
    response = client.post("/report", PHISHING | {"nonce": "3"})
    assert response.status_code == 429
    assert "It imitates our bank." in response.content.decode()
    assert client.post("/report", PHISHING | {"nonce": "3"}, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_a_full_disk_is_said_and_loses_nothing(client, db, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence.os, "fsync", full)
    response = client.post("/report", PHISHING)
    assert response.status_code == 503
    assert "It imitates our bank." in response.content.decode()
    assert not Report.objects.exists()


def test_the_form_is_protected_against_forged_requests(db):
    assert Client(enforce_csrf_checks=True).post("/report", PHISHING).status_code == 403


def test_hostile_bytes_in_the_form_are_kept_and_read(client, site, drain):
    response = client.post(
        "/report", PHISHING | {"description": "\u202egnp.exe \U0001f600 </textarea><script>alert(1)</script>"}
    )
    assert response.status_code == 302
    drain()
    assert "</textarea><script>" in parse.parse(Report.objects.get()).text


# --- the reporter's page ------------------------------------------------------------------------------------------


def test_the_reporter_sees_the_outcome_and_nothing_of_the_customer(client, decided):
    report = Report.objects.get()
    page = client.get(f"/status/{links.status_token(report.pk)}").content.decode()
    assert "We have decided." in page
    assert "imitates the sign-in of a bank" in page
    assert "Orbital" not in page
    assert "c-1042" not in page
    assert "site-88213" not in page


@pytest.mark.parametrize("token", ["x", "000000-abcdefghijklmnopqrstuvwxyz234567", "../etc", "%00"])
def test_guessed_links_open_nothing(client, db, token):
    assert client.get(f"/status/{token}").status_code == 404
    assert client.get(f"/c/{token}").status_code == 404
    assert client.get(f"/report/thanks/{token}").status_code == 404


def test_a_link_for_one_purpose_does_not_open_another(client, decided):
    report = Report.objects.get()
    assert client.get(f"/c/{links.status_token(report.pk)}").status_code == 404
    assert client.get(f"/status/{links.customer_token(decided.pk, decided.subject_id)}").status_code == 404


def test_a_reporter_who_disagrees_can_ask_for_another_look(browser, client, ana, opened, decision_form, drain):
    browser(ana).post(
        f"/desk/case/{opened.code}/decide",
        decision_form(
            opened, choice="no_violation", reasons="The page is the bank's own new sign-in; they told us so today."
        ),
    )
    drain()
    address = f"/status/{links.status_token(Report.objects.get().pk)}"
    assert "please look again" in client.get(address).content.decode()
    decision = Decision.objects.get()
    form = {"do": "appeal", "decision": str(decision.pk), "text": "It is not ours, ask our CISO."}
    assert client.post(address, form).status_code == 302
    assert Appeal.objects.get().by == f"reporter:{Report.objects.get().pk}"
    assert "You asked us to look again" in client.get(address).content.decode()


# --- the customer's page ------------------------------------------------------------------------------------------


def test_the_customer_sees_what_was_decided_why_and_by_when_to_appeal(client, decided):
    page = client.get(customer_page(decided), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert '<html lang="es"' in page  # the customer's language, whatever the browser says
    assert "Restringimos un servicio suyo" in page
    assert "imitates the sign-in of a bank" in page
    assert "2.1" in page
    assert "Puede apelar hasta el" in page
    assert "maria@" not in page
    assert "CSIRT" not in page
    assert "csirt@bancoazul.example" not in page


def test_the_customer_may_choose_another_language(client, decided):
    client.cookies["django_language"] = "en"
    assert "We restricted a service of yours" in client.get(customer_page(decided)).content.decode()


def test_the_customer_sees_nothing_of_other_customers_on_the_same_case(client, decided):
    other = Subject.objects.create(ref="c-2", name="Neighbour", email="n@neighbour.example")
    asset = Asset.objects.create(subject=other, kind="site", ref="site-2", value="neighbour.example", role="hosting")
    Indicator.objects.create(
        report=Report.objects.get(), case=decided, position=9, kind="url", value="https://neighbour.example/",
        host="neighbour.example", role="target", asset=asset,
    )  # fmt: skip
    assert "neighbour" not in client.get(customer_page(decided)).content.decode()


def test_the_link_ends_when_the_asset_is_somebody_elses(client, decided):
    address = customer_page(decided)
    other = Subject.objects.create(ref="c-2", name="Neighbour", email="n@neighbour.example")
    Case.objects.filter(pk=decided.pk).update(subject=other)
    assert client.get(address).status_code == 404


def test_an_appeal_goes_to_another_person_and_brings_the_site_back(browser, client, ana, diego, decided, drain):
    address = customer_page(decided)
    form = {"do": "appeal", "text": "We cleaned the page and closed the hole; please look again."}
    assert client.post(address, form).status_code == 302
    appeal = Appeal.objects.get()
    assert "apelación" in client.get(address).content.decode()
    again = client.post(address, form)
    assert again.status_code in (404, 422)
    assert Appeal.objects.count() == 1

    answer = {"outcome": "upheld", "reasons": "The page is gone and the hole is closed, as our own look confirmed."}
    refused = browser(ana).post(f"/desk/appeals/{appeal.pk}", answer)
    assert refused.status_code == 422
    assert "somebody else has to look" in refused.content.decode()
    assert browser(diego).post(f"/desk/appeals/{appeal.pk}", answer).status_code == 302
    drain()
    appeal.refresh_from_db()
    assert appeal.state == "upheld"
    assert Measure.objects.get().state == "lifted"
    page = client.get(address).content.decode()
    assert "Retirada" in page
    assert "The page is gone and the hole is closed" in page


def test_an_appeal_that_is_too_short_comes_back_as_typed(client, decided):
    response = client.post(customer_page(decided), {"do": "appeal", "text": "no!"})
    assert response.status_code == 422
    assert ">no!</textarea>" in response.content.decode()


def test_after_the_window_there_is_no_appeal_and_the_page_says_so(client, decided, frozen, now):
    frozen(now + timedelta(days=400))
    page = client.get(customer_page(decided)).content.decode()
    assert "El plazo para apelar terminó." in page
    assert 'value="appeal"' not in page
    assert (
        client.post(customer_page(decided), {"do": "appeal", "text": "We would like to appeal now."}).status_code == 422
    )


def test_a_customer_who_was_asked_answers_and_the_case_is_open_again(
    browser, client, ana, opened, decision_form, drain
):
    reasons = "Your site was reported to us. Please look into it and tell us what you found."
    browser(ana).post(f"/desk/case/{opened.code}/decide", decision_form(opened, choice="forwarded", reasons=reasons))
    drain()
    opened.refresh_from_db()
    assert opened.state == "waiting"
    page = client.get(customer_page(opened)).content.decode()
    assert "Por favor responda antes del" in page
    assert client.post(customer_page(opened), {"do": "answer", "text": "We removed the kit."}).status_code == 302
    opened.refresh_from_db()
    assert (opened.state, opened.unread) == ("open", 1)
    desk = browser(ana)
    assert "new answer" in desk.get("/desk/").content.decode()
    desk.post(f"/desk/case/{opened.code}/read")
    opened.refresh_from_db()
    assert opened.unread == 0


def test_too_many_texts_behind_a_link_wait_with_all_kept(client, decided, monkeypatch):
    monkeypatch.setattr(private, "PER_HOUR", 0)
    response = client.post(customer_page(decided), {"do": "appeal", "text": "We would like to appeal."})
    assert response.status_code == 429
    assert "We would like to appeal." in response.content.decode()


def test_a_customer_of_a_case_about_children_is_not_told(client, decided):
    Case.objects.filter(pk=decided.pk).update(category="child_safety")
    assert client.get(customer_page(decided)).status_code == 404
