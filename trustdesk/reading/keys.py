"""Keys as values: whose signatures can be checked, and what was encrypted to us can be opened with.

Nothing is fetched and no key is believed because a message brings it: a key counts because the operator put it here,
under the name of the one whom it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["pgp", "smime"]


@dataclass(frozen=True, slots=True)
class Known:
    """A public key (OpenPGP certificate) or an X.509 certificate (PEM or DER), and whose it is: an address or a domain."""

    owner: str
    kind: Kind
    data: bytes


@dataclass(frozen=True, slots=True)
class Private:
    """A private key of ours without password: an OpenPGP key, or key and certificate for S/MIME in one PEM file."""

    kind: Kind
    data: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys that reading may use."""

    known: tuple[Known, ...] = ()
    private: tuple[Private, ...] = ()


NO_KEYS = Keys()


@dataclass(frozen=True, slots=True)
class Signature:
    """What came of one signature over a message.

    result  `good`; `bad` (the key is known and the signature is not over this); `unknown_key`; `partial` (good, but over a
            part of the message only, so it says nothing of the rest); `unsupported` (an algorithm or form we do not check)
    owner   whose key it is by our own list, "" if the key is not known
    key     fingerprint or number of the key as the signature names it
    """

    kind: Kind
    result: str
    owner: str = ""
    key: str = ""
