"""A circuit breaker: stops asking a service that does not answer, and tries again with one call after a while."""

from __future__ import annotations

import threading
from typing import Literal

State = Literal["closed", "open", "half_open"]


class Breaker:
    """Opens after `threshold` failures in a row, for `cooldown` seconds; then one call at a time may try.

    Times are passed in (seconds of any clock that does not run backwards), so that it can be tested without waiting.
    It lives in one process: several workers each learn for themselves, which costs `threshold` calls per worker.
    """

    def __init__(self, threshold: int = 5, cooldown: float = 30.0) -> None:
        if threshold < 1 or cooldown <= 0:
            raise ValueError("a breaker needs threshold >= 1 and cooldown > 0")
        self._threshold, self._cooldown = threshold, cooldown
        self._failures = 0
        self._opened_at: float | None = None
        self._trial_since: float | None = None
        self._lock = threading.Lock()

    def state(self, now: float) -> State:
        """Where it stands at `now`."""
        with self._lock:
            return self._state(now)

    def allow(self, now: float) -> bool:
        """May a call be made at `now`? Half open, only the first asker may, until it reports or its trial grows old."""
        with self._lock:
            state = self._state(now)
            if state == "closed":
                return True
            if state == "open":
                return False
            # A trial whose caller died must not keep the circuit open for ever.
            if self._trial_since is not None and now - self._trial_since < self._cooldown:
                return False
            self._trial_since = now
            return True

    def wait(self, now: float) -> float:
        """Seconds until asking again makes sense; 0 when it does now."""
        with self._lock:
            if self._opened_at is None:
                return 0.0
            since = self._trial_since if self._trial_since is not None else self._opened_at
            return max(0.0, since + self._cooldown - now)

    def succeeded(self) -> None:
        """The service answered: closed, and the count begins anew."""
        with self._lock:
            self._failures, self._opened_at, self._trial_since = 0, None, None

    def failed(self, now: float) -> None:
        """The service did not answer, or answered that it cannot."""
        with self._lock:
            self._failures += 1
            if self._opened_at is not None or self._failures >= self._threshold:
                self._opened_at, self._trial_since = now, None

    def _state(self, now: float) -> State:
        if self._opened_at is None:
            return "closed"
        return "open" if now - self._opened_at < self._cooldown else "half_open"
