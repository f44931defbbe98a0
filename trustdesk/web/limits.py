"""Rate limits of public forms and of sign-in, in the shared cache so that all processes count together."""

from __future__ import annotations

import hashlib
import ipaddress

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


def client(request: HttpRequest) -> str:
    """The client's network: an IPv4 address, or the /64 of an IPv6 address (a household has that many addresses).

    Behind a TLS proxy the last hop of X-Forwarded-For counts, which is the one that our own proxy wrote.
    """
    found = address(request)
    if not found:
        return "unknown"
    if ":" in found:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return found


def address(request: HttpRequest) -> str:
    """The client's own address, as `client` finds it; "" where none is known (a socket, a broken header)."""
    given = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_TLS:
        given = request.headers.get("X-Forwarded-For", given).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        return ""


def masked(who: str) -> str:
    """`who` as it may be written down: addresses of reporters are personal data."""
    return hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()[:32]


def hit(name: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one use of `name` by `who`; False when this one is over `limit` within the window of `seconds`."""
    return _count(name, who, seconds) <= limit


def over(name: str, who: str, *, limit: int) -> bool:
    """Whether `who` has used up `name` already; counts nothing."""
    return int(cache.get(_key(name, who)) or 0) >= limit


def _count(name: str, who: str, seconds: int) -> int:
    key = _key(name, who)
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two lines
        cache.set(key, 1, seconds)
        return 1


def _key(name: str, who: str) -> str:
    # Hashed: addresses of reporters are personal data, and a cache key is no place for hostile text.
    return f"limit:{name}:{masked(who)}"
