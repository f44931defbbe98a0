"""Is the notice good enough? Verdicts by regime, the clocks they start, the letter that asks, and a person's correction."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.flow.conftest import ANA, Post
from tests.flow.notices import dmca
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import confirm, decide, validity
from trustdesk.models import Asset, Case, Clock, Entry, Fact, Notice, Report
from trustdesk.verify import check

pytestmark = pytest.mark.django_db
URL = "https://login-bancoazul.example/night.jpg"
DMCA = "us-dmca-512c"


def verdict(regime: str = DMCA) -> dict[str, object]:
    """The newest verdict of a regime."""
    found = Fact.objects.filter(name="law.verdict").order_by("-id").values_list("value", flat=True)
    return next(value for value in found if value["regime"] == regime)


def clocks(regime: str = DMCA) -> dict[str, str]:
    return dict(Clock.objects.filter(regime=regime).order_by("id").values_list("name", "state"))


def clean() -> None:
    """The checker tells the same story; the fixtures' customers came without an inventory and are left out."""
    strange = [str(f) for f in check() if not f.note]
    assert [f for f in strange if "trustdesk_subject" not in f and "trustdesk_asset" not in f] == []


def test_a_whole_notice_is_valid_and_starts_the_takedown_when_it_was_received(site: Asset, drain, now: datetime):
    dmca(URL, now=now)
    drain(now + timedelta(hours=2))
    assert verdict()["verdict"] == "valid" and clocks() == {"takedown": "running"}
    assert Clock.objects.get(name="takedown", regime=DMCA).started_at == now
    assert not Notice.objects.filter(kind="missing_elements").exists()
    clean()


@pytest.mark.parametrize("lacking", ["signature", "goodfaith", "accuracy-perjury"])
def test_a_notice_that_can_be_cured_is_answered_with_what_is_missing(
    site: Asset, drain, post: Post, now: datetime, lacking: str
):
    dmca(URL, now=now, without=(lacking,))
    drain()
    assert verdict()["verdict"] == "curable" and verdict()["missing"] == [lacking]
    asked = Notice.objects.get(kind="missing_elements")
    assert asked.state == "sent" and asked.to_address == "lena@photos.example"
    words = {"signature": "your signature", "goodfaith": "good faith", "accuracy-perjury": "penalty of perjury"}
    assert words[lacking] in asked.parts["missing"]
    assert clocks() == {"cure": "met"}  # 512(c)(3)(B)(ii): the letter is the attempt to reach the sender
    clean()


@pytest.mark.parametrize("lacking", ["work", "material", "contact"])
def test_a_notice_without_what_matters_has_no_effect_and_starts_nothing(
    site: Asset, drain, now: datetime, lacking: str
):
    dmca(URL, now=now, without=(lacking,))
    drain()
    assert verdict()["verdict"] == "no_effect" and clocks() == {}
    assert not Notice.objects.filter(kind="missing_elements").exists()


def test_a_person_corrects_an_element_and_the_clocks_follow(site: Asset, drain, now: datetime):
    dmca(URL, now=now, without=("signature",))
    drain()
    case, report = Case.objects.get(), Report.objects.get()
    later = now + timedelta(hours=3)
    validity.correct(case.pk, report.pk, {f"{DMCA}.el.signature": True}, why="signed PDF", actor=ANA, now=later)
    drain(later)
    assert verdict()["verdict"] == "valid" and clocks() == {"cure": "met", "takedown": "running"}
    assert Clock.objects.get(name="takedown", regime=DMCA).started_at == now  # where the law starts it
    validity.correct(case.pk, report.pk, {f"{DMCA}.el.work": False}, why="it names no work", actor=ANA, now=later)
    assert verdict()["verdict"] == "no_effect" and clocks()["takedown"] == "cancelled"
    said = Entry.objects.filter(kind="notice.judged").order_by("seq").values_list("actor", flat=True)
    assert list(said) == ["system", "person:1", "person:1"]
    drain(later)
    assert Notice.objects.filter(kind="missing_elements").count() == 1
    clean()


def test_a_valid_notice_of_another_reporter_keeps_the_clock(site: Asset, drain, now: datetime):
    dmca(URL, now=now)
    dmca(URL, now=now, sender="max@photos.example", number=2)
    drain()
    case, first = Case.objects.get(), Report.objects.order_by("id").first()
    assert first is not None
    validity.correct(case.pk, first.pk, {f"{DMCA}.el.work": False}, why="names no work", actor=ANA, now=now)
    assert clocks() == {"takedown": "running"}


def test_strange_elements_missing_reasons_and_reports_of_other_cases_are_refused(site: Asset, drain, now: datetime):
    dmca(URL, now=now)
    drain()
    case, report = Case.objects.get(), Report.objects.get()
    for changes, why, number in (
        ({f"{DMCA}.el.moon": True}, "because", report.pk),
        ({"us-2258a.el.signature": True}, "because", report.pk),
        ({}, "because", report.pk),
        ({f"{DMCA}.el.work": False}, "  ", report.pk),
        ({f"{DMCA}.el.work": False}, "because", report.pk + 1),
    ):
        with pytest.raises(Refused):
            validity.correct(case.pk, number, changes, why=why, actor=ANA, now=now)
    assert Fact.objects.filter(name="law.verdict", value__regime=DMCA).count() == 1


def test_judging_twice_is_judging_once(site: Asset, drain, now: datetime):
    dmca(URL, now=now)
    drain()
    before = Entry.objects.count()
    validity.judge(Report.objects.get().pk, Case.objects.get().pk, now=now)
    assert Entry.objects.count() == before


def test_what_no_reader_looks_for_leaves_the_verdict_open_and_asks_nobody(site: Asset, drain, now: datetime):
    dmca(URL, now=now)
    drain()
    mexico = verdict("mx-lfda-114-octies")
    assert mexico["verdict"] == "open" and "sworn" in mexico["open"] and "location" not in mexico["open"]


def test_a_proposed_regime_starts_its_clock_at_the_first_event_once_a_person_confirms_it(
    site: Asset, report, drain, now
):
    """TAKE IT DOWN: 48 hours from a valid request, however late somebody sees that the law binds."""
    report(category="ncii", reporter={"name": "V", "email": "v@example.net", "country": "US"})
    drain()
    case = Case.objects.get()
    assert clocks("us-take-it-down") == {}  # a host is not a platform unless somebody says so
    later = now + timedelta(hours=30)
    confirm.confirm(case.pk, "regime:us-take-it-down", why="we run a covered platform", actor=ANA, now=later)
    drain(later)
    assert clocks("us-take-it-down") == {"copies": "running", "remove": "running"}
    due = Clock.objects.get(name="remove", regime="us-take-it-down")
    assert due.due_at == now + timedelta(hours=48)
    case.refresh_from_db()
    assert case.next_due_at is not None and case.next_due_at <= due.due_at
    clean()
    confirm.confirm(case.pk, "regime:us-take-it-down", why="no, a mistake", actor=ANA, now=later, holds=False)
    assert set(clocks("us-take-it-down").values()) == {"cancelled"}
    clean()


def test_only_what_some_rule_names_can_be_confirmed(opened: Case, now: datetime):
    for what, why in (("regime:atlantis", "a paper"), ("moon", "a paper"), ("court_order", " ")):
        with pytest.raises(Refused):
            confirm.confirm(opened.pk, what, why=why, actor=ANA, now=now)
    with pytest.raises(Refused):
        confirm.confirm(opened.pk, "court_order", why="a paper", actor=Actor("system", "cli:0"), now=now)


def test_an_insufficient_notice_is_told_what_it_lacks(site: Asset, drain, now: datetime):
    dmca(URL, now=now, without=("work",))
    drain()
    choice = decide.Choice("insufficient", reasons="The notice names no work, so that we cannot look for it.")
    decide.decide(Case.objects.get().pk, choice, actor=ANA, now=now)
    drain()
    assert "which work of yours" in Notice.objects.get(kind="missing_elements").parts["missing"]
