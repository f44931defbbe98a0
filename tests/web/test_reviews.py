"""Reviews on the screens: who is asked, what they see, what the decider and the manager see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from trustdesk.core import reviews
from trustdesk.core.policies import Reviews
from trustdesk.flow import duties, review
from trustdesk.models import Case, Decision, Review

LATER = "It turned out that the page is a copy of the own training site."


@pytest.fixture
def decided(monkeypatch, browser, ana, opened, decision_form, drain, now, frozen, report):
    """A decision of Ana's that is to be reviewed, and a case that went on since."""
    monkeypatch.setattr(review, "chosen", reviews.chosen)
    policy = replace(duties.policy(), reviews=Reviews(people=100))
    monkeypatch.setattr(duties, "policy", lambda: policy)
    client = browser(ana)
    client.post(f"/desk/case/{opened.code}/note", {"text": "The bank has confirmed it by telephone."})
    opened.refresh_from_db()
    frozen(now + timedelta(minutes=2))
    client.post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    drain(now + timedelta(minutes=5))
    drain(now + timedelta(minutes=15))
    frozen(now + timedelta(hours=1))
    client.post(f"/desk/case/{opened.code}/note", {"text": LATER})
    return Review.objects.get()


def test_a_reviewer_sees_the_case_as_it_was_and_says_so(browser, ana, diego, decided):
    mine, theirs = browser(ana), browser(diego)
    listed = theirs.get("/desk/reviews").content.decode()
    assert f"/desk/reviews/{decided.pk}" in listed
    assert f"/desk/reviews/{decided.pk}" not in mine.get("/desk/reviews").content.decode()
    assert mine.get(f"/desk/reviews/{decided.pk}").status_code == 403
    page = theirs.get(f"/desk/reviews/{decided.pk}").content.decode()
    assert "The bank has confirmed it" in page
    assert LATER not in page
    assert "statement of reasons" not in page
    assert "Would you have decided the same?" in page
    assert LATER in theirs.get(f"/desk/case/{decided.case.code}").content.decode()
    assert theirs.post(f"/desk/reviews/{decided.pk}", {"verdict": ""}).status_code == 422
    kept = {"verdict": "disagree", "reason": "other", "words": "no"}
    answer = theirs.post(f"/desk/reviews/{decided.pk}", kept)
    assert answer.status_code == 422
    assert ">no</textarea>" in answer.content.decode()
    said = {"verdict": "disagree", "reason": "missing_facts", "words": "Ask <b>the host</b> first."}
    theirs.post(f"/desk/reviews/{decided.pk}", said)
    assert Decision.objects.get().state == "final"
    feedback = mine.get("/desk/reviews").content.decode()
    assert "facts missing" in feedback
    assert "Ask &lt;b&gt;the host&lt;/b&gt; first." in feedback
    assert "Diego" in feedback
    assert 'count-hot">1<' in feedback
    mine.post(f"/desk/reviews/{decided.pk}/read")
    assert 'count-hot">1<' not in mine.get("/desk/reviews").content.decode()
    assert "Second look" in mine.get(f"/desk/case/{decided.case.code}").content.decode()


def test_a_disagreement_leads_to_another_decision_by_another_person(browser, ana, diego, decided, decision_form, drain):
    theirs = browser(diego)
    theirs.post(f"/desk/reviews/{decided.pk}", {"verdict": "disagree", "reason": "wrong_measure"})
    assert "Look at the decision again" in theirs.get(f"/desk/reviews/{decided.pk}").content.decode()
    theirs.post(f"/desk/reviews/{decided.pk}/reopen")
    case = Case.objects.get()
    page = theirs.get(f"/desk/case/{case.code}").content.decode()
    assert "Looked at again after a review" in page
    form = decision_form(case, choice="no_violation", ground="")
    assert browser(ana).post(f"/desk/case/{case.code}/decide", form).status_code == 422
    theirs.post(f"/desk/case/{case.code}/decide", form)
    assert list(Decision.objects.order_by("id").values_list("state", flat=True)) == ["overridden", "final"]
    assert "Another decision has taken its place" in theirs.get(f"/desk/reviews/{decided.pk}").content.decode()


def test_a_decision_that_is_looked_at_again_may_stand(browser, diego, decided):
    theirs = browser(diego)
    theirs.post(f"/desk/reviews/{decided.pk}", {"verdict": "disagree", "reason": "wrong_clause"})
    theirs.post(f"/desk/reviews/{decided.pk}/reopen")
    theirs.post(f"/desk/reviews/{decided.pk}/stand")
    assert Case.objects.get().state == "closed"
    assert "It was looked at again, and stands." in theirs.get(f"/desk/reviews/{decided.pk}").content.decode()


def test_a_manager_sees_rates_with_how_little_is_known(browser, person, diego, decided):
    manager = browser(person("mia", "manager"))
    assert "No review waits" not in manager.get("/desk/reviews").content.decode()
    browser(diego).post(f"/desk/reviews/{decided.pk}", {"verdict": "agree"})
    page = manager.get("/desk/reviews").content.decode()
    assert "1 review in ninety days · 0 disagreed · 0 waiting." in " ".join(page.split())
    assert "0 %–79 %" in page
    assert "few" in page
    assert "Ana" in page


def test_a_sealed_case_is_reviewed_by_those_who_may_see_it_alone(browser, person, decided):
    Case.objects.update(category="child_safety")
    counsel, manager = browser(person("cora", "counsel")), browser(person("mia", "manager"))
    assert decided.case.code in counsel.get("/desk/reviews").content.decode()
    assert decided.case.code not in manager.get("/desk/reviews").content.decode()
