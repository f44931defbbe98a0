"""One spelling for each thing: URLs as browsers see them, domains as A-labels, addresses compressed."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

import ada_url
from publicsuffixlist import PublicSuffixList

#: Names reserved for tests and documentation (RFC 2606, RFC 6761) and the Tor name space; not in the public suffix list.
_RESERVED = frozenset({"test", "example", "invalid", "onion"})
_DOCUMENTATION = tuple(
    ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)
_IPV4 = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})", re.ASCII)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=1)
def _top_level() -> frozenset[str]:
    return frozenset(s.rpartition(".")[2] for s in _suffixes()._publicsuffix) | _RESERVED


def is_top_level(label: str) -> bool:
    """True if `label` (lower case, A-label or Unicode) is a top-level domain in use or reserved for tests."""
    return label in _top_level() or (not label.isascii() and (_ascii(label) or "") in _top_level())


@lru_cache(maxsize=8192)
def registrable(host: str) -> str:
    """The domain under which `host` was registered, private suffixes (github.io) counted as public; "" for addresses."""
    if not host or is_ip(host):
        return ""
    return _suffixes().privatesuffix(host) or host


def is_ip(text: str) -> bool:
    """True for the spelling of an IPv4 or IPv6 address, brackets allowed."""
    if not text or (text[-1] not in "0123456789abcdefABCDEF]" and ":" not in text):
        return False
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _ascii(host: str) -> str | None:
    try:
        return ada_url.idna_to_ascii(host).decode() or None
    except (ValueError, UnicodeError):
        return None


@lru_cache(maxsize=8192)
def domain(text: str) -> str | None:
    """`text` as a lower-case A-label host name with a known top-level domain, or None."""
    host = text.strip(".").lower()
    if not host.isascii():
        host = _ascii(host) or ""
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not is_top_level(labels[-1]):
        return None
    if any(not label or len(label) > 63 or label[0] == "-" or label[-1] == "-" for label in labels):
        return None
    return host


def address(text: str) -> str | None:
    """`text` as a compressed IP address, IPv4-mapped IPv6 as IPv4; None if it is none."""
    plain = _IPV4.fullmatch(text)
    if plain:
        return text if all(int(part) < 256 for part in plain.groups()) else None
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(found)


def network(text: str) -> str | None:
    """`text` (address/prefix length) as a network, host bits cleared; None if it is none."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def is_routable(text: str) -> bool:
    """True for an address that can be somebody's on the internet. The documentation ranges (RFC 5737, 3849) count."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    if found.is_global and not found.is_multicast:
        return True
    return any(found in n for n in _DOCUMENTATION if n.version == found.version)


def url(text: str) -> tuple[str, str] | None:
    """(`text` as the WHATWG algorithm spells it, its host), or None if it is no absolute URL.

    Userinfo and fragment are dropped: neither is sent to the host, and userinfo is used to mislead. A fragment that
    routes (`#/` or `#!`) is kept, for it names a page of its own. The dot at the end of a host is dropped.
    """
    try:
        found = ada_url.URL(text)
    except ValueError:
        return None
    if found.username or found.password:
        found.username = found.password = ""
    if found.hash and not found.hash.startswith(("#/", "#!")):
        found.hash = ""
    host = found.hostname
    if host.endswith(".") and not host.endswith(".."):
        found.hostname = host.rstrip(".")
        host = found.hostname
    if not host:
        return None
    return found.href, host.strip("[]")
