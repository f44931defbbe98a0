"""The journal of a case in sentences. An entry of an unknown kind is shown by its kind: nothing is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trustdesk.queries.case_page import Line, View
from trustdesk.queries.traffic import case_code
from trustdesk.web import safe_text, words

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline. `tone` is "", "danger", "warn" or "ok"."""

    at: datetime
    text: str
    who: str
    kind: str
    seq: int
    tone: str = ""
    times: int = 1
    by_desk: bool = False


def events(view: View, names: Mapping[str, str]) -> list[Event]:
    """The timeline of a case, oldest first. The same thing said again within a minute is one line with a count."""
    shown: list[Event] = []
    for line in view.lines:
        fresh = event(line, view, names)
        last = shown[-1] if shown else None
        if last and (last.text, last.who) == (fresh.text, fresh.who) and fresh.at - last.at < timedelta(minutes=1):
            shown[-1] = replace(last, times=last.times + 1)
        else:
            shown.append(fresh)
    return shown


def event(line: Line, view: View, names: Mapping[str, str]) -> Event:
    """One entry as a sentence."""
    say = _SAY.get(line.kind)
    text = say(line.body, view) if say else line.kind.replace("_", " ").replace(".", ": ")
    return Event(
        line.at,
        text,
        who(line.actor, names),
        line.kind,
        line.seq,
        _TONE.get(line.kind, ""),
        by_desk=line.actor == "system",
    )


def who(actor: str, names: Mapping[str, str]) -> str:
    """The actor as people know them."""
    if actor in names:
        return names[actor]
    kind, _sep, ident = actor.partition(":")
    return {
        "system": _("the desk"),
        "reporter": _("the reporter"),
        "customer": _("the customer"),
        "plugin": ident,
        "token": _("API"),
    }.get(kind, actor)


def _report(body: Body, view: View) -> str:
    report = next((r for r in view.reports if r.pk == body.get("report")), None)
    channel = words.word("channel", body.get("channel") or (report.channel if report else ""))
    sender = ""
    if report is not None and report.reporter is not None:
        named = report.reporter.organisation or report.reporter.name or report.reporter.email
        sender = safe_text.one_line(safe_text.defang_line(named), 120)
    if sender:
        return _("Report from %(sender)s by %(channel)s") % {"sender": sender, "channel": channel}
    return _("Report by %(channel)s") % {"channel": channel}


def _opened(body: Body, view: View) -> str:
    laws = ", ".join(str(r[0]) for r in body.get("regimes", []))
    queue = words.word("queue", str(body.get("queue", "")))
    if laws:
        return _("Case opened in %(queue)s; running: %(laws)s") % {"queue": queue, "laws": laws}
    return _("Case opened in %(queue)s") % {"queue": queue}


def _reread(body: Body, view: View) -> str:
    elsewhere = [case_code(number) for number in body.get("to", [])]
    text = _("%(report)s was read again") % {"report": _report(body, view)}
    if elsewhere:
        text += " · " + _("it belongs to %(cases)s now") % {"cases": ", ".join(elsewhere)}
    return text


def _authenticated(body: Body, view: View) -> str:
    results = ", ".join(f"{method.upper()} {result}" for method, result in body.get("results", []))
    proven = _("the sender's address is proven") if body.get("aligned") else _("the sender's address is not proven")
    return _("Sender checked") + f": {results} · {proven}"


def _withdrawn(body: Body, view: View) -> str:
    text = ngettext("%(n)s report withdrawn", "%(n)s reports withdrawn", len(body.get("withdrawn", []))) % {
        "n": len(body.get("withdrawn", []))
    }
    sure = _("the sender's address is proven") if body.get("proven") else _("confirmed by a person")
    return " · ".join([text, sure, *([_("case closed")] if body.get("closed") else [])])


def _judged(body: Body, view: View) -> str:
    found = [f"{v[0]}: {words.word('verdict', str(v[3]))}" for v in body.get("verdicts", []) if len(v) > 3]
    text = _("Notice judged") + (f" · {', '.join(found)}" if found else "")
    return text + (f" · {_('corrected by a person')}" if body.get("corrected") else "")


def _decision(body: Body, view: View) -> str:
    outcome = words.word("outcome", str(body.get("outcome", "")))
    decision = next((d for d in view.decisions if d.pk == body.get("decision")), None)
    plan = ", ".join(dict.fromkeys(words.word("measure", m["kind"]) for m in (decision.plan if decision else [])))
    clause = f" ({_('clause %(clause)s') % {'clause': decision.clause}})" if decision and decision.clause else ""
    return f"{outcome}{': ' + plan if plan else ''}{clause}"


def _measure(text: Callable[[str], str]) -> Callable[[Body, View], str]:
    def say(body: Body, view: View) -> str:
        measure = next((m for m in view.measures if m.pk == body.get("measure")), None)
        what = words.word("measure", measure.kind) if measure else _("measure")
        on = f" · {measure.asset.ref}" if measure and measure.asset else ""
        return text(what + on)

    return say


def _notice(text: Callable[[str], str]) -> Callable[[Body, View], str]:
    def say(body: Body, view: View) -> str:
        notice = next((n for n in view.notices if n.pk == body.get("notice")), None)
        kind = str(body.get("kind") or (notice.kind if notice else ""))
        return text(words.word("notice", kind) if kind else _("letter"))

    return say


def _fixed(text: object) -> Callable[[Body, View], str]:
    """The same sentence whatever the entry holds."""
    return lambda b, v: str(text)


def _clock(state: str, text: Callable[[str], str]) -> Callable[[Body, View], str]:
    def say(body: Body, view: View) -> str:
        numbers = {
            told.get("id"): told.get("name", "") for told in body.get("clocks", []) if told.get("state") == state
        }
        titles = {c.pk: c.title or c.name for c in view.clocks}
        return text(", ".join(str(titles.get(number) or name) for number, name in numbers.items()))

    return say


_SAY: dict[str, Callable[[Body, View], str]] = {
    "report.received": _report,
    "report.reread": _reread,
    "report.authenticated": _authenticated,
    "report.withdrawn": _withdrawn,
    "report.joined": lambda b, v: _("%(report)s joined") % {"report": _report(b, v)},
    "notice.judged": _judged,
    "counter_notice.judged": _judged,
    "report.linked": lambda b, v: _("%(report)s linked") % {"report": _report(b, v)},
    "case.opened": _opened,
    "case.enriched": lambda b, v: _("Looked up whose it is: %(n)s facts") % {"n": b.get("facts", 0)},
    "case.assigned": lambda b, v: (
        _("Assigned") if b.get("to") or b.get("assigned_to") else _("Given back to the queue")
    ),
    "case.taken": lambda b, v: _("Taken"),
    "case.noted": lambda b, v: _("Note added"),
    "case.read": lambda b, v: _("Answer read"),
    "note.withdrawn": lambda b, v: _("Note withdrawn"),
    "case.snoozed": lambda b, v: _("Put away for a while"),
    "case.woken": lambda b, v: _("Back in the lists"),
    "case.reopened": lambda b, v: _("Case reopened"),
    "case.closed": lambda b, v: _("Case closed"),
    "review.sampled": lambda b, v: _("Drawn for a second look"),
    "review.done": lambda b, v: (
        _("Reviewed: agreed")
        if b.get("agreed")
        else _("Reviewed: %s") % words.word("review_reason", str(b.get("reason", "")))
    ),
    "review.read": lambda b, v: _("Review read"),
    "review.reopened": lambda b, v: _("Looked at again after a review"),
    "review.stood": lambda b, v: _("Looked at again: the decision stands"),
    "answer.received": lambda b, v: _("Answer received"),
    "survey.answered": lambda b, v: (
        _("Asked how we did, they answered: %(answer)s") % {"answer": words.word("satisfaction", b["answer"])}
    ),
    "decision.made": lambda b, v: _("Decided: %s") % _decision(b, v),
    "decision.rested": lambda b, v: _("Decided; it goes out in a moment: %s") % _decision(b, v),
    "decision.taken_back": lambda b, v: _("Decision taken back before anything went out"),
    "decision.held": lambda b, v: _("Decided and held for a second person: %s") % _decision(b, v),
    "decision.approved": lambda b, v: _("Second person agreed: %s") % _decision(b, v),
    "decision.rejected": lambda b, v: _("Second person sent the decision back"),
    "measure.attempted": _measure(lambda m: _("Trying: %s") % m),
    "measure.applied": _measure(lambda m: _("Applied: %s") % m),
    "measure.confirmed": _measure(lambda m: _("Confirmed from outside: %s") % m),
    "measure.failed": _measure(lambda m: _("Failed: %s") % m),
    "measure.lifting": _measure(lambda m: _("Lifting: %s") % m),
    "measure.lifted": _measure(lambda m: _("Lifted: %s") % m),
    "measure.cancelled": _measure(lambda m: _("Cancelled: %s") % m),
    "measure.retried": _measure(lambda m: _("Tried again: %s") % m),
    "notice.queued": _notice(lambda n: _("Letter written: %s") % n),
    "notice.sent": _notice(lambda n: _("Letter sent: %s") % n),
    "notice.bounced": _notice(lambda n: _("Letter came back: %s") % n),
    "notice.failed": _notice(lambda n: _("Letter could not be sent: %s") % n),
    "notice.withheld": _notice(lambda n: _("Letter withheld: %s") % n),
    "appeal.lodged": lambda b, v: _("Appeal lodged"),
    "appeal.resolved": lambda b, v: _("Appeal decided: %s") % words.word("appeal_state", str(b.get("state", ""))),
    "clock.breached": _clock("breached", lambda c: _("Deadline missed: %s") % c),
    "clock.recomputed": lambda b, v: _("Clocks counted again: the calendar has changed"),
    "case.confirmed": lambda b, v: (
        _("Confirmed: %s") % b.get("fact", "") if b.get("holds") else _("Not so (any more): %s") % b.get("fact", "")
    ),
    "court_action.accepted": lambda b, v: _("Court action shown: nothing comes back until it is over"),
    "court_action.ended": lambda b, v: _("Court action over"),
    "putback.ordered": lambda b, v: _("Access comes back by law after the counter-notice"),
    "clock.extended": lambda b, v: _("A period was made longer"),
    "case.resumed": lambda b, v: _("Waits no longer: %s") % words.word("queue", str(b.get("queue", ""))),
    "words.erased": lambda b, v: _("Erased: names, letters and words that nothing keeps any more"),
    **{kind: _fixed(text) for kind, text in words.SUSPENSION_EVENT.items()},
    "event.recorded": lambda b, v: _("Recorded: %s") % words.event(str(b.get("event", ""))),
    "event.withdrawn": lambda b, v: _("Taken back: %s") % words.event(str(b.get("event", ""))),
    **{kind: _fixed(text) for kind, text in words.SUBMISSION_EVENT.items()},
    "clock.expired": _clock("expired", lambda c: _("Window closed: %s") % c),
}

_TONE = {
    "measure.confirmed": "ok",
    "measure.failed": "danger",
    "clock.breached": "danger",
    "notice.bounced": "danger",
    "notice.failed": "danger",
    "submission.refused": "warn",
    "decision.rejected": "warn",
    "decision.held": "warn",
    "suspension.held": "warn",
    "suspension.contested": "warn",
    "court_action.accepted": "warn",
}
