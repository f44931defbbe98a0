"""What a person did last on a case and may still take back (`flow.undo` does it, and says no where that is too late)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from trustdesk.queries.case_page import Line

WINDOW = timedelta(minutes=15)
KINDS = frozenset({"case.assigned", "case.snoozed", "case.noted", "decision.held", "decision.rested"})
#: What shows that it was taken back already, or does not stand any more.
ENDED_BY = {
    "case.assigned": ("case.assigned",),
    "case.snoozed": ("case.woken", "case.snoozed"),
    "case.noted": ("note.withdrawn",),
    "decision.held": ("decision.approved", "decision.rejected"),
    "decision.rested": ("decision.made", "decision.taken_back"),
}


def last(lines: Iterable[Line], user: Any, *, now: datetime) -> Line | None:
    """The newest of `lines` (the newest last) that this person can take back. Giving a case back is no such
    thing: taking it is one key away."""
    after: list[Line] = []
    for line in reversed(list(lines)):
        if now - line.at > WINDOW:
            return None
        mine = line.actor == f"person:{user.pk}" and line.kind in KINDS
        given_back = line.kind == "case.assigned" and line.body.get("assigned_to") is None
        if mine and not given_back and not any(_ends(later, line) for later in after):
            return line
        after.append(line)
    return None


def _ends(later: Line, line: Line) -> bool:
    if later.kind not in ENDED_BY[line.kind]:
        return False
    return later.kind != "note.withdrawn" or later.body.get("note") == line.body.get("note")
