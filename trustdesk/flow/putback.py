"""Put-back: a counter-notice is judged, copied to the claimant, and has its effect when its window opens.

17 USC 512(g)(2)(B)-(C): access comes back not before ten and not after fourteen business days after an effective
counter-notice, unless the claimant has shown a court action first. Which regimes know such a window, and how long it is,
stands in the rulebook; where a regime has none in force (Mexico until counsel has read the text, Canada which never
removes) nothing comes back by rule and a person decides the appeal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trustdesk.core import clocks as engine
from trustdesk.core import putback as rules_of
from trustdesk.core import states
from trustdesk.core.types import SYSTEM, Actor, Finding, Refused
from trustdesk.flow import duties, enforce, notify, telling, triage
from trustdesk.flow.elements import VERDICT, fact, judged
from trustdesk.flow.letters import composing
from trustdesk.flow.letters import words as wording
from trustdesk.flow.record import Todo, add_tasks, locked, record
from trustdesk.flow.work import handler
from trustdesk.models import Appeal, Case, Clock, Fact, Measure, Notice, Task

EVENT, DOCUMENT = "counter_notice.effective", "counter_notice"
#: Name of the facts that hold court actions and their ends.
ACTION = "law.court_action"
#: So long until a put-back that waits for a person's decision is looked at again.
AGAIN = timedelta(hours=1)
ASK = {
    "en": "Your counter-notice cannot have its effect yet, because it lacks the following. Please answer with it:",
    "es": "Su contraaviso todavía no puede surtir efecto porque le falta lo siguiente. Por favor, responda con ello:",
}


def name_of(appeal: Appeal) -> str:
    """How verdicts on a counter-notice name it."""
    return f"appeal {appeal.pk}"


def judge(
    case: Case,
    appeal: Appeal,
    elements: Mapping[str, bool],
    *,
    at: datetime,
    actor: Actor,
    now: datetime,
    why: str = "",
) -> bool:
    """Judge a counter-notice under every certain regime that knows one; inside the caller's transaction.

    Valid means effective, from `at` on: its clocks start, the claimant gets the copy, the put-back is owed for the first
    day of the window. Returns whether any regime calls it valid. Nothing is written where no regime knows such a thing.
    """
    applied = [a for a in duties.applied_to(case) if a.certain and duties.document_of(a.rules, DOCUMENT)]
    if not applied:
        return False
    verdict_of = {a.regime: judged(a.rules, DOCUMENT, elements) for a in applied}
    effective = [a for a in applied if verdict_of[a.regime].verdict == "valid"]
    facts = [fact(case, name_of(appeal), v, elements, why, actor, now=now) for v in verdict_of.values()]
    clocks = _running(case, {a.regime for a in applied} - {a.regime for a in effective})
    for clock in clocks:  # a correction took the effect away
        duties.end(clock, "cancelled", now=now)
    started = duties.start(case, EVENT, at=at, applied=tuple(effective))
    case.next_due_at = duties.next_due(case, [*clocks, *started])
    triage.reprioritise(case, now=now)
    body = {
        "appeal": appeal.pk,
        "verdicts": [[v.regime, v.version, v.document, v.verdict] for v in verdict_of.values()],
        "effective": bool(effective),
        "at": at,
        "corrected": bool(why),
        "clocks": duties.described([*clocks, *started]),
    }
    tasks = [
        Todo("putback", {"appeal": appeal.pk}, due_at=c.not_before, key=f"putback:{appeal.pk}")
        for c in started
        if c.not_before is not None and is_window(c)
    ]
    if any(is_window(c) for c in started):
        tasks.append(Todo("counter_copy", {"appeal": appeal.pk}, key=f"counter_copy:{appeal.pk}"))
    elif not effective and any(v.missing and not v.open for v in verdict_of.values()):
        tasks.append(Todo("counter_ask", {"appeal": appeal.pk}, key=f"counter_ask:{appeal.pk}"))
    record(case, "counter_notice.judged", body, actor=actor, now=now, rows=[*facts, *clocks, *started], tasks=tasks)
    return bool(effective)


def correct(
    appeal_id: int,
    changes: Mapping[str, bool],
    *,
    why: str,
    actor: Actor,
    now: datetime,
    effective_at: datetime | None = None,
) -> bool:
    """A person says which elements a counter-notice has (full ids); it is judged again. Returns whether it is effective.

    `effective_at` is when it became whole: when it was lodged, unless the rest came later. Raises Refused.
    """
    why = why.replace("\0", "").strip()
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("validity.no_reason", "Say in 3 to 500 characters what shows it.", "why"))
    appeal = Appeal.objects.get(pk=appeal_id)
    with locked(appeal.case_id) as case:
        appeal = Appeal.objects.select_for_update().get(pk=appeal_id)
        if appeal.kind != "counter_notice" or appeal.state != "lodged":
            raise Refused(Finding("putback.closed", "This counter-notice is not open any more.", "appeal"))
        known = {
            f"{a.regime}.el.{e.id}" for a in duties.applied_to(case) for e in a.rules.elements if e.document == DOCUMENT
        }
        strangers = sorted(set(changes) - known)
        if strangers or not changes:
            raise Refused(Finding("validity.element", f"No regime asks for {', '.join(strangers)}.", "elements"))
        at = effective_at or appeal.lodged_at
        if not appeal.lodged_at <= at <= now:
            raise Refused(Finding("putback.at", "It became effective between its arrival and now.", "effective_at"))
        last = Fact.objects.filter(case=case, name=VERDICT, about=name_of(appeal)).order_by("-id").first()
        elements = (dict(last.value["all"]) if last is not None else {}) | dict(changes)
        return judge(case, appeal, elements, at=at, actor=actor, now=now, why=why)


def is_window(clock: Clock) -> bool:
    """A clock whose duty is to give access back."""
    return engine.meets(clock.meets, "measure.lifted")


def _running(case: Case, regimes: set[str]) -> list[Clock]:
    """Running clocks of these regimes that a counter-notice started."""
    names = {
        (a.regime, c.id)
        for a in duties.applied_to(case)
        if a.regime in regimes
        for c in a.rules.clocks
        if c.starts_on == EVENT
    }
    running = Clock.objects.filter(case=case, regime__in=regimes, state="running")
    return [c for c in running if (c.regime, c.name) in names]


def effective(appeal: Appeal) -> bool:
    """A regime of the case calls the counter-notice valid, by its newest verdict."""
    newest: dict[str, str] = {}
    found = Fact.objects.filter(case_id=appeal.case_id, name=VERDICT, about=name_of(appeal)).order_by("id")
    for value in found.values_list("value", flat=True):
        newest[value["regime"]] = value["verdict"]
    return appeal.kind == "counter_notice" and "valid" in newest.values()


def standing(case: Case) -> rules_of.PutBack | None:
    """The window of the case's newest put-back clock with what was shown since; None where there is none."""
    windows = [c for c in Clock.objects.filter(case=case).order_by("-id") if is_window(c) and c.not_before and c.due_at]
    if not windows:
        return None
    window = windows[0]
    assert window.not_before is not None and window.due_at is not None
    action_at = over_at = None
    for said in Fact.objects.filter(case=case, name=ACTION).order_by("id"):
        if said.value["over"]:
            over_at = said.observed_at
        else:
            action_at, over_at = said.observed_at, None
    return rules_of.PutBack(window.not_before, window.due_at, action_at, over_at)


def liftable(appeal: Appeal) -> list[Measure]:
    """The measures that a put-back ends: those of the decision on material. What was done to a whole account rests on
    the policy against repeat infringers (512(i)), and a person decides on it."""
    bites = Measure.objects.filter(decision=appeal.decision, state__in=enforce.STANDING).select_related("asset")
    return [m for m in bites if m.asset is None or m.asset.kind != "account"]


def hurdles(case: Case, appeal: Appeal, now: datetime) -> tuple[Finding, ...]:
    """What stands in the way of giving access back now; empty when the law wants it back."""
    found = []
    if appeal.kind != "counter_notice" or appeal.state != "lodged":
        found.append(Finding("putback.closed", "This counter-notice is not open any more.", "appeal"))
    if not effective(appeal):
        found.append(
            Finding("putback.not_effective", "The counter-notice lacks an element that the law asks for.", "appeal")
        )
    if appeal.decision.state != "final":
        found.append(
            Finding("putback.replaced", "The decision was replaced; the new one says what stands.", "decision")
        )
    if "court_order" in duties.confirmed(case):
        found.append(Finding("putback.order", "A court order on the case beats the put-back.", "case"))
    if case.state == "held":
        found.append(Finding("putback.case_held", "A decision on the case waits for a second person.", "case"))
    window = standing(case)
    if window is None:
        found.append(Finding("putback.no_window", "No regime of the case gives access back by rule.", "case"))
    else:
        found += rules_of.may_restore(window, now)
    if not liftable(appeal):
        found.append(Finding("putback.nothing", "No measure on material stands.", "measures"))
    return tuple(found)


def restore(appeal_id: int, *, now: datetime) -> tuple[Finding, ...]:
    """Order the put-back if nothing stands in its way; what does, otherwise. Safe to repeat."""
    appeal = Appeal.objects.get(pk=appeal_id)
    with locked(appeal.case_id) as case:
        appeal = Appeal.objects.select_for_update(of=("self",)).select_related("decision").get(pk=appeal_id)
        found = hurdles(case, appeal, now)
        codes = {f.code for f in found}
        if found:
            later = now + AGAIN if codes == {"putback.case_held"} else None
            window = standing(case)
            if codes == {"putback.waiting"} and window is not None:
                later = window.not_before  # it was counted again meanwhile
            if later is not None:
                add_tasks([Todo("putback", {"appeal": appeal_id}, due_at=later, key=f"putback:{appeal_id}")], now=now)
            return found
        _order(case, appeal, now=now)
    return ()


def _order(case: Case, appeal: Appeal, *, now: datetime) -> None:
    window = standing(case)
    assert window is not None
    measures = liftable(appeal)
    states.check("appeal", appeal.state, "put_back")
    appeal.state, appeal.resolved_by, appeal.resolved_at = "put_back", str(SYSTEM), now
    appeal.reasons = notify.PUT_BACK["en"].format(law=_law(case))
    closed = case.state == "open" and not case.appeals.filter(state="lodged").exclude(pk=appeal.pk).exists()
    met = (duties.close if closed else duties.meet)(case, "appeal.resolved", "appeal.resolved:put_back", now=now)
    if closed:
        states.check("case", case.state, "closed")
        case.state, case.closed_at = "closed", now
    case.next_due_at = duties.next_due(case, met)
    body = {
        "appeal": appeal,
        "decision": appeal.decision_id,
        "not_before": window.not_before,
        "due": window.due_at,
        "measures": [m.pk for m in measures],
        "case_state": case.state,
        "closed": closed,
        "clocks": duties.described(met),
    }
    tasks = [Todo("lift", {"measure": m.pk, "decision": None}) for m in measures]
    record(case, "putback.ordered", body, actor=SYSTEM, now=now, rows=[appeal, *met], tasks=tasks)


def court_action(
    case_id: int, *, court: str, number: str, why: str, actor: Actor, now: datetime, over: bool = False
) -> Fact:
    """A person has read the papers of a court action that the claimant showed (or, with `over`, of its end).

    An action stops the put-back until it is over; that somebody means to sue is not enough. Raises Refused without a
    court and a number, and once access has come back.
    """
    court, number, why = (text.replace("\0", "").strip() for text in (court, number, why))
    if not court or not number or len(court) > 200 or len(number) > 100:
        raise Refused(Finding("court_action.which", "Name the court and the number of the action.", "court"))
    if not 3 <= len(why) <= 500:
        raise Refused(Finding("court_action.no_reason", "Say in 3 to 500 characters which paper shows it.", "why"))
    if actor.kind != "person":
        raise Refused(Finding("confirm.person", "Only a person of the desk confirms.", "actor"))
    with locked(case_id) as case:
        if case.appeals.filter(kind="counter_notice", state="put_back").exists():
            text = "Access has come back already. What a court orders now is an order of its own."
            raise Refused(Finding("court_action.late", text, "case"))
        known = standing(case)
        if over and not Fact.objects.filter(case=case, name=ACTION).exists():
            raise Refused(Finding("court_action.none", "No court action is on this case.", "case"))
        value = {"court": court, "number": number, "why": why, "over": over}
        said = Fact(case=case, about=case.code, name=ACTION, value=value, source=str(actor), observed_at=now)
        kind = "court_action.ended" if over else "court_action.accepted"
        met = duties.meet(case, kind, now=now)
        case.next_due_at = duties.next_due(case, met)
        body = {"clocks": duties.described(met)}
        waiting = case.appeals.filter(kind="counter_notice", state="lodged").order_by("-id").first()
        tasks = []
        if over and waiting is not None and known is not None:
            due = max(now, known.not_before)
            tasks.append(Todo("putback", {"appeal": waiting.pk}, due_at=due, key=f"putback:{waiting.pk}"))
        record(case, kind, body, actor=actor, now=now, rows=[said, *met], tasks=tasks)
    return said


def _law(case: Case) -> str:
    window = next((c for c in Clock.objects.filter(case=case).order_by("-id") if is_window(c)), None)
    return window.source if window is not None else ""


def send_copy(appeal_id: int, *, now: datetime) -> None:
    """The counter-notice in full to whoever gave notice, with the day on which access comes back (512(g)(2)(B))."""
    appeal = Appeal.objects.select_related("decision").get(pk=appeal_id)
    with locked(appeal.case_id) as case:
        window = standing(case)
        if window is None or Notice.objects.filter(appeal=appeal, kind="counter_notice_copy").exists():
            return
        facts = replace(
            telling.facts_about(case, decision=appeal.decision, appeal=appeal),
            counter_notice=appeal.text,
            restore_after=window.not_before,
            restore_by=window.due_at,
            law=_law(case),
        )
        for report in telling.reporters(case):
            notify.to_reporter(case, report, "counter_notice_copy", facts=facts, now=now, appeal=appeal)


def ask(appeal_id: int, *, now: datetime) -> None:
    """Ask the customer for what the counter-notice lacks; once."""
    appeal = Appeal.objects.select_related("decision").get(pk=appeal_id)
    with locked(appeal.case_id) as case:
        if appeal.state != "lodged" or Notice.objects.filter(appeal=appeal, kind="ask").exists():
            return
        language = telling.language_for(case.subject.language if case.subject else "")
        words = wording.load(composing.folders(), language)
        lacking: dict[str, str] = {}
        for said in Fact.objects.filter(case=case, name=VERDICT, about=name_of(appeal)).order_by("id"):
            if said.value["verdict"] not in ("valid", "open"):
                lacking |= {m: words.element(f"{said.value['regime']}.el.{m}") for m in said.value["missing"]}
        question = "\n".join([ASK.get(language, ASK["en"]), *(f"- {text}" for text in lacking.values())])
        facts = replace(
            telling.facts_about(case, decision=appeal.decision, appeal=appeal),
            question=question,
            answer_by=now + timedelta(hours=duties.policy().answer_hours),
        )
        notify.to_customer(case, "ask", facts=facts, now=now, appeal=appeal)


@handler("putback")
def run_putback(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Give access back for the counter-notice of the task, if the law still wants it."""
    for task in tasks:
        restore(task.arguments["appeal"], now=clock())


@handler("counter_copy")
def run_copy(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Send the copy of the counter-notice of the task."""
    for task in tasks:
        send_copy(task.arguments["appeal"], now=clock())


@handler("counter_ask")
def run_ask(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Ask for what the counter-notice of the task lacks."""
    for task in tasks:
        ask(task.arguments["appeal"], now=clock())
