"""What a page may cost: bytes, requests, movement. What works without script, and ten cases by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.web.window import CHROMIUM, Window, chromium
from trustdesk.models import Asset, Case, Decision, Subject

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium found; set TRUSTDESK_TEST_CHROMIUM"),
]
SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shifts += e.value; })
  .observe({ type: "layout-shift", buffered: true });"""
#: (width, address); those of the desk with somebody signed in.
SEEN = (
    (1440, "/report"), (390, "/desk/sign-in"), (1440, "/desk/"), (390, "/desk/"), (1440, "/desk/case/{code}"),
    (390, "/desk/case/{code}"), (1440, "/desk/account/"),
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.mark.one_database
def test_first_pages_are_small_still_and_ask_nobody_else(engine: Any, browser: Any, diego: Any, opened: Case) -> None:
    desk, public = browser(diego), Client()
    for width, address in SEEN:
        client = public if address in ("/report", "/desk/sign-in") else desk
        window = Window(engine, client, viewport={"width": width, "height": 900})  # nothing is in its cache
        window.page.add_init_script(SHIFTS)
        window.page.goto(address.format(code=opened.code), wait_until="load")
        window.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert window.bytes < 100_000, (address, window.bytes)
        assert window.page.evaluate("window.shifts") < 0.01, address
        assert (window.elsewhere, window.complaints) == ([], []), address
        window.close()


@pytest.mark.one_database
def test_main_pages_work_without_script(engine: Any, browser: Any, diego: Any, opened: Case) -> None:
    window = Window(engine, browser(diego), viewport={"width": 1440, "height": 900}, java_script_enabled=False)
    for address in ("/desk/", "/desk/case/{code}", "/desk/outbox", "/desk/account/"):
        window.page.goto(address.format(code=opened.code))
        assert window.page.locator("main h1").count() == 1, address
        assert window.page.locator(".needs-js:visible").count() == 0, address
    window.page.goto(f"/desk/case/{opened.code}")
    window.page.locator("form[action$='/assign'] button").first.click()
    window.page.wait_for_url(f"**/{opened.code}")
    opened.refresh_from_db()
    assert opened.assigned_to == diego
    window.close()


def test_ten_cases_are_worked_by_keyboard_alone(
    engine: Any, browser: Any, ana: Any, customer: Subject, report: Any, drain: Any
) -> None:
    for number in range(10):
        host = f"shop-{number}.example"
        Asset.objects.create(subject=customer, kind="site", ref=f"site-{number}", value=host, role="hosting")
        report(f"https://{host}/sign-in")
    drain()
    window = Window(engine, browser(ana), viewport={"width": 1440, "height": 900})
    page, keys = window.page, window.page.keyboard
    page.goto("/desk/")
    for _ in range(10):
        keys.press("n")
        page.wait_for_url("**/desk/case/*")
        keys.press("d")
        while page.evaluate("document.activeElement.value") != "no_violation":
            keys.press("ArrowDown")
        keys.press("Escape")
        keys.press("r")
        page.evaluate("document.activeElement.select()")
        keys.insert_text("We looked at it: the page belongs to the bank itself, as its own site says.")
        keys.press("Control+Enter")
        page.wait_for_selector("text=is decided")
        page.wait_for_load_state()
        keys.press("g")
        keys.press("q")
        page.wait_for_url("**/desk/")
    decided = Decision.objects.filter(made_by=f"person:{ana.pk}", outcome="no_violation")
    assert len(set(decided.values_list("case", flat=True))) == 10
    assert (window.elsewhere, window.complaints) == ([], [])
    window.close()
