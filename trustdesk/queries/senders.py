"""A sender as people see them: what is verified, what came of what they handed in, warnings, suspensions, what waits.

A number without its range says little, and a name in From says nothing: both stand beside it. Also what the DSA's reports count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Coalesce

from trustdesk import rules, standing
from trustdesk.core import misuse
from trustdesk.core.misuse import Unfounded
from trustdesk.core.policies import Misuse
from trustdesk.core.strikes import Reputation
from trustdesk.models import Appeal, Case, Decision, Notice, Report, Suspension
from trustdesk.models.code import decode
from trustdesk.queries import access

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Ground:
    """Something of theirs that was decided to be unfounded. `case` is None where the person may not see it; `counts` within
    the window of the policy, `since` after the last warning."""

    found: Unfounded
    case: Case | None
    complaint: bool
    counts: bool
    since: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """The page of one sender. `claimed` is the record of the address by whoever wrote it, `known` that of verified reports
    alone. `back` is where the page is."""

    case: Case
    report: Report | None
    label: str
    verified: bool
    known: standing.Known
    claimed: Reputation
    rule: Misuse
    grounds: tuple[Ground, ...]
    warnings: tuple[Notice, ...]
    suspensions: tuple[Suspension, ...]
    waits: tuple[Case, ...]


def of_report(user: Any, code: str, *, now: datetime) -> Sender:
    """The sender of a report that the person may see. Raises Report.DoesNotExist and Case.DoesNotExist."""
    number = decode("R", code)
    report = access.reports(user).select_related("reporter").get(pk=number or 0)
    case = access.cases(user).filter(joinings__report=report).order_by("id").first()
    if case is None:
        raise Case.DoesNotExist(code)
    identity, verified = standing.identity_of(report)
    email = report.reporter.email if report.reporter is not None else ""
    return _sender(user, case, report, identity, email or report.account, verified, now=now)


def of_customer(user: Any, code: str, *, now: datetime) -> Sender:
    """The customer of a case, as one who complains. Raises Case.DoesNotExist."""
    case = access.case(user, code)
    if case.subject is None:
        raise Case.DoesNotExist(code)
    return _sender(user, case, None, f"customer:{case.subject.pk}", case.subject.name, True, now=now)


def _sender(
    user: Any, case: Case, report: Report | None, identity: str, label: str, verified: bool, *, now: datetime
) -> Sender:
    rule = rules.current().policies[settings.DESK.policy].misuse
    known = standing.known_of(identity, verified=verified)
    email = report.reporter.email if report is not None and report.reporter is not None else ""
    mine = suspensions(user).filter(identity=identity) if identity else Suspension.objects.none()
    told = Notice.objects.filter(kind="misuse_warning")
    told = (
        told.filter(report__in=known.reports)
        if report is not None
        else told.filter(case__subject=case.subject, report=None)
    )
    return Sender(
        case=case,
        report=report,
        label=label,
        verified=verified,
        known=known,
        claimed=standing.reputation_of(email),
        rule=rule,
        grounds=_grounds(user, rule, known, now=now),
        warnings=tuple(told.order_by("-id")[:SHOWN]),
        suspensions=tuple(mine.order_by("-id")[:SHOWN]),
        waits=tuple(
            access.cases(user).filter(pk__in=standing.waiting(identity)).order_by("id")[:SHOWN] if identity else ()
        ),
    )


def _grounds(user: Any, rule: Misuse, known: standing.Known, *, now: datetime) -> tuple[Ground, ...]:
    found = known.sender.unfounded
    of_appeal = dict(
        Appeal.objects.filter(pk__in=[_number(u) for u in found if u.ref.startswith("appeal:")]).values_list(
            "pk", "case_id"
        )
    )
    case_of = {u.ref: of_appeal.get(_number(u)) if u.ref.startswith("appeal:") else _number(u) for u in found}
    seen = {
        case.pk: case
        for case in access.cases(user).filter(pk__in=[number for number in case_of.values() if number is not None])
    }
    counts = {u.ref for u in misuse.counted(rule, found, now=now)}
    warned = known.sender.warned_at
    return tuple(
        Ground(
            u,
            seen.get(case_of[u.ref] or 0),
            u.ref.startswith("appeal:"),
            u.ref in counts,
            warned is not None and u.at > warned,
        )
        for u in reversed(found)
    )


def _number(found: Unfounded) -> int:
    return int(found.ref.partition(":")[2])


def suspensions(user: Any) -> QuerySet[Suspension]:
    """The suspensions that this person may see: those of cases that they may see."""
    access.require(user, "see")
    found = Suspension.objects.filter(access.visible(user, "case__"))
    return found.select_related("case", "report__reporter", "subject", "warning")


@dataclass(frozen=True, slots=True)
class Listed:
    """Everybody who is suspended, waits for a second person or has objected; and those who were, the newest first."""

    held: tuple[Suspension, ...]
    contested: tuple[Suspension, ...]
    running: tuple[Suspension, ...]
    past: tuple[Suspension, ...]
    waiting: int


def listed(user: Any) -> Listed:
    """The page of all senders. `waiting` counts the cases that wait, of those the person may see."""
    mine = suspensions(user)
    return Listed(
        tuple(mine.filter(state="held").order_by("id")),
        tuple(mine.filter(contest_state="lodged").order_by("contested_at")),
        tuple(mine.filter(state="running").order_by("until")),
        tuple(mine.filter(state__in=("ended", "lifted", "rejected")).order_by("-id")[:SHOWN]),
        access.cases(user).filter(queue=misuse.QUEUE, closed_at=None).count(),
    )


@dataclass(frozen=True, slots=True)
class UnderArticle23:
    """What Article 24(1)(b) DSA has counted of a period: suspensions for manifestly illegal content (customers), for
    manifestly unfounded notices (reporters), and for manifestly unfounded complaints (complainants)."""

    customers: int
    reporters: int
    complainants: int


def under_article_23(since: datetime, until: datetime) -> UnderArticle23:
    """Suspensions that began in [since, until). The journal says the same: `repeat` in `decision.made` and
    `decision.approved`, and `who` in `suspension.ordered` and `suspension.approved`."""
    began = Suspension.objects.filter(began_at__gte=since, began_at__lt=until)
    imposed = Decision.objects.filter(state__in=("final", "overridden"), outcome="measures")
    imposed = imposed.annotate(at=Coalesce("settled_at", "made_at"), said=Cast("plan", TextField()))
    customers = imposed.filter(at__gte=since, at__lt=until, said__contains='"repeat"').count()
    return UnderArticle23(customers, began.filter(who="reporter").count(), began.filter(who="complainant").count())
