"""Parse: what is claimed, about what, by whom. Reads the kept bytes and hands the claims to triage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from trustdesk import evidence
from trustdesk.core.types import SYSTEM, Form, Problem, Reading
from trustdesk.flow import triage
from trustdesk.flow.work import handler
from trustdesk.interfaces.reading import read
from trustdesk.models import Report, Task


def parse(report: Report) -> Reading:
    """The claims of one report, read from its bytes. Bad input is a Reading with problems, never an exception."""
    try:
        raw = evidence.get(report.evidence_id)
    except evidence.Erased:
        gone = Problem("evidence_erased", "The original is not held any more and cannot be read again.")
        return Reading(form=Form.UNPARSED, problems=(gone,), parser="none")
    return read(raw)


@handler("parse", batch=100)
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Read the reports and place each in a case; one transaction for the batch."""
    ids = [task.arguments["report"] for task in tasks]
    reports = Report.objects.filter(pk__in=ids, state="received").select_related("evidence").order_by("id")
    pairs = [(report, parse(report)) for report in reports]
    if pairs:
        triage.open_or_join(pairs, actor=SYSTEM, now=clock())
