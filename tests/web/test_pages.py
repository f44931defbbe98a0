"""What every page carries and what no template may contain."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.urls import reverse

from trustdesk.flow import links
from trustdesk.models import Appeal, Notice, Report
from trustdesk.web.middleware import POLICY
from trustdesk.web.public import helplines

pytestmark = pytest.mark.one_database

PROGRAM = Path(__file__).parents[2] / "trustdesk"
TEMPLATES = [p for p in (PROGRAM / "templates").rglob("*.html") if "letters" not in p.parts]


class Reader(HTMLParser):
    """Collects what a strict policy would block and what a page must have."""

    def __init__(self):
        super().__init__()
        self.bad: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.fields: list[tuple[str, dict]] = []
        self.inside = ""

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        for name, value in attributes:
            if name.startswith("on") or name == "style":
                self.bad.append(f"{tag} {name}")
            if name in ("src", "href", "action") and re.match(
                r"(?i)\s*(https?:)?//|\s*javascript:|\s*data:", value or ""
            ):
                self.bad.append(f"{tag} {name}={value}")
        if tag == "style" or (tag == "script" and "src" not in values):
            self.bad.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "label" and "for" in values:
            self.labels.add(values["for"])
        if tag in ("input", "select", "textarea") and values.get("type") not in ("hidden", "radio", "checkbox"):
            self.fields.append((tag, values))


def read(text):
    reader = Reader()
    reader.feed(text)
    return reader


@pytest.fixture
def pages(browser, diego, client, opened, decision_form, drain):
    """Every page of the desk and of the public, in a state with something on it."""
    desk = browser(diego)
    desk.post(f"/desk/case/{opened.code}/decide", decision_form(opened))
    drain()
    customer = f"/c/{links.customer_token(opened.pk, opened.subject_id)}"
    client.post(customer, {"do": "appeal", "text": "We cleaned it; please look again."})
    report = Report.objects.first()
    token = links.status_token(report.pk)
    names = (
        "queue",
        "search",
        "parts",
        "appeals",
        "held",
        "incoming",
        "outbox",
        "mailbox",
        "failed",
        "reports",
        "ledger",
        "board",
        "handover",
    )
    staff = [reverse(f"staff:{name}") for name in names]
    staff += [
        f"/desk/case/{opened.code}",
        f"/desk/incoming/{report.code}",
        f"/desk/outbox/{Notice.objects.first().pk}",
        f"/desk/outbox/{Notice.objects.first().pk}?as=html",
        f"/desk/appeals/{Appeal.objects.get().pk}",
    ]
    public = [
        "/",
        "/report",
        "/report/all",
        "/help/child",
        "/help/images",
        f"/report/thanks/{token}",
        f"/status/{token}",
        customer,
        "/desk/sign-in",
    ]
    found = {address: desk.get(address) for address in staff} | {address: client.get(address) for address in public}
    found["404"] = client.get("/nowhere")
    return found


def test_every_page_is_under_the_policy_and_breaks_no_part_of_it(pages):
    for address, response in pages.items():
        assert response.status_code == (404 if address == "404" else 200), address
        assert response.headers["Content-Security-Policy"] == POLICY, address
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert "no-store" in response.headers["Cache-Control"]
        reader = read(response.content.decode())
        allowed = {"a href=https://nube-norte.example/contact"}
        if address.startswith(
            "/help/"
        ):  # these lead on to those who help, by links that say nothing of where one came from
            allowed |= {f"a href={line.url}" for line in helplines._all()}
        assert not set(reader.bad) - allowed, (address, reader.bad)


def test_every_field_has_a_label_and_every_id_is_unique(pages):
    for address, response in pages.items():
        reader = read(response.content.decode())
        assert len(reader.ids) == len(set(reader.ids)), (address, [i for i in reader.ids if reader.ids.count(i) > 1])
        for tag, values in reader.fields:
            named = values.get("id") in reader.labels or values.get("aria-label") or values.get("tabindex") == "-1"
            assert named, (address, tag, values)


def test_the_policy_allows_nothing_inline_and_no_other_host():
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(PROGRAM / "templates")))
def test_no_template_switches_escaping_off_or_carries_script_or_style(path):
    text = path.read_text("utf-8")
    for bad in ("|safe", "autoescape off", "<style", "javascript:", " style=", "safeseq"):
        assert bad not in text, bad
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


def test_styles_and_scripts_fetch_nothing_from_elsewhere():
    for path in (PROGRAM / "static").rglob("*.*"):
        text = path.read_text("utf-8")
        code = re.sub(r"(?m)^\s*(//|/?\*).*$", "", text).replace("http://www.w3.org/2000/svg", "")
        assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", code), path
        assert "@import" not in text
        assert "eval(" not in text
        assert "innerHTML" not in text, path


def test_the_first_page_of_the_desk_is_small(browser, diego, opened):
    import gzip

    from django.contrib.staticfiles import finders

    text = browser(diego).get("/desk/").content
    total = len(gzip.compress(text))
    for name in re.findall(rb'(?:href|src)="/static/([^"]+)"', text):
        total += len(gzip.compress(Path(finders.find(name.decode())).read_bytes()))
    for script in (PROGRAM / "static" / "trustdesk").glob("*.js"):
        total += len(gzip.compress(script.read_bytes()))
    assert total < 100_000, total


def test_hostile_mail_is_text_on_every_page_that_shows_it(browser, diego, report, drain, site):
    nasty = "</textarea></p><script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"
    report(
        "https://login-bancoazul.example/<script>alert(1)</script>",
        description=nasty,
        title=nasty,
        reporter={"name": nasty, "organisation": nasty, "email": "a@b.example"},
        principal=nasty,
    )
    drain()
    client, code = browser(diego), Report.objects.get().code
    case = Report.objects.get().case
    for address in (
        "/desk/",
        f"/desk/case/{case.code}",
        "/desk/incoming",
        f"/desk/incoming/{code}",
        "/desk/search?q=login",
        "/desk/outbox",
        f"/desk/outbox/{Notice.objects.first().pk}",
    ):
        text = client.get(address).content.decode()
        reader = read(text)
        assert not reader.bad, (address, reader.bad)
        assert "<img" not in text
    hits = client.get("/desk/find", {"q": "login-bancoazul.example"})
    assert hits.headers["Content-Type"] == "application/json"
