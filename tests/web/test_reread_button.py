"""The button that reads a report again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from trustdesk.core.types import Form, Reading
from trustdesk.flow import parse, receive, work
from trustdesk.models import Case, Report, Task

RAW = b"From: CSIRT <csirt@bancoazul.example>\r\nSubject: Phishing\r\nMessage-ID: <1@bancoazul.example>\r\n\r\n"
RAW += b"Phishing page that imitates our bank: https://login-bancoazul.example/acceso\r\n"


@pytest.fixture
def failed(site: Any, drain: Callable[..., int], now: datetime, monkeypatch: pytest.MonkeyPatch) -> Report:
    """A report that could not be read, until now."""

    def broken(raw: bytes, **how: object) -> Reading:
        raise ValueError("no such luck")

    with monkeypatch.context() as patched:
        patched.setattr(parse, "read", broken)
        receipt = receive.receive(receive.Incoming(RAW, "mail"), now=now)  # type: ignore[arg-type]
        work.run_until_idle(lambda: now)
    Task.objects.filter(name="parse").update(state="dead")
    return Report.objects.get(pk=receipt.report_id)


def test_why_it_failed_and_again(failed: Report, diego: Any, browser: Callable[[Any], Client]) -> None:
    client = browser(diego)
    page = f"/desk/incoming/{failed.code}"
    from unittest.mock import patch

    with patch.object(parse, "read", lambda raw, **how: Reading(form=Form.UNPARSED)):
        shown = client.get(page).content.decode()
    assert "ValueError: no such luck" in shown
    assert "Read it again" in shown
    assert "could not be read" in client.get("/desk/incoming").content.decode()
    answer = client.post(f"{page}/reread", follow=True)
    assert answer.redirect_chain == [(page, 302)]
    case = Case.objects.get()
    assert case.code in answer.content.decode()
    assert "no such luck" not in answer.content.decode()
    assert "with the same result" in client.post(f"{page}/reread", follow=True).content.decode()


def test_who_may(failed: Report, ana: Any, browser: Callable[[Any], Client]) -> None:
    client = browser(ana)
    assert client.post(f"/desk/incoming/{failed.code}/reread").status_code == 403
    assert "Read it again" not in client.get(f"/desk/incoming/{failed.code}").content.decode()
    assert failed.state == Report.objects.get().state == "received"


def test_all_of_them_at_once(
    failed: Report, ana: Any, diego: Any, browser: Callable[[Any], Client], drain: Callable[..., int]
) -> None:
    client = browser(diego)
    assert "Read all again" in client.get("/desk/failed").content.decode()
    shown = client.post("/desk/failed/again", follow=True).content.decode()
    assert "1 report is being read again" in shown and "1 still to be read" in shown
    drain()
    assert Case.objects.count() == 1
    assert "could not be read well" not in client.get("/desk/failed").content.decode()
    assert browser(ana).post("/desk/failed/again").status_code == 403


def test_a_signature_is_shown_with_the_report(
    site: Any, diego: Any, browser: Callable[[Any], Client], drain: Callable[..., int], now: datetime
) -> None:
    head, _, body = RAW.partition(b"\r\n\r\n")
    armour = (
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n%b-----BEGIN PGP SIGNATURE-----\r\n\r\nwr0E\r\n"
    )
    raw = head + b"\r\n\r\n" + armour % body + b"-----END PGP SIGNATURE-----\r\n"
    receipt = receive.receive(receive.Incoming(raw, "mail"), now=now)  # type: ignore[arg-type]
    drain()
    shown = browser(diego).get(f"/desk/incoming/{receipt.code}").content.decode()
    assert "OpenPGP" in shown and "with an unknown key" in shown
