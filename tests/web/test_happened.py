"""What people record from the page of a case: events, mistakes, longer periods, counter-notices, appeals upheld in part."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.flow.conftest import ANA, DIEGO, REASONS, disable
from tests.flow.notices import dmca
from trustdesk.core.types import Actor
from trustdesk.flow import appeal, confirm, decide, events
from trustdesk.models import Appeal, Asset, Case, Clock, Measure

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(client, person):
    client.force_login(person("ana", "investigator"))
    return client


@pytest.fixture
def lead(client, person):
    person("ana", "investigator")  # who decided is somebody else
    client.force_login(person("lucia", "senior"))
    return client


def clock(case: Case, name: str) -> Clock:
    return Clock.objects.filter(case=case, name=name).latest("id")


@pytest.fixture
def ordered(opened: Case, now) -> Case:
    confirm.confirm(opened.pk, "regime:us-2258a", why="counsel says so", actor=ANA, now=now)
    confirm.confirm(opened.pk, "regime:eu-tco", why="counsel says so", actor=ANA, now=now)
    return opened


def test_an_event_is_recorded_shown_and_taken_back(ana, ordered: Case):
    page = ana.get(reverse("staff:law-case", args=[ordered.code])).content.decode()
    assert 'value="order.received"' in page and 'value="knowledge.gained"' in page and "decision.made" not in page
    form = {"event": "order.received", "note": "order 7/2026 by post", "number": "7/2026", "back": "law"}
    answer = ana.post(reverse("staff:event", args=[ordered.code]), form)
    assert answer.headers["Location"] == reverse("staff:law-case", args=[ordered.code])
    assert clock(ordered, "remove").state == "running"
    page = ana.get(answer.headers["Location"]).content.decode()
    assert "7/2026" in page and "order 7/2026 by post" in page
    said = events.recorded(ordered)[0]
    ana.post(reverse("staff:event-withdraw", args=[ordered.code]), {"fact": said.pk, "why": "a copy of an old one"})
    assert clock(ordered, "remove").state == "cancelled" and not events.recorded(ordered)


def test_the_case_asks_for_what_a_filing_must_contain(ana, ordered: Case):
    ana.post(reverse("staff:event", args=[ordered.code]), {"event": "knowledge.gained", "note": "seen"})
    page = ana.get(reverse("staff:case", args=[ordered.code])).content.decode()
    assert 'value="filing.submitted:ncmec"' in page and 'value="us-2258a.el.facts"' in page
    form = {"event": "filing.submitted:ncmec", "note": "by the web form", "part": ["us-2258a.el.facts"]}
    page = ana.post(reverse("staff:event", args=[ordered.code]), form, follow=True).content.decode()
    assert "The filing lacks" in page and clock(ordered, "report").state == "running"
    form["part"] = ["us-2258a.el.facts", "us-2258a.el.provider-contact"]
    ana.post(reverse("staff:event", args=[ordered.code]), form)
    assert clock(ordered, "report").state == "met"


def test_a_period_is_made_longer_by_its_own_units(ana, ordered: Case):
    target = clock(ordered, "decide-phishing")
    form = {"clock": target.pk, "by": "3", "why": "the reporter asked for time"}
    ana.post(reverse("staff:clock-longer", args=[ordered.code]), form)
    assert clock(ordered, "decide-phishing").due_at == target.due_at + timedelta(hours=3)
    form = {"clock": target.pk, "by": "-3", "until": "nonsense", "why": "backwards"}
    page = ana.post(reverse("staff:clock-longer", args=[ordered.code]), form, follow=True).content.decode()
    assert "Give the day on which it ends" in page


def test_who_only_looks_on_records_nothing(client, person, ordered: Case):
    client.force_login(person("vera", "auditor"))
    for name in ("event", "event-withdraw", "clock-longer", "counter-notice"):
        assert (
            client.post(reverse(f"staff:{name}", args=[ordered.code]), {"event": "order.received"}).status_code == 403
        )
    assert not events.recorded(ordered)


def test_a_counter_notice_that_came_as_plain_mail_is_lodged_by_a_person(ana, site, drain, now):
    dmca("https://login-bancoazul.example/night.jpg", now=now)
    drain()
    case = Case.objects.get()
    choice = disable(site, clause="", ground="law", law="17 USC 512(c)", reasons=REASONS)
    decide.decide(case.pk, choice, actor=DIEGO, now=now)
    drain()
    early = ana.get(reverse("staff:law-case", args=[case.code])).content.decode()
    assert "counter-notice</summary>" not in early  # nothing has come since
    later = now + timedelta(hours=2)
    by = Actor("customer", str(case.subject_id))
    text = (
        "I want it back. https://login-bancoazul.example/night.jpg was there before it was removed. Under penalty of perjury, "
        "I have a good faith belief that it was removed by mistake or misidentification. My name is Luis Orbital, 1 Main St, "
        "Austin, TX 78701, telephone +1 512 555 0100. I consent to the jurisdiction of the Federal District Court and will "
        "accept service of process from the person who gave notice. /s/ Luis Orbital"
    )
    report = appeal.answer(case.pk, text=text, by=by, actor=by, now=later)
    page = ana.get(reverse("staff:law-case", args=[case.code])).content.decode()
    assert report.code in page and "counter-notice</summary>" in page
    ana.post(reverse("staff:counter-notice", args=[case.code]), {"report": report.code})
    lodged = Appeal.objects.get(case=case)
    assert (lodged.kind, lodged.by) == ("counter_notice", str(by)) and "good faith" in lodged.text
    window = clock(case, "putback")
    assert window.state == "running" and window.started_at == later
    ana.post(reverse("staff:counter-notice", args=[case.code]), {"report": report.code})
    assert Appeal.objects.count() == 1


def test_an_appeal_is_upheld_in_part(lead, opened: Case, site, drain, now):
    other = Asset.objects.create(
        subject=site.subject, kind="site", ref="site-2", value="two.example", role="hosting"
    )  # fmt: skip
    opened.indicators.create(
        report=opened.first_reports.get(), position=9, kind="url", value="https://two.example/a", host="two.example",
        raw="", role="target", start=-1, end=-1, asset=other,
    )  # fmt: skip
    wishes = (decide.Wish("site_disable", site.pk), decide.Wish("site_disable", other.pk))
    made = decide.decide(opened.pk, disable(site, measures=wishes), actor=ANA, now=now).decision
    drain()
    by = Actor("customer", str(opened.subject_id))
    lodged = appeal.lodge(made.pk, kind="appeal", text="The second one is a shop.", by=by, actor=by, now=now)
    drain()
    page = lead.get(reverse("staff:appeal", args=[lodged.pk])).content.decode()
    assert 'value="partly_upheld"' in page and page.count('name="stay"') == 2
    form = {"outcome": "partly_upheld", "reasons": REASONS, "stay": ["0", "1"]}
    assert lead.post(reverse("staff:appeal", args=[lodged.pk]), form).status_code == 422  # all stay: that is no part
    form["stay"] = ["0"]
    assert lead.post(reverse("staff:appeal", args=[lodged.pk]), form).status_code == 302
    drain()
    lodged.refresh_from_db()
    assert lodged.state == "partly_upheld" and [w["asset"] for w in lodged.replacement.plan] == [site.pk]
    states = dict(Measure.objects.values_list("asset_id", "state"))
    assert states == {site.pk: "confirmed", other.pk: "lifted"}


def test_several_addresses_of_one_site_are_several_measures(site, report, drain, now):
    for path in ("a", "b"):
        report(f"https://login-bancoazul.example/{path}")
    drain()
    case = Case.objects.get()
    wishes = tuple(decide.Wish("path_block", site.pk, f"https://login-bancoazul.example/{p}") for p in ("a", "b"))
    made = decide.decide(case.pk, disable(site, measures=wishes), actor=ANA, now=now)
    assert made.allowed
    drain()
    assert set(Measure.objects.values_list("target", "state")) == {(w.target, "confirmed") for w in wishes}
    twice = decide.Wish("path_block", site.pk, wishes[0].target)
    again = decide.decide(
        case.pk, disable(site, measures=(twice, twice)), actor=DIEGO, now=now, persist=False
    )  # fmt: skip
    assert "measure.twice" in {f.code for f in again.findings}


def test_a_reporter_whose_report_was_unfounded_is_warned_by_a_person(ana, opened: Case, drain, post, now):
    where = reverse("staff:law-case", args=[opened.code])
    assert 'value="warn"' not in ana.get(where).content.decode()
    decide.decide(opened.pk, decide.Choice("no_violation", reasons=REASONS), actor=ANA, now=now)
    drain()
    assert 'value="warn"' in ana.get(where).content.decode()
    ana.post(where, {"do": "warn", "what": "CSIRT@bancoazul.example"})
    drain()
    warning = opened.notices.get(kind="misuse_warning")
    assert (warning.to_role, warning.state) == ("reporter", "sent")
    page = ana.post(where, {"do": "warn", "what": "nobody@else.example"}, follow=True).content.decode()
    assert "That report is not of this case" in page and opened.notices.filter(kind="misuse_warning").count() == 1


def test_a_duty_that_outlives_its_case_is_listed_until_it_is_met(ana, opened: Case, site, drain, now):
    confirm.confirm(opened.pk, "regime:mx-lfpdppp", why="counsel says so", actor=ANA, now=now)
    events.say(opened.pk, "breach.known", at=now, actor=ANA, now=now, note="a backup lay open")
    assert opened.code not in ana.get(reverse("staff:law")).content.decode()
    decide.decide(opened.pk, disable(site), actor=DIEGO, now=now)
    drain()
    opened.refresh_from_db()
    assert opened.state == "closed"
    assert opened.code in ana.get(reverse("staff:law")).content.decode()
    form = {"event": "duty.done:breach", "note": "told each of them"}
    ana.post(reverse("staff:event", args=[opened.code]), form)
    assert opened.code not in ana.get(reverse("staff:law")).content.decode()
