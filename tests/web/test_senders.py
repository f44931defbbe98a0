"""Pages about senders who misuse reports: who may do what, the whole way by the screens, and the page behind the private link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from tests.flow.conftest import ANA, REASONS
from trustdesk import clock
from trustdesk.core.policies import CIRCUMSTANCES
from trustdesk.core.types import Channel
from trustdesk.flow import decide, receive
from trustdesk.models import Case, Notice, Report, Suspension
from trustdesk.queries import senders, tally
from trustdesk.reading.submission import submission

pytestmark = pytest.mark.django_db
WHY = "Again and again the same honest page, after we said each time why nothing is wrong with it."


@pytest.fixture
def as_role(db: None) -> Callable[[str, str], Client]:
    def sign_in(name: str, role: str) -> Client:
        person = User.objects.create(username=name)
        person.groups.add(Group.objects.get_or_create(name=role)[0])
        client = Client()
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def hand_in(site, drain) -> Callable[..., Report]:
    """A report by the API, by an account with a token."""
    count = iter(range(1000))

    def once(at: datetime, *, unfounded: bool = True) -> Report:
        number = next(count)
        fields = {"category": "phishing", "urls": [f"https://login-bancoazul.example/{number}"], "description": "Look.",
                  "language": "en", "reporter": {"email": "bulk@robots.example"}, "nonce": str(number)}  # fmt: skip
        incoming = receive.Incoming(submission(fields), Channel.API, media_type="application/json", account="bulk")
        number = receive.receive(incoming, now=at).report_id
        drain(at)
        if unfounded:
            case = Case.objects.get(joinings__report=number)
            decide.decide(case.pk, decide.Choice("no_violation", reasons=REASONS), actor=ANA, now=at)
            drain(at)
        return Report.objects.get(pk=number)

    return once


@pytest.mark.one_database
def test_the_whole_way_by_the_screens(as_role, hand_in, drain, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    at = now
    monkeypatch.setattr(clock, "now", lambda: at)
    ines, sol, carla = as_role("ines", "investigator"), as_role("sol", "senior"), as_role("carla", "counsel")
    hand_in(at)
    report = hand_in(at)
    where = reverse("staff:sender", args=[report.code])
    page = ines.get(where).content.decode()
    assert "2 were unfounded" in page and 'value="warn"' in page and 'value="suspend"' not in page
    assert ines.post(where, {"do": "suspend"}).status_code == 403
    assert ines.post(where, {"do": "warn"}).status_code == 302
    drain(at)
    assert Notice.objects.get(kind="misuse_warning").state == "sent"
    at += timedelta(days=1)
    third = hand_in(at)
    said = {f"weighed-{name}": "looked at with care" for name in CIRCUMSTANCES}
    grounds = [f"case:{n}" for n in Case.objects.values_list("pk", flat=True)]
    order = {"do": "suspend", "days": "7", "reasons": WHY, "ground": grounds, **said}
    refused = sol.post(where, order | {"ground": grounds[:1]})
    assert refused.status_code == 422 and WHY in refused.content.decode()  # nothing typed is lost
    assert sol.post(where, order).status_code == 302
    row = Suspension.objects.get()
    assert row.state == "held" and "Wait for a second person" in sol.get(reverse("staff:senders")).content.decode()
    settle = {"suspension": row.pk, "why": WHY}
    counted = {name: tally.counts(User.objects.get(username=name), now=at).senders for name in ("sol", "ines")}
    assert counted == {"sol": 1, "ines": 0}
    assert sol.post(where, settle | {"do": "approve"}).status_code == 422
    assert carla.post(where, settle | {"do": "approve"}).status_code == 302
    drain(at)
    waits = hand_in(at, unfounded=False).case
    assert waits is not None and waits.queue == "suspended"
    case_page = ines.get(reverse("staff:case", args=[waits.code])).content.decode()
    assert "Waits behind others" in case_page and waits.code in ines.get(where).content.decode()
    assert "Suspended senders" in ines.get(reverse("staff:queue")).content.decode()
    assert "suspended</span>" in ines.get(reverse("staff:law-case", args=[waits.code])).content.decode()
    letter = Notice.objects.get(kind="suspension")
    _object(re.search(r"/suspended/[\w-]+", letter.text).group(), post_from=Client())  # type: ignore[union-attr]
    assert sol.post(where, settle | {"do": "dismiss"}).status_code == 422
    dora = as_role("dora", "counsel")
    assert dora.post(where, settle | {"do": "dismiss"}).status_code == 302
    assert dora.post(where, settle | {"do": "lift"}).status_code == 302
    drain(at)
    assert Case.objects.get(pk=waits.pk).queue == "security" and third.state == "joined"
    assert "ended before its time" in ines.get(where).content.decode()
    counted = senders.under_article_23(now, at + timedelta(days=1))
    assert (counted.customers, counted.reporters, counted.complainants) == (0, 1, 0)


def _object(link: str, *, post_from: Client) -> None:
    page = post_from.get(link).content.decode()
    assert WHY in page and "looked at with care" in page
    assert post_from.post(link, {"text": "No"}).status_code == 422
    assert post_from.post(link, {"text": "They were right that day, all three."}).status_code == 302
    assert "You objected" in post_from.get(link).content.decode()
    assert post_from.post(link, {"text": "And once more, with feeling."}).status_code == 422
    assert post_from.get(link[:-2] + "aa").status_code == 404


def test_a_case_is_taken_out_of_waiting_by_who_may_work(as_role, hand_in, now: datetime) -> None:
    case = hand_in(now, unfounded=False).case
    assert case is not None
    where = reverse("staff:resume", args=[case.code])
    assert as_role("max", "manager").post(where).status_code == 403
    assert as_role("ines", "investigator").post(where).status_code == 302  # does not wait: nothing happens
    assert as_role("ana", "analyst").get(reverse("staff:senders")).status_code == 403


def test_a_customer_who_complains_has_a_page(as_role, hand_in, site, now: datetime) -> None:
    case = hand_in(now, unfounded=False).case
    page = as_role("ines", "investigator").get(reverse("staff:sender-customer", args=[case.code])).content.decode()
    assert "Orbital Hosting" in page and "Nothing that is verified to be theirs" in page
