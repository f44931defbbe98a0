"""Who is it really? DKIM verified here (RFC 6376); SPF, DMARC and ARC as a trusted host saw them (RFC 8601).

SPF needs the address that connected, which mail that was fetched or forwarded no longer has. So those results are taken
from the `Authentication-Results` of hosts that the operator names, and from no one else's. Display names prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from trustdesk.reading import canonical
from trustdesk.reading.message import Message

#: Asks for the TXT record of a name; the joined strings as bytes, or None if there is none. May raise OSError.
Resolver = Callable[[str], bytes | None]

_MAX_SIGNATURES = 5
_MAX_BYTES = 50 * 1024 * 1024
_COMMENT = re.compile(r"\([^()]{0,500}\)")
_METHOD = re.compile(r"^\s*([a-z-]{2,20})(?:/\d+)?\s*=\s*([a-z]{3,10})\b(.*)$", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(smtp|header|body|policy)\.([a-z-]{1,20})\s*=\s*\"?([^\s;\"]{1,320})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result. `domain` is what it vouches for, `by` who says so ("self" for our own DKIM check)."""

    method: str  # dkim | spf | dmarc | arc | pgp | smime
    result: str  # pass | fail | none | neutral | softfail | temperror | permerror | policy | unknown_key | partial
    domain: str = ""  # of a signature by a known key: its owner, a domain or an address
    by: str = "self"


@dataclass(frozen=True, slots=True)
class Authentication:
    """All results for one message. `verified` are the domains that passed; `aligned` says the From domain is one of them."""

    results: tuple[Result, ...]
    verified: tuple[str, ...]
    aligned: bool


def authenticate(message: Message, resolver: Resolver, *, trusted: Collection[str] = ()) -> Authentication:
    """Check the DKIM signatures of `message` and take over what the hosts in `trusted` found. Never raises. OpenPGP and
    S/MIME count if `sealed.unseal` has looked at the message.

    `resolver` is asked for keys (`selector._domainkey.domain`); where it raises OSError the result is `temperror`.
    """
    results = (*dkim(message, resolver), *reported(message, trusted), *signed(message))
    senders = message.headers.addresses("From")
    address = senders[0][1] if len(senders) == 1 else ""
    passed = tuple(dict.fromkeys(r.domain for r in results if r.result == "pass" and r.domain and r.method != "arc"))
    own = canonical.registrable(address.rpartition("@")[2])
    aligned = bool(own) and any(_speaks_for(name, address, own) for name in passed)
    return Authentication(results, passed, aligned)


def _speaks_for(name: str, address: str, own: str) -> bool:
    """Whether what passed is of the address in From: a key of one person proves that person alone."""
    return name == address if "@" in name else canonical.registrable(name) == own


_SAID = {"good": "pass", "bad": "fail", "unsupported": "none"}


def signed(message: Message) -> tuple[Result, ...]:
    """The signatures of OpenPGP and S/MIME; `domain` is the owner of the key by our own list."""
    return tuple(Result(s.kind, _SAID.get(s.result, s.result), s.owner) for s in message.signatures)


def dkim(message: Message, resolver: Resolver) -> tuple[Result, ...]:
    """The result of each DKIM signature, at most five. Never raises."""
    fields = message.headers.get_all("DKIM-Signature")
    if not fields or len(message.raw) > _MAX_BYTES or message.kind != "mail":
        return ()
    import dkim as library  # slow to import, and many mails are not signed

    trouble: list[str] = []

    def ask(name: bytes, timeout: float = 5) -> bytes | None:
        try:
            return resolver(name.decode("ascii", "replace").rstrip("."))
        except OSError:
            trouble.append("temperror")
            return None

    out = []
    try:
        verifier = library.DKIM(message.raw)
    except Exception:
        return (Result("dkim", "permerror"),)
    for index, field in enumerate(fields[:_MAX_SIGNATURES]):
        domain = _tag(field, "d")
        trouble.clear()
        try:
            good = verifier.verify(idx=index, dnsfunc=ask)
            result = "pass" if good else "temperror" if trouble else "fail"
        except library.DKIMException:
            result = "temperror" if trouble else "permerror"
        except Exception:  # the library trusts its input more than we do
            result = "permerror"
        out.append(Result("dkim", result, domain))
    return tuple(out)


def _tag(field: str, name: str) -> str:
    for piece in field.split(";"):
        key, _, value = piece.partition("=")
        if key.strip().lower() == name:
            return canonical.domain("".join(value.split())) or ""
    return ""


def reported(message: Message, trusted: Collection[str]) -> tuple[Result, ...]:
    """What the hosts in `trusted` (authserv-ids, lower case) say in their Authentication-Results. Never raises."""
    out: list[Result] = []
    known = {host.lower() for host in trusted}
    for field in message.headers.get_all("Authentication-Results")[:20]:
        text = _COMMENT.sub(" ", field[:20_000])
        pieces = text.split(";")
        words = pieces[0].split()
        host = words[0].lower() if words else ""
        if host not in known:
            continue
        for piece in pieces[1:40]:
            match = _METHOD.match(piece)
            if match and match.group(1).lower() in ("dkim", "spf", "dmarc", "arc"):
                method = match.group(1).lower()
                out.append(Result(method, match.group(2).lower(), _vouched(method, match.group(3)), host))
    return tuple(out)


def _vouched(method: str, text: str) -> str:
    wanted = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.helo"), "dmarc": ("header.from",)}.get(
        method, ()
    )
    found = {f"{kind}.{name}".lower(): value for kind, name, value in _PROPERTY.findall(text)}
    for key in wanted:
        if key in found:
            return canonical.domain(found[key].rpartition("@")[2].strip("<>")) or ""
    return ""
