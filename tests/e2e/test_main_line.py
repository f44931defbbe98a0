"""From a mail to a dark site, an appeal, a site that is back, a report that counts it and a ledger that verifies."""

from __future__ import annotations

import json
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from tests.e2e.running import Desk, link, running, wait

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SITE = "login-bancoazul.example"
REPORTER = "csirt@bancoazul.example"
CUSTOMER = "abuso@orbital-hosting.example"
REASONS = "The page at /acceso imitates the sign-in of Banco Azul and sends what visitors type to a third party."


def send(desk: Desk) -> None:
    """One complaint, as any mail server would hand it over."""
    message = EmailMessage()
    message["From"] = f"CSIRT Banco Azul <{REPORTER}>"
    message["To"] = "abuse@nube-norte.example"
    message["Subject"] = "Phishing page on your network"
    message["Message-ID"] = "<main-line-1@bancoazul.example>"
    message.set_content(
        f"Hello,\n\nthis phishing page imitates our bank:\n\n  hxxps://{SITE.replace('.', '[.]')}/acceso\n\n"
        "Our own site is https://www.bancoazul.example/. Please take the page down.\n\nCSIRT\n"
    )
    with smtplib.SMTP("127.0.0.1", desk.port("SMTP"), timeout=10) as server:
        server.send_message(message)


def signed_in(browser: Any, desk: Desk, name: str) -> Any:
    """A page of somebody on the desk."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
    page.goto(f"{desk.web}/desk/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(desk.password(name))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{desk.web}/desk/")
    return page


def test_main_line(browser: Any, desk_home: dict[str, str]) -> None:
    with running(desk_home, "--no-demo") as desk:
        assert desk.site(SITE) == 200
        send(desk)

        # Ana finds the case in her queue, reads it, and takes the site offline with reasons.
        ana = signed_in(browser, desk, "ana")
        case_link = ana.get_by_role("link", name="C-").first

        def in_queue() -> bool:
            ana.reload()
            return bool(case_link.count())

        wait("the case in the queue", in_queue)
        case_link.click()
        offered = ana.locator('input[name="choice"][value*="site_disable"]')
        wait("the case to be ready for a decision", lambda: offered.count() or (ana.reload() and False))
        claim = ana.locator("main").inner_text()
        assert "login-bancoazul[.]example" in claim and f"https://{SITE}" not in claim
        offered.check()
        ana.get_by_label("Reasons that will be read outside").fill(REASONS)
        ana.get_by_role("button", name="Decide", exact=False).and_(ana.locator('[value="decide"]')).click()
        ana.wait_for_load_state()
        wait("the site to answer 451", lambda: desk.site(SITE) == 451)

        # Everyone who must know has a letter; the customer's carries a private link.
        statement = wait("the statement of reasons", lambda: desk.letters(CUSTOMER))[-1]  # type: ignore[index]
        wait("acknowledgement and outcome", lambda: len(desk.letters(REPORTER)) == 2)
        assert REASONS.split(" and ")[0] in " ".join(statement.get_body(("plain",)).get_content().split())
        private = link(statement, "/c/")

        # The customer reads why, and appeals.
        customer = browser.new_context(locale="es-MX").new_page()
        customer.goto(private)
        assert REASONS in customer.locator("main").inner_text()
        customer.locator("#appeal").fill("Es una página de formación nuestra; lo dice arriba y no guarda nada.")
        customer.locator("form:has(#appeal) button").click()
        customer.wait_for_load_state()

        # Ana cannot judge it; Diego does, and upholds it.
        ana.goto(f"{desk.web}/desk/appeals")
        ana.locator('main a[href*="/desk/appeals/"]').first.click()
        assert ana.locator('input[name="outcome"]').count() == 0
        diego = signed_in(browser, desk, "diego")
        diego.goto(f"{desk.web}/desk/appeals")
        diego.locator('main a[href*="/desk/appeals/"]').first.click()
        diego.locator('input[name="outcome"][value="upheld"]').check()
        diego.get_by_label("Reasons that they will read").fill("It is a training page that says so and stores nothing.")
        diego.get_by_role("button", name="Decide the appeal").click()
        wait("the site to be back", lambda: desk.site(SITE) == 200)
        wait("the last letters", lambda: len(desk.letters(CUSTOMER)) >= 3)
        customer.reload()
        assert customer.locator(".banner-ok").count() == 1

        # The week's report counts it all, and the ledger verifies.
        week = "{}-W{:02}".format(*datetime.now(UTC).isocalendar()[:2])
        report = json.loads(desk.command("publish", "weekly", "--period", week, "--format", "json"))
        assert report["received"]["total"] == 1 and report["received"]["by_channel"] == {"mail": 1}
        assert report["appeals"] == {"lodged": 1, "overturned": 1} | report["appeals"]
        assert (report["opened"], report["open_at_end"]) == (1, 0)
        desk.command("verify")

    # A second start keeps the data.
    with running(desk_home, "--no-demo") as desk:
        assert desk.site(SITE) == 200
        report = json.loads(desk.command("publish", "weekly", "--period", week, "--format", "json"))
        assert report["received"]["total"] == 1
