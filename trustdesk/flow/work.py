"""Tasks: leased, run at least once, retried with growing pauses, and kept in sight when they cannot be done.

A worker leases tasks for a while. If it dies, the lease runs out and another worker takes them. Whoever handles a task
must therefore bear doing it twice. A task that keeps failing becomes `dead` and waits for a person.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from trustdesk.flow.record import Todo, add_tasks
from trustdesk.models import Task
from trustdesk.prepared import Prepared

log = logging.getLogger("trustdesk.work")

LEASE = timedelta(minutes=5)
#: Pauses between attempts; after the last one a task is dead.
PAUSES = (5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600)


class TryLater(Exception):
    """The outside world asks us to wait; counts as an attempt but not as a fault. `pause` in seconds or None."""

    def __init__(self, why: str, pause: float | None = None) -> None:
        super().__init__(why)
        self.pause = pause


Handler = Callable[[Sequence[Task], Callable[[], datetime]], None]
_handlers: dict[str, tuple[Handler, int]] = {}
_leases: dict[str, timedelta] = {}


def handler(name: str, *, batch: int = 1, lease: timedelta = LEASE) -> Callable[[Handler], Handler]:
    """Register the function that does tasks called `name`, up to `batch` of them at once and within `lease`."""

    def register(function: Handler) -> Handler:
        _handlers[name], _leases[name] = (function, batch), lease
        return function

    return register


def worker_name() -> str:
    """This process, as written on the tasks it holds."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def load_handlers() -> None:
    """Import every module that handles tasks."""
    from trustdesk.flow import (  # noqa: F401
        appeal,
        authenticate,
        decide,
        delivery,
        enforce,
        enrich,
        mailing,
        misuse,
        notify,
        parse,
        putback,
        registers,
        reread,
        retain,
        review,
        strikes,
        tick,
        upkeep,
        validity,
        withdraw,
    )


def claim(*, now: datetime, names: Sequence[str] = (), but: Sequence[str] = ()) -> list[Task]:
    """Lease due tasks, oldest first; also those whose worker let the lease run out. All are of one name: one of `names`
    if any are given, and none of `but`."""
    wanted = (now, names or None, but or None)
    with transaction.atomic():
        # Two questions, each answered by its own partial index, whatever else waits in the table.
        tasks = (_ABANDONED(*wanted) if _time_to_look() else []) or _WAITING(*wanted) or _ABANDONED(*wanted)
        if not tasks:
            return []
        size, lease = _handlers.get(tasks[0].name, (None, 1))[1], _leases.get(tasks[0].name, LEASE)
        tasks = [t for t in tasks if t.name == tasks[0].name][:size]
        until = connection.ops.adapt_datetimefield_value(now + lease)
        sql = f"UPDATE {_TABLE} SET state = 'leased', leased_until = %s, worker = %s WHERE id IN"  # noqa: S608
        _write(sql, [until, worker_name()], tasks)
    return tasks


_TABLE = Task._meta.db_table
#: So many are looked at, to find those of one name.
LIMIT = 200
#: What dead workers left comes first, but is looked for so often only, in seconds, while there is other work.
LOOK = 1.0
_looked = float("-inf")


def _time_to_look() -> bool:
    global _looked
    if time.monotonic() - _looked < LOOK:
        return False
    _looked = time.monotonic()
    return True


def _due(condition: Q, order: str, names: Sequence[str] | None, but: Sequence[str] | None) -> QuerySet[Task]:
    found = Task.objects.filter(condition).order_by(order, "id")
    if names is not None:
        found = found.filter(name__in=names)
    if but is not None:
        found = found.exclude(name__in=but)
    if connection.features.has_select_for_update_skip_locked:
        found = found.select_for_update(skip_locked=True)
    return found[:LIMIT]


_WAITING = Prepared(lambda now, names, but: _due(Q(state="queued", due_at__lte=now), "due_at", names, but))
_ABANDONED = Prepared(lambda now, names, but: _due(Q(state="leased", leased_until__lt=now), "leased_until", names, but))


def _write(sql: str, values: list[Any], tasks: Sequence[Task]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ({', '.join(['%s'] * len(tasks))})", [*values, *(task.pk for task in tasks)])


def run_once(clock: Callable[[], datetime], *, names: Sequence[str] = (), but: Sequence[str] = ()) -> int:
    """Lease one batch and do it. Returns how many tasks were taken; 0 means there is nothing due."""
    tasks = claim(now=clock(), names=names, but=but)
    if tasks:
        _do(tasks, clock)
    return len(tasks)


def _do(tasks: list[Task], clock: Callable[[], datetime]) -> None:
    function = _handlers.get(tasks[0].name, (None, 1))[0]
    try:
        if function is None:
            raise LookupError(f"nobody does tasks called {tasks[0].name!r}")
        function(tasks, clock)
    except Exception as error:
        if len(tasks) > 1:  # one bad task must not hold up its neighbours
            for task in tasks:
                _do([task], clock)
            return
        _failed(tasks[0], error, now=clock())
        return
    sql = f"DELETE FROM {_TABLE} WHERE worker = %s AND state = 'leased' AND id IN"  # noqa: S608 (a table of ours)
    _write(sql, [worker_name()], tasks)


def _failed(task: Task, error: Exception, *, now: datetime) -> None:
    attempts = task.attempts + 1
    asked = error.pause if isinstance(error, TryLater) else None
    dead = attempts > len(PAUSES)
    pause = asked if asked is not None else PAUSES[min(attempts, len(PAUSES)) - 1]
    text = str(error) if isinstance(error, TryLater) else "".join(traceback.format_exception(error))[-4000:]
    log.log(
        logging.ERROR if dead else logging.WARNING, "task %s %s failed (%d): %s", task.name, task.pk, attempts, error
    )
    values: dict[str, Any] = {
        "state": "dead" if dead else "queued",
        "attempts": attempts,
        "due_at": now + timedelta(seconds=pause),
        "leased_until": None,
        "error": text.replace("\0", ""),
    }
    try:
        with transaction.atomic():
            Task.objects.filter(pk=task.pk).update(**values)
    except IntegrityError:  # the same work was queued again meanwhile; that one will do
        Task.objects.filter(pk=task.pk).delete()


def run_until_idle(clock: Callable[[], datetime]) -> int:
    """Do everything that is due, and what that makes due; returns how many tasks were done."""
    load_handlers()
    done = 0
    while taken := run_once(clock):
        done += taken
    return done


def rests_until() -> datetime | None:
    """When the next decision that rests (`grace_seconds`) goes out; None if none rests."""
    resting = Task.objects.filter(name="settle", state="queued", attempts=0).order_by("due_at")
    return resting.values_list("due_at", flat=True).first()


def owe(todos: Sequence[Todo], *, now: datetime) -> int:
    """Owe these tasks, each with a key, unless a task of that key waits, runs or gave up already. Returns how many.

    For what is looked at again and again: what gave up waits for a person and is not begun anew beside that.
    """
    if not todos:
        return 0
    there = set(Task.objects.filter(key__in=[todo.key for todo in todos]).values_list("key", flat=True))
    new = [todo for todo in todos if todo.key not in there]
    with transaction.atomic():
        add_tasks(new, now=now)
    return len(new)


def revive(task_id: int, *, now: datetime) -> bool:
    """Give a dead task another life; False if it is not dead (any more)."""
    return bool(
        Task.objects.filter(pk=task_id, state="dead").update(state="queued", attempts=0, due_at=now, leased_until=None)
    )
