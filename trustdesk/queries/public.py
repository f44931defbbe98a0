"""What a holder of a private link may see: a reporter of their report, a customer of their case. Never of each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from trustdesk.models import Appeal, Case, Clock, Decision, Indicator, Measure, Notice, Report, Suspension

#: Decisions that somebody outside may know of; a held or rejected one has not happened for them.
KNOWN = ("final", "overridden")
SHOWN = 200


@dataclass(frozen=True, slots=True)
class ReportedCase:
    """One case that a report went to, as far as its reporter may know."""

    case: Case
    decision: Decision | None
    appeal: Appeal | None


@dataclass(frozen=True, slots=True)
class ReporterView:
    """The reporter's page."""

    report: Report
    targets: list[Indicator]
    cases: list[ReportedCase]
    letters: list[Notice]

    @property
    def decided(self) -> bool:
        """Every case of the report has a decision."""
        return bool(self.cases) and all(c.decision is not None for c in self.cases)


def reporter(report_id: int) -> ReporterView:
    """The page of one report. Raises Report.DoesNotExist."""
    report = Report.objects.select_related("reporter").get(pk=report_id)
    cases = [j.case for j in report.joinings.select_related("case").order_by("id")]
    shown = []
    for case in cases:
        decision = Decision.objects.filter(case=case, state="final").order_by("-id").first()
        appeal = Appeal.objects.filter(case=case, by=f"reporter:{report.pk}").order_by("-id").first()
        shown.append(ReportedCase(case, decision, appeal))
    letters = Notice.objects.filter(report=report, to_role="reporter", state__in=("sent", "bounced")).order_by("id")
    targets = report.indicators.filter(role="target").order_by("position")[:SHOWN]
    return ReporterView(report, list(targets), shown, list(letters.only("kind", "sent_at", "title")))


@dataclass(frozen=True, slots=True)
class CustomerView:
    """The customer's page. `decision` is the one in force; `earlier` are those it replaced."""

    case: Case
    targets: list[Indicator]
    decision: Decision | None
    earlier: list[Decision]
    measures: list[Measure]
    appeals: list[Appeal]
    answers: list[Report]
    answer_due: datetime | None
    may_answer: bool

    @property
    def open_appeal(self) -> Appeal | None:
        """The appeal that waits."""
        return next((a for a in self.appeals if a.state == "lodged"), None)


def customer(case_id: int, subject_id: int) -> CustomerView:
    """The page of one case for its customer. Raises Case.DoesNotExist when the case is not (or no longer) theirs."""
    case = Case.objects.select_related("subject", "asset").get(pk=case_id, subject_id=subject_id)
    decisions = list(Decision.objects.filter(case=case, state__in=KNOWN).order_by("-id"))
    current = next((d for d in decisions if d.state == "final"), None)
    # One report may name several customers: this one sees what concerns them, not their neighbours.
    theirs = Q(asset=None) | Q(asset__subject_id=subject_id)
    indicators = Indicator.objects.filter(theirs, case=case, role="target").order_by("report_id", "position")
    due = Clock.objects.filter(case=case, name__in=("answer", "customer_answer"), state__in=("running", "breached"))
    answers = Report.objects.filter(joinings__case=case, form="reply", channel="portal").order_by("id")
    return CustomerView(
        case=case,
        targets=list({i.value: i for i in indicators[:SHOWN]}.values()),
        decision=current,
        earlier=[d for d in decisions if d != current],
        measures=list(Measure.objects.filter(case=case, decision__in=decisions).select_related("asset").order_by("id")),
        appeals=list(
            Appeal.objects.filter(case=case, by=f"customer:{subject_id}").select_related("decision").order_by("-id")
        ),
        answers=list(answers),
        answer_due=due.order_by("due_at").values_list("due_at", flat=True).first(),
        may_answer=case.state in ("open", "waiting", "held", "enforcing"),
    )


@dataclass(frozen=True, slots=True)
class AccountCase:
    """One case of a customer's account, as far as letters of ours have told them of it."""

    case: Case
    decisions: list[Decision]
    measures: list[Measure]
    appeals: list[Appeal]
    letters: list[Notice]


def account(subject_id: int) -> list[AccountCase]:
    """The cases of a customer's account of which they had a letter, the newest first; at most `SHOWN`.

    What nobody wrote to them about does not exist here. Whoever asks leaves out what the law forbids to tell.
    """
    told = Notice.objects.filter(to_role="customer", state__in=("sent", "bounced"), case__subject_id=subject_id)
    cases = Case.objects.filter(subject_id=subject_id, pk__in=told.values("case_id")).select_related("subject", "asset")
    found = []
    for case in cases.order_by("-opened_at", "-id")[:SHOWN]:
        decisions = list(Decision.objects.filter(case=case, state__in=KNOWN).order_by("id"))
        found.append(
            AccountCase(
                case=case,
                decisions=decisions,
                measures=list(
                    Measure.objects.filter(case=case, decision__in=decisions).select_related("asset").order_by("id")
                ),
                appeals=list(Appeal.objects.filter(case=case, by=f"customer:{subject_id}").order_by("id")),
                letters=list(told.filter(case=case).order_by("id")),
            )
        )
    return found


def suspension(number: int) -> Suspension | None:
    """A suspension as whom it binds may see it; None for one that never began."""
    found = Suspension.objects.select_related("case__asset", "case__subject", "report__reporter", "subject", "warning")
    return found.filter(pk=number, began_at__isnull=False).exclude(identity="").first()
