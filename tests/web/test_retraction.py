"""A retraction whose sender is not proven: shown on the case, and confirmed there by a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.test import Client

from tests.flow.notices import dmca
from trustdesk.core.types import Channel
from trustdesk.flow import receive
from trustdesk.models import Case, Report

URL = "https://login-bancoazul.example/night.jpg"
RAW = (
    "From: Lena Okoye <lena@photos.example>\r\nTo: abuse@nube-norte.example\r\nSubject: DMCA notice withdrawn\r\n"
    f"Message-ID: <2@photos.example>\r\n\r\nThe picture at\r\n{URL}\r\nis licensed. I hereby retract my DMCA notice.\r\n"
)


def test_confirmed_on_the_case(
    site: Any, ana: Any, browser: Callable[[Any], Client], drain: Callable[..., int], now: datetime
) -> None:
    dmca(URL, now=now)
    drain()
    receive.receive(receive.Incoming(RAW.encode(), Channel.MAIL), now=now)
    drain()
    case, report = Case.objects.get(), Report.objects.get(form="retraction")
    client = browser(ana)
    page = f"/desk/case/{case.code}"
    shown = client.get(page).content.decode()
    assert "How did you make sure?" in shown and case.state == "open"
    client.post(f"{page}/withdraw", {"report": report.code, "why": ""})
    case.refresh_from_db()
    assert case.state == "open"
    shown = client.post(
        f"{page}/withdraw", {"report": report.code, "why": "Called them."}, follow=True
    ).content.decode()
    case.refresh_from_db()
    assert case.state == "closed"
    assert "How did you make sure?" not in shown and "1 report withdrawn" in shown
