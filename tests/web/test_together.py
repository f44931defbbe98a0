"""Working together: notes, hand-over, snooze, presence, undo, saved views, many cases at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from trustdesk.flow import decide, tick
from trustdesk.models import Asset, Case, Decision, Entry, Note, SavedView, Snooze
from trustdesk.verify import check

REASONS = "The page imitates the sign-in of a bank and sends what visitors type to a third party."


def codes(client, query=""):
    return set(
        re.findall(r'class="case-link" href="/desk/case/([^"]+)"', client.get(f"/desk/{query}").content.decode())
    )


def undo(client, case):
    text = client.get(f"/desk/case/{case.code}").content.decode()
    seq = re.search(r'action="/desk/case/[^"]+/undo">.*?name="seq" value="(\d+)"', text, re.S)
    assert seq, "nothing can be undone"
    return client.post(f"/desk/case/{case.code}/undo", {"seq": seq[1]}, follow=True).content.decode()


def ledger():
    """Findings about anything but the inventory, which the fixtures write by hand."""
    return [str(f) for f in check() if not f.note and not f.where.startswith(("trustdesk_subject", "trustdesk_asset"))]


def kinds(case):
    return list(Entry.objects.filter(chain=case.pk).order_by("seq").values_list("kind", flat=True))


def test_a_note_is_for_colleagues_and_can_be_taken_back_by_its_writer_alone(browser, ana, diego, opened):
    client = browser(ana)
    client.post(f"/desk/case/{opened.code}/note", {"text": "Same actor as <b>last</b> week, see hxxp"})
    text = browser(diego).get(f"/desk/case/{opened.code}").content.decode()
    assert "Same actor as &lt;b&gt;last" in text and "Withdraw" not in text
    note = Note.objects.get()
    browser(diego).post(f"/desk/note/{note.pk}/withdraw")
    assert "Same actor" in browser(diego).get(f"/desk/case/{opened.code}").content.decode()
    assert "Taken back" in undo(client, opened)
    assert "Same actor" not in client.get(f"/desk/case/{opened.code}").content.decode()
    assert kinds(opened)[-2:] == ["case.noted", "note.withdrawn"]
    assert "Same actor" not in str(list(Entry.objects.values_list("body", flat=True)))
    assert ledger() == []


def test_a_note_of_a_colleague_makes_a_draft_stale_and_ones_own_does_not(browser, ana, diego, opened, decision_form):
    form = decision_form(opened)
    browser(ana).post(f"/desk/case/{opened.code}/note", {"text": "I am on the phone with the bank."})
    browser(diego).post(f"/desk/case/{opened.code}/note", {"text": "Wait: this is a red team exercise."})
    assert browser(ana).post(f"/desk/case/{opened.code}/decide", form).status_code == 409
    assert not Decision.objects.exists()


def test_hand_over_stands_above_the_queue_for_a_day(browser, ana, diego, opened, now, frozen):
    client = browser(ana)
    client.post("/desk/handover", {"text": "Two banks are under attack."})
    client.post(f"/desk/case/{opened.code}/note", {"text": "Call them at noon.", "handover": "1"})
    text = browser(diego).get("/desk/").content.decode()
    assert "Two banks are under attack." in text and "Call them at noon." in text
    frozen(now + timedelta(hours=25))
    assert "Two banks" not in browser(diego).get("/desk/").content.decode()
    assert "Two banks" in browser(diego).get("/desk/handover").content.decode()


def test_the_note_of_a_sealed_case_is_not_handed_over_to_everybody(browser, ana, diego, opened):
    browser(diego).post(f"/desk/case/{opened.code}/note", {"text": "Hash match.", "handover": "1"})
    Case.objects.update(category="child_safety")
    assert "Hash match" not in browser(ana).get("/desk/").content.decode()
    assert "Hash match" in browser(diego).get("/desk/").content.decode()


def test_a_snoozed_case_leaves_the_lists_and_comes_back_by_itself(browser, ana, opened, now, frozen):
    client = browser(ana)
    address = f"/desk/case/{opened.code}/snooze"
    assert "Say why" in client.post(address, {"for": "hour", "why": " "}, follow=True).content.decode()
    assert "has passed" in client.post(address, {"until": "2020-01-01T10:00", "why": "x"}, follow=True).content.decode()
    client.post(address, {"for": "hour", "why": "the bank calls back"})
    assert codes(client) == set() and codes(client, "?snoozed=1") == {opened.code}
    assert "Put away 1" in " ".join(client.get("/desk/").content.decode().split())
    assert client.post("/desk/next").headers["Location"].endswith("none=1")
    frozen(now + timedelta(minutes=61))
    assert tick.tick(now + timedelta(minutes=61)) >= 1
    assert codes(client) == {opened.code}
    assert kinds(opened).count("case.woken") == 1


def test_a_snoozed_case_is_back_at_once_when_an_answer_comes(browser, ana, opened):
    client = browser(ana)
    client.post(f"/desk/case/{opened.code}/snooze", {"for": "day", "why": "waiting"})
    assert codes(client) == set()
    Case.objects.update(unread=1)
    assert codes(client) == {opened.code}


def test_a_duty_of_ours_is_not_slept_through(browser, ana, opened):
    browser(ana).post(f"/desk/case/{opened.code}/snooze", {"for": "week", "why": "waiting"})
    assert Snooze.objects.get().until == Case.objects.get().next_due_at


def test_undo_takes_back_ones_own_last_act_within_its_time(browser, ana, diego, opened, now, frozen, decision_form):
    client = browser(ana)
    client.post(f"/desk/case/{opened.code}/assign", {"do": "take"})
    assert "Taken back" in undo(client, opened)
    assert Case.objects.get().assigned_to is None
    client.post(f"/desk/case/{opened.code}/snooze", {"for": "day", "why": "waiting"})
    assert "Taken back" in undo(client, opened)
    assert codes(client) == {opened.code}
    opened.refresh_from_db()
    Asset.objects.create(subject=opened.subject, kind="account", ref="u-1", value="orbital", role="hosting")
    client.post(f"/desk/case/{opened.code}/decide", decision_form(opened, choice="measure:account_suspend"))
    assert Decision.objects.get().state == "held"
    undo(client, opened)
    assert Decision.objects.get().state == "rejected" and Case.objects.get().state == "open"
    client.post(f"/desk/case/{opened.code}/assign", {"do": "take"})
    seq = Case.objects.get().seq
    refused = browser(diego).post(f"/desk/case/{opened.code}/undo", {"seq": seq}, follow=True).content.decode()
    assert "cannot be taken back" in refused
    frozen(now + timedelta(minutes=16))
    late = client.post(f"/desk/case/{opened.code}/undo", {"seq": seq}, follow=True).content.decode()
    assert "Only for 15 minutes" in late and Case.objects.get().assigned_to == ana
    assert ledger() == []


def test_presence_is_seen_by_others_and_fades(browser, ana, diego, opened, now, frozen):
    address = f"/desk/case/{opened.code}/presence"
    assert "Ana" not in browser(ana).post(address).content.decode()
    assert "Ana is reading this" in browser(diego).post(address).content.decode()
    frozen(now + timedelta(seconds=61))
    assert "Ana" not in browser(diego).post(address).content.decode()


def test_views_are_named_shared_and_removed(browser, ana, diego, opened):
    client = browser(ana)
    client.post("/desk/views", {"name": "Bank phishing", "category": "phishing", "due": "today", "shared": "1"})
    client.post("/desk/views", {"name": "Mine alone", "category": "spam"})
    view = SavedView.objects.get(name="Bank phishing")
    assert view.query == "category=phishing&due=today"
    text = browser(diego).get("/desk/").content.decode()
    assert "Bank phishing" in text and "Mine alone" not in text
    assert codes(browser(diego), f"?{view.query}") <= {opened.code}
    browser(diego).post("/desk/views", {"remove": view.pk})
    assert SavedView.objects.count() == 2
    client.post("/desk/views", {"remove": view.pk})
    assert SavedView.objects.count() == 1


def test_a_case_is_given_to_somebody_who_may_see_it(browser, ana, diego, person, opened):
    auditor = person("aud", "auditor")
    client = browser(ana)
    client.post(f"/desk/case/{opened.code}/assign", {"do": "give", "to": auditor.pk})
    assert Case.objects.get().assigned_to is None
    client.post(f"/desk/case/{opened.code}/assign", {"do": "give", "to": diego.pk})
    assert Case.objects.get().assigned_to == diego


@pytest.fixture
def several(opened, report, drain):
    for number in range(3):
        report(f"https://login-bancoazul.example/more/{number}", category="copyright")
    drain()
    return list(Case.objects.order_by("id"))


def test_many_cases_are_decided_alike_each_for_itself(browser, ana, several, monkeypatch):
    from trustdesk.web.staff import bulk

    monkeypatch.setattr(bulk, "STEP", 2)
    client = browser(ana)
    form = {"case": [c.code for c in several], "choice": "no_violation", "reasons": REASONS}
    preview = client.post("/desk/bulk", form | {"do": "preview"}).content.decode()
    assert "4 of 4 can be decided" in preview and not Decision.objects.exists()
    picked = re.findall(r'name="case" value="([^"]+)"', preview)
    Case.objects.filter(pk=several[3].pk).update(state="closed", closed_at=several[3].opened_at)  # meanwhile
    first = client.post("/desk/bulk", form | {"do": "decide", "case": picked}).content.decode()
    assert "2 of 4 worked" in first and Decision.objects.count() == 2
    waiting = re.findall(r'name="case" value="([^"]+)"', first)
    results = re.findall(r'name="result" value="([^"]+)"', first)
    assert len(waiting) == 2
    last = client.post("/desk/bulk", form | {"do": "decide", "case": waiting, "result": results}).content.decode()
    assert "3 of 4 decided" in last and "not decided" in last
    assert Decision.objects.filter(state="final", made_by=f"person:{ana.pk}").count() == 3
    again = client.post("/desk/bulk", form | {"do": "decide", "case": picked}).content.decode()
    assert "0 of 4 decided" in again or Decision.objects.count() == 3, "a reload decides nothing twice"


def test_many_cases_are_taken_at_once_and_those_of_others_stay(browser, ana, diego, several):
    browser(diego).post(f"/desk/case/{several[0].code}/assign", {"do": "take"})
    text = (
        browser(ana)
        .post("/desk/bulk", {"do": "assign", "case": [c.code for c in several]}, follow=True)
        .content.decode()
    )
    assert "3 cases given to Ana" in text and f"{several[0].code}: Somebody else has this case" in text
    assert Case.objects.filter(assigned_to=ana).count() == 3


def test_pages_of_the_list_neither_repeat_nor_skip(browser, ana, several, monkeypatch):
    from trustdesk.queries import queue

    monkeypatch.setattr(queue, "PAGE", 1)
    Case.objects.filter(pk=several[1].pk).update(next_due_at=None)
    for query in ("", "?state=all"):
        client, seen, address = browser(ana), [], f"/desk/{query}"
        while address:
            text = client.get(address).content.decode()
            seen += re.findall(r'class="case-link" href="/desk/case/([^"]+)"', text)
            following = re.search(r'rel="next"[^>]*href="([^"]+)"', text)
            back = re.search(r'rel="prev"[^>]*href="([^"]+)"', text)
            if len(seen) == 2:
                assert back
                earlier = client.get(f"/desk/{back[1].replace('&amp;', '&')}").content.decode()
                assert seen[0] in earlier and seen[1] not in re.findall(
                    r'case-link" href="/desk/case/([^"]+)"', earlier
                )
            address = f"/desk/{following[1].replace('&amp;', '&')}" if following else ""
        assert sorted(seen) == sorted(c.code for c in several), query


def test_the_board_counts_what_the_lists_show(browser, diego, several, now, frozen):
    frozen(now + timedelta(days=3))
    tick.tick(now + timedelta(days=3))
    client = browser(diego)
    text = client.get("/desk/board").content.decode()
    assert '<svg class="chart"' in text and "4 cases are open" in text
    late = re.search(r'<dt>Late</dt>\s*<dd>\s*<a href="([^"]+)"[^>]*>(\d+)</a>', text)
    assert late and int(late[2]) == len(codes(client, late[1].removeprefix("/desk/"))) > 0
    assert "cases are late." in text or "case is late." in text
    assert 'href="/desk/?queue=' in text
    live = client.get("/desk/board", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in live and "Duties at risk" in live


def test_precedents_say_why_and_a_draft_that_departs_is_marked(browser, ana, opened, report, drain, decision_form):
    client = browser(ana)
    for number in range(3):
        report(f"https://login-bancoazul.example/again/{number}", category="fraud")
        drain()
        case = Case.objects.filter(category="fraud", closed_at=None, state="open").get()
        client.post(f"/desk/case/{case.code}/decide", decision_form(case, choice="no_violation", reasons=REASONS))
    report("https://login-bancoazul.example/again/9", category="fraud")
    drain()
    case = Case.objects.get(category="fraud", closed_at=None)
    page = client.get(f"/desk/case/{case.code}").content.decode()
    assert "Precedents" in page and "same asset · same customer · same reporter" in page
    htmx = {"HX-Request": "true"}
    form = decision_form(case, do="preview", choice="measure:site_disable", ground="policy:2.6")
    other = client.post(f"/desk/case/{case.code}/decide", form, headers=htmx).content.decode()
    assert "3 of 3 like cases ended otherwise: no violation" in other
    same = client.post(f"/desk/case/{case.code}/decide", form | {"choice": "no_violation"}, headers=htmx)
    assert "ended otherwise" not in same.content.decode()


def test_a_decision_is_taken_back_on_the_page_of_its_case(
    browser, ana, diego, opened, decision_form, drain, now, settings
):
    settings.GRACE = timedelta(seconds=30)
    client = browser(ana)
    text = client.post(f"/desk/case/{opened.code}/decide", decision_form(opened), follow=True).content.decode()
    assert "leave in 30 seconds" in text
    assert "Take it back" in text
    assert "Take it back" not in browser(diego).get(f"/desk/case/{opened.code}").content.decode()
    assert "Taken back" in undo(client, opened)
    drain(now + timedelta(minutes=1))
    assert (Decision.objects.get().state, Case.objects.get().state) == ("taken_back", "open")
    opened.refresh_from_db()
    client.post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    drain(now + timedelta(minutes=1))
    assert Decision.objects.latest("id").state == "final"
    assert "Take it back" not in client.get(f"/desk/case/{opened.code}").content.decode()
    assert ledger() == []


def test_a_note_that_names_somebody_is_before_them_until_they_have_seen_it(browser, person, ana, diego, opened):
    theirs = browser(diego)
    assert "for you" not in theirs.get("/desk/").content.decode()
    browser(ana).post(f"/desk/case/{opened.code}/note", {"text": "@diego, @Diego: is this yours? Mail x@ana.example."})
    text = theirs.get("/desk/").content.decode()
    assert "1 note for you" in text
    assert "is this yours?" in text
    assert "For you" in theirs.get("/desk/ledger").content.decode()
    assert "for you" not in browser(ana).get("/desk/").content.decode()
    note = Note.objects.get()
    browser(ana).post(f"/desk/note/{note.pk}/seen")
    assert "1 note for you" in theirs.get("/desk/").content.decode()
    theirs.post(f"/desk/note/{note.pk}/seen")
    assert "for you" not in theirs.get("/desk/").content.decode()
    assert ledger() == []


def test_two_of_one_first_name_are_named_by_their_accounts_and_a_sealed_case_stays_sealed(
    browser, person, ana, diego, opened
):
    other = person("diego.b", "investigator")
    other.first_name = "Diego"
    other.save()
    client = browser(diego)
    client.post("/desk/handover", {"text": "@Diego.B please take the banks; thanks @nobody"})
    assert "1 note for you" in browser(other).get("/desk/").content.decode()
    Case.objects.update(category="child_safety")
    client.post(f"/desk/case/{opened.code}/note", {"text": "@diego.b look at this"})
    assert Note.objects.get(case=opened).mentions.count() == 1
    text = browser(other).get("/desk/").content.decode()
    assert "1 note for you" in text
    assert "look at this" not in text
    hand_over = Note.objects.get(case=None)
    client.post(f"/desk/note/{hand_over.pk}/withdraw")
    assert "for you" not in browser(other).get("/desk/").content.decode()


@pytest.fixture
def wide(site, report, drain):
    """Two cases of a customer with two sites each, the second with two addresses on one of them."""
    for name in ("second", "third", "fourth"):
        Asset.objects.create(
            subject=site.subject, kind="site", ref=f"site-{name}", value=f"{name}.example", role="hosting"
        )
    report(urls=["https://login-bancoazul.example/a", "https://second.example/a"])
    report(urls=["https://third.example/a", "https://third.example/b", "https://fourth.example/a"], category="fraud")
    drain()
    return list(Case.objects.order_by("id"))


def bulk_form(wide, kind, **more):
    picked = [f"{case.code}:{case.seq}" for case in wide]
    return {"case": picked, "choice": f"measure:{kind}", "ground": "policy:2.1", "reasons": REASONS} | more


def test_a_measure_for_many_cases_is_for_every_asset_that_each_names(browser, ana, wide):
    client = browser(ana)
    preview = client.post("/desk/bulk", bulk_form(wide, "path_block", do="preview")).content.decode()
    assert "2 of 2 can be decided" in preview
    assert "2 addresses" in preview
    picked = {name: re.findall(rf'name="{name}" value="([^"]+)"', preview) for name in ("on", "listed")}
    assert len(picked["on"]) == 4
    assert len(picked["listed"]) == 2
    client.post("/desk/bulk", bulk_form(wide, "path_block", do="decide", **picked))
    plans = {d.case_id: [(p["target"]) for p in d.plan] for d in Decision.objects.all()}
    assert sorted(plans[wide[0].pk]) == ["https://login-bancoazul.example/a", "https://second.example/a"]
    assert sorted(plans[wide[1].pk]) == [
        "https://fourth.example/a",
        "https://third.example/a",
        "https://third.example/b",
    ]


def test_single_assets_are_taken_out_in_the_preview_and_only_for_the_measure_that_was_shown(
    browser, ana, wide, monkeypatch
):
    from trustdesk.web.staff import bulk

    client, fourth = browser(ana), Asset.objects.get(ref="site-fourth")
    form = bulk_form(wide, "site_disable", do="preview")
    shown = client.post("/desk/bulk", form).content.decode()
    listed = re.findall(r'name="listed" value="([^"]+)"', shown)
    on = [item for item in re.findall(r'name="on" value="([^"]+)"', shown) if not item.endswith(f":{fourth.pk}")]
    preview = client.post("/desk/bulk", form | {"listed": listed, "on": on}).content.decode()
    assert f'value="{wide[1].code}:{fourth.pk}"><span>' in preview, "it stays on the page, unchecked"
    monkeypatch.setattr(bulk, "STEP", 1)
    first = client.post("/desk/bulk", form | {"do": "decide", "listed": listed, "on": on}).content.decode()
    carried = {name: re.findall(rf'name="{name}" value="([^"]+)"', first) for name in ("case", "on", "listed")}
    client.post("/desk/bulk", form | {"do": "decide"} | carried)
    assert fourth.pk not in {p["asset"] for d in Decision.objects.all() for p in d.plan}
    assert Decision.objects.count() == 2
    assert len(Decision.objects.get(case=wide[0]).plan) == 2
    other = bulk_form(wide, "warning_page", do="preview", listed=listed, on=on)
    again = client.post("/desk/bulk", other).content.decode()
    assert again.count('" checked><span><span class="mono">') == 4


def test_a_case_of_which_every_asset_was_taken_out_is_not_decided(browser, ana, wide):
    listed = [f"{wide[0].code}:measure:site_disable"]
    form = bulk_form(wide[:1], "site_disable", do="decide", listed=listed)
    assert "0 of 1 decided" in browser(ana).post("/desk/bulk", form).content.decode()
    assert not Decision.objects.exists()


def test_what_was_decided_together_is_taken_back_together(browser, ana, wide, drain, now, settings):
    settings.GRACE = timedelta(seconds=30)
    client = browser(ana)
    done = client.post("/desk/bulk", bulk_form(wide, "site_disable", do="decide")).content.decode()
    assert "2 of 2 decided" in done
    codes_ = re.findall(r'name="case" value="([^"]+)"', done)
    assert set(codes_) == {case.code for case in wide}
    first = Decision.objects.order_by("id").first()
    decide.settle(first.pk, now=now)  # this one was quicker
    text = client.post("/desk/bulk", {"do": "undo", "case": codes_}, follow=True).content.decode()
    assert "1 decision taken back." in text
    assert "1 had gone out already." in text
    assert set(Decision.objects.values_list("state", flat=True)) == {"final", "taken_back"}
    assert ledger() == []
