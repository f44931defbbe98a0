"""Records for public registers without anybody asking each time, as the [submissions] tables of `desk.toml` say.

A look is a task that owes the next one. It queues what the register has not got; handing over is the task of
`flow.registers`. Nothing leaves of a register that was not rehearsed: the first look only writes down what would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction

from trustdesk.core.types import Actor
from trustdesk.flow import plugins, registers, work
from trustdesk.flow.record import Todo, add_tasks
from trustdesk.queries import registers as built
from trustdesk.settings.submissions import OFF, SEND, Plan, plans

ACTOR = Actor("system", "registers")
#: Records of one look.
MOST = 5_000


def current() -> dict[str, Plan]:
    """The plan of each register. Raises DeskError."""
    return plans(settings.DESK.submissions, settings.DESK.exchanges)


def run(now: datetime) -> int:
    """Owe a look for each register that is on and has none. Returns how many; safe to call at any time."""
    if not settings.DESK.submissions:
        return 0
    return work.owe([_look(plan) for plan in current().values() if plan.mode != OFF], now=now)


def _look(plan: Plan, due_at: datetime | None = None) -> Todo:
    return Todo(registers.LOOK, {"register": plan.register}, due_at=due_at, key=registers.look_key(plan.register))


@work.handler(registers.LOOK, lease=timedelta(hours=1))
def look(tasks: Sequence[Any], clock: Callable[[], datetime]) -> None:
    """Look what the registers have not got, queue it or write down that it would be, and owe the next look."""
    for task in tasks:
        plan = current().get(task.arguments["register"])
        if plan is None or plan.mode == OFF:  # switched off since
            continue
        more = _one(plan, clock)
        with transaction.atomic():
            add_tasks([_look(plan, clock() if more else clock() + plan.every)], now=clock())


def _one(plan: Plan, clock: Callable[[], datetime]) -> bool:
    """One look; whether there is more at once."""
    name = plan.register
    exchange = plugins.exchange(name) if name in settings.DESK.exchanges else None
    found = islice(built.BUILT[name](plan.begins(clock())), MOST)
    wanted = [registers.checked(one, exchange) for one in found]
    if plan.mode == SEND and registers.was_rehearsed(name):
        counts = registers.queue(name, wanted, actor=ACTOR, now=clock())
        registers.keep_sending(name, now=clock())
        return len(wanted) == MOST and counts["queued"] > 0
    registers.rehearsed(name, wanted, actor=ACTOR, now=clock())
    return False
