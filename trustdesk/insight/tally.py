"""Counting a period from the journal, and from nothing else.

Entries come chain by chain, each chain in the order of its numbers, so that the life of a case is seen from its
beginning and then forgotten: memory does not grow with the journal.

What happened belongs to the period in which it happened, not to the one in which somebody wrote it down: a report
counts when it was received, a breach when the duty was due.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trustdesk.core.types import NOT_REPORTS, Category
from trustdesk.insight.periods import Period

#: One journal entry as its readers get it: {"chain", "seq", "kind", "at" (aware), "actor", "body" (decoded JSON)}.
Line = dict[str, Any]


@dataclass(slots=True)
class Times:
    """Waiting times in hours."""

    hours: array[float] = field(default_factory=lambda: array("d"))

    def add(self, waited: timedelta) -> None:
        """One more."""
        self.hours.append(max(waited.total_seconds(), 0.0) / 3600)

    def quantile(self, share: float) -> float | None:
        """The continuous quantile (linear between neighbours, SQL's `percentile_cont`), two decimals; None if empty."""
        if not self.hours:
            return None
        ranked = sorted(self.hours)
        place = share * (len(ranked) - 1)
        low = int(place)
        high = min(low + 1, len(ranked) - 1)
        return round(ranked[low] + (ranked[high] - ranked[low]) * (place - low), 2)


@dataclass(slots=True)
class Life:
    """What must be known of one case while its chain is read."""

    chain: int
    state: str = ""
    open_at_start: bool = False
    open_at_end: bool = False
    since: datetime | None = None  # when the first report about it was received
    decided: bool = False
    breached: set[int] = field(default_factory=set)
    met: set[int] = field(default_factory=set)


class Tally:
    """The numbers of one period. Feed it with `add` in chain order, then call `finish` once."""

    def __init__(self, period: Period) -> None:
        self.period = period
        self.forms: Counter[str] = Counter()
        self.categories: Counter[str] = Counter()
        self.channels: Counter[str] = Counter()
        self.set_aside: Counter[str] = Counter()
        self.days: Counter[tuple[str, str]] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()  # opened, closed, reopened, held, appeals … by name
        self.clocks: Counter[tuple[str, str]] = Counter()  # (kind of rule, met | breached)
        self.late: Counter[str] = Counter()  # breaches by clock, `regime/name`
        self.waited = Times()
        self.waited_for_people = Times()
        self._life = Life(0)

    def add(self, line: Line) -> None:
        """Count one entry."""
        if line["chain"] != self._life.chain:
            self._end_of_chain()
            self._life = Life(line["chain"])
        kind, at, body = line["kind"], line["at"], line["body"]
        if kind in ("report.received", "report.set_aside"):
            self._received(body, at)
        if "clocks" in body:
            self._clocks(body["clocks"], at)
        if at >= self.period.end:
            return
        if kind == "case.opened":
            self._life.since = at  # until its first report says when it was received
        if "case_state" in body:
            self._state(body["case_state"], at, opening=kind == "case.opened")
        if kind in ("decision.made", "decision.approved"):
            self._decided(body, at)
        if self.period.holds(at):
            self._counted(kind, body)

    def finish(self) -> Tally:
        """No more entries will come."""
        self._end_of_chain()
        self._life = Life(0)
        return self

    def _end_of_chain(self) -> None:
        self.counts["open_at_start"] += self._life.open_at_start
        self.counts["open_at_end"] += self._life.open_at_end

    def _received(self, body: dict[str, Any], at: datetime) -> None:
        received, form = _instant(body.get("received_at")) or at, body.get("form") or "unparsed"
        life = self._life
        if form not in NOT_REPORTS and life.chain:
            life.since = received if life.since is None else min(life.since, received)
        if not self.period.holds(received):
            return
        if form in NOT_REPORTS:
            self.set_aside[form] += 1
            return
        self.forms[form] += 1
        self.categories[body.get("category") or Category.OTHER.value] += 1
        self.channels[body.get("channel") or "unknown"] += 1
        self.days[received.date().isoformat(), "received"] += 1

    def _state(self, state: str, at: datetime, *, opening: bool) -> None:
        life, was = self._life, self._life.state
        life.state = state
        life.open_at_end = state != "closed"
        if at < self.period.start:
            life.open_at_start = life.open_at_end
            return
        day = at.date().isoformat()
        if opening:
            self.counts["opened"] += 1
            self.days[day, "opened"] += 1
        elif state == "closed" and was != "closed":
            self.counts["closed"] += 1
            self.days[day, "closed"] += 1
        elif was == "closed" and state != "closed":
            self.counts["reopened"] += 1

    def _decided(self, body: dict[str, Any], at: datetime) -> None:
        first, self._life.decided = not self._life.decided, True
        if not self.period.holds(at):
            return
        self.outcomes[body["outcome"]] += 1
        self.counts["automated"] += bool(body.get("automated"))
        if first:
            waited = at - (self._life.since or at)
            self.waited.add(waited)
            if not body.get("automated"):
                self.waited_for_people.add(waited)

    def _clocks(self, clocks: Iterable[dict[str, Any]], at: datetime) -> None:
        """Our duties only. A clock is met or breached, never both: what was done late is a breach, on its due day."""
        for clock in clocks:
            if clock["actor"] != "provider":
                continue
            breached, number = _instant(clock.get("breached")), clock["id"]
            if breached is not None:
                if number not in self._life.breached and self.period.holds(breached):
                    self.clocks[clock["kind"], "breached"] += 1
                    self.late[f"{clock['regime']}/{clock['name']}"] += 1
                self._life.breached.add(number)
            elif clock["state"] == "met" and number not in self._life.met:
                self._life.met.add(number)
                if self.period.holds(at):
                    self.clocks[clock["kind"], "met" if clock.get("due") else "met_without_due_time"] += 1

    def _counted(self, kind: str, body: dict[str, Any]) -> None:
        if kind in COUNTED:
            self.counts[kind] += 1
        if kind == "appeal.resolved" and body.get("state") in ("upheld", "partly_upheld"):
            self.counts["overturned"] += 1


#: Entries of which a report says only how many there were.
COUNTED = frozenset(
    {"decision.held", "decision.rejected", "appeal.lodged", "appeal.resolved", "measure.confirmed", "measure.lifted",
     "measure.failed", "notice.sent", "notice.bounced"}
)  # fmt: skip


def tally(lines: Iterable[Line], periods: Sequence[Period]) -> list[Tally]:
    """Count several periods in one pass over the journal."""
    tallies = [Tally(period) for period in periods]
    for line in lines:
        for one in tallies:
            one.add(line)
    return [one.finish() for one in tallies]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
