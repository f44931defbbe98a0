"""One question in a closing letter: did we deal with this well? Asked once, answered behind a private link, counted once.

Nobody is asked where a rule commands silence (such a letter does not go), nor about the gravest matters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from trustdesk import evidence
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import links, silence
from trustdesk.flow.record import locked, record
from trustdesk.models import Decision, Entry, Evidence, Notice

ANSWERS = ("yes", "partly", "no")
#: Outcomes that end a matter for its reporter.
CLOSING = frozenset({"measures", "no_violation"})
#: Whoever reports these has other sorrows than our service.
NEVER_ASKED = frozenset({"child_safety", "ncii", "terrorism", "violent_threat"})
WORDS = 2_000
_REPORTER, _APPEAL = "survey reporter", "survey appeal"


@dataclass(frozen=True, slots=True)
class Asked:
    """A letter that asked. `answer` is what was said already, or ""."""

    notice_id: int
    case_id: int
    language: str
    by: Actor
    answer: str


def link_for_reporter(category: str, report_id: int, decision: Decision) -> str:
    """Where the reporter answers about this decision; "" when they are not asked."""
    if category in NEVER_ASKED or decision.outcome not in CLOSING:
        return ""
    return f"{links.base()}/survey/r-{links.token(_REPORTER, report_id, decision.pk)}"


def link_after_appeal(category: str, appeal_id: int) -> str:
    """Where whoever appealed answers about it; "" when they are not asked."""
    return "" if category in NEVER_ASKED else f"{links.base()}/survey/a-{links.token(_APPEAL, appeal_id)}"


def find(token: str) -> Asked | None:
    """The letter that a link of ours asked in, if it went out and may be spoken of."""
    kind, _, rest = token.partition("-")
    letters = Notice.objects.select_related("case").filter(state__in=("sent", "bounced")).order_by("id")
    if kind == "r":
        pair = links.resolve_pair(_REPORTER, rest)
        notice = letters.filter(report=pair[0], decision=pair[1], kind="outcome").first() if pair else None
    else:
        number = links.resolve(_APPEAL, rest) if kind == "a" else None
        notice = letters.filter(appeal=number, kind="appeal_outcome").first() if number else None
    if notice is None or silence.forbidden(notice.case, to=notice.to_role, letter=notice.kind):
        return None
    number = notice.report_id if notice.to_role == "reporter" else notice.case.subject_id
    by = Actor(notice.to_role, str(number or ""))
    return Asked(notice.pk, notice.case_id, notice.language, by, _said(notice.case_id, notice.pk))


def answer(asked: Asked, said: str, words: str, *, now: datetime) -> bool:
    """Keep an answer; False when this letter was answered before, which then stands. Raises Refused."""
    words = words.replace("\0", "").strip()
    if said not in ANSWERS or len(words) > WORDS:
        raise Refused(Finding("survey.answer", f"Choose an answer; write at most {WORDS} characters.", "answer"))
    raw = f"Letter: {asked.notice_id}\nDate: {now.isoformat()}\n\n{words}".encode()
    digest = evidence.put(raw) if words else ""
    with locked(asked.case_id) as case:
        if _said(case.pk, asked.notice_id):
            return False
        kept = []
        if words:
            kept = [Evidence(digest=digest, size=len(raw), media_type="text/plain; charset=utf-8", stored_at=now)]
        body = {"notice": asked.notice_id, "by": asked.by.kind, "answer": said, "words": digest}
        record(case, "survey.answered", body, actor=asked.by, now=now, rows=kept)
    return True


def _said(case_id: int, notice_id: int) -> str:
    bodies = Entry.objects.filter(chain=case_id, kind="survey.answered").values_list("body", flat=True)
    return next((said["answer"] for said in map(json.loads, bodies) if said["notice"] == notice_id), "")
