"""Standing duties on a desk in Spain: shown, said to be done, taken back, reminded of; in the ledger, and verified."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.flow.conftest import ANA, Post
from trustdesk import clock, upkeep
from trustdesk.core.types import SYSTEM, Refused
from trustdesk.flow import checkpoint, tick, work
from trustdesk.flow import upkeep as flow
from trustdesk.models import Entry, Upkeep
from trustdesk.verify import run as verify

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
WHERE = reverse("staff:upkeep")


@pytest.fixture(autouse=True)
def in_spain(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DESK = replace(settings.DESK, country="ES", languages=("es",), reminders=("counsel@nube-norte.example",))
    monkeypatch.setattr(clock, "now", lambda: NOW)


def state(rule: str) -> str:
    return next(s.state for s in upkeep.standing(NOW.date()) if (s.regime.id, s.rule.id) == ("eu-tco", rule))


def test_what_was_done_is_said_shown_taken_back_and_verified(browser: Any, everybody: dict[str, Any]) -> None:
    counsel = browser(everybody["counsel"])
    page = counsel.get(WHERE).content.decode()
    assert "Regulation (EU) 2021/784 Art. 7(2)-(3)" in page and "28 Feb 2027" in page and "2026" in page
    form = {"regime": "eu-tco", "rule": "report", "period": "2026", "on": "2027-02-10", "note": "Published."}
    counsel.post(reverse("staff:upkeep-say"), form | {"shows": "https://nube-norte.example/tco-2026"})
    row = Upkeep.objects.get()
    assert (row.by, row.done_on, state("report")) == (f"person:{everybody['counsel'].pk}", date(2027, 2, 10), "done")
    said = counsel.get(WHERE).content.decode()
    assert "The-counsel" in said and "tco-2026" in said
    counsel.post(reverse("staff:upkeep-back", args=[row.pk]))
    assert state("report") == "soon" and "<s>" in counsel.get(WHERE).content.decode()
    kinds = Entry.objects.filter(kind__startswith="upkeep").values_list("kind", flat=True)
    assert list(kinds) == ["upkeep.done", "upkeep.withdrawn"]
    checkpoint.checkpoint(now=NOW, actor=SYSTEM)
    assert [f for f in verify.check() if not f.note] == []
    Upkeep.objects.update(withdrawn_at=None)
    assert [f.code for f in verify.check() if not f.note] == ["row.changed"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rule": "nothing"}, "upkeep.unknown"),
        ({"regime": "atlantis"}, "upkeep.unknown"),
        ({"period": ""}, "upkeep.period"),
        ({"period": "2027"}, "upkeep.period"),  # not over yet
        ({"period": "2026-H1"}, "upkeep.period"),
        ({"rule": "agent-web", "regime": "us-dmca-eligibility"}, "upkeep.period"),
        ({"on": date(2027, 2, 12)}, "upkeep.on"),
        ({"note": " x "}, "upkeep.note"),
        ({"shows": "x" * 301}, "upkeep.note"),
        ({"actor": SYSTEM}, "upkeep.person"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], code: str) -> None:
    said = {
        "regime": "eu-tco",
        "rule": "report",
        "period": "2026",
        "on": NOW.date(),
        "note": "Published.",
        "actor": ANA,
    }
    with pytest.raises(Refused) as refused:
        flow.done(**(said | change), now=NOW)
    assert [f.code for f in refused.value.findings] == [code] and not Entry.objects.filter(chain=0).exists()


def test_only_who_keeps_it_up_may_say_so(browser: Any, everybody: dict[str, Any]) -> None:
    for role, user in everybody.items():
        client: Client = browser(user)
        assert client.get(WHERE).status_code == 200
        allowed = role in ("counsel", "manager", "admin")
        assert (client.post(reverse("staff:upkeep-say"), {}).status_code == 302) is allowed
        assert (b"upkeep" in client.get(WHERE).content or b"standing/done" in client.get(WHERE).content) is allowed


def test_people_are_reminded_once_for_each_step_by_mail_and_on_the_board(
    browser: Any, everybody: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post()
    monkeypatch.setattr("trustdesk.flow.upkeep.channel", lambda: post)
    tick.housekeeping(NOW)
    tick.housekeeping(NOW)
    work.run_until_idle(lambda: NOW)
    told = [json.loads(b) for b in Entry.objects.filter(kind="upkeep.reminded").values_list("body", flat=True)]
    assert [(b["regime"], b["period"], b["days"], b["letters"]) for b in told if b["regime"] == "eu-tco"] == [
        ("eu-tco", "2026", 30, 1)
    ]
    assert len(post.letters) == len(told) >= 2
    letter = next(one for one in post.letters if "terrorist" in one.subject)
    assert letter.to == "counsel@nube-norte.example" and "2027-02-28" in letter.text and "Último día" in letter.text
    assert "counsel@" not in json.dumps(told), "the ledger names nobody"
    assert b"due soon" in browser(everybody["manager"]).get(reverse("staff:board")).content
    late = NOW.replace(month=3, day=1)
    flow.remind(late)
    assert flow.remind(late) == 0
    work.run_until_idle(lambda: late)
    assert any("venció" in one.subject for one in post.letters)


def test_a_desk_that_no_such_law_binds_says_so(browser: Any, everybody: dict[str, Any], settings: Any) -> None:
    settings.DESK = replace(settings.DESK, country="MX", service_role="access", policy="example-host")
    shown = browser(everybody["auditor"]).get(WHERE)
    assert shown.status_code == 200 and b"eu-tco" not in shown.content
    assert b"RAA 3.18" in shown.content, "the host of the example is a registrar too"
