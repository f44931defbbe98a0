"""What the API may read: tokens, and what became of a report, for the account that sent it and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from trustdesk.models import ApiToken, Case, IdempotencyKey, Report
from trustdesk.models.code import decode

QUEUED, PROCESSING, COMPLETED = "QUEUED", "PROCESSING", "COMPLETED"
#: Outcome of a case → reason code. Where a report led to several cases, the first of these wins.
REASONS = {
    "measures": "ACTIONED",
    "forwarded": "FORWARDED",
    "insufficient": "NEED_MORE_INFORMATION",
    "no_violation": "REVIEWED_NO_ACTION",
    "duplicate": "DUPLICATE",
    "not_ours": "NOT_RESOLVABLE_TO_US",
}
#: What was not a report at all: an automatic reply, a bounce.
NOT_A_REPORT = "NOT_A_REPORT"


@dataclass(frozen=True, slots=True)
class Status:
    """How far a report is. `reason` is empty until it is COMPLETED."""

    code: str
    status: str
    reason: str
    received_at: datetime
    completed_at: datetime | None


def tokens(*, now: datetime) -> Iterator[tuple[ApiToken, str]]:
    """All tokens, each with its state: valid, expired or revoked."""
    for token in ApiToken.objects.order_by("pk"):
        yield token, _state(token, now)


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "valid"


def token(digest: str, *, now: datetime) -> ApiToken | None:
    """The valid token of that digest."""
    found = ApiToken.objects.filter(digest=digest).first()
    return found if found is not None and _state(found, now) == "valid" else None


def used(account: str, key: str) -> IdempotencyKey | None:
    """What the account used this idempotency token for."""
    return IdempotencyKey.objects.select_related("report").filter(account=account, key=key).first()


def status(account: str, code: str) -> Status | None:
    """What became of a report; None if the account sent no such report."""
    number = decode("R", code)
    if number is None:
        return None
    # Identical bytes from two accounts are one report; the second account holds its own token for it.
    mine = Q(account=account) | Q(pk__in=IdempotencyKey.objects.filter(account=account).values("report"))
    report = Report.objects.filter(mine, pk=number).first()
    return _status(report) if report is not None and report.code == code else None


def _status(report: Report) -> Status:
    cases = list(Case.objects.filter(joinings__report=report).order_by("pk"))
    if report.state == "received":
        return Status(report.code, QUEUED, "", report.received_at, None)
    if not cases:
        return Status(report.code, COMPLETED, NOT_A_REPORT, report.received_at, None)
    if any(case.state != "closed" for case in cases):
        return Status(report.code, PROCESSING, "", report.received_at, None)
    outcomes = {case.outcome for case in cases}
    reason = next((word for outcome, word in REASONS.items() if outcome in outcomes), "REVIEWED_NO_ACTION")
    ended = max((case.closed_at for case in cases if case.closed_at is not None), default=None)
    return Status(report.code, COMPLETED, reason, report.received_at, ended)
