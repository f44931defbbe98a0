"""Who may call: bearer tokens (RFC 6750) with scopes, and how often."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from django.http import HttpRequest
from ninja.security import HttpBearer

from trustdesk import clock
from trustdesk.flow.people import digest_of
from trustdesk.queries import api as queries


class Denied(Exception):
    """The token is good but lacks a scope."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(scope)


class TooMany(Exception):
    """The account calls too often; it may come again after so many seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(str(seconds))


@dataclass
class Buckets:
    """Token buckets by account: `rate` calls a second, up to `burst` at once. Per process and thread-safe."""

    rate: float
    burst: int

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, account: str, *, at: float) -> None:
        """Count one call at monotonic time `at`. Raises TooMany."""
        with self._lock:
            if len(self._left) > 10_000:  # full buckets need no memory
                full = self.burst / self.rate
                self._left = {name: seen for name, seen in self._left.items() if at - seen[1] < full}
            left, seen = self._left.get(account, (float(self.burst), at))
            left = min(float(self.burst), left + (at - seen) * self.rate)
            self._left[account] = (left if left < 1 else left - 1, at)
        if left < 1:
            raise TooMany(max(1, math.ceil((1 - left) / self.rate)))


class Bearer(HttpBearer):
    """A valid token with `scope`; then one call is counted. What the view finds in `request.auth` is the account."""

    def __init__(self, scope: str, buckets: Buckets) -> None:
        super().__init__()
        self.scope = scope
        self.buckets = buckets

    def authenticate(self, request: HttpRequest, token: str) -> str | None:
        """The token's account; None if it is not (or no longer) valid. Raises Denied and TooMany."""
        found = queries.token(digest_of(token.strip()), now=clock.now())
        if found is None:
            return None
        if self.scope not in found.scopes:
            raise Denied(self.scope)
        self.buckets.take(found.account, at=time.monotonic())
        return found.account
