"""What the desk shows of strikes and reputations (`trustdesk.standing`), for people who may see the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trustdesk import standing
from trustdesk.core.strikes import Reputation
from trustdesk.models import Case, Report, Suspension
from trustdesk.models.code import encode
from trustdesk.queries import access

#: So many reporters of a case are shown with their record.
REPORTERS = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """The customer's strikes, and the record of each reporter of the case by address, with the code of a report of
    theirs; `suspended` are those of whom something waits. A share without its range says
    nothing: `Reputation.low` and `high` are shown with it."""

    record: standing.Record | None
    reporters: tuple[tuple[str, Reputation, str], ...]
    suspended: frozenset[str] = frozenset()


def of_case(user: Any, case: Case, *, now: datetime) -> Shown:
    """Strikes and reputations on a case that came from `access.case`. Raises Denied."""
    access.require(user, "see")
    record = standing.record_of(case.subject_id, now=now) if case.subject_id else None
    found = Report.objects.filter(joinings__case=case).exclude(reporter__email="").order_by("-id")
    codes: dict[str, str] = {}
    names: dict[str, str] = {}  # identity → address
    for number, email, account in found.values_list("pk", "reporter__email", "account")[:500]:
        if email:
            codes[email.lower()] = encode("R", number)
            names |= dict.fromkeys((f"mail:{email.lower()}", f"account:{account}"), email.lower())
    emails = list(reversed(codes))[:REPORTERS]
    running = Suspension.objects.filter(state="running", identity__in=names).values_list("identity", flat=True)
    return Shown(
        record,
        tuple((email, standing.reputation_of(email), codes[email]) for email in emails),
        frozenset(names[identity] for identity in running),
    )
