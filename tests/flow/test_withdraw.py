"""Retractions, counter-notices and replies that name no letter of ours: tied to what they answer, believed only if proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage

import pytest
from django.conf import settings

from tests.flow.conftest import ANA, disable
from tests.flow.notices import dmca
from tests.flow.test_putback import WHOLE
from tests.flow.test_validity import clean
from trustdesk.core.types import SYSTEM, Channel, Refused
from trustdesk.flow import decide, receive, withdraw
from trustdesk.models import Appeal, Asset, Case, Clock, Entry, Notice, Report

pytestmark = pytest.mark.django_db
URL = "https://login-bancoazul.example/night.jpg"
LENA = "lena@photos.example"
TEXT = (
    "On review the picture at\n\n  {url}\n\nis licensed. I hereby retract my DMCA notice in full and withdraw my claim."
)

Send = Callable[..., Report]


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DESK", replace(settings.DESK, trusted_authserv=("mx.nube-norte.example",)))


@pytest.fixture
def send(drain: Callable[..., int], now: datetime) -> Send:
    numbers = iter(range(100, 1000))

    def hand_in(text: str, *, sender: str = LENA, subject: str = "", proven: bool = True, answers: str = "") -> Report:
        mail = EmailMessage()
        if proven:
            domain = sender.partition("@")[2]
            mail["Authentication-Results"] = f"mx.nube-norte.example; dmarc=pass header.from={domain}"
        mail["From"], mail["To"] = f"Somebody <{sender}>", "abuse@nube-norte.example"
        mail["Subject"], mail["Message-ID"] = subject, f"<{next(numbers)}@{sender.partition('@')[2]}>"
        mail["Date"] = now
        if answers:
            mail["In-Reply-To"] = answers
        mail.set_content(text)
        receipt = receive.receive(receive.Incoming(bytes(mail), Channel.MAIL), now=now)
        drain()
        return Report.objects.get(pk=receipt.report_id)

    return hand_in


@pytest.fixture
def case(site: Asset, drain: Callable[..., int], now: datetime) -> Case:
    dmca(URL, now=now)
    drain()
    return Case.objects.get()


def said(case: Case) -> list[str]:
    return list(Entry.objects.filter(chain=case.pk, kind="report.withdrawn").values_list("actor", flat=True))


def retract(send: Send, **how: object) -> Report:
    report = send(TEXT.format(url=how.pop("url", URL)), subject="DMCA notice withdrawn", **how)  # type: ignore[arg-type]
    assert report.form == "retraction"
    return report


@pytest.mark.parametrize("how", ["targets", "mail", "sender"])
def test_a_proven_retraction_closes_what_nobody_decided(case: Case, send: Send, how: str):
    own = Report.objects.get()
    if how == "targets":
        report = retract(send)
    elif how == "mail":
        report = send(
            "We hereby retract our DMCA notice.", subject="Withdrawn", answers=f"<{own.message_id.strip('<>')}>"
        )
    else:
        report = send("We hereby retract our DMCA notice of copyright infringement.", subject="DMCA notice withdrawn")
    case.refresh_from_db()
    assert (report.form, report.case_id) == ("retraction", case.pk)
    assert (case.state, case.open_key, case.outcome) == ("closed", None, "")
    assert said(case) == ["system"]
    assert not Clock.objects.filter(case=case, state="running", due_at=None).exists()
    assert withdraw.withdraw(report.pk, case.pk, now=case.closed_at) == (), "once"  # type: ignore[arg-type]
    clean()


@pytest.mark.parametrize(
    "how", [{"proven": False}, {"sender": "mallory@evil.test"}, {"sender": "other@photos.example"}], ids=str
)
def test_nobody_else_closes_a_case(case: Case, send: Send, now: datetime, how: dict[str, object]):
    """Not an address that anybody can write into From, not a stranger, and not a colleague at the same firm."""
    report = retract(send, **how)
    case.refresh_from_db()
    assert report.case_id == case.pk, "it stands with what it is about"
    assert (case.state, case.unread, said(case)) == ("open", 1, [])
    assert [r.pk for r in withdraw.waiting(case)] == [report.pk]
    with pytest.raises(Refused):
        withdraw.confirm(case.pk, report.pk, why="It looks right.", actor=SYSTEM, now=now)
    with pytest.raises(Refused):
        withdraw.confirm(case.pk, report.pk, why=" ", actor=ANA, now=now)
    withdraw.confirm(case.pk, report.pk, why="Called the number on their site.", actor=ANA, now=now)
    case.refresh_from_db()
    assert (case.state, said(case)) == ("closed", ["person:1"])
    with pytest.raises(Refused):
        withdraw.confirm(case.pk, report.pk, why="Again.", actor=ANA, now=now)
    clean()


def test_others_still_complain(case: Case, send: Send, drain: Callable[..., int], now: datetime):
    dmca(URL, now=now, sender="max@studio.example", number=2)
    drain()
    retract(send)
    case.refresh_from_db()
    assert case.report_count == 3 and case.state == "open" and case.unread == 1
    assert said(case) == ["system"]
    assert len(withdraw.withdrawn(case)) == 1


def test_one_page_of_two_is_not_all(case: Case, send: Send, site: Asset, drain: Callable[..., int], now: datetime):
    retract(send, url="https://login-bancoazul.example/another.jpg")
    case.refresh_from_db()
    assert (case.state, said(case)) == ("open", [])


def test_what_was_decided_comes_back_to_a_person(case: Case, site: Asset, send: Send, drain, now: datetime):
    choice = disable(site, clause="3.1", measures=(decide.Wish("path_block", site.pk, URL),))
    decide.decide(case.pk, choice, actor=ANA, now=now)
    drain()
    case.refresh_from_db()
    assert case.state == "closed"
    retract(send)
    case.refresh_from_db()
    assert (case.state, case.unread, said(case)) == ("open", 1, ["system"])
    assert case.decisions.get().state == "final", "only a decision undoes a decision"
    clean()


@pytest.mark.parametrize("proven", [True, False])
def test_a_counter_notice_without_reference(case: Case, site: Asset, send: Send, drain, now: datetime, proven: bool):
    choice = disable(site, clause="3.1", measures=(decide.Wish("path_block", site.pk, URL),))
    decide.decide(case.pk, choice, actor=ANA, now=now)
    drain()
    text = "Counter-notice\n\n" + "\n\n".join(WHOLE.values())
    report = send(text, sender="abuse@orbital.example", subject="DMCA counter notice", proven=proven)
    case.refresh_from_db()
    assert (report.form, report.case_id) == ("counter_notice", case.pk)
    lodged = list(Appeal.objects.values_list("kind", "state"))
    assert lodged == ([("counter_notice", "lodged")] if proven else [])
    assert case.unread >= 1
    clean()


def test_a_reply_with_our_code_in_its_subject(case: Case, send: Send, now: datetime):
    letter = Notice.objects.filter(to_address=LENA).order_by("id")[0]
    assert letter.case_id == case.pk
    subject = f"Re: your notice {case.code}"
    report = send("Here is what you asked for: see the attached.", subject=subject, answers="<lost@photos.example>")
    assert (report.form, report.case_id) == ("reply", case.pk)
    assert Entry.objects.filter(chain=case.pk, kind="answer.received").exists()
    stranger = send("I know the code, too.", sender="x@evil.test", subject=subject, answers="<lost@evil.test>")
    assert stranger.case_id != case.pk
