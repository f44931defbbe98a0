"""The customer's history and export: what we wrote to them about, and nothing else."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from django.test import Client

from trustdesk.flow import links
from trustdesk.models import Case, Report, Subject

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided(browser: Any, diego: Any, opened: Case, decision_form: Any, drain: Any) -> Case:
    browser(diego).post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    drain()
    opened.refresh_from_db()
    return opened


def test_the_history_holds_what_they_had_letters_about_and_names_no_reporter(
    client: Client, decided: Case, report: Any, drain: Any
) -> None:
    report(category="malware")  # nobody has written to the customer about this one
    drain()
    silent = Case.objects.get(category="malware")
    where = f"/c/{links.customer_token(decided.pk, decided.subject_id)}"
    client.post(where, {"do": "appeal", "text": "=HYPERLINK(1) we cleaned it"})
    assert f"{where}/history" in client.get(where).content.decode()
    page = client.get(f"{where}/history").content.decode()
    answer = client.get(f"{where}/history.json")
    document = json.loads(answer.content)
    rows = list(csv.DictReader(client.get(f"{where}/history.csv").content.decode().splitlines()))
    for text in (page, json.dumps(document), str(rows)):
        assert decided.code in text and silent.code not in text
        assert "csirt@bancoazul" not in text and "CSIRT" not in text
    assert [c["case"] for c in document["cases"]] == [decided.code]
    case = document["cases"][0]
    assert case["decisions"][0]["outcome"] == "measures" and case["measures"][0]["kind"] == "site_disable"
    assert case["appeals"][0]["text"].startswith("=HYPERLINK") and case["letters"][0]["text"]
    assert "attachment" in answer.headers["Content-Disposition"]
    assert (rows[0]["case"], rows[0]["measures"].split(":")[0]) == (decided.code, "site_disable")
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


def test_the_history_opens_by_the_link_of_this_customer_alone(client: Client, decided: Case, monkeypatch: Any) -> None:
    other = Subject.objects.create(ref="c-2", name="Other", email="o@other.example")
    for path in ("history", "history.json", "history.csv"):
        assert client.get(f"/c/{links.customer_token(decided.pk, other.pk)}/{path}").status_code == 404
        assert client.get(f"/c/guessed/{path}").status_code == 404
    monkeypatch.setattr("trustdesk.web.public.account.silence.forbidden", lambda *_a, **_k: "18 USC 2705(b)")
    assert client.get(f"/c/{links.customer_token(decided.pk, decided.subject_id)}/history").status_code == 404


def test_fixed_is_said_in_the_answer(client: Client, opened: Case) -> None:
    where = f"/c/{links.customer_token(opened.pk, opened.subject_id)}"
    assert client.post(where, {"do": "answer", "text": "The page is gone.", "fixed": "yes"}).status_code == 302
    from trustdesk import evidence

    kept = evidence.get(Report.objects.get(form="reply").evidence_id).decode()
    assert "[fixed]" in kept and "The page is gone." in kept


def test_the_meaning_of_a_counter_notice_is_explained(client: Client, decided: Case) -> None:
    Case.objects.update(category="copyright")
    client.cookies["django_language"] = "en"
    page = client.get(f"/c/{links.customer_token(decided.pk, decided.subject_id)}").content.decode()
    assert "512(f)" in page and "10 and within 14 business days" in page
