"""Strikes of customers and the record of reporters, worked out from decisions: nothing is stored that could drift.

Who a reporter is, is claimed by anybody who writes a name into From. What counts against somebody is therefore counted by
identity alone: an address whose domain signed that very mail (DKIM, aligned), or the account of an API token.

A strike is a decision for measures in a category that the policy counts. It falls away when the decision is overridden or
when a counter-notice gives access back, and it expires. The policy in force says how long and how many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from trustdesk import rules
from trustdesk.core.misuse import QUEUE, Sender, Unfounded
from trustdesk.core.policies import Strikes
from trustdesk.core.strikes import Reputation, Standing, Strike, reputation, standing
from trustdesk.core.types import Actor
from trustdesk.models import Appeal, Case, Decision, Joining, Notice, Party, Report, Suspension

#: So many reports of one address are looked at, the newest.
REPORTS = 2000


@dataclass(frozen=True, slots=True)
class Record:
    """Where a customer stands, by which rule, and when the last warning went out."""

    rule: Strikes
    standing: Standing
    warned_on: date | None


def strikes_of(subject_id: int) -> list[Strike]:
    """Every strike of a customer that ever was, also those that were taken back.

    A decision that replaces another for the same thing counts from the day of the first one.
    """
    made = Decision.objects.filter(case__subject_id=subject_id, state__in=("final", "overridden"))
    found = {d.pk: d for d in made.select_related("case").order_by("id")}
    replaced = {d.overrides_id: d for d in found.values() if d.overrides_id}
    back = Appeal.objects.filter(decision__in=found, state="put_back").values_list("decision_id", "resolved_at")
    put_back = {number: at.astimezone(UTC).date() for number, at in back if at is not None}
    out = []
    for decision in found.values():
        if decision.outcome != "measures":
            continue
        root = decision
        while root.overrides_id in found:
            root = found[root.overrides_id]
        gone = put_back.get(decision.pk)
        if decision.pk in replaced:
            on = _day(replaced[decision.pk])
            gone = min(gone, on) if gone else on
        out.append(Strike(str(decision.pk), decision.case.category, _day(root), gone))
    return out


def _rule() -> Strikes:
    return rules.current().policies[settings.DESK.policy].strikes


def _day(decision: Decision) -> date:
    return (decision.settled_at or decision.made_at).astimezone(UTC).date()


def record_of(subject_id: int, *, now: datetime) -> Record:
    """Where a customer stands today."""
    rule = _rule()
    warned = warned_at(subject_id)
    warned_on = warned.astimezone(UTC).date() if warned else None
    today = now.astimezone(UTC).date()
    return Record(rule, standing(rule, strikes_of(subject_id), today, warned_on=warned_on), warned_on)


def warned_at(subject_id: int) -> datetime | None:
    """When the newest warning to the customer went out."""
    sent = Notice.objects.filter(case__subject_id=subject_id, kind="strike_warning", to_role="customer", state="sent")
    return sent.order_by("-sent_at").values_list("sent_at", flat=True).first()


def with_one_more(case: Case, *, now: datetime) -> Record | None:
    """Where the customer would stand if this case were decided for measures today; None where it would not count."""
    rule = _rule()
    if case.subject_id is None or (rule.categories and case.category not in rule.categories):
        return None
    known = record_of(case.subject_id, now=now)
    today = now.astimezone(UTC).date()
    more = [*strikes_of(case.subject_id), Strike("new", case.category, today)]
    return replace(known, standing=standing(rule, more, today, warned_on=known.warned_on))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one identity: its verified reports (the newest REPORTS), the share of what was decided that led to a
    measure, the warning that went out last, and the suspension that is there (held or running)."""

    identity: str
    sender: Sender
    reputation: Reputation
    reports: tuple[int, ...] = ()
    warning: Notice | None = None
    live: Suspension | None = None


def identity_of(report: Report) -> tuple[str, bool]:
    """Whose report this is (`account:NAME` of a token, `mail:ADDRESS`, "" for nobody), and whether that is verified.

    `from:DOMAIN` stands with a party only where the domain of its own address signed the mail (`flow.authenticate`)."""
    if report.account:
        return f"account:{report.account}", True
    party = report.reporter
    if party is None or not party.email:
        return "", False
    return f"mail:{party.email.lower()}", any(name.startswith("from:") for name in party.verified)


def identities_claimed(report: Report, email: str) -> tuple[str, ...]:
    """The identities that a report claims to be of. Enough to make it wait, never enough to count it against anybody."""
    names = (f"account:{report.account}" if report.account else "", f"mail:{email.lower()}" if email else "")
    return tuple(name for name in names if name)


def complainant(by: str) -> tuple[str, bool]:
    """The identity behind `Appeal.by`: the customer, who holds a link that was sent to them, or whose report it was."""
    actor = Actor.parse(by)
    if actor.kind == "customer":
        return f"customer:{actor.id}", True
    report = Report.objects.select_related("reporter").filter(pk=int(actor.id)).first() if actor.id.isdigit() else None
    return identity_of(report) if report is not None else ("", False)


def reports_of(identity: str) -> list[Report]:
    """The verified reports of an identity, the newest first, at most REPORTS."""
    kind, _, name = identity.partition(":")
    if kind == "account":
        return list(Report.objects.filter(account=name).select_related("reporter").order_by("-id")[:REPORTS])
    if kind != "mail":
        return []
    found = Report.objects.filter(reporter_id__in=parties_of(name))
    return [r for r in found.select_related("reporter").order_by("-id") if identity_of(r) == (identity, True)]


def parties_of(address: str) -> list[int]:
    """Numbers of the parties who claim an address, the newest first, at most REPORTS."""
    parties = Party.objects.alias(upper=Upper("email")).filter(upper=address.upper()).order_by("-id")
    return list(parties.values_list("pk", flat=True)[:REPORTS])


def waiting(identity: str) -> QuerySet[Case]:
    """The cases that wait because of what this sender handed in, in no order, each once."""
    kind, _, name = identity.partition(":")
    if kind == "account":
        theirs = Q(joinings__report__account=name)
    elif kind == "mail":
        theirs = Q(joinings__report__reporter__in=parties_of(name))
    else:
        theirs = Q(appeals__by=identity, appeals__state="lodged")
    found = Case.objects.filter(theirs, queue=QUEUE, closed_at=None)
    return Case.objects.filter(pk__in=found.order_by().values("pk"))


def known_of(identity: str, *, verified: bool) -> Known:
    """What counts for and against an identity. `verified` says whether the report at hand is verified to be theirs."""
    reports = reports_of(identity)
    numbers = [r.pk for r in reports]
    came = {r.pk: r.received_at for r in reports}
    outcome, unfounded = _judged(came)
    unfounded += _complaints(identity, numbers)
    warning = _warning(identity, numbers)
    live = Suspension.objects.filter(identity=identity, state__in=("held", "running")).first() if identity else None
    flagger = not {f"from:{d.lower()}" for d in settings.DESK.trusted_flaggers}.isdisjoint(
        {name for r in reports if r.reporter is not None for name in r.reporter.verified}
    )
    sender = Sender(
        verified=verified,
        flagger=flagger,
        warned_at=warning.sent_at if warning is not None else None,
        live=live.state if live is not None else "",
        unfounded=tuple(sorted(unfounded, key=lambda u: (u.at, u.ref))),
    )
    counted = reputation(outcome.count("measures"), outcome.count("no_violation"))
    return Known(identity, sender, counted, tuple(numbers), warning, live)


def _judged(came: dict[int, datetime]) -> tuple[list[str], list[Unfounded]]:
    """Outcomes of the cases of these reports, and those that were found to be unfounded and are not being looked at again;
    a case counts once, from the newest of the reports."""
    of_case: dict[int, datetime] = {}
    for case, report in Joining.objects.filter(report__in=list(came)).values_list("case_id", "report_id"):
        of_case[case] = max(of_case.get(case, came[report]), came[report])
    decided = Decision.objects.filter(case__in=list(of_case), state="final").order_by("id")
    last = {case: (number, outcome) for number, case, outcome in decided.values_list("pk", "case_id", "outcome")}
    again = set(Appeal.objects.filter(case__in=list(of_case), state="lodged").values_list("decision_id", flat=True))
    found = [
        Unfounded(f"case:{case}", of_case[case])
        for case, (number, outcome) in last.items()
        if outcome == "no_violation" and number not in again
    ]
    return [outcome for _, outcome in last.values()], found


def _complaints(identity: str, reports: list[int]) -> list[Unfounded]:
    kind, _, name = identity.partition(":")
    by = [f"customer:{name}"] if kind == "customer" else [f"reporter:{number}" for number in reports]
    lost = Appeal.objects.filter(by__in=by, kind="appeal", state="dismissed").values_list("pk", "lodged_at")
    return [Unfounded(f"appeal:{number}", at) for number, at in lost]


def _warning(identity: str, reports: list[int]) -> Notice | None:
    sent = Notice.objects.filter(kind="misuse_warning", state="sent").order_by("-sent_at", "-id")
    kind, _, name = identity.partition(":")
    if kind == "customer":
        return sent.filter(to_role="customer", case__subject_id=int(name)).first()
    return sent.filter(to_role="reporter", report__in=reports).first()


def reputation_of(email: str) -> Reputation:
    """How often the reports of an address led to a measure, with how little is known of it.

    Measures count as upheld, `no_violation` as unfounded; what lacked something, was a duplicate, was passed on or was not
    ours counts for neither side. Shown to people; nothing is left unread for it.
    """
    if not email:
        return reputation(0, 0)
    mine = Report.objects.filter(reporter__email__iexact=email).order_by("-id").values_list("pk", flat=True)[:REPORTS]
    decided = Decision.objects.filter(case__joinings__report__in=list(mine), state="final")
    outcome: dict[int, str] = dict(decided.order_by("id").values_list("case_id", "outcome"))
    counted = list(outcome.values())
    return reputation(counted.count("measures"), counted.count("no_violation"))
