"""Signatures are checked with the keys the resolver gives; results of others count only from hosts that were named."""

from __future__ import annotations

import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.reading.samples import mail
from trustdesk.reading.authentication import Result, authenticate
from trustdesk.reading.message import Message

KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
RECORDS = {"s1._domainkey.reporter.example": b"v=DKIM1; k=rsa; p=" + PUBLIC}


def signed(domain: bytes = b"reporter.example") -> bytes:
    raw = mail("Phishing at http://evil.test/\n")
    return dkim.sign(raw, b"s1", domain, PEM, include_headers=[b"from", b"subject"]) + raw


def test_good_signature_is_verified_and_aligned() -> None:
    found = authenticate(Message.from_bytes(signed()), RECORDS.get)
    assert found.results == (Result("dkim", "pass", "reporter.example"),)
    assert found.verified == ("reporter.example",)
    assert found.aligned


def test_one_changed_byte_is_a_failure() -> None:
    found = authenticate(Message.from_bytes(signed().replace(b"evil.test", b"good.test")), RECORDS.get)
    assert [r.result for r in found.results] != ["pass"]
    assert not found.verified and not found.aligned


def test_signature_of_somebody_else_does_not_align() -> None:
    records = {"s1._domainkey.other.example": RECORDS["s1._domainkey.reporter.example"]}
    found = authenticate(Message.from_bytes(signed(b"other.example")), records.get)
    assert found.verified == ("other.example",)
    assert not found.aligned


def test_resolver_in_trouble_is_temporary() -> None:
    def down(name: str) -> bytes | None:
        raise OSError("no network")

    assert [r.result for r in authenticate(Message.from_bytes(signed()), down).results] == ["temperror"]


@pytest.mark.parametrize(
    ("trusted", "verified"), [(("mx.provider.example",), ("reporter.example",)), ((), ()), (("elsewhere.example",), ())]
)
def test_results_of_others_count_only_if_named(trusted: tuple[str, ...], verified: tuple[str, ...]) -> None:
    field = (
        "Authentication-Results: mx.provider.example; spf=pass (sender ok; dkim=pass) smtp.mailfrom=x@reporter.example;\r\n"
        " dmarc=pass header.from=reporter.example; dkim=fail header.d=other.example\r\n"
    )
    found = authenticate(Message.from_bytes(mail("x", extra=field)), {}.get, trusted=trusted)
    assert found.verified == verified
    assert found.aligned == bool(verified)


@pytest.mark.parametrize(
    "field",
    [
        "DKIM-Signature: \r\n",
        "DKIM-Signature: v=1; d=; s=;\r\n",
        "DKIM-Signature: " + "a=b;" * 5000 + "\r\n",
        "Authentication-Results: ;;;=\r\n",
    ],
)
def test_nonsense_is_a_result(field: str) -> None:
    assert authenticate(Message.from_bytes(mail("x", extra=field)), RECORDS.get, trusted=("x",)).verified == ()
