"""OpenPGP (RFC 9580, RFC 3156): signatures checked with the keys we know, messages decrypted with our own.

Signatures are checked here: nothing is unpacked for that. A message that is decrypted may hold compressed data, and the
library unpacks all of it, so that is done by a process of its own whose output is read only so far (a bomb ends with it).
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from trustdesk.reading.keys import Keys, Signature

CLEAR_BEGIN, CLEAR_END = "-----BEGIN PGP SIGNED MESSAGE-----", "-----END PGP SIGNATURE-----"
SEALED_BEGIN, SEALED_END = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"
#: Armoured signatures longer than this are not looked at: one takes some hundred bytes.
_SIGNATURE_BYTES = 32 * 1024
#: What the decrypting process may use, and how long.
_MEMORY, _SECONDS = 1024 * 1024 * 1024, 30


@lru_cache(maxsize=8)
def _certificates(keys: Keys) -> tuple[tuple[str, Any], ...]:
    import pysequoia  # a native library; few messages are signed

    return tuple(
        (known.owner, certificate)
        for known in keys.known
        if known.kind == "pgp"
        for certificate in pysequoia.Cert.split_bytes(known.data)
    )


def _knows(keys: Keys) -> bool:
    return any(known.kind == "pgp" for known in keys.known)


class _Store:
    """Hands out the certificates we know and remembers which keys were asked for."""

    def __init__(self, keys: Keys) -> None:
        self.keys, self.asked = keys, list[str]()

    def __call__(self, identifiers: Sequence[str]) -> list[Any]:
        self.asked = [str(i).lower() for i in identifiers]
        return [certificate for _, certificate in _certificates(self.keys)]

    def result(self, valid: Sequence[str]) -> Signature:
        """`valid` are fingerprints of certificates with a good signature."""
        for owner, certificate in _certificates(self.keys):
            if certificate.fingerprint in valid:
                return Signature("pgp", "good", owner, certificate.fingerprint)
        owner = self._owner()
        return Signature("pgp", "bad" if owner else "unknown_key", owner, (self.asked or [""])[0])

    def _owner(self) -> str:
        """Whose the key is that the signature names: it may be a part of a certificate."""
        for owner, certificate in _certificates(self.keys):
            if any(number in _numbers(bytes(certificate)) for number in self.asked):
                return owner
        return ""


@lru_cache(maxsize=256)
def _numbers(certificate: bytes) -> frozenset[str]:
    from pysequoia.packet import PacketPile

    packets = list(PacketPile.from_bytes(certificate))
    found = {str(n).lower() for p in packets for n in (p.fingerprint, p.key_id) if n and p.key_algorithm is not None}
    return frozenset(found)


def check_clear(text: bytes, keys: Keys) -> Signature:
    """The signature of a clear-signed text (RFC 9580, section 7), armour included. Never raises."""
    if not _knows(keys):
        return Signature("pgp", "unknown_key")
    import pysequoia

    store = _Store(keys)
    try:
        found = pysequoia.verify(bytes=text, store=store)
    except Exception:  # the library's errors are RuntimeErrors that say what is wrong for people
        return store.result(())
    return store.result([s.certificate for s in found.valid_sigs])


def check_beside(content: bytes, signature: bytes, keys: Keys) -> Signature:
    """A signature that stands beside `content` (RFC 3156, section 5). Never raises."""
    if not _knows(keys):
        return Signature("pgp", "unknown_key")
    import pysequoia

    store = _Store(keys)
    if len(signature) > _SIGNATURE_BYTES:
        return Signature("pgp", "unsupported")
    try:
        sig = pysequoia.Sig.from_bytes(signature)
        store.asked = [str(sig.issuer_fingerprint or sig.issuer_key_id or "").lower()]
        found = pysequoia.verify(bytes=content, store=store, signature=sig)
    except Exception:
        return store.result(())
    return store.result([s.certificate for s in found.valid_sigs])


#: Runs in a process of its own: one line of JSON and the message come in, the text goes out, who signed it to standard error.
_CHILD = """
import base64, json, os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
import pysequoia
given = json.loads(sys.stdin.buffer.readline())
message = os.memfd_create("message")
with open(message, "wb", closefd=False) as out:
    out.write(sys.stdin.buffer.read())
path = "/proc/self/fd/%d" % message
for key in given["private"]:
    own = pysequoia.Tsk.from_bytes(base64.b64decode(key))
    try:
        pysequoia.decrypt_file(path, "/dev/stdout", decryptor=own.decryptor())
        break
    except Exception:
        continue
else:
    sys.exit(1)
# Once more for the signature: who signed it is known at the end only, and a bad one must not cost the text.
certificates = [pysequoia.Cert.from_bytes(base64.b64decode(c)) for c in given["known"]]
asked, valid = [], []
def store(identifiers):
    asked[:] = [str(i) for i in identifiers]
    return certificates
try:
    found = pysequoia.decrypt_file(path, "/dev/null", decryptor=own.decryptor(), store=store)
    valid = [s.certificate for s in found.valid_sigs]
except Exception:
    pass
sys.stderr.write(json.dumps({"valid": valid[:20], "asked": asked[:20]}))
"""


def decrypt(data: bytes, keys: Keys, *, limit: int) -> tuple[bytes, Signature | None, bool] | None:
    """(text, who signed it, whether the text was cut at `limit`) of an encrypted message, or None if no key opens it.

    Never raises.
    """
    own = [base64.b64encode(p.data).decode() for p in keys.private if p.kind == "pgp"]
    if not own:
        return None
    known = [base64.b64encode(bytes(certificate)).decode() for _, certificate in _certificates(keys)]
    code = _CHILD.replace("MEMORY", str(_MEMORY)).replace("SECONDS", str(_SECONDS))
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-W", "ignore", "-c", code],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={},
        )  # fmt: skip
    except OSError:
        return None
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    with child:
        try:
            child.stdin.write(json.dumps({"known": known, "private": own}).encode() + b"\n" + data)
            child.stdin.close()
        except OSError:
            child.kill()
            return None
        text = child.stdout.read(limit + 1)
        if len(text) > limit:
            child.kill()
            return text[:limit], None, True
        said = child.stderr.read(100_000)
    if child.returncode:
        return None
    return text, _signed_inside(said, keys), False


def _signed_inside(said: bytes, keys: Keys) -> Signature | None:
    try:
        told = json.loads(said)
    except ValueError:
        return None
    store = _Store(keys)
    store.asked = [str(i).lower() for i in told["asked"]]
    if not store.asked and not told["valid"]:
        return None
    return store.result(told["valid"])
