"""The law in the desk: every regime as its cited table, which law ran on a case and why, and what people may say of it."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from django.urls import reverse

from tests.flow.conftest import ANA
from tests.flow.notices import dmca
from tests.flow.test_putback import OPENS, WHOLE, counter
from tests.flow.test_putback import removed as removed
from trustdesk import rules
from trustdesk.models import Case, Clock, Fact
from trustdesk.web.staff.law import sections

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def ana(client, person):
    client.force_login(person("ana", "investigator"))
    return client


def test_the_list_has_every_regime_and_those_that_run_come_first(ana, opened: Case):
    page = ana.get(reverse("staff:law")).content.decode()
    for ident in rules.current().regimes:
        assert f">{ident}</a>" in page
    assert page.index("house-targets") < page.index("us-dmca-512c")  # it runs on the open case
    assert rules.current().regimes["jp-idpa"].switch == "off" and "chip-warn" in page


def test_every_regime_has_a_page_that_shows_every_rule_with_its_citation(ana):
    for ident, regime in rules.current().regimes.items():
        answer = ana.get(reverse("staff:law-regime", args=[ident]))
        assert answer.status_code == 200, ident
        shown = [row.rule for section in answer.context["sections"] for row in section.rows]
        assert len(shown) == sum(
            len(getattr(regime, name))
            for name in (
                "elements", "clocks", "duties", "silences", "withheld", "disclosures", "retention", "counts", "upkeeps",
                "penalties",
            )
        )  # fmt: skip
        assert all(rule.source for rule in shown)
    assert ana.get(reverse("staff:law-regime", args=["atlantis"])).status_code == 404


def test_what_is_wrong_with_the_files_is_said_with_file_and_line(ana, client, person, tmp_path, monkeypatch):
    shutil.copytree(rules.root(), tmp_path / "rulebook")
    monkeypatch.setenv("TRUSTDESK_RULEBOOK", str(tmp_path / "rulebook"))
    monkeypatch.setattr(rules, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(rules, "_last", None)
    good = rules.current().digest
    path = tmp_path / "rulebook/regimes/us-dmca-512c/regime.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("low = 10\n", "low = 10\nlowest = 9\n"), "utf-8")
    page = ana.get(reverse("staff:law")).content.decode()
    line = text[: text.index("low = 10")].count("\n") + 2
    assert f"regimes/us-dmca-512c/regime.toml:{line}" in page and "unknown key" in page
    assert rules.current().digest == good, "the last good rulebook is in force"
    client.force_login(person("mona", "manager"))
    assert b"have become bad" in client.get(reverse("staff:board")).content
    path.write_text(text, "utf-8")
    assert "unknown key" not in client.get(reverse("staff:law")).content.decode()


def test_numbers_are_shown_with_their_unit():
    clocks = next(s for s in sections(rules.current().regimes["us-dmca-512c"]) if "At expiry" in s.head)
    times = {row.rule.id: row.cells[2] for row in clocks.rows}
    assert times["putback"] == "10–14 business day" and times["takedown"] == "expeditiously"


def test_a_case_says_which_law_ran_why_and_which_days_were_skipped(ana, removed, drain, now):
    counter(removed, now)
    drain()
    code = Case.objects.get().code
    page = ana.get(reverse("staff:law-case", args=[code])).content.decode()
    assert "a report of form dmca decides" in page and "17 USC 512(g)(2)(C)" in page
    assert "26 Nov 2026 (Thanksgiving" in page and "Restore, unless the claimant" in page
    assert "1 of 3 strikes" in page and "lena" in page
    assert reverse("staff:law-case", args=[code]) in ana.get(reverse("staff:case", args=[code])).content.decode()


def test_a_court_action_is_written_down_from_the_page(ana, removed, drain, enforcer, now):
    counter(removed, now)
    drain()
    case = Case.objects.get()
    url = reverse("staff:law-case", args=[case.code])
    ana.post(url, {"do": "action", "court": "", "number": "", "why": "they mean to"})
    assert not Fact.objects.filter(name="law.court_action").exists()
    ana.post(url, {"do": "action", "court": "S.D.N.Y.", "number": "26-cv-1", "why": "complaint, page 1"})
    assert Clock.objects.get(name="putback").state == "cancelled"
    assert "26-cv-1" in ana.get(url).content.decode()
    drain(OPENS + timedelta(days=30))
    assert len(enforcer.standing) == 1


def test_a_person_completes_a_counter_notice_on_the_page(ana, removed, drain, now):
    lodged = counter(removed, now, without="cn-service")
    drain()
    case = Case.objects.get()
    assert f"appeal {lodged.pk}" in ana.get(reverse("staff:case", args=[case.code])).content.decode()
    elements = [f"us-dmca-512c.el.{name}" for name in WHOLE]
    sent = {"report": f"appeal {lodged.pk}", "element": elements, "there": elements, "why": "sent by mail today"}
    ana.post(reverse("staff:elements", args=[case.code]), sent)
    assert Clock.objects.get(name="putback").not_before == OPENS


def test_orders_are_confirmed_and_ended_from_the_page(ana, opened: Case):
    url = reverse("staff:law-case", args=[opened.code])
    ana.post(url, {"do": "confirm", "what": "ndo", "why": "order 26-mj-1"})
    ana.post(url, {"do": "confirm", "what": "moon", "why": "order 26-mj-1"})
    assert [f.value["what"] for f in Fact.objects.filter(name="law.confirmed")] == ["ndo"]
    ana.post(url, {"do": "end", "what": "ndo", "why": "lifted"})
    assert [f.value["holds"] for f in Fact.objects.filter(name="law.confirmed").order_by("id")] == [True, False]


def test_who_only_looks_on_may_not_say_and_the_sealed_stay_sealed(
    client, person, opened: Case, site, report, drain, now
):
    client.force_login(person("max", "analyst"))
    url = reverse("staff:law-case", args=[opened.code])
    assert client.get(url).status_code == 200
    assert client.post(url, {"do": "confirm", "what": "ndo", "why": "order"}).status_code == 403
    assert not Fact.objects.filter(name="law.confirmed").exists()
    report(category="child_safety")
    drain()
    sealed = Case.objects.get(category="child_safety")
    assert client.get(reverse("staff:law-case", args=[sealed.code])).status_code == 404
    client.logout()
    assert client.get(reverse("staff:law")).status_code == 302


def test_hostile_words_stay_words(ana, site, drain, now):
    dmca("https://login-bancoazul.example/x.jpg", now=now, sender="lena@photos.example")
    drain()
    from trustdesk.flow import putback

    case = Case.objects.get()
    evil = "<script>alert(1)</script>"
    putback.court_action(case.pk, court=evil, number=evil, why=evil, actor=ANA, now=now)
    page = ana.get(reverse("staff:law-case", args=[case.code])).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;" in page
