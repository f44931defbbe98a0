"""Who may see and do what, cell by cell, and what nobody outside may see."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tools import access as tables
from trustdesk.models import Case
from trustdesk.queries import access

pytestmark = pytest.mark.one_database

#: Something to fill into an address; what is not there is 404 for those who may look and 403 for those who may not.
FILL = {"code": "C-0000-00", "number": 1, "ident": "x", "digest": "0" * 64, "slot": 1}


def test_nobody_gets_in_without_signing_in(client, db):
    for name, address, _right in tables.guarded():
        fields = {f: FILL.get(f, 1) for f in re.findall(r"<(?:\w+:)?(\w+)>", address)}
        where = reverse(f"staff:{name}", kwargs=fields)
        answers = [answer for answer in (client.get(where), client.post(where)) if answer.status_code != 405]
        assert answers, name
        for answer in answers:
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith("/desk/sign-in?next="), name


def test_a_person_without_a_role_sees_nothing(browser, person):
    assert browser(person("nobody")).get("/desk/").status_code == 403


def test_a_person_who_was_put_out_sees_nothing(browser, ana):
    client = browser(ana)
    assert client.get("/desk/").status_code == 200
    ana.is_active = False
    ana.save()
    assert client.get("/desk/").status_code == 302


@pytest.mark.parametrize("role", access.ROLES)
def test_deciding_taking_and_settling_follow_the_table(browser, everybody, opened, decision_form, role):
    client = browser(everybody[role])
    form = decision_form(opened, do="preview")
    assert (client.post(f"/desk/case/{opened.code}/decide", form).status_code == 403) != (role in access.RIGHTS["work"])
    assert (client.post(f"/desk/case/{opened.code}/assign", {}).status_code == 403) != (role in access.RIGHTS["work"])
    assert (client.post("/desk/next").status_code == 403) != (role in access.RIGHTS["work"])
    assert (client.post("/desk/held/1", {}).status_code == 403) != (role in access.RIGHTS["approve"])
    assert (client.post("/desk/failed/1/retry").status_code == 403) != (role in access.RIGHTS["retry_work"])


@pytest.mark.parametrize("role", access.ROLES)
def test_a_sealed_case_does_not_exist_for_those_without_the_right(browser, everybody, opened, role):
    Case.objects.filter(pk=opened.pk).update(category="child_safety")
    client, sees = browser(everybody[role]), role in access.RIGHTS["see_sealed"]
    assert client.get(f"/desk/case/{opened.code}").status_code == (200 if sees else 404)
    assert (opened.code in client.get("/desk/").content.decode()) == sees
    found = client.get("/desk/search", {"q": "login-bancoazul.example"}).content.decode()
    assert (opened.code in found) == sees
    assert (opened.code in client.get("/desk/ledger").content.decode()) == sees
    if role in access.RIGHTS["see_letters"]:
        assert (opened.code in client.get("/desk/outbox").content.decode()) == sees


def test_every_right_belongs_to_somebody_and_every_role_is_known():
    for right, roles in access.RIGHTS.items():
        assert roles, right
        assert roles <= set(access.ROLES)


def test_writes_are_refused_by_get(browser, ana, diego, opened):
    for address in (
        f"/desk/case/{opened.code}/decide",
        f"/desk/case/{opened.code}/assign",
        f"/desk/case/{opened.code}/read",
        "/desk/held/1",
        "/desk/failed/1/retry",
        "/desk/sign-out",
    ):
        assert browser(diego).get(address).status_code == 405, address


def test_writes_without_the_form_token_are_refused(browser, ana, opened, decision_form):
    response = browser(ana, csrf=True).post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    assert response.status_code == 403
    assert "open for too long" in response.content.decode()


def test_sign_in_stops_listening_after_five_failures_but_only_there(client, person):
    person("ana", "investigator")
    wrong = {"username": "ana", "password": "wrong"}
    for _ in range(5):
        assert client.post("/desk/sign-in", wrong).status_code == 200
    right = {"username": "ana", "password": "correct horse battery"}
    assert client.post("/desk/sign-in", right).status_code == 429
    assert client.post("/desk/sign-in", right, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_sign_in_does_not_send_people_to_other_hosts(client, person):
    person("ana", "investigator")
    right = {"username": "ana", "password": "correct horse battery", "next": "https://evil.example/"}
    assert client.post("/desk/sign-in", right).headers["Location"] == "/desk/"


def test_the_theme_does_not_send_people_to_other_hosts(client, db):
    response = client.post("/preferences/theme", {"theme": "dark", "next": "//evil.example"})
    assert response.headers["Location"] == "/"
    assert response.cookies["theme"].value == "dark"


def test_the_documented_tables_are_the_ones_that_are_enforced():
    assert tables.text() in tables.PAGE.read_text("utf-8"), "run python -m tools.access"


@pytest.mark.parametrize(
    "role",
    # On the second database those who may see every page are enough: the rights are no matter of the database.
    [role if role == "admin" else pytest.param(role, marks=pytest.mark.one_database) for role in access.ROLES],
)
def test_every_page_of_the_desk_refuses_those_without_its_right_and_nobody_else(browser, everybody, role):
    client = browser(everybody[role])
    wrong = []
    for name, address, right in tables.guarded():
        fields = {f: FILL.get(f, 1) for f in re.findall(r"<(?:\w+:)?(\w+)>", address)}
        where = reverse(f"staff:{name}", kwargs=fields)
        for answer in (client.get(where), client.post(where)):
            if answer.status_code == 405:
                continue
            refused = answer.status_code == 403
            if refused == (role in access.RIGHTS[right]) and not (refused and answer.wsgi_request.method == "POST"):
                wrong.append((name, answer.wsgi_request.method, right, answer.status_code))
    assert wrong == []
