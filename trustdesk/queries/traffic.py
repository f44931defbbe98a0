"""What came in, what goes out, and the work that could not be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from trustdesk.models import Notice, Report, Task
from trustdesk.models.code import decode, encode
from trustdesk.queries import access


def incoming(user: Any, *, channel: str = "", state: str = "", form: str = "") -> QuerySet[Report]:
    """Reports, the newest first, with the cases they went to."""
    found = access.reports(user).select_related("reporter", "evidence").prefetch_related("joinings__case")
    if channel:
        found = found.filter(channel=channel)
    if state:
        found = found.filter(state=state)
    if form:
        found = found.filter(form=form)
    return found.order_by("-received_at", "-id")


def report(user: Any, number: int) -> Report:
    """One report. Raises Report.DoesNotExist."""
    found = access.reports(user).select_related("reporter", "principal", "evidence")
    report = found.prefetch_related("joinings__case", "indicators").get(pk=number)
    access.seen(user, *(joining.case for joining in report.joinings.all()))
    return report


def unreadable(reports: Iterable[Report]) -> set[int]:
    """Those of the reports whose reading has failed at least once."""
    keys = {f"parse:{r.pk}": r.pk for r in reports if r.state == "received"}
    found = Task.objects.filter(name="parse", key__in=keys).exclude(error="").values_list("key", flat=True)
    return {keys[key] for key in found if key in keys}


def failure(report: Report) -> str:
    """What went wrong when the report was read, as its task has it; "" if nothing did."""
    task = Task.objects.filter(name="parse", key=f"parse:{report.pk}").exclude(error="").order_by("-id").first()
    return task.error if task is not None else ""


def outbox(user: Any, *, state: str = "", kind: str = "") -> QuerySet[Notice]:
    """Letters, the newest first, without their texts."""
    found = access.notices(user).select_related("case").defer("html", "text")
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    return found.order_by("-created_at", "-id")


def letter(user: Any, number: int) -> Notice:
    """One letter with its texts. Raises Notice.DoesNotExist."""
    found = access.notices(user).select_related("case", "report", "decision").get(pk=number)
    access.seen(user, found.case)
    return found


@dataclass(frozen=True, slots=True)
class Work:
    """The state of the task table. `late` is how long the oldest due task has waited, in seconds."""

    queued: int
    leased: int
    dead: int
    late: float


def work(*, now: datetime) -> Work:
    """Count the tasks; holds no case data and needs no person."""
    sums = Task.objects.aggregate(
        queued=Count("pk", filter=Q(state="queued")),
        leased=Count("pk", filter=Q(state="leased")),
        dead=Count("pk", filter=Q(state="dead")),
    )
    oldest = (
        Task.objects.filter(state="queued", due_at__lte=now).order_by("due_at").values_list("due_at", flat=True).first()
    )
    return Work(late=(now - oldest).total_seconds() if oldest else 0.0, **sums)


def failed(user: Any) -> list[Task]:
    """Tasks that gave up and wait for a person, and those that have failed at least once; dead ones first."""
    access.require(user, "see_traffic")
    return list(Task.objects.filter(Q(state="dead") | Q(attempts__gt=0)).order_by("state", "-attempts", "id")[:200])


def tallies(user: Any, *, now: datetime) -> dict[str, int]:
    """How many reports of the last day are where; for the head of the page."""
    day = access.reports(user).filter(received_at__gte=now - timedelta(days=1))
    return day.aggregate(
        received=Count("pk"),
        joined=Count("pk", filter=Q(state="joined")),
        unparsed=Count("pk", filter=Q(form="unparsed")),
        aside=Count("pk", filter=Q(state__in=("linked", "set_aside"))),
    )


def decode_report(code: str) -> int | None:
    """The number behind a report's code; None if it is none."""
    return decode("R", code)


def case_code(number: int) -> str:
    """The public code of case `number`."""
    return encode("C", number)
