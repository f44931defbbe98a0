"""Parse: what is claimed, about what, by whom. Reads the kept bytes and hands the claims to triage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from trustdesk import evidence, keyring
from trustdesk.core.types import SYSTEM, Form, Problem, Reading
from trustdesk.flow import triage
from trustdesk.flow.work import handler
from trustdesk.interfaces.reading import read
from trustdesk.models import Report, Task
from trustdesk.reading.keys import Keys

#: So much of a text is kept for screens, which show less.
SHOWN = 100_000


def parse(report: Report) -> Reading:
    """The claims of one report, read from its bytes. Bad input is a Reading with problems, never an exception."""
    try:
        raw = evidence.get(report.evidence_id)
    except evidence.Erased:
        gone = Problem("evidence_erased", "The original is not held any more and cannot be read again.")
        return Reading(form=Form.UNPARSED, problems=(gone,), parser="none")
    return read(raw, keys=keyring.current())


def shown(report: Report) -> Reading:
    """As `parse`, for a screen: subject, text and problems, without the indicators, which are in the tables.

    Kept in memory for the next look at the page: reading a message with ten thousand addresses takes a second.
    """
    if report.evidence.erased_at is not None:
        return parse(report)
    try:
        return _shown(report.evidence_id, keyring.current())
    except evidence.Erased:
        return parse(report)


@lru_cache(maxsize=32)
def _shown(digest: str, keys: Keys) -> Reading:
    reading = read(evidence.get(digest), keys=keys)
    return Reading(
        form=reading.form,
        subject=reading.subject,
        text=reading.text[:SHOWN],
        problems=reading.problems[:100],
        tags=reading.tags[:100],
        parser=reading.parser,
    )


@handler("parse", batch=100)
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Read the reports and place each in a case; one transaction for the batch."""
    ids = [task.arguments["report"] for task in tasks]
    reports = Report.objects.filter(pk__in=ids, state="received").select_related("evidence").order_by("id")
    pairs = [(report, parse(report)) for report in reports]
    if pairs:
        triage.open_or_join(pairs, actor=SYSTEM, now=clock())
