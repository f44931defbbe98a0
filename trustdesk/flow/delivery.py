"""Letters leave here, and nowhere else: what a rule forbids by now is withheld, what came back comes into the case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from trustdesk.core import states
from trustdesk.core.types import SYSTEM
from trustdesk.flow import duties, silence
from trustdesk.flow.plugins import channel
from trustdesk.flow.record import Todo, locked, record
from trustdesk.flow.work import TryLater, handler
from trustdesk.interfaces.channel import Letter
from trustdesk.models import Clock, Notice, Task

#: Never more letters of one kind to one address in an hour: the last fence against a loop of two machines.
PER_HOUR = 500


def send(notice_id: int, *, clock: Callable[[], datetime]) -> None:
    """Deliver one letter. The same Message-ID on each attempt, so that a second delivery can be seen to be the same."""
    notice = Notice.objects.select_related("case__asset", "case__subject").get(pk=notice_id)
    if notice.state != "queued":
        return
    case, now = notice.case, clock()
    rule, why = silence.forbids(case, notice.kind, notice.to_role, (notice.title, notice.text))
    if rule:  # what was forbidden since it was written
        _mark(notice, "withheld", why, now=now, rule=rule)
        return
    recent = Notice.objects.filter(to_address=notice.to_address, kind=notice.kind, sent_at__gt=now - timedelta(hours=1))
    if recent.count() >= PER_HOUR:
        raise TryLater(f"more than {PER_HOUR} letters of this kind to one address within an hour", 3600)
    desk = settings.DESK
    headers = [("Auto-Submitted", "auto-generated"), ("X-Trustdesk-Case", case.code)]
    if notice.in_reply_to:
        asked = f"<{notice.in_reply_to.strip('<>')}>"
        headers += [("In-Reply-To", asked), ("References", asked)]
    letter = Letter(
        message_id=notice.message_id,
        sender=f"{desk.name} <{desk.address}>",
        to=notice.to_address,
        subject=notice.title,
        text=notice.text,
        html=notice.html,
        language=notice.language,
        headers=tuple(headers),
        sent_at=now,
    )
    delivery = channel().deliver(letter)
    if delivery.status == "retry":
        raise TryLater(f"{delivery.code} {delivery.detail}")
    _mark(notice, delivery.status, f"{delivery.code} {delivery.detail}".strip(), now=clock())


#: What it means for the clocks that a letter went out.
SENT = {
    "outcome": "decision.communicated",
    "statement_of_reasons": "decision.communicated",
    "counter_notice_copy": "counter_notice.forwarded",
    "strike_warning": "warning.given",
    "misuse_warning": "warning.given",
}


def _mark(notice: Notice, state: str, detail: str, *, now: datetime, rule: str = "") -> None:
    with locked(notice.case_id) as case:
        notice = Notice.objects.get(pk=notice.pk)
        if notice.state == state:
            return
        states.check("notice", notice.state, state)
        notice.state, notice.detail = state, detail[:2000].replace("\0", "")
        met: list[Clock] = []
        if state in ("sent", "withheld"):
            met = duties.meet(case, f"notice.{state}:{notice.kind}", now=now)
        if state == "sent":
            notice.sent_at = now
            if notice.kind in SENT:
                met += duties.start(case, SENT[notice.kind], at=now)
        case.next_due_at = duties.next_due(case, met)
        body = {
            "notice": notice,
            "kind": notice.kind,
            "to_role": notice.to_role,
            "state": state,
            "clocks": duties.described(met),
        }
        if rule:
            body["rule"] = rule
        record(case, f"notice.{state}", body, actor=SYSTEM, now=now, rows=[notice, *met])


def bounced(notice_id: int, report_id: int, *, now: datetime) -> None:
    """A letter came back: the case says so, and a person sees it."""
    notice = Notice.objects.get(pk=notice_id)
    with locked(notice.case_id) as case:
        notice = Notice.objects.get(pk=notice_id)
        if notice.state != "sent":
            return
        notice.state = "bounced"
        body = {
            "notice": notice,
            "kind": notice.kind,
            "to_role": notice.to_role,
            "state": "bounced",
            "report": report_id,
        }
        record(case, "notice.bounced", body, actor=SYSTEM, now=now, rows=[notice])


def release(case_id: int, *, now: datetime) -> int:
    """Send what was withheld and may go now: the silence has ended. Returns how many letters go. Safe to repeat."""
    going = 0
    with locked(case_id) as case:
        for notice in Notice.objects.filter(case=case, state="withheld").order_by("id"):
            if silence.forbids(case, notice.kind, notice.to_role, (notice.title, notice.text))[0] or not notice.text:
                continue
            states.check("notice", notice.state, "queued")
            notice.state, notice.detail = "queued", ""
            on = duties.meet(case, f"notice.queued:{notice.kind}", now=now)
            case.next_due_at = duties.next_due(case, on)
            body = {
                "notice": notice,
                "kind": notice.kind,
                "to_role": notice.to_role,
                "state": "queued",
                "clocks": duties.described(on),
            }
            todo = Todo("send", {"notice": notice.pk})
            record(case, "notice.queued", body, actor=SYSTEM, now=now, rows=[notice, *on], tasks=[todo])
            going += 1
    return going


@handler("send")
def run_send(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Send the letter of the task."""
    for task in tasks:
        send(task.arguments["notice"], clock=clock)


@handler("release")
def run_release(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Send what the case of the task withheld and may send now."""
    for task in tasks:
        release(task.arguments["case"], now=clock())
