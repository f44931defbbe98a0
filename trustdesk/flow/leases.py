"""Leases of workers that are known to be dead.

A lease runs out by itself after a while; whoever saw a worker of this machine die need not wait for that.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from trustdesk.models import Task


def release_dead(*, now: datetime) -> int:
    """Hand back the tasks of workers of this machine that run no more; returns how many.

    Workers of other machines are left to their leases, as is one whose number belongs to another process by now.
    """
    host = f"{socket.gethostname()[:40]}:"
    workers = Task.objects.filter(state="leased", worker__startswith=host).values_list("worker", flat=True).distinct()
    return sum(_release(worker, now=now) for worker in list(workers) if not _alive(worker.removeprefix(host)))


def _alive(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        pass
    try:  # killed, but nobody has collected it yet: its number still answers (Linux)
        return Path(f"/proc/{int(number)}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def _release(worker: str, *, now: datetime) -> int:
    released = 0
    for task in Task.objects.filter(state="leased", worker=worker):
        try:
            with transaction.atomic():
                released += Task.objects.filter(pk=task.pk, state="leased", worker=worker).update(
                    state="queued", due_at=now, leased_until=None, worker=""
                )
        except IntegrityError:  # the same work was queued again meanwhile; that one will do
            Task.objects.filter(pk=task.pk, state="leased", worker=worker).delete()
    return released
