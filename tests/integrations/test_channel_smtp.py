"""The SMTP channel against a real aiosmtpd peer: TLS, DKIM, and what each answer means."""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dkim
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from trustdesk.integrations.smtp_channel import make
from trustdesk.interfaces.channel import Letter

LETTER = Letter(
    "<c-1.2.x@nube-norte.example>",
    "Nube Norte <abuse@nube-norte.example>",
    "Ana <ana@b.example>",
    "Decisión",
    "Línea uno\n.\nFrom: nobody\n" + "largo " * 400,
    "<p>Línea <b>uno</b></p>",
    "es",
    (("In-Reply-To", "<r@b.example>"),),
    datetime(2026, 11, 18, tzinfo=UTC),
)


class Relay:
    """Keeps what it takes; says to RCPT, DATA and QUIT what the test tells it to."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.to_rcpt = self.to_data = "250 OK"

    async def handle_RCPT(self, server: SMTP, s: Session, envelope: Envelope, to: str, options: list[str]) -> str:
        if self.to_rcpt.startswith("250"):
            envelope.rcpt_tos.append(to)
        return self.to_rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.to_data.startswith("250"):
            self.taken.append(envelope)
        return self.to_data


Start = Callable[..., tuple[Relay, int]]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Controller] = []

    def go(**options: Any) -> tuple[Relay, int]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        relay = Relay()
        controller = Controller(relay, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return relay, port

    yield go
    for controller in running:
        controller.stop()


def plain(port: int, **more: object) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": port, "tls": "none", "timeout": 5.0} | more


def pem(key: rsa.RSAPrivateKey) -> bytes:
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """A server context for 127.0.0.1 and the file of the certificate that vouches for it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, str(folder / "cert.pem")


def test_a_letter_arrives_as_it_was_written(start: Start) -> None:
    relay, port = start()
    assert make(plain(port, envelope_from="bounces@nube-norte.example")).deliver(LETTER).status == "sent"
    (envelope,) = relay.taken
    assert envelope.mail_from == "bounces@nube-norte.example" and envelope.rcpt_tos == ["ana@b.example"]
    message = message_from_bytes(envelope.content, policy=default)
    assert message["Message-ID"] == LETTER.message_id
    text = message.get_body(("plain",)).get_content()
    assert text.replace("\r\n", "\n") == LETTER.text + "\n"


def test_starttls_checks_the_relay(start: Start, tls: tuple[ssl.SSLContext, str]) -> None:
    context, certificate = tls
    relay, port = start(tls_context=context, require_starttls=True)
    known = make({"host": "127.0.0.1", "port": port, "ca_file": certificate})
    assert known.deliver(LETTER).status == "sent" and len(relay.taken) == 1
    stranger = make({"host": "127.0.0.1", "port": port}).deliver(LETTER)
    assert (stranger.status, stranger.code) == ("retry", "relay") and "CERTIFICATE_VERIFY_FAILED" in stranger.detail
    assert len(relay.taken) == 1


def test_tls_is_not_given_up_when_the_relay_offers_none(start: Start) -> None:
    relay, port = start()
    delivery = make({"host": "127.0.0.1", "port": port}).deliver(LETTER)
    assert (delivery.status, delivery.code) == ("retry", "relay") and relay.taken == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the peer does not see that its socket is TLS already
def test_implicit_tls_and_login(start: Start, tls: tuple[ssl.SSLContext, str]) -> None:
    context, certificate = tls

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"desk", b"secret"), handled=False)

    relay, port = start(ssl_context=context, authenticator=check, auth_required=True, auth_require_tls=False)
    config = {"host": "127.0.0.1", "port": port, "tls": "implicit", "ca_file": certificate, "user": "desk"}
    assert make(config | {"password": "secret"}).deliver(LETTER).status == "sent"
    wrong = make(config | {"password": "wrong"}).deliver(LETTER)
    assert (wrong.status, wrong.code) == ("retry", "relay") and "535" in wrong.detail and len(relay.taken) == 1


@pytest.mark.parametrize(
    ("field", "answer", "status", "code"),
    [
        ("to_rcpt", "550 5.1.1 no such user", "failed", "5.1.1"),
        ("to_rcpt", "450 4.2.0 greylisted, try again", "retry", "4.2.0"),
        ("to_rcpt", "452 too many", "retry", "452"),
        ("to_data", "554 5.7.1 spam", "failed", "5.7.1"),
        ("to_data", "451 4.3.0 later", "retry", "4.3.0"),
    ],
)
def test_what_each_refusal_means(start: Start, field: str, answer: str, status: str, code: str) -> None:
    relay, port = start()
    setattr(relay, field, answer)
    delivery = make(plain(port)).deliver(LETTER)
    assert (delivery.status, delivery.code) == (status, code)


def test_no_relay_is_a_retry() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        delivery = make(plain(free.getsockname()[1])).deliver(LETTER)
    assert (delivery.status, delivery.code) == ("retry", "relay")


def test_an_odd_goodbye_does_not_undo_the_delivery(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    relay, port = start()

    def quit(self: smtplib.SMTP) -> None:
        raise smtplib.SMTPResponseException(421, b"closing anyway")

    monkeypatch.setattr(smtplib.SMTP, "quit", quit)
    assert make(plain(port)).deliver(LETTER).status == "sent" and len(relay.taken) == 1


def test_dkim_verifies_and_covers_what_matters(start: Start, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "dkim.pem").write_bytes(pem(key))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    relay, port = start()
    signing = {
        "dkim_domain": "nube-norte.example",
        "dkim_selector": "desk1",
        "dkim_key_file": str(tmp_path / "dkim.pem"),
    }
    assert make(plain(port, **signing)).deliver(LETTER).status == "sent"
    data = relay.taken[0].content
    assert isinstance(data, bytes)
    assert dkim.verify(data, dnsfunc=dns)
    assert asked == [b"desk1._domainkey.nube-norte.example."]
    signed = re.sub(rb"\s", b"", data.split(b"DKIM-Signature:")[1].split(b"; bh=")[0])
    fields = signed.split(b"h=")[1].split(b";")[0].split(b":")
    for name in (b"from", b"to", b"subject", b"date", b"message-id", b"content-type", b"in-reply-to", b"mime-version"):
        assert name in [f.lower() for f in fields], name
    assert [f.lower() for f in fields].count(b"from") == 2  # so that no second From can be added
    for old, new in ((b"Subject: ", b"Subject: X"), (b"uno", b"dos"), (b"From: ", b"From: x@y.example\r\nFrom: ")):
        assert not dkim.verify(data.replace(old, new, 1), dnsfunc=dns), old


@pytest.mark.parametrize(
    "config",
    [
        {},
        plain(1, tls="maybe"),
        plain(1, envelope_from="not an address"),
        plain(1, dkim_domain="x.example"),
        plain(1, dkim_domain="x.example", dkim_selector="s", dkim_key_file="/nonexistent"),
        plain(1, port_number=1),
        plain("25"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_configuration_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        make(config)


def test_a_bad_letter_never_reaches_the_relay(start: Start) -> None:
    relay, port = start()
    delivery = make(plain(port)).deliver(replace(LETTER, to="a@b.example\r\nRCPT TO: c@d.example"))
    assert (delivery.status, delivery.code) == ("failed", "to") and relay.taken == []
