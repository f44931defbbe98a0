"""Where the time goes: a stopwatch around each kind of work, counting for one kind at a time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

REST = "the rest, in Python"


class Stopwatch:
    """Time spent by kind of work; what happens inside another kind is taken out of that one."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._stack = [REST]
        self._since = time.perf_counter()

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count the block as `what`."""
        self._lap()
        self._stack.append(what)
        try:
            yield
        finally:
            self._lap()
            self._stack.pop()

    def _lap(self) -> None:
        now = time.perf_counter()
        self.spent[self._stack[-1]] += now - self._since  # type: ignore[assignment]
        self._since = now

    def wrap(self, holder: Any, name: str, what: str) -> None:
        """Count every call of `holder.name` as `what`."""
        function = getattr(holder, name)

        def counted(*args: Any, **named: Any) -> Any:
            with self.on(what):
                return function(*args, **named)

        setattr(holder, name, counted)


def where(work: Callable[[], object], mails: int) -> dict[str, float]:
    """Milliseconds a mail by kind of work while `work` runs in this process."""
    from django.db import connection

    from trustdesk import evidence
    from trustdesk.core import journal
    from trustdesk.flow import parse, receive, triage

    watch = Stopwatch()
    watch.wrap(evidence, "put_many", "keeping the bytes (write, fsync, rename)")
    watch.wrap(receive, "identity", "is it here already? (identity)")
    watch.wrap(parse, "read", "reading: MIME, text, claims")
    watch.wrap(triage, "_place", "triage: cases, regimes, clocks, rows")
    for name in ("canonical", "entry_hash", "row_digest", "group_digest"):
        watch.wrap(journal, name, "hashing and canonical text")
    watch.wrap(connection, "_commit", "commit (fsync)")

    def sql(execute: Any, *args: Any) -> Any:
        with watch.on("SQL statements"):
            return execute(*args)

    with connection.execute_wrapper(sql):
        work()
    watch._lap()
    return {what: round(spent * 1000 / mails, 3) for what, spent in watch.spent.most_common()}
