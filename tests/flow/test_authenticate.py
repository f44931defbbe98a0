"""Who is it really: real signatures, keys asked of a real name server over UDP, results that a trusted host wrote."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import dkim
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pysequoia
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.contrib.auth import get_user_model

from tests.flow.conftest import Memory
from trustdesk.core.types import Channel
from trustdesk.flow import authenticate, receive, work
from trustdesk.models import Asset, Case, Entry, Party, Report, Task
from trustdesk.queries import reporters
from trustdesk.settings.desk import Desk, DeskError
from trustdesk.verify import run as verify

RAW = (
    b"From: CSIRT <csirt@bancoazul.example>\r\nTo: abuse@nube-norte.example\r\nSubject: Phishing %d\r\n"
    b"Message-ID: <%d@bancoazul.example>\r\nDate: Wed, 18 Nov 2026 08:00:00 +0000\r\n\r\n"
    b"Phishing page that imitates our bank: https://login-bancoazul.example/acceso\r\n"
)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


class Names(socketserver.BaseRequestHandler):
    """A name server that knows the keys of two domains; the long text comes in pieces, as it does."""

    def handle(self) -> None:
        data, sock = self.request
        question = dns.message.from_wire(data)
        asked = question.question[0]
        answer = dns.message.make_response(question)
        name = asked.name.to_text().lower()
        if name.startswith("slow."):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name in ("s1._domainkey.bancoazul.example.", "s1._domainkey.lists.example."):
            text = f"v=DKIM1; k=rsa; p={PUBLIC}"
            pieces = " ".join(f'"{text[n : n + 200]}"' for n in range(0, len(text), 200))
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "TXT", pieces))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        sock.sendto(answer.to_wire(), self.client_address)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Names) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def desk(port: int, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """A desk that checks, with a name server of its own and one trusted host."""
    table = {"enabled": True, "nameservers": ["127.0.0.1"], "port": port, "timeout": 2}
    monkeypatch.setattr(settings, "DESK", Desk(dkim=table, trusted_authserv=("mx.nube-norte.example",)))


def signed(number: int, domain: bytes = b"bancoazul.example", selector: bytes = b"s1") -> bytes:
    raw = RAW % (number, number)
    return dkim.sign(raw, selector, domain, PEM, include_headers=[b"From", b"Subject"]) + raw


@pytest.fixture
def take(site: Asset, drain: Callable[..., int], now: datetime) -> Callable[..., Report]:
    def hand_in(raw: bytes, channel: Channel = Channel.MAIL) -> Report:
        receipt = receive.receive(receive.Incoming(raw, channel), now=now)
        drain()
        return Report.objects.select_related("reporter").get(pk=receipt.report_id)

    return hand_in


def said(report: Report) -> dict[str, object]:
    return json.loads(Entry.objects.get(kind="report.authenticated", body__contains=f'"report":{report.pk},').body)


def test_a_signature_of_the_senders_own_domain(desk: None, take: Callable[..., Report]) -> None:
    report = take(signed(1))
    assert report.reporter is not None
    assert report.reporter.verified == ["dkim:bancoazul.example", "from:bancoazul.example"]
    assert (said(report)["results"], said(report)["aligned"]) == ([["dkim", "pass"]], True)
    assert not Task.objects.exists()
    assert [f for f in verify.check() if not f.note and "subject" not in f.where and "asset" not in f.where] == []


def test_a_signature_of_somebody_else_proves_only_them(desk: None, take: Callable[..., Report]) -> None:
    report = take(signed(1, b"lists.example"))
    assert report.reporter is not None
    assert report.reporter.verified == ["dkim:lists.example"]
    assert said(report)["aligned"] is False


@pytest.mark.parametrize(
    "raw",
    [signed(1).replace(b"our bank", b"your bank"), signed(1).replace(b"d=bancoazul.example", b"d=other.example")],
)
def test_what_was_changed_or_forged_proves_nothing(desk: None, take: Callable[..., Report], raw: bytes) -> None:
    report = take(raw)
    assert report.reporter is not None
    assert report.reporter.verified == []
    (result,) = said(report)["results"]  # type: ignore[misc]
    assert result[0] == "dkim"
    assert result[1] in ("fail", "permerror")


def test_what_a_trusted_host_found_and_what_a_stranger_says(desk: None, take: Callable[..., Report]) -> None:
    found = b"; spf=pass smtp.mailfrom=bancoazul.example; dmarc=pass header.from=bancoazul.example\r\n"
    report = take(b"Authentication-Results: mx.nube-norte.example" + found + RAW % (1, 1))
    assert report.reporter is not None
    assert report.reporter.verified == ["spf:bancoazul.example", "dmarc:bancoazul.example", "from:bancoazul.example"]
    stranger = take(b"Authentication-Results: mx.stranger.example" + found + RAW % (2, 2))
    assert stranger.reporter is not None
    assert stranger.reporter.verified == []
    assert Entry.objects.filter(kind="report.authenticated").count() == 1


def test_a_name_server_that_fails_is_asked_again(
    desk: None, take: Callable[..., Report], now: datetime, enforcer: Memory
) -> None:
    from datetime import timedelta

    report = take(signed(1, b"slow.example", b"slow"))
    task = Task.objects.get(name="authenticate")
    assert (task.state, task.attempts) == ("queued", 1)
    assert not Entry.objects.filter(kind="report.authenticated").exists()
    assert Case.objects.get().state == "open", "the case does not wait for it"
    Task.objects.update(attempts=authenticate.PATIENCE)
    work.run_until_idle(lambda: now + timedelta(days=1))
    assert said(report)["results"] == [["dkim", "temperror"]]
    assert not Task.objects.filter(name="authenticate").exists()


def test_doing_it_twice_says_it_once(desk: None, take: Callable[..., Report], now: datetime) -> None:
    report = take(signed(1))
    resolver = authenticate.resolver_of(settings.DESK.dkim)
    assert authenticate.check(report.pk, resolver=resolver, now=now) is False
    assert Entry.objects.filter(kind="report.authenticated").count() == 1


def test_off_unless_somebody_asks(db: None, take: Callable[..., Report]) -> None:
    report = take(signed(1))
    assert report.reporter is not None
    assert report.reporter.verified == []
    assert not Entry.objects.filter(kind="report.authenticated").exists()


def test_old_mail_is_not_asked_for(desk: None, take: Callable[..., Report]) -> None:
    report = take(signed(1), Channel.HISTORY)
    assert report.reporter is not None
    assert report.reporter.verified == []


@pytest.mark.parametrize("table", [{"enable": True}, {"enabled": "yes"}, {"enabled": True, "nameservers": "192.0.2.1"}])
def test_a_table_that_cannot_be_used(table: dict[str, object]) -> None:
    with pytest.raises(DeskError):
        authenticate.resolver_of(table)


def test_the_record_of_a_reporter(desk: None, take: Callable[..., Report], now: datetime) -> None:
    reports = [take(signed(n)) for n in range(3)] + [take(RAW % (9, 9))]
    user = get_user_model().objects.create_superuser("root", password="x")
    party = reports[0].reporter
    found = reporters.record(user, party, now=now)
    assert (found.reports, found.outcomes, found.verified) == (4, (("", 1),), (("bancoazul.example", 3),))
    assert found.proven is True
    assert reporters.record(user, reports[-1].reporter, now=now).proven is False
    Case.objects.update(outcome="measures")
    again = reporters.record(user, party, now=now)
    assert (again.upheld, again.decided) == (1, 1)
    assert reporters.record(user, Party(), now=now) == reporters.Record()


def test_a_signature_with_a_key_we_know(
    take: Callable[..., Report], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without [dkim] and trusted hosts: keys of known reporters are enough, and an unknown key is nothing."""
    key, stranger = pysequoia.Tsk.generate(user_id="CSIRT"), pysequoia.Tsk.generate(user_id="CSIRT")
    (tmp_path / "reporters").mkdir()
    (tmp_path / "reporters" / "csirt@bancoazul.example.asc").write_text(str(key.extract_certificate()))
    monkeypatch.setattr(settings, "KEYS_DIR", tmp_path)
    proven = {}
    for number, who in enumerate((key, stranger)):
        head, _, body = (RAW % (number, number)).partition(b"\r\n\r\n")
        signed_text = pysequoia.sign(who.signer(), body, mode=pysequoia.SignatureMode.CLEAR)
        report = take(head + b"\r\n\r\n" + signed_text)
        assert report.reporter is not None
        proven[number] = (report.reporter.verified, said(report)["results"], said(report)["aligned"])
    assert proven[0] == (["pgp:csirt@bancoazul.example", "from:bancoazul.example"], [["pgp", "pass"]], True)
    assert proven[1] == ([], [["pgp", "unknown_key"]], False)
