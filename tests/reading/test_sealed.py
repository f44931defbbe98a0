"""Sealed mail: real keys, real signatures and real encryption, made here."""

from __future__ import annotations

import base64
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pysequoia as pgp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from django.core.management import call_command

from tests.reading.samples import mail
from trustdesk import keyring
from trustdesk.core.types import Reading
from trustdesk.interfaces.reading import read
from trustdesk.reading import cms, openpgp
from trustdesk.reading.authentication import authenticate
from trustdesk.reading.keys import Keys, Known, Private
from trustdesk.reading.limits import Limits
from trustdesk.reading.message import Message
from trustdesk.reading.sealed import unseal

TEXT = "Please take down this phishing page at once: http://evil.test/login\n"
WHO = "cert@bank.example"
DESK = pgp.Tsk.generate(user_id="Desk <abuse@provider.example>")
CERT = pgp.Tsk.generate(user_id="Anybody <somebody@else.example>")  # what a key says of itself does not count
STRANGER = pgp.Tsk.generate(user_id=f"CERT <{WHO}>")

B, D, E = pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature, serialization.Encoding


def certificate(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str) -> x509.Certificate:
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(day).not_valid_after(day + timedelta(3650))
    return made.sign(key, hashes.SHA256())


RSA, EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
RSA_CERT, EC_CERT = certificate(RSA, "desk"), certificate(EC, "bank")
KEYS = Keys(
    (
        Known(WHO, "pgp", bytes(CERT.extract_certificate())),
        Known("bank.example", "smime", EC_CERT.public_bytes(E.PEM)),
        Known("bank.example", "smime", RSA_CERT.public_bytes(E.DER)),
    ),
    (
        Private("pgp", str(DESK).encode()),
        Private(
            "smime",
            RSA_CERT.public_bytes(E.PEM)
            + RSA.private_bytes(E.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        ),
    ),
)


def to_desk(body: bytes | str, content_type: str = "text/plain", subject: str = "Phishing", sender: str = WHO) -> bytes:
    text = body if isinstance(body, str) else body.decode("latin-1")
    return mail(text, subject=subject, sender=sender, extra=f"Content-Type: {content_type}\r\n")


def result(raw: bytes, keys: Keys = KEYS) -> tuple[set[str], list[str]]:
    """(tags of signatures, targets)."""
    reading = read(raw, keys=keys)
    return {t.removeprefix("signed:") for t in reading.tags if t.startswith("signed:")}, [
        i.value for i in reading.targets
    ]


def codes(reading: Reading) -> set[str]:
    return {p.code for p in reading.problems}


URL = ["http://evil.test/login"]
CLEAR = pgp.sign(CERT.signer(), TEXT.encode(), mode=pgp.SignatureMode.CLEAR).decode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (CLEAR, f"pgp:good:{WHO}"),
        (CLEAR.replace("Please", "Kindly"), f"pgp:bad:{WHO}"),
        (pgp.sign(STRANGER.signer(), TEXT.encode(), mode=pgp.SignatureMode.CLEAR).decode(), "pgp:unknown_key"),
        ("See also what I add here.\n\n" + CLEAR, f"pgp:partial:{WHO}"),
        (CLEAR + "\nAnd take down http://competitor.test/ as well.", f"pgp:partial:{WHO}"),
    ],
)
def test_clear_signed_text(body: str, said: str) -> None:
    found, targets = result(to_desk(body))
    assert found == {said}
    assert URL[0] in targets


def beside(entity: bytes, signature: bytes, kind: str = "application/pgp-signature") -> bytes:
    encoded = signature if kind.startswith("application/pgp") else base64.encodebytes(signature)
    how = "" if kind.startswith("application/pgp") else "Content-Transfer-Encoding: base64\r\n"
    body = (
        b"--b\r\n" + entity + b"\r\n--b\r\nContent-Type: " + kind.encode() + b"\r\n" + how.encode() + b"\r\n" + encoded
    )
    head = f"From: {WHO}\r\nSubject: Phishing\r\nMessage-ID: <1@bank.example>\r\nMIME-Version: 1.0\r\n"
    return (
        head.encode()
        + f'Content-Type: multipart/signed; boundary=b; protocol="{kind}"\r\n\r\n'.encode()
        + body
        + b"\r\n--b--\r\n"
    )


ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + TEXT.replace("\n", "\r\n").encode()


def test_signed_beside_the_text_with_openpgp() -> None:
    raw = beside(ENTITY, pgp.sign(CERT.signer(), ENTITY, mode=pgp.SignatureMode.DETACHED))
    assert result(raw) == ({f"pgp:good:{WHO}"}, URL)
    assert result(raw.replace(b"\r\n", b"\n"))[0] == {f"pgp:good:{WHO}"}, "line ends change on the way"
    assert result(raw.replace(b"at once", b"at 0nce"))[0] == {f"pgp:bad:{WHO}"}
    assert result(raw, Keys())[0] == {"pgp:unknown_key"}
    shown = mail("See the attached.", extra="Content-Type: multipart/mixed; boundary=o\r\n")
    shown = shown.replace(b"See the attached.", b"--o\r\nContent-Type: message/rfc822\r\n\r\n" + raw + b"\r\n--o--\r\n")
    assert result(shown)[0] == {f"pgp:partial:{WHO}"}, "what somebody else shows does not prove them"


@pytest.mark.parametrize(
    ("key", "cert", "pad"),
    [(EC, EC_CERT, None), (RSA, RSA_CERT, None), (RSA, RSA_CERT, "pss")],
    ids=["ec", "rsa", "pss"],
)
def test_signed_with_smime(key: ec.EllipticCurvePrivateKey, cert: x509.Certificate, pad: str | None) -> None:
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pad else None
    made = pkcs7.PKCS7SignatureBuilder().set_data(ENTITY).add_signer(cert, key, hashes.SHA256(), rsa_padding=scheme)
    raw = beside(ENTITY, made.sign(E.DER, [B, D]), "application/pkcs7-signature")
    assert result(raw) == ({"smime:good:bank.example"}, URL)
    assert result(raw.replace(b"at once", b"at 0nce"))[0] == {"smime:bad:bank.example"}
    assert result(raw, Keys())[0] == {"smime:unknown_key"}

    opaque = made.sign(E.DER, [B])
    inside = to_desk(base64.encodebytes(opaque), "application/pkcs7-mime; smime-type=signed-data\r\n"
                     "Content-Transfer-Encoding: base64")  # fmt: skip
    assert result(inside) == ({"smime:good:bank.example"}, URL)
    assert result(inside, Keys()) == ({"smime:unknown_key"}, URL), "read without any key"
    forged = opaque.replace(b"at once", b"at 0nce")
    assert forged != opaque
    again = to_desk(base64.encodebytes(forged), "application/pkcs7-mime; smime-type=signed-data\r\n"
                    "Content-Transfer-Encoding: base64")  # fmt: skip
    assert result(again)[0] == {"smime:bad:bank.example"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_signed_data_of_indefinite_length(tmp_path: Path) -> None:
    """As OpenSSL writes it when it streams: BER, the content in pieces."""
    (tmp_path / "key.pem").write_bytes(
        EC.private_bytes(E.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "cert.pem").write_bytes(EC_CERT.public_bytes(E.PEM))
    command = ["openssl", "cms", "-sign", "-nodetach", "-binary", "-stream", "-outform", "DER", "-signer", "cert.pem"]
    made = subprocess.run([*command, "-inkey", "key.pem"], input=ENTITY, capture_output=True, cwd=tmp_path, check=True)
    assert made.stdout[1:2] == b"\x80"
    found = cms.signed(made.stdout)
    assert found.content == ENTITY
    assert [s.result for s in cms.check(found, ENTITY, KEYS)] == ["good"]


@pytest.mark.parametrize("size", [0, 1, 7, 60, 200])
def test_damaged_smime_is_a_problem(size: int) -> None:
    der = pkcs7.PKCS7SignatureBuilder().set_data(ENTITY).add_signer(EC_CERT, EC, hashes.SHA256()).sign(E.DER, [B])
    body = base64.encodebytes(der[:size] + b"\x80" * 40)
    reading = read(to_desk(body, "application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64"))
    assert "smime_damaged" in codes(reading)


def encrypted(inner: bytes, *, signer: pgp.Tsk | None = None, subject: str = "...") -> bytes:
    key = signer.signer() if signer else None
    sealed = pgp.encrypt(recipients=[DESK.extract_certificate()], bytes=inner, signer=key)
    body = (
        "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n--b\nContent-Type: application/octet-stream\n\n"
        + sealed.decode()
        + "\n--b--\n"
    )
    kind = 'multipart/encrypted; boundary=b; protocol="application/pgp-encrypted"'
    return to_desk(body, kind, subject)


def test_encrypted_with_openpgp() -> None:
    inner = (
        b"Content-Type: multipart/mixed; boundary=i\r\nSubject: Phishing site\r\n\r\n--i\r\n"
        + ENTITY
        + b"\r\n--i--\r\n"
    )
    raw = encrypted(inner, signer=CERT)
    reading = read(raw, keys=KEYS)
    assert "encrypted" not in codes(reading)
    assert (reading.subject, reading.category) == ("Phishing site", "phishing")
    assert result(raw) == ({f"pgp:good:{WHO}"}, URL)
    assert result(encrypted(ENTITY, signer=STRANGER)) == ({"pgp:unknown_key"}, URL), "read, and not believed"
    assert result(encrypted(ENTITY)) == (set(), URL)
    closed = read(raw)
    assert "encrypted" in codes(closed) and not closed.targets
    assert "encrypted" in codes(read(raw, keys=Keys(private=(Private("pgp", str(STRANGER).encode()),))))


def test_encrypted_in_the_text() -> None:
    sealed = pgp.encrypt(recipients=[DESK.extract_certificate()], bytes=TEXT.encode(), signer=CERT.signer()).decode()
    assert result(to_desk(sealed)) == ({f"pgp:good:{WHO}"}, URL)
    assert "encrypted" in codes(read(to_desk(sealed)))


def test_encrypted_with_smime_around_a_signature() -> None:
    made = pkcs7.PKCS7SignatureBuilder().set_data(ENTITY).add_signer(EC_CERT, EC, hashes.SHA256())
    signed = beside(ENTITY, made.sign(E.DER, [B, D]), "application/pkcs7-signature")
    inner = signed[signed.index(b"MIME-Version") :]
    sealed = pkcs7.PKCS7EnvelopeBuilder().set_data(inner).add_recipient(RSA_CERT).encrypt(E.DER, [B])
    raw = to_desk(base64.encodebytes(sealed), "application/pkcs7-mime; smime-type=enveloped-data\r\n"
                  "Content-Transfer-Encoding: base64")  # fmt: skip
    assert result(raw) == ({"smime:good:bank.example"}, URL)
    assert "encrypted" in codes(read(raw))


def test_what_was_encrypted_is_read_up_to_a_limit() -> None:
    sealed = pgp.encrypt(recipients=[DESK.extract_certificate()], bytes=TEXT.encode() * 100)
    assert openpgp.decrypt(sealed, KEYS, limit=1000) == ((TEXT.encode() * 100)[:1000], None, True)
    message = Message.from_bytes(to_desk(sealed), limits=Limits(decoded_bytes=len(to_desk(sealed)) + 1000))
    unseal(message, KEYS)
    assert "decoded_too_large" in {p.code for p in message.problems}


def test_who_it_proves() -> None:
    """The owner of the key by our list, if that is the address in From; never the name a key gives itself."""

    def proven(raw: bytes) -> tuple[bool, tuple[str, ...]]:
        message = Message.from_bytes(raw)
        unseal(message, KEYS)
        found = authenticate(message, lambda name: None)
        return found.aligned, found.verified

    assert proven(to_desk(CLEAR)) == (True, (WHO,))
    assert proven(to_desk(CLEAR, sender="boss@bank.example")) == (False, (WHO,)), "one person's key proves that person"
    assert proven(to_desk(CLEAR, sender="somebody@else.example")) == (False, (WHO,))
    assert proven(to_desk(CLEAR.replace("Please", "Kindly"))) == (False, ())
    made = pkcs7.PKCS7SignatureBuilder().set_data(ENTITY).add_signer(EC_CERT, EC, hashes.SHA256())
    raw = beside(ENTITY, made.sign(E.DER, [B, D]), "application/pkcs7-signature")
    assert proven(raw) == (True, ("bank.example",)), "a domain's key speaks for its addresses"


def test_keys_from_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reporters").mkdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "reporters" / f"{WHO}.asc").write_text(str(CERT.extract_certificate()))
    (tmp_path / "reporters" / "bank.example.pem").write_bytes(EC_CERT.public_bytes(E.PEM))
    ours = tmp_path / "private" / "desk.asc"
    ours.write_text(str(DESK))
    ours.chmod(0o600)
    keys, wrong = keyring.load(tmp_path)
    assert ([k.owner for k in keys.known], [k.kind for k in keys.private], wrong) == (
        ["bank.example", WHO],
        ["pgp"],
        [],
    )
    sample = tmp_path / "mail.eml"
    sample.write_bytes(encrypted(ENTITY, signer=CERT))
    call_command("parse", str(sample), "--keys", str(tmp_path))
    told = capsys.readouterr().out
    assert f"signed:pgp:good:{WHO}" in told and "http://evil.test/login" in told

    ours.chmod(0o644)
    (tmp_path / "reporters" / "no owner.asc").write_text(str(CERT.extract_certificate()))
    (tmp_path / "reporters" / "bank.example.crt").write_text("nonsense")
    keys, wrong = keyring.load(tmp_path)
    assert (len(keys.known), len(keys.private), len(wrong)) == (2, 0, 3)
    with pytest.raises(SystemExit) as left:
        call_command("parse", str(sample), "--keys", str(tmp_path))
    assert left.value.code == 2 and "chmod 600" in capsys.readouterr().err
