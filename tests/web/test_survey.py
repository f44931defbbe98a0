"""The one question in a closing letter: answered behind a private link, counted once, never by a mail scanner."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.flow.conftest import ANA, REASONS, Post, disable
from trustdesk.core.types import SYSTEM
from trustdesk.flow import checkpoint, decide
from trustdesk.insight import periods, publication
from trustdesk.models import Asset, Case, Entry, Evidence
from trustdesk.queries import journal

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(opened: Case, site: Asset, post: Post, now: datetime, drain: Callable[..., int]) -> str:
    """Where the reporter answers."""
    decide.decide(opened.pk, disable(site), actor=ANA, now=now + timedelta(hours=1))
    drain(now + timedelta(hours=1))
    texts = [letter.text for letter in post.to("csirt@bancoazul.example")]
    found = re.search(r"https?://[^/\s]+(/survey/\S+)", texts[-1])
    assert found is not None and not any("/survey/" in text for text in texts[:-1]), "only who is done is asked"
    return found[1]


def test_one_click_and_a_few_words(link: str, opened: Case, now: datetime) -> None:
    client = Client()
    for _scanner in range(2):
        page = client.get(link)
        assert page.status_code == 200 and "<script" not in page.content.decode().partition("<main")[2]
    assert not Entry.objects.filter(kind="survey.answered").exists(), "opening the link says nothing"
    done = client.post(link, {"answer": "partly", "words": "It took a day."})
    assert "Thank you" in done.content.decode()
    client.post(link, {"answer": "no", "words": "Now I think otherwise."})
    entry = Entry.objects.get(kind="survey.answered")
    body = json.loads(entry.body)
    assert entry.chain == opened.pk and (body["answer"], body["by"]) == ("partly", "reporter")
    assert "day" not in entry.body and Evidence.objects.filter(pk=body["words"]).exists()
    with journal.reading() as read:
        period = periods.holding("weekly", now)
        d = publication.account(read.lines, period, checkpoint=None, provider="x")["satisfaction"]
    assert (d["asked"], d["answered"], d["response_share"]) == (1, None, None), "one answer would tell of one person"


def test_the_ledger_verifies_with_an_answer_in_it(link: str, now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    Client().post(link, {"answer": "yes", "words": "Quick."})
    checkpoint.checkpoint(now=now + timedelta(hours=2), actor=SYSTEM)
    with pytest.raises(SystemExit):  # the customer of the fixture was put there without the ledger
        call_command("verify")
    found = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FINDING")]
    assert len(found) == 2 and all(re.match(r"FINDING row.unnamed trustdesk_(subject|asset)/", line) for line in found)


@pytest.mark.parametrize("data", [{}, {"answer": "maybe"}, {"answer": "yes", "words": "x" * 2001}])
def test_what_is_no_answer_is_not_taken(link: str, data: dict[str, str]) -> None:
    assert Client().post(link, data).status_code == 422
    assert not Entry.objects.filter(kind="survey.answered").exists()


def test_a_link_that_we_did_not_make_opens_nothing(link: str) -> None:
    other = link[:-1] + ("a" if link[-1] != "a" else "b")
    assert Client().get(other).status_code == 404 and Client().get(link.replace("/r-", "/a-")).status_code == 404


def test_too_many_are_slowed_down(link: str) -> None:
    client = Client()
    codes = [client.post(link, {"answer": "maybe", "words": "kept"}) for _ in range(21)]
    assert codes[-1].status_code == 429 and "kept" in codes[-1].content.decode()


def test_the_gravest_matters_are_not_asked_about(
    site: Asset, post: Post, now: datetime, drain: Callable[..., int], report: Callable[..., Any], db: None
) -> None:
    report(category="ncii")
    drain()
    case = Case.objects.get()
    decide.decide(case.pk, decide.Choice("no_violation", reasons=REASONS), actor=ANA, now=now)
    drain(now)
    assert post.letters and not any("/survey/" in letter.text for letter in post.letters)
