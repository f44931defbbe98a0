"""What rules leave to the desk: offered with its citation, written at a press or recorded, and never against a gag."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.flow.conftest import ANA, Post
from tests.flow.test_events import clean, codes, under
from trustdesk.core.types import SYSTEM, Refused
from trustdesk.flow import confirm, events, offers
from trustdesk.models import Case, Clock, Notice

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def offer(case: Case, regime: str) -> offers.Offer:
    return next(o for o in offers.of_case(case) if o.regime == regime)


def test_a_letter_that_is_no_duty_goes_once_at_a_press(opened: Case, post: Post, drain, now, client, person):
    assert offers.of_case(opened) == []
    under(opened, "practice-trademark", now=now)
    found = offer(opened, "practice-trademark")
    assert (found.letter, found.forbidden, found.done, found.duty.source != "") == ("forward", "", None, True)
    assert not Clock.objects.filter(case=opened, name="duty-customer").exists(), "nobody owes it"
    client.force_login(person("ana", "investigator"))
    page = client.get(reverse("staff:law-case", args=[opened.code])).content.decode()
    assert "Not a duty" in page and found.duty.source in page and "Write the letter" in page
    case_page = client.get(reverse("staff:case", args=[opened.code])).content.decode()
    assert found.duty.source in case_page and "#h-offers" in case_page
    client.post(reverse("staff:offer", args=[opened.code]), {"regime": found.regime, "duty": found.duty.id})
    drain()
    letter = Notice.objects.get(case=opened, kind="forward")
    assert (letter.state, letter.to_role) == ("sent", "customer") and post.letters[-1].to.endswith(letter.to_address)
    assert offer(opened, "practice-trademark").done == letter.created_at
    with pytest.raises(Refused) as refused:
        offers.send(opened.pk, "practice-trademark", "customer", actor=ANA, now=now)
    assert codes(refused) == {"offer.done"}
    assert "Write the letter" not in client.get(reverse("staff:law-case", args=[opened.code])).content.decode()
    clean()


def test_what_the_desk_does_not_write_is_recorded(opened: Case, now):
    under(opened, "us-civil-process", "us-2703f", now=now)
    deed = offer(opened, "us-civil-process").deed
    assert deed == "duty.done:us-civil-process.customer" and deed in events.open_to(opened)
    said = events.say(opened.pk, deed, at=now, actor=ANA, now=now, note="told them by registered mail")
    assert offer(opened, "us-civil-process").done == now
    assert offer(opened, "us-2703f").done is None, "another rule, another deed"
    events.withdraw(said.pk, why="it was another case", actor=ANA, now=now)
    assert offer(opened, "us-civil-process").done is None
    with pytest.raises(Refused) as refused:
        offers.send(opened.pk, "us-civil-process", "customer", actor=ANA, now=now)
    assert codes(refused) == {"offer.unknown"}
    clean()


def test_a_gag_beats_an_offer(opened: Case, now):
    under(opened, "practice-trademark", "us-2705", now=now)
    confirm.confirm(opened.pk, "ndo", why="order 2026-1", actor=ANA, now=now)
    found = offer(opened, "practice-trademark")
    assert "2705(b)" in found.forbidden
    with pytest.raises(Refused) as refused:
        offers.send(opened.pk, "practice-trademark", "customer", actor=ANA, now=now)
    assert codes(refused) == {"offer.forbidden"} and not Notice.objects.filter(kind="forward").exists()


def test_only_a_person_writes_what_is_no_duty(opened: Case, now):
    with pytest.raises(Refused) as refused:
        offers.send(opened.pk, "practice-trademark", "customer", actor=SYSTEM, now=now)
    assert codes(refused) == {"offer.person"}
