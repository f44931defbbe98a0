"""Numbers of the whole desk that may be some seconds old: kept in memory, counted anew beside the requests that read them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")

#: After so many times their age nobody is shown the old numbers any more; they are counted while one waits.
TOO_OLD = 12

_kept: dict[Hashable, tuple[datetime, Any]] = {}
_counting: set[Hashable] = set()
_lock = Lock()


def recent(name: Hashable, count: Callable[[], T], *, keep: Callable[[T], bool], old: timedelta, now: datetime) -> T:
    """What `count` gives, or gave at most about `old` ago. Only what `keep` says is worth it is kept: on a small desk
    every number is of now. Processes keep numbers of their own."""
    key = (str(connection.settings_dict["NAME"]), name)
    known = _kept.get(key)
    if known is not None:
        age = now - known[0]
        if timedelta(0) <= age < old:
            return known[1]
        if timedelta(0) <= age < old * TOO_OLD:
            _count_beside(key, count, now)
            return known[1]
    value = count()
    if keep(value):
        _kept[key] = (now, value)
    else:
        _kept.pop(key, None)
    return value


def _count_beside(key: Hashable, count: Callable[[], Any], now: datetime) -> None:
    with _lock:
        if key in _counting:
            return
        _counting.add(key)

    def work() -> None:
        try:
            _kept[key] = (now, count())
        finally:
            _counting.discard(key)
            connection.close()  # this thread's own

    Thread(target=work, name="recount", daemon=True).start()
