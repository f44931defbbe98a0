"""The [submissions.NAME] tables of `desk.toml`: what is handed to which public register without anybody asking each time.

[submissions.dsa_tdb]
mode = "dry_run"
since = 2026-11-01
every_minutes = 60
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from trustdesk.settings.desk import DeskError

REGISTERS = ("dsa_tdb", "lumen")
OFF, DRY_RUN, SEND = MODES = ("off", "dry_run", "send")
#: How far a dry run looks back that names no day.
LOOKS_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one register gets. `since` is the first day (UTC) of which anything leaves; only a dry run may lack it."""

    register: str
    mode: str = OFF
    since: date | None = None
    every_minutes: int = 60

    @property
    def every(self) -> timedelta:
        """Between two looks at what is there to be handed over."""
        return timedelta(minutes=self.every_minutes)

    def begins(self, now: datetime) -> datetime:
        """What happened before this is left alone."""
        return datetime.combine(self.since, time(), UTC) if self.since else now - LOOKS_BACK


def plans(tables: dict[str, Any], exchanges: dict[str, Any]) -> dict[str, Plan]:
    """Read the tables strictly; every register has a plan, `off` where there is no table. Raises DeskError."""
    made = {name: Plan(name) for name in REGISTERS}
    known = {f.name: f for f in fields(Plan) if f.name != "register"}
    for name, table in tables.items():
        where = f"desk.toml: [submissions.{name}]"
        if name not in REGISTERS:
            raise DeskError(f"{where}: registers are {', '.join(REGISTERS)}")
        if not isinstance(table, dict) or not table.keys() <= known.keys():
            raise DeskError(f"{where} is a table of {', '.join(sorted(known))}")
        one = Plan(name, **table)
        if one.mode not in MODES:
            raise DeskError(f"{where} mode is one of {', '.join(MODES)}")
        if one.since is not None and type(one.since) is not date:
            raise DeskError(f"{where} since is a day, written without quotation marks: 2026-11-01")
        if type(one.every_minutes) is not int or not 1 <= one.every_minutes <= 7 * 24 * 60:
            raise DeskError(f"{where} every_minutes is a number from 1 to {7 * 24 * 60}")
        if one.mode == SEND and one.since is None:
            raise DeskError(f"{where} needs since: the first day of which anything leaves")
        if one.mode == SEND and name not in exchanges:
            raise DeskError(f"{where} needs [exchanges.{name}]: where to, and the token")
        made[name] = one
    return made
