"""Hostile mails, names, reasons and addresses, put in through the real doors and drawn by a real browser: no script runs, no
request leaves, nothing is spoofed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.web import hostile
from tests.web.window import CHROMIUM, Window, chromium
from trustdesk.core.types import Channel
from trustdesk.flow import links, receive, work
from trustdesk.models import Appeal, Case, Notice, Report, Subject

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium found; set TRUSTDESK_TEST_CHROMIUM"),
    pytest.mark.one_database,
]
NASTY = "\n".join(hostile.EVERYTHING)
TARGET = "https://login-bancoazul.example/acceso"

#: What a page must not hold in what it shows: marks that turn the direction, characters that nobody sees.
UNSEEN = """() => {
  const turns = "\\u202a-\\u202e\\u2066-\\u2069\\u200e\\u200f\\u061c", unseen = "\\u200b\\u2060\\ufeff\\u115f\\u3164\\u2800";
  const bad = new RegExp("[" + turns + unseen + "]|\\udb40[\\udc00-\\udc7f]");
  const copy = document.documentElement.cloneNode(true);
  copy.querySelectorAll("textarea").forEach((field) => field.remove());
  const found = copy.outerHTML.match(bad);
  return found ? copy.outerHTML.slice(Math.max(0, found.index - 80), found.index + 40) : "";
}"""
LOOSE = """() => [...document.querySelectorAll("a[href], form[action], img, iframe, object, embed, svg *, script, "
  + "link, base, meta[http-equiv]")]
  .map((e) => e.getAttribute("href") ?? e.getAttribute("action") ?? e.getAttribute("src") ?? "")
  .filter((to) => to && !/^(\\/|\\?|#|$)/.test(to) && to !== "https://nube-norte.example/contact")"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def world(
    site: Any, enforcer: Any, now: Any, settings: Any, tmp_path: Path, browser: Any, diego: Any
) -> dict[str, Any]:
    """A desk that took in the corpus by every door, decided, was appealed to, and wrote its letters."""
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    Subject.objects.update(name="Orbital " + hostile.MARKUP[3][:150], notes=NASTY)
    drain = lambda: work.run_until_idle(lambda: now)  # noqa: E731
    for raw in hostile.mails(TARGET):
        receive.receive(receive.Incoming(raw, Channel.MAIL), now=now)
    public = Client()
    for name, wire in hostile.HOMOGRAPHS:
        fields = {
            "category": "phishing",
            "urls": f"{TARGET}\nhttps://{name}/x\n" + "\n".join(hostile.URLS),
            "description": f"It is at https://{name}/ now, and {name} too.\n{NASTY}",
            "name": hostile.MARKUP[3][:100],
            "organisation": hostile.SPOOF[0] + name,
            "email": f"x@{wire}",
            "good_faith": "on",
            "nonce": wire,
        }
        assert public.post("/report", fields).status_code == 302
    drain()
    case = Case.objects.filter(state="open").earliest("pk")
    reporter = Report.objects.filter(channel="form", joinings__case=case).earliest("pk")
    desk = browser(diego)
    customer = f"/c/{links.customer_token(case.pk, case.subject_id)}"
    assert public.post(customer, {"do": "answer", "text": NASTY}).status_code == 302
    drain()
    case.refresh_from_db()
    form = {"do": "decide", "seen": str(case.seq), "choice": "measure:site_disable", "ground": "policy:2.1", "law": "",
            "reasons": NASTY, "notes": NASTY}  # fmt: skip
    assert desk.post(f"/desk/case/{case.code}/decide", form).status_code == 302
    drain()
    assert public.post(customer, {"do": "appeal", "text": NASTY}).status_code == 302
    drain()
    return {"case": case, "desk": desk, "public": public, "customer": customer, "report": reporter}


def staff_pages(world: dict[str, Any]) -> list[str]:
    case = world["case"]
    reports = list(Report.objects.order_by("pk"))
    found = ["", "held", "appeals", "incoming", "outbox", "ledger", "search?q=example", "board"]
    found += [f"case/{case.code}?report={world['report'].code}"]
    found += [f"case/{other.code}" for other in Case.objects.exclude(pk=case.pk)[:1]]
    found += [f"case/{case.code}/targets", f"case/{case.code}/law", f"appeals/{Appeal.objects.get().pk}"]
    found += [f"incoming/{r.code}" for r in reports if r.channel == "mail" or r == world["report"]]
    letters = {n.kind: n.pk for n in Notice.objects.all()}
    for number in letters.values():
        found.append(f"outbox/{number}?as={'html' if number % 2 else 'text'}")
    asked = [
        world["desk"].post(f"/desk/incoming/{r.code}/files/0/look", {"how": "html"}).headers["Location"]
        for r in reports
        if r.channel == "mail"
    ][:2]
    found += [location.removeprefix("/desk/").partition("#")[0] for location in asked]
    found += ["outbox/mailbox", "outbox/mailbox?as=html"]
    return [f"/desk/{name}" for name in found]


def troubles(window: Window, address: str) -> list[Any]:
    """What went wrong on a page."""
    try:
        answer = window.page.goto(address, wait_until="load")
    except Exception as error:
        return [(address, str(error)[:200], window.complaints)]
    found: list[Any] = []
    if answer is None or answer.status != 200:
        found.append(("status", answer and answer.status))
    if window.page.evaluate("window.owned"):
        found.append("a script ran")
    loose = window.page.evaluate(LOOSE)
    if loose:
        found.append(("leads away", loose[:3]))
    unseen = window.page.evaluate(UNSEEN)
    if unseen:
        found.append(("unseen characters", unseen))
    for name in ("elsewhere", "complaints", "dialogs"):
        if getattr(window, name):
            found.append((name, getattr(window, name)[:3]))
            getattr(window, name).clear()
    return [(address, trouble) for trouble in found]


def test_nothing_runs_leaves_or_misleads_on_any_page(engine: Any, world: dict[str, Any]) -> None:
    found: list[Any] = []
    desk = Window(engine, world["desk"])
    for address in staff_pages(world):
        found += troubles(desk, address)
    desk.close()
    token = links.status_token(world["report"].pk)
    outside = Window(engine, world["public"])
    for address in (
        world["customer"],
        f"{world['customer']}/history",
        f"/status/{token}",
        f"/report/thanks/{token}",
        "/",
    ):
        found += troubles(outside, address)
    outside.close()
    assert found == [], "\n".join(map(str, found))
    # A host in letters of another script never stands without its name on the wire.
    first = hostile.HOMOGRAPHS[0][0].partition(".")[0]
    for address in (f"/desk/incoming/{world['report'].code}", "/desk/incoming", "/desk/"):
        page = world["desk"].get(address).content.decode()
        seen = [page[m.start() : m.start() + 160] for m in re.finditer(first, page)]
        assert all("xn--" in at for at in seen), (address, seen)
        assert seen or "incoming/" not in address
