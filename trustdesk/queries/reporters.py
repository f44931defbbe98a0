"""A reporter's record: what they sent before, what came of it, and what is verified of them. Never a score."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Upper

from trustdesk.models import Party, Report
from trustdesk.prepared import Prepared
from trustdesk.queries import access

#: So much of the past counts, and so many reports are looked at for what was verified.
YEAR = timedelta(days=365)
LOOKED_AT = 200
#: Of one address so many of the newest reports count.
NEWEST = 100


@dataclass(frozen=True, slots=True)
class Record:
    """Reports of one address in a year (the newest NEWEST at most), how many cases they led to by outcome ("" is undecided),
    and the domains that passed a check on some of them, with how many. `proven` says that the From of this very report is
    verified."""

    reports: int = 0
    outcomes: tuple[tuple[str, int], ...] = ()
    verified: tuple[tuple[str, int], ...] = ()
    proven: bool = False

    @property
    def upheld(self) -> int:
        """Cases that ended with measures."""
        return dict(self.outcomes).get("measures", 0)

    @property
    def decided(self) -> int:
        """Cases with an outcome."""
        return sum(count for outcome, count in self.outcomes if outcome)


def _past(sealed: bool, email: str, since: datetime) -> QuerySet[Report, Any]:
    parties = Party.objects.alias(upper=Upper("email")).filter(upper=email).order_by("-id")
    newest = parties.values("pk")[:NEWEST]  # who writes most has hundreds of thousands
    mine = access.shown_reports(sealed).filter(reporter_id__in=newest, received_at__gte=since)
    return mine.order_by("-id").values_list("pk", "reporter__verified", "joinings__case_id", "joinings__case__outcome")


_PAST = Prepared(_past)


def record(user: Any, party: Party | None, *, now: datetime) -> Record:
    """The record of the address that `party` claims, of what the person may see. One statement.

    The address is only claimed: two who write it are one here, which is why `proven` and `verified` stand beside it.
    """
    if party is None or not party.email:
        return Record()
    access.require(user, "see_traffic")
    rows = _PAST(access.may(user, "see_sealed"), party.email.upper(), now - YEAR)
    reports = {number: verified for number, verified, _case, _outcome in rows}
    cases = {case: outcome for _number, _verified, case, outcome in rows if case is not None}
    outcomes = Counter(cases.values())
    found: dict[str, int] = {}
    for values in list(reports.values())[:LOOKED_AT]:
        for name in values:
            if name.startswith("from:"):
                found[name[5:]] = found.get(name[5:], 0) + 1
    return Record(
        reports=len(reports),
        outcomes=tuple(sorted(outcomes.items())),
        verified=tuple(sorted(found.items(), key=lambda item: -item[1])),
        proven=any(name.startswith("from:") for name in party.verified),
    )
