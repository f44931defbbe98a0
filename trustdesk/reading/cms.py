"""Cryptographic Message Syntax as mail uses it (RFC 5652, RFC 8551): open signed data, check its signatures, decrypt.

The standard way is a library; `cryptography` makes CMS but does not check it, so the few structures that are needed are
walked here (BER, also of indefinite length, bounded in depth and number) and the arithmetic is the library's. A signer
counts only if the very certificate was given: no chain is built, nothing is asked for revocation, no signature with SHA-1
or MD5 is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trustdesk.reading.keys import Keys, Signature

_DEPTH, _NODES, _SIGNERS = 24, 200_000, 5
_SEQUENCE, _SET, _INTEGER, _OCTETS, _OID = 0x30, 0x31, 0x02, 0x04, 0x06
SIGNED, ENVELOPED, AUTHENTICATED = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.3", "1.2.840.113549.1.9.16.1.23"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
    "2.16.840.1.101.3.4.2.4": "SHA224",
}
#: signature algorithm → how, and the digest where the algorithm names one.
_HOW = {
    "1.2.840.113549.1.1.1": ("rsa", ""),
    "1.2.840.113549.1.1.10": ("pss", ""),
    "1.2.840.113549.1.1.11": ("rsa", "SHA256"),
    "1.2.840.113549.1.1.12": ("rsa", "SHA384"),
    "1.2.840.113549.1.1.13": ("rsa", "SHA512"),
    "1.2.840.10045.4.3.2": ("ecdsa", "SHA256"),
    "1.2.840.10045.4.3.3": ("ecdsa", "SHA384"),
    "1.2.840.10045.4.3.4": ("ecdsa", "SHA512"),
}


class Damaged(Exception):
    """The bytes are not what they should be."""


@dataclass(slots=True)
class Node:
    """One value: its identifier octet, its content [start, end) and where the whole of it begins and ends."""

    tag: int
    begin: int
    start: int
    end: int
    stop: int


class _Reader:
    """Walks BER values within one budget of values."""

    def __init__(self, data: bytes) -> None:
        self.data, self.left = data, _NODES

    def at(self, at: int, limit: int, depth: int = 0) -> Node:
        """The value that begins at `at`. Raises Damaged."""
        self.left -= 1
        data = self.data
        if self.left < 0 or depth > _DEPTH or at + 2 > limit:
            raise Damaged("too short, too deep or too many values")
        tag, size, start = data[at], data[at + 1], at + 2
        if tag & 0x1F == 0x1F:
            raise Damaged("a tag of more than one byte")
        if size == 0x80:  # of indefinite length: up to the two zeros, over whatever is inside
            if not tag & 0x20:
                raise Damaged("indefinite length of a plain value")
            inner = start
            while data[inner : inner + 2] != b"\0\0":
                inner = self.at(inner, limit, depth + 1).stop
            return Node(tag, at, start, inner, inner + 2)
        if size & 0x80:
            count = size & 0x7F
            if count > 4 or start + count > limit:
                raise Damaged("a length of that size")
            size, start = int.from_bytes(data[start : start + count], "big"), start + count
        if start + size > limit:
            raise Damaged("longer than what holds it")
        return Node(tag, at, start, start + size, start + size)

    def children(self, node: Node) -> list[Node]:
        """The values inside. Raises Damaged."""
        out: list[Node] = []
        at = node.start
        while at < node.end:
            out.append(self.at(at, node.end))
            at = out[-1].stop
        return out

    def content(self, node: Node) -> bytes:
        return self.data[node.start : node.end]

    def whole(self, node: Node) -> bytes:
        return self.data[node.begin : node.stop]

    def octets(self, node: Node, depth: int = 0) -> bytes:
        """An octet string, put together if it comes in pieces."""
        if not node.tag & 0x20:
            return self.content(node)
        if depth > 4:
            raise Damaged("an octet string in pieces of pieces")
        return b"".join(self.octets(child, depth + 1) for child in self.children(node))

    def oid(self, node: Node) -> str:
        if node.tag != _OID or not 0 < node.end - node.start < 40:
            raise Damaged("no object identifier")
        numbers, value = [], 0
        for byte in self.content(node):
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2) if numbers else 0
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]])) if numbers else ""


@dataclass(frozen=True, slots=True)
class Signer:
    """One SignerInfo. `attributes` is what was signed (DER), b"" if the content itself was; `said` are the attributes."""

    issuer: bytes
    serial: int
    digest: str
    how: str
    attributes: bytes
    said: dict[str, bytes]
    signature: bytes

    @property
    def key(self) -> str:
        """The number of the certificate, in hexadecimal."""
        return f"{self.serial:x}"


@dataclass(frozen=True, slots=True)
class SignedData:
    """Signed data: `content` is None where the signature stands beside what it signs."""

    content: bytes | None
    content_type: bytes
    signers: tuple[Signer, ...]


def kind_of(data: bytes) -> str:
    """The object identifier of a ContentInfo. Raises Damaged."""
    reader = _Reader(data)
    top = reader.children(_sequence(reader.at(0, len(data))))
    return reader.oid(top[0]) if top else ""


def signed(data: bytes) -> SignedData:
    """Read SignedData (RFC 5652, section 5). Raises Damaged."""
    reader = _Reader(data)
    try:
        top = reader.children(_sequence(reader.at(0, len(data))))
        if reader.oid(top[0]) != SIGNED:
            raise Damaged("not signed data")
        parts = reader.children(_sequence(reader.children(top[1])[0]))
        inner = reader.children(_sequence(parts[2]))
        content = reader.octets(reader.children(inner[1])[0]) if len(inner) > 1 else None
        infos = reader.children(parts[-1]) if parts[-1].tag == _SET else []
        signers = tuple(_signer(reader, reader.children(_sequence(info))) for info in infos[:_SIGNERS])
        return SignedData(content, reader.content(inner[0]), signers)
    except (IndexError, RecursionError) as error:
        raise Damaged("a piece is missing") from error


def _sequence(node: Node) -> Node:
    if node.tag != _SEQUENCE:
        raise Damaged("no sequence")
    return node


def _signer(reader: _Reader, parts: list[Node]) -> Signer:
    issuer, serial = b"", 0
    if parts[1].tag == _SEQUENCE:
        who = reader.children(parts[1])
        issuer, serial = reader.whole(who[0]), int.from_bytes(reader.content(who[1]), "big", signed=True)
    digest = _DIGESTS.get(reader.oid(reader.children(parts[2])[0]), "")
    at, attributes, said = 3, b"", dict[str, bytes]()
    if parts[3].tag == 0xA0:
        # Signed as a SET OF, whatever tag it travels under (RFC 5652, 5.4).
        attributes = bytes([_SET]) + reader.whole(parts[3])[1:]
        for attribute in reader.children(parts[3]):
            name, values = reader.children(attribute)
            found = reader.children(values)
            if len(found) == 1:
                said.setdefault(reader.oid(name), reader.content(found[0]))
        at = 4
    how, named = _HOW.get(reader.oid(reader.children(parts[at])[0]), ("", ""))
    if named and named != digest:
        how = ""
    return Signer(issuer, serial, digest, how, attributes, said, reader.octets(parts[at + 1]))


@lru_cache(maxsize=8)
def _certificates(keys: Keys) -> tuple[tuple[str, Any], ...]:
    from cryptography import x509  # loads a native library; few messages are signed

    found = []
    for known in keys.known:
        if known.kind == "smime":
            pem = known.data.lstrip().startswith(b"-----")
            loaded = (
                x509.load_pem_x509_certificates(known.data) if pem else [x509.load_der_x509_certificate(known.data)]
            )
            found += [(known.owner, certificate) for certificate in loaded]
    return tuple(found)


def check(found: SignedData, content: bytes, keys: Keys) -> list[Signature]:
    """The result of each signature over `content`. Never raises."""
    return [_check(signer, found.content_type, content, keys) for signer in found.signers]


def _check(signer: Signer, content_type: bytes, content: bytes, keys: Keys) -> Signature:
    for owner, certificate in _certificates(keys):
        if certificate.serial_number == signer.serial and certificate.issuer.public_bytes() == signer.issuer:
            if not signer.how or not signer.digest:
                return Signature("smime", "unsupported", owner, signer.key)
            good = _holds(signer, content_type, content, certificate.public_key())
            return Signature("smime", "good" if good else "bad", owner, signer.key)
    return Signature("smime", "unknown_key", key=signer.key)


def _holds(signer: Signer, content_type: bytes, content: bytes, key: Any) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    algorithm = getattr(hashes, signer.digest)()
    if signer.attributes:
        digest = hashes.Hash(algorithm)
        digest.update(content)
        if signer.said.get(_MESSAGE_DIGEST) != digest.finalize() or signer.said.get(_CONTENT_TYPE) != content_type:
            return False
    what = signer.attributes or content
    try:
        if signer.how == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signer.signature, what, ec.ECDSA(algorithm))
        elif signer.how == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signer.signature, what, padding.PKCS1v15(), algorithm)
        elif signer.how == "pss" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signer.signature, what, padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO), algorithm)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


@lru_cache(maxsize=8)
def _own(keys: Keys) -> tuple[tuple[Any, Any], ...]:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    return tuple(
        (
            x509.load_pem_x509_certificate(private.data),
            serialization.load_pem_private_key(private.data, None),
        )
        for private in keys.private
        if private.kind == "smime"
    )


def decrypt(data: bytes, keys: Keys) -> bytes | None:
    """The content of enveloped data (RFC 5652, section 6), or None if no key of ours opens it. Never raises.

    What the library can do: RSA key transport and AES in CBC mode. Its output is never longer than its input.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs7

    for certificate, key in _own(keys):
        try:
            return pkcs7.pkcs7_decrypt_der(data, certificate, key, [])
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    return None
