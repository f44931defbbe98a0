"""A real Chromium on a real desk: axe finds nothing, nothing is fetched from elsewhere, keys and pages without script work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.processes import ROOT, TRUSTDESK, own_desk

CHROMIUM = (
    os.environ.get("TRUSTDESK_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PASSWORD = "a long enough password"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium found; set TRUSTDESK_TEST_CHROMIUM"),
]


def command(environment: dict[str, str], *arguments: str, give: str = "") -> str:
    done = subprocess.run(
        [*TRUSTDESK, *arguments], env=environment, cwd=ROOT, input=give, capture_output=True, text=True, timeout=180
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Address of a desk with the sample provider's customers and a dozen of the sample mails."""
    folder: Path = tmp_path_factory.mktemp("browser")
    with own_desk(folder, with_tables=True) as environment:
        command(environment, "setup")
        command(environment, "inventory", "examples/provider/inventory")
        for name, role in (("eva", "senior"), ("ivo", "admin")):
            command(environment, "user", "add", name, "--role", role, "--name", name.capitalize(), give=PASSWORD + "\n")
        mails = sorted(str(p) for p in (ROOT / "examples" / "mail").glob("*.eml"))[::4]
        command(environment, "receive", *mails)
        command(environment, "work", "--until-idle")
        server = subprocess.Popen(
            [*TRUSTDESK, "run", "--only", "web"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{environment['TRUSTDESK_WEB_PORT']}"
        try:
            _wait(address)
            yield address
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(10)


def _wait(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=2).read()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"nothing answers at {address}")


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium, desk):
    """Open a page of the desk; complaints of the browser and requests to other hosts are collected."""
    contexts = []

    def start(*, name: str = "", width: int = 1440, theme: str = "light", script: bool = True):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=script,
            base_url=desk,
            locale="en",
        )
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.elsewhere = [], []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        host = urlsplit(desk).netloc
        page.on("request", lambda r: page.elsewhere.append(r.url) if urlsplit(r.url).netloc != host else None)
        if name:
            page.goto("/desk/sign-in")
            page.fill("#id_username", name)
            page.fill("#id_password", PASSWORD)
            page.click("main button.button-main")
            page.wait_for_url("**/desk/")
        return page

    yield start
    for context in contexts:
        context.close()


def quiet(page):
    assert page.complaints == []
    assert [url for url in page.elsewhere if not url.startswith("data:")] == []


STAFF = (
    "",
    "held",
    "appeals",
    "reviews",
    "senders",
    "incoming",
    "outbox",
    "outbox/mailbox",
    "failed",
    "reports",
    "ledger",
    "search?q=example",
    "parts",
    "exposure",
    "account/",
    "account/sessions",
    "account/keys/add",
)


#: What a change of theme can break, and what the width of the window cannot: looked at where it can differ.
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
ANY_THEME = {"rules": {"color-contrast": {"enabled": False}}, "resultTypes": ["violations"]}
WHOLE = {"resultTypes": ["violations"]}
#: (theme, width, what axe looks at); each page is loaded once and then shown in another theme or width.
VIEWS = (("light", 1440, WHOLE), ("dark", 1440, CONTRAST), ("light", 390, ANY_THEME))


def test_axe_finds_nothing_on_any_page_in_any_theme_or_width(tab):
    from axe_playwright_python.sync_playwright import Axe

    script = Axe().axe_script
    page = tab(name="eva")
    case = page.locator("a.case-link").first.get_attribute("href")
    page.goto("/desk/incoming")
    report = page.locator("main a[href^='/desk/incoming/R-']").first.get_attribute("href")
    addresses = [f"/desk/{name}" for name in STAFF]
    addresses += [
        case,
        report,
        f"{report}/files",
        "/desk/outbox/1",
        "/desk/outbox/1?as=html",
        "/",
        "/report",
        "/report/all?category=copyright",
        "/help/images",
        "/desk/board",
        "/desk/handover",
        "/transparency",
    ]
    found = []
    for address in addresses:
        page.goto(address)
        page.evaluate(script)
        for theme, width, options in VIEWS:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            for violation in page.evaluate("(options) => axe.run(options)", options)["violations"]:
                nodes = [node["target"] for node in violation["nodes"][:3]]
                found.append((address, theme, width, violation["id"], nodes))
        for width in (1440, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append((address, "scrolls sideways", width))
    assert found == []
    quiet(page)


def test_a_case_is_taken_previewed_and_decided_by_keyboard_alone(tab):
    page = tab(name="eva")
    keyboard = page.keyboard
    keyboard.press("j")
    keyboard.press("j")
    assert page.locator("tr.is-here").count() == 1
    with page.expect_navigation():
        keyboard.press("n")
    assert "/desk/case/" in page.url
    assert page.get_by_text("Yours").is_visible()
    keyboard.press("d")
    assert page.evaluate("document.activeElement.name") == "choice"
    page.locator("input[name=choice][value=no_violation]").focus()
    keyboard.press("Space")
    page.wait_for_selector("#preview :text('What will happen')")
    page.wait_for_function("document.querySelector('#preview').innerText.includes('outcome to the reporter')")
    keyboard.press("Escape")
    keyboard.press("r")
    assert page.evaluate("document.activeElement.id") == "reasons"
    page.fill("#reasons", "We looked at it: the page belongs to the bank itself, as its own site says today.")
    with page.expect_navigation():
        keyboard.press("Control+Enter")
    assert page.get_by_text("is decided").is_visible()
    quiet(page)


def test_keys_are_listed_and_can_be_switched_off(tab):
    page = tab(name="eva")
    page.keyboard.press("?")
    dialog = page.locator("dialog#keys")
    assert dialog.is_visible()
    assert "Next case" in dialog.inner_text()
    dialog.locator("[data-keys-toggle]").uncheck()
    page.keyboard.press("Escape")
    before = page.url
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert page.url == before
    quiet(page)


def test_the_palette_goes_to_pages_and_finds_customers(tab):
    page = tab(name="eva")
    page.keyboard.press("Control+k")
    page.keyboard.type("ledg")
    page.wait_for_selector("#palette li:has-text('Ledger')")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/desk/ledger")
    page.keyboard.press("Control+k")
    page.keyboard.type("tienda")
    page.wait_for_selector("#palette li:has-text('customer')")
    quiet(page)


def test_the_theme_changes_at_once_and_stays(tab):
    page = tab(name="eva")
    page.locator(".person > summary").click()
    with page.expect_response("**/preferences/theme"):
        page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    quiet(page)


def test_everything_works_without_script(tab):
    page = tab(name="ivo", script=False)
    page.locator("main form[action='/desk/next'] button").click()
    assert "/desk/case/" in page.url
    page.locator("input[name=choice][value=no_violation]").check()
    page.fill("#reasons", "We looked at it, and nothing there breaks the law or our policy as far as we can see.")
    page.get_by_role("button", name="Preview").click()
    assert page.get_by_text("What will happen").is_visible()
    assert page.input_value("#reasons").startswith("We looked at it, and nothing")
    page.locator("button[name=do][value=decide]").click()
    assert page.get_by_text("is decided").is_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator(".menu-open").click()
    page.locator("#menu a", has_text="Outbox").click()
    assert page.url.endswith("/desk/outbox")


def test_the_report_form_works_on_a_phone_without_script(tab):
    page = tab(width=390, script=False)
    page.goto("/report/all")
    page.select_option("#id_category", "copyright")
    assert page.locator("#id_signature").is_visible()
    page.select_option("#id_category", "phishing")
    assert not page.locator("#id_signature").is_visible()
    page.fill("#id_urls", "hxxps://tienda-lola[.]example/acceso")
    page.fill("#id_description", "It imitates our bank.")
    page.get_by_role("button", name="Send the report").click()
    assert page.get_by_text("Nothing that you typed was lost").is_visible()
    assert page.input_value("#id_description") == "It imitates our bank."
    page.fill("#id_name", "Rosa")
    page.fill("#id_email", "rosa@mail.example")
    page.locator("[name=good_faith]").check()
    page.get_by_role("button", name="Send the report").click()
    assert page.get_by_text("Thank you, we have your report").is_visible()
    page.locator("main a.address").click()
    assert "Your report R-" in page.inner_text("h1")


def test_hostile_mail_runs_nothing_in_the_browser(tab):
    page = tab(name="eva")
    nasty = "</textarea><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    form = tab()
    form.goto("/report/all")
    form.select_option("#id_category", "phishing")
    form.fill("#id_urls", "https://tienda-lola.example/<script>document.title='owned'</script>")
    form.fill("#id_description", nasty)
    form.fill("#id_name", nasty)
    form.fill("#id_email", "x@mail.example")
    form.locator("[name=good_faith]").check()
    form.get_by_role("button", name="Send the report").click()
    form.wait_for_url("**/thanks/**")
    page.goto("/desk/incoming")
    link = page.locator("a.case-link").first.get_attribute("href")
    for address in ("/desk/incoming", link):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.title() != "owned"
        assert page.locator("main img").count() == 0
    quiet(page)
