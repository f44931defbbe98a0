"""What the desk shows of strikes and reputations (`trustdesk.standing`), for people who may see the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trustdesk import standing
from trustdesk.core.strikes import Reputation
from trustdesk.models import Case, Report
from trustdesk.queries import access

#: So many reporters of a case are shown with their record.
REPORTERS = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """The customer's strikes, and the record of each reporter of the case by address. A share without its range says
    nothing: `Reputation.low` and `high` are shown with it."""

    record: standing.Record | None
    reporters: tuple[tuple[str, Reputation], ...]


def of_case(user: Any, case: Case, *, now: datetime) -> Shown:
    """Strikes and reputations on a case that came from `access.case`. Raises Denied."""
    access.require(user, "see")
    record = standing.record_of(case.subject_id, now=now) if case.subject_id else None
    found = Report.objects.filter(joinings__case=case).exclude(reporter__email="").order_by("id")
    emails = dict.fromkeys(e.lower() for e in found.values_list("reporter__email", flat=True)[:500] if e)
    return Shown(record, tuple((email, standing.reputation_of(email)) for email in list(emails)[:REPORTERS]))
