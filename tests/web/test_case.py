"""The case page and the decision: what is shown, what is refused, what is never lost."""

from __future__ import annotations

from trustdesk.models import Case, Decision, Entry, Measure


def page(browser, user, case):
    return browser(user).get(f"/desk/case/{case.code}")


def test_the_case_page_shows_the_claim_whose_it_is_and_the_law(browser, ana, opened):
    response = page(browser, ana, opened)
    text = response.content.decode()
    assert response.status_code == 200
    assert "Phishing on login-bancoazul[.]example" in text
    assert "<mark>hxxps://login-bancoazul[.]example/acceso</mark>" in text
    assert "https://login-bancoazul.example" not in text.replace('value="', "")
    assert "Orbital Hosting" in text
    assert "site-88213" in text
    assert "house target" in text
    assert 'value="measure:site_disable"' in text


def test_a_preview_shows_what_will_happen_and_writes_nothing(browser, ana, opened, decision_form):
    entries = Entry.objects.count()
    response = browser(ana).post(
        f"/desk/case/{opened.code}/decide", decision_form(opened, do="preview"), HTTP_HX_REQUEST="true"
    )
    text = response.content.decode()
    assert response.status_code == 200
    assert "statement of reasons → Orbital Hosting" in text
    assert "outcome to the reporter" in text
    assert "<html" not in text
    assert Entry.objects.count() == entries
    assert not Decision.objects.exists()


def test_a_preview_works_without_script_and_keeps_what_was_typed(browser, ana, opened, decision_form):
    form = decision_form(opened, do="preview", notes="ask Luis first")
    text = browser(ana).post(f"/desk/case/{opened.code}/decide", form).content.decode()
    assert "<html" in text
    assert "What will happen" in text
    assert "ask Luis first" in text


def test_deciding_orders_the_measure_and_closes_the_case(browser, ana, opened, decision_form, drain, post):
    response = browser(ana).post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    assert response.status_code == 302
    drain()
    decision = Decision.objects.get()
    assert decision.made_by == f"person:{ana.pk}"
    assert (decision.outcome, decision.ground, decision.clause) == ("measures", "policy", "2.1")
    assert Measure.objects.get().state == "confirmed"
    assert Case.objects.get().state == "closed"
    text = page(browser, ana, opened).content.decode()
    assert "confirmed from outside" in text
    assert "statement of reasons" in text


def test_reload_and_the_back_button_do_not_decide_twice(browser, ana, opened, decision_form, drain):
    client, form = browser(ana), decision_form(opened)
    assert client.post(f"/desk/case/{opened.code}/decide", form).status_code == 302
    again = client.post(f"/desk/case/{opened.code}/decide", form)
    assert again.status_code == 409
    assert Decision.objects.count() == 1


def test_a_stale_tab_is_refused_and_told_what_changed(browser, ana, opened, decision_form, report, drain):
    form = decision_form(opened, reasons="My own words about the page, longer than forty characters.")
    report(
        description="The same page again, with a screenshot.", reporter={"name": "Luis", "email": "luis@mail.example"}
    )
    drain()
    response = browser(ana).post(f"/desk/case/{opened.code}/decide", form)
    text = response.content.decode()
    assert response.status_code == 409
    assert "This case moved on while you had it open" in text
    assert "Report from Luis by form" in text
    assert "My own words about the page" in text
    assert not Decision.objects.exists()
    opened.refresh_from_db()
    assert f'name="seen" value="{opened.seq}"' in text


def test_every_finding_comes_back_at_once_with_the_draft(browser, ana, opened, decision_form):
    form = decision_form(opened, reasons="short", ground="none")
    response = browser(ana).post(f"/desk/case/{opened.code}/decide", form)
    text = response.content.decode()
    assert response.status_code == 422
    assert "Measures need a ground" in text
    assert "public reasons have 5 characters" in text
    assert ">short</textarea>" in text


def test_reasons_made_for_another_choice_never_go_out(browser, ana, opened, decision_form):
    from trustdesk.queries import case_page
    from trustdesk.web.staff import drafting

    view = case_page.view(ana, opened, now=opened.opened_at)
    measure = next(o for o in drafting.fresh(view).options if o.value == "measure:site_disable")
    browser(ana).post(
        f"/desk/case/{opened.code}/decide", decision_form(opened, choice="no_violation", reasons=measure.reasons)
    )
    decision = Decision.objects.get()
    assert decision.outcome == "no_violation"
    assert "found the report to be right" not in decision.reasons


def test_reasons_start_in_the_language_of_the_customer(browser, ana, opened):
    text = page(browser, ana, opened).content.decode()
    assert "Recibimos un reporte sobre hxxps://login-bancoazul[.]example/acceso" in text


def test_an_invented_choice_is_refused(browser, ana, opened, decision_form):
    response = browser(ana).post(f"/desk/case/{opened.code}/decide", decision_form(opened, choice="measure:nuke"))
    assert response.status_code == 422
    assert not Decision.objects.exists()


def test_an_asset_of_somebody_else_cannot_be_chosen(browser, ana, opened, decision_form):
    browser(ana).post(f"/desk/case/{opened.code}/decide", decision_form(opened, asset="999999"))
    assert [w["asset"] for w in Decision.objects.get().plan] == [opened.asset_id]


def test_a_severe_measure_waits_for_a_second_person(browser, ana, diego, opened, site, decision_form, drain):
    from trustdesk.models import Asset

    Asset.objects.create(subject=site.subject, kind="account", ref="u-1", value="orbital", role="hosting")
    browser(ana).post(f"/desk/case/{opened.code}/decide", decision_form(opened, choice="measure:account_suspend"))
    decision = Decision.objects.get()
    assert decision.state == "held"
    assert browser(ana).post(f"/desk/held/{decision.pk}", {"do": "approve"}).status_code == 403
    text = browser(diego).get("/desk/held").content.decode()
    assert opened.code in text
    browser(diego).post(f"/desk/held/{decision.pk}", {"do": "approve", "why": "agreed"})
    decision.refresh_from_db()
    assert decision.state == "final"
    assert decision.settled_by == f"person:{diego.pk}"


def test_the_decider_cannot_be_the_second_person(browser, diego, opened, site, decision_form):
    from trustdesk.models import Asset

    Asset.objects.create(subject=site.subject, kind="account", ref="u-1", value="orbital", role="hosting")
    client = browser(diego)
    client.post(f"/desk/case/{opened.code}/decide", decision_form(opened, choice="measure:account_suspend"))
    decision = Decision.objects.get()
    response = client.post(f"/desk/held/{decision.pk}", {"do": "approve"}, follow=True)
    assert "The second person cannot be the one" in response.content.decode()
    decision.refresh_from_db()
    assert decision.state == "held"


def test_sending_back_needs_a_reason(browser, ana, diego, opened, site, decision_form):
    from trustdesk.models import Asset

    Asset.objects.create(subject=site.subject, kind="account", ref="u-1", value="orbital", role="hosting")
    browser(ana).post(f"/desk/case/{opened.code}/decide", decision_form(opened, choice="measure:account_suspend"))
    decision = Decision.objects.get()
    browser(diego).post(f"/desk/held/{decision.pk}", {"do": "reject", "why": " "})
    decision.refresh_from_db()
    assert decision.state == "held"
    browser(diego).post(f"/desk/held/{decision.pk}", {"do": "reject", "why": "The site alone is enough."})
    decision.refresh_from_db()
    assert decision.state == "rejected"
    assert Case.objects.get().state == "open"
