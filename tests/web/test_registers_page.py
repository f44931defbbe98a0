"""The page of public registers: what is handed over, what a register would not have, and who may settle it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from trustdesk.core.types import Problem
from trustdesk.flow import registers
from trustdesk.models import Case, Entry, Submission
from trustdesk.queries import registers as built
from trustdesk.queries.access import RIGHTS

pytestmark = pytest.mark.one_database


@pytest.fixture
def refused(settings, browser, diego, opened, decision_form, drain, now):
    """A decision whose record waits for a person, on a desk that has a register."""
    settings.DESK = replace(
        settings.DESK,
        exchanges={"dsa_tdb": {"url": "http://127.0.0.1:1/api/v1", "token": "x"}},
        submissions={"dsa_tdb": {"mode": "send", "since": date(2026, 11, 1)}},
    )
    browser(diego).post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    drain()
    record = next(iter(built.dsa(now)))
    wrong = registers.Wanted(
        record.key, record.case_id, record.payload | {"category": "x"}, record.decision_id,
        redacted=(("decision_facts", "email"),), problems=(Problem("field", "is <b>none</b> of ours", "category"),),
    )  # fmt: skip
    registers.queue("dsa_tdb", [wrong], actor=registers.SYSTEM, now=now)
    return Submission.objects.get()


def test_what_was_refused_is_in_sight_with_its_reason(browser, ana, refused):
    client = browser(ana)
    home = client.get("/desk/").content.decode()
    assert 'href="/desk/registers"' in home
    text = client.get("/desk/registers").content.decode()
    assert refused.key in text and "is &lt;b&gt;none" in text and refused.case.code in text
    assert refused.key not in client.get("/desk/registers?state=sent").content.decode()
    one = client.get(f"/desk/registers/{refused.pk}").content.decode()
    assert "decision_facts (email)" in one and "puid" in one
    assert "send again" not in one, "an investigator does not settle it"
    assert client.get("/desk/registers?state=x").status_code == 404
    assert client.get("/desk/registers?register=x").status_code == 404


def test_send_again_and_leave_out(browser, diego, refused):
    client = browser(diego)
    assert "send again" in client.get(f"/desk/registers/{refused.pk}").content.decode()
    assert client.post(f"/desk/registers/{refused.pk}/leave-out", {"reason": ""}).status_code == 302
    refused.refresh_from_db()
    assert refused.state == "needs_person"
    client.post(f"/desk/registers/{refused.pk}/again")
    refused.refresh_from_db()
    assert refused.state == "queued" and refused.payload["category"] != "x" and not refused.findings
    assert Entry.objects.filter(kind="submission.queued", actor=f"person:{diego.pk}").exists()
    Submission.objects.filter(pk=refused.pk).update(state="needs_person")
    client.post(f"/desk/registers/{refused.pk}/leave-out", {"reason": "The decision was a test."})
    refused.refresh_from_db()
    assert (refused.state, refused.detail) == ("left_out", "The decision was a test.")


def test_settling_follows_the_table(browser, everybody, refused):
    for role, who in everybody.items():
        answer = browser(who).post(f"/desk/registers/{refused.pk}/leave-out", {"reason": ""})
        assert (answer.status_code != 403) == (role in RIGHTS["settle_submissions"]), role


def test_records_of_a_sealed_case_do_not_exist_for_others(browser, ana, refused):
    Case.objects.filter(pk=refused.case_id).update(category="child_safety")
    client = browser(ana)
    assert refused.key not in client.get("/desk/registers").content.decode()
    assert client.get(f"/desk/registers/{refused.pk}").status_code == 404


def test_a_desk_without_registers_has_no_such_place_in_its_menu(browser, ana):
    client = browser(ana)
    assert "/desk/registers" not in client.get("/desk/").content.decode()
    assert client.get("/desk/registers").status_code == 200
