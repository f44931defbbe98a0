"""Decide: a reasoned choice on a case, by policy and law, with a second person where it matters.

Preview and decide are the same call: `decide(…, persist=False)` goes the whole way, shows what would happen, and
writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Model, QuerySet

from trustdesk.core import deciding, states
from trustdesk.core.deciding import Assessment, CaseFacts, MeasureWish
from trustdesk.core.types import SYSTEM, Actor, Finding, Refused, Role
from trustdesk.flow import duties, enforce, notify, review, silence, strikes, telling
from trustdesk.flow.record import Draft as Change
from trustdesk.flow.record import Todo, locked, record_all
from trustdesk.flow.work import handler
from trustdesk.models import Appeal, Asset, Case, Clock, Decision, Entry, Indicator, Measure, Task
from trustdesk.prepared import Prepared

#: The inventory speaks of prefixes; a policy speaks of addresses.
POLICY_KIND = {"prefix": "ip"}
LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A measure that somebody chose: its kind, the asset it bites on, and the URL or address meant."""

    kind: str
    asset_id: int
    target: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person (or a rule) chose on a case, before it is a decision."""

    outcome: str
    ground: str = "none"
    clause: str = ""
    law: str = ""
    reasons: str = ""
    notes: str = ""
    measures: tuple[Wish, ...] = ()
    automated: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a choice leads to. `allowed` false: `findings` say why. `letters` are (kind, to whom, language)."""

    assessment: Assessment
    measures: tuple[str, ...]
    letters: tuple[tuple[str, str, str], ...]
    clocks_met: tuple[str, ...]
    appeal_until: datetime | None
    decision: Decision | None = None

    @property
    def allowed(self) -> bool:
        """Nothing stands in the way, though it may be held for a second person."""
        return self.assessment.allowed

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What stands in the way, or should be looked at."""
        return self.assessment.findings


def decide(
    case_id: int,
    choice: Choice,
    *,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
    persist: bool = True,
    overrides: Decision | None = None,
    appeal: Appeal | None = None,
    grace: timedelta = timedelta(0),
) -> Preview:
    """Make a decision, or with `persist` false show what it would do.

    `seen` is the `Case.seq` that the person's screen was drawn from; a case that moved on since is refused, so that
    nobody decides on what they have not read. For `grace` the decision rests and its maker can take it back; the policy names
    what goes out at once. Raises Refused with every finding when the decision may not be made.
    """
    with locked(case_id) as case:
        preview = _assess(case, choice, actor=actor, now=now)
        again = review.reopened(case) if overrides is None else None
        first = (*_stale(case, seen, actor), *review.against(again, actor))
        if first:
            preview = replace(preview, assessment=replace(preview.assessment, findings=(*first, *preview.findings)))
        overrides = overrides or (again.decision if again is not None else None)
        if not persist:
            return preview
        blocking = [f for f in preview.findings if f.blocks]
        if blocking:
            raise Refused(*blocking)
        return replace(
            preview,
            decision=_write(
                case, choice, preview, actor=actor, now=now, overrides=overrides, appeal=appeal, grace=grace
            ),
        )


#: What changes nothing about what a person should decide: our own letters on their way, who holds the case.
QUIET = (
    "notice.queued", "notice.sent", "notice.not_possible", "case.assigned", "case.read", "case.snoozed", "case.woken",
    "clock.breached", "review.sampled", "review.done", "review.read",
)  # fmt: skip
#: What changes nothing for the person who did it.
OWN = ("case.noted", "note.withdrawn")


def _stale(case: Case, seen: int | None, actor: Actor) -> tuple[Finding, ...]:
    if seen is None or seen >= case.seq:
        return ()
    since = Entry.objects.filter(chain=case.pk, seq__gt=seen).exclude(kind__in=QUIET)
    news = since.exclude(kind__in=OWN, actor=str(actor)).count()
    if not news:
        return ()
    text = f"The case has moved on since you opened it ({news} new entries). Look at what changed, then decide."
    return (Finding("decision.stale", text, "case"),)


def _assess(case: Case, choice: Choice, *, actor: Actor, now: datetime) -> Preview:
    policy, applied = duties.policy(), duties.applied_to(case)
    assets = {a.pk: a for a in assets_of(case)}
    wishes = tuple(
        MeasureWish(
            w.kind, str(w.asset_id), POLICY_KIND.get(k := assets[w.asset_id].kind, k), assets[w.asset_id].role, w.target
        )
        if w.asset_id in assets
        else MeasureWish(w.kind, str(w.asset_id), "", target=w.target)
        for w in choice.measures
    )
    draft = deciding.Draft(
        choice.outcome, choice.ground, choice.clause, choice.law, choice.reasons, choice.notes, wishes, choice.automated
    )
    facts = CaseFacts(
        category=case.category,
        form=case.form,
        state=case.state,
        provider_role=case.asset.role if case.asset else settings.DESK.service_role,
        assets=frozenset(str(a) for a in assets),
        has_subject=case.subject_id is not None,
        has_reporter=bool(telling.reporters(case)),
        orders=duties.confirmed(case),
        protected=bool(case.subject and case.subject.protected),
        automated_today=Decision.objects.filter(automated=True, made_at__gte=now - timedelta(days=1)).count()
        if choice.automated
        else 0,
    )
    assessment = deciding.assess(policy, applied, facts, draft, maker=str(actor))
    extra = []
    if len(choice.reasons) > LIMIT or len(choice.notes) > LIMIT:
        extra.append(Finding("decision.too_long", f"Reasons and notes end at {LIMIT} characters each.", "reasons"))
    for to in ("customer", "reporter"):
        kept = silence.leak(case, to=to, texts=[choice.reasons])
        if kept is not None:
            text = f"The reasons go to the {to} and hold what must not: {silence.said(kept)}."
            extra.append(Finding("decision.withheld", text, "reasons"))
    extra += strikes.findings(case, [w.kind for w in choice.measures], now=now)
    if case.state == "held" and Decision.objects.filter(case=case, state="resting").exists():
        text = "This case was decided a moment ago; take that back first, or let it go out."
        extra.append(Finding("decision.resting", text, "case"))
    elif case.state == "held":
        extra.append(Finding("decision.held_already", "A decision on this case waits for a second person.", "case"))
    if case.state in ("new", "enforcing"):
        extra.append(
            Finding("decision.too_early", "The desk is still at work on this case; try again in a moment.", "case")
        )
    if extra:
        assessment = replace(assessment, findings=(*assessment.findings, *extra))
    rules_of = {m.kind: m.title for m in policy.measures}
    measures = tuple(
        f"{rules_of.get(w.kind, w.kind)}: {enforce.plan_text(case, w.kind, assets.get(w.asset_id), w.target)}"
        for w in choice.measures
    )
    until = now + timedelta(days=policy.appeal_days) if choice.outcome == "measures" else None
    met = () if assessment.needs_second else tuple(c.title or c.name for c in _would_meet(case, choice))
    return Preview(assessment, measures, telling.addressees(case, assessment.letters), met, until)


def _assets(case: int, own: int, subject: int) -> QuerySet[Asset]:
    targets = Indicator.objects.filter(case_id=case, role=Role.TARGET, asset__isnull=False).values("asset_id")
    # Whoever answers for a site answers with the account as well.
    accounts = Asset.objects.filter(subject_id=subject, kind="account").values("pk")
    every = targets.union(Asset.objects.filter(pk=own).values("pk"), accounts)
    return Asset.objects.filter(pk__in=every).select_related("subject")


_ASSETS = Prepared(_assets)


def assets_of(case: Case) -> list[Asset]:
    """The assets that the case's targets stand on, the case's own first."""
    found = _ASSETS(case.pk, case.asset_id or 0, case.subject_id or 0)
    return sorted(found, key=lambda a: (a.pk != case.asset_id, a.kind == "account", a.pk))


def deeds_of(choice: Choice) -> tuple[str, ...]:
    """The journal entry kinds that a final decision writes, as clocks name them."""
    return ("decision.made", f"decision.made:{choice.outcome}")


def _would_meet(case: Case, choice: Choice) -> list[Clock]:
    from trustdesk.core import clocks as engine

    running = Clock.objects.filter(case=case, state="running")
    return [c for c in running if any(engine.meets(c.meets, deed) for deed in deeds_of(choice))]


def _write(
    case: Case,
    choice: Choice,
    preview: Preview,
    *,
    actor: Actor,
    now: datetime,
    overrides: Decision | None,
    appeal: Appeal | None,
    grace: timedelta,
) -> Decision:
    policy = duties.policy()
    held = preview.assessment.needs_second
    rests = bool(grace) and not held and appeal is None and not {case.category, case.form} & {*policy.at_once}
    decision = Decision(
        case=case,
        outcome=choice.outcome,
        ground=choice.ground,
        law=choice.law[:300],
        clause=choice.clause[:60] if choice.ground == "policy" else "",
        policy=f"{policy.id}@{policy.version}",
        policy_digest=policy.digest,
        reasons=choice.reasons.replace("\0", ""),
        notes=choice.notes.replace("\0", ""),
        plan=[_planned(case, w, now=now) for w in choice.measures],
        automated=choice.automated,
        state="held" if held else "resting" if rests else "final",
        made_by=str(actor),
        made_at=now,
        why_held=preview.assessment.why_second[:300],
        overrides=overrides,
        appeal_until=preview.appeal_until,
    )
    duties.remember(case, now=now)
    if held:
        states.check("case", case.state, "held")
        case.state = "held"
        met = duties.meet(case, "decision.held", now=now) + duties.start(case, "decision.held", at=now)
        case.next_due_at = duties.next_due(case, met)
        body = _body(decision) | {"state": "held", "case_state": case.state, "clocks": duties.described(met)}
        if appeal is not None:
            body["appeal"] = appeal.pk
        record_all([Change(case, "decision.held", body, actor, now, rows=[decision, *met])])
        return decision
    if rests:
        was, until = case.state, now + grace
        states.check("case", case.state, "held")
        case.state = "held"
        body = _body(decision) | {"state": "resting", "case_state": case.state, "was": was, "until": until}
        tasks = [Todo("settle", {"decision": decision}, due_at=until)]
        record_all([Change(case, "decision.rested", body, actor, now, rows=[decision], tasks=tasks)])
        return decision
    record_all(_settle(case, decision, actor=actor, now=now, kind="decision.made", appeal=appeal))
    return decision


def _planned(case: Case, wish: Wish, *, now: datetime) -> dict[str, object]:
    """A measure as the plan keeps it; `repeat` marks the policy's step against a customer who went on after a warning."""
    kept: dict[str, object] = {"kind": wish.kind, "asset": wish.asset_id, "target": wish.target[:2000]}
    return kept | ({"repeat": True} if strikes.is_step(case, wish.kind, now=now) else {})


def _body(decision: Decision) -> dict[str, object]:
    return {
        "decision": decision,
        "outcome": decision.outcome,
        "ground": decision.ground,
        "clause": decision.clause,
        "policy": decision.policy,
        "policy_digest": decision.policy_digest,
        "automated": decision.automated,
        "made_by": decision.made_by,
        "made_at": decision.made_at,
        "plan": [{"kind": p["kind"], "asset": p["asset"]} for p in decision.plan],
        "overrides": decision.overrides_id,
        "repeat": any(p.get("repeat", False) for p in decision.plan),
    }


def _settle(
    case: Case, decision: Decision, *, actor: Actor, now: datetime, kind: str, appeal: Appeal | None = None
) -> list[Change]:
    """The entries of a decision that is final: it stands, its measures are ordered, its letters are owed."""
    decision.state = "final"
    changes: list[Change] = []
    rows: list[Model] = [decision]
    for old in Decision.objects.filter(case=case, state="final").exclude(pk=decision.pk):
        if decision.overrides_id == old.pk:
            states.check("decision", old.state, "overridden")
            old.state = "overridden"
            rows.append(old)
    reviewed = review.replaced(decision, now=now)
    rows += reviewed
    measures = [] if decision.outcome != "measures" else enforce.ordered(case, decision, now=now)
    lifting = enforce.to_lift(decision) if decision.overrides_id else []
    was, case.state = case.state, _next_state(case, decision, measures)
    closing = case.state == "closed" and was != "closed"
    deeds = ("decision.made", f"decision.made:{decision.outcome}", kind)
    met = (duties.close if closing else duties.meet)(case, *deeds, now=now)
    owed = notify.owed(case, decision)
    started = [c for c in duties.start(case, "decision.made", at=now) if duties.possible(c, owed)]
    if decision.outcome == "forwarded":
        started += duties.start(case, "answer.asked", at=now)
        ended = {c.pk for c in met}
        met += [c for c in duties.meet(case, "answer.asked", now=now) if c.pk not in ended]
    case.first_decision_at = case.first_decision_at or now
    case.outcome = decision.outcome
    if closing:
        case.open_key, case.closed_at = None, now
    case.next_due_at = duties.next_due(case, [*met, *started])
    body = _body(decision) | {
        "state": "final",
        "case_state": case.state,
        "measures": [{"id": m, "kind": m.kind, "asset": m.asset_id, "state": "ordered"} for m in measures],
        "overridden": [old.pk for old in rows[1:] if isinstance(old, Decision)],
        "clocks": duties.described([*met, *started]),
        "closed": closing,
    }
    if appeal is not None:
        body["appeal"] = appeal.pk
    if reviewed:
        body["review"] = reviewed[0]
    tasks = [Todo("apply", {"measure": m}) for m in measures]
    tasks += [Todo("lift", {"measure": m.pk, "decision": decision}) for m in lifting]
    tasks.append(Todo("letters", {"decision": decision}))
    if decision.outcome == "measures" and strikes.counts(case):
        tasks.append(Todo("strikes", {"decision": decision}))
    tasks += review.wanted(case, decision)
    changes.append(Change(case, kind, body, actor, now, rows=[*rows, *measures, *met, *started], tasks=tasks))
    return changes


def _next_state(case: Case, decision: Decision, measures: Sequence[Measure]) -> str:
    if measures:
        wanted = "enforcing"
    elif decision.outcome == "forwarded":
        wanted = "waiting"
    else:
        wanted = "closed"
    if case.state == "closed" and wanted != "closed":
        states.check("case", "closed", "open")  # an appeal opens it again on the way
        states.check("case", "open", wanted)
    elif case.state != wanted:
        states.check("case", case.state, wanted)
    return wanted


def settle(decision_id: int, *, now: datetime) -> bool:
    """Let a decision that rested go out, as its maker's; False when it was taken back or is out already."""
    resting = Decision.objects.get(pk=decision_id)
    with locked(resting.case_id) as case:
        decision = Decision.objects.select_for_update().get(pk=decision_id)
        if decision.state != "resting":
            return False
        states.check("decision", decision.state, "final")
        maker = Actor.parse(decision.made_by)
        record_all(_settle(case, decision, actor=maker, now=now, kind="decision.made"))
    return True


def take_back(decision_id: int, *, to: str, actor: Actor, now: datetime) -> Decision:
    """Who made a decision takes it back while it rests; the case is as it was (state `to`). Raises Refused."""
    resting = Decision.objects.get(pk=decision_id)
    with locked(resting.case_id) as case:
        decision = Decision.objects.select_for_update().get(pk=decision_id)
        if decision.made_by != str(actor):
            raise Refused(Finding("undo.not_possible", "This cannot be taken back.", "decision"))
        if decision.state != "resting":
            raise Refused(Finding("undo.too_late", "It has gone out; another decision answers it.", "decision"))
        states.check("decision", decision.state, "taken_back")
        states.check("case", case.state, to)
        decision.state, case.state = "taken_back", to
        body = {"decision": decision, "state": decision.state, "case_state": case.state}
        record_all([Change(case, "decision.taken_back", body, actor, now, rows=[decision])])
    return decision


def approve(decision_id: int, *, actor: Actor, now: datetime, why: str = "") -> Decision:
    """A second person confirms a held decision; it becomes final and is enforced. Raises Refused."""
    held = Decision.objects.get(pk=decision_id)
    with locked(held.case_id) as case:
        decision = Decision.objects.select_for_update().get(pk=decision_id)
        _held_only(decision)
        findings = deciding.may_approve(decision.made_by, str(actor))
        if findings:
            raise Refused(*findings)
        decision.settled_by, decision.settled_at, decision.settled_why = str(actor), now, why[:LIMIT]
        if decision.appeal_until is not None:
            decision.appeal_until = now + timedelta(days=duties.policy().appeal_days)
        states.check("decision", decision.state, "final")
        appeal = _appeal_of(decision)
        changes = _settle(case, decision, actor=actor, now=now, kind="decision.approved", appeal=appeal)
        record_all(changes)
    return decision


def reject(decision_id: int, *, actor: Actor, now: datetime, why: str) -> Decision:
    """A second person sends a held decision back with a reason; the case is open again. Raises Refused."""
    if not why.strip():
        raise Refused(Finding("approval.no_reason", "Say why, so that the first person can do better.", "why"))
    held = Decision.objects.get(pk=decision_id)
    with locked(held.case_id) as case:
        decision = Decision.objects.select_for_update().get(pk=decision_id)
        _held_only(decision)
        states.check("decision", decision.state, "rejected")
        states.check("case", case.state, "open")
        decision.state, case.state = "rejected", "open"
        decision.settled_by, decision.settled_at, decision.settled_why = str(actor), now, why[:LIMIT]
        met = duties.meet(case, "decision.rejected", now=now)
        case.next_due_at = duties.next_due(case, met)
        body = {"decision": decision, "state": "rejected", "case_state": case.state, "clocks": duties.described(met)}
        record_all([Change(case, "decision.rejected", body, actor, now, rows=[decision, *met])])
    return decision


def _held_only(decision: Decision) -> None:
    if decision.state != "held":
        raise Refused(Finding("approval.not_held", "This decision is not waiting for anybody any more.", "decision"))


def _appeal_of(decision: Decision) -> Appeal | None:
    if decision.overrides_id is None:
        return None
    return Appeal.objects.filter(decision_id=decision.overrides_id, state="lodged").first()


def dismiss_not_ours(case: Case, *, now: datetime) -> None:
    """Close a case of which nothing is ours; the reporter learns where to turn. Inside the caller's transaction."""
    reasons = (
        "None of the addresses named in the report belongs to our network or to a customer of ours, so we can neither "
        "look into it nor act on it."
    )
    policy = duties.policy()
    decision = Decision(
        case=case,
        outcome="not_ours",
        ground="none",
        policy=f"{policy.id}@{policy.version}",
        policy_digest=policy.digest,
        reasons=reasons,
        automated=True,
        state="final",
        made_by=str(SYSTEM),
        made_at=now,
    )
    duties.remember(case, now=now)
    record_all(_settle(case, decision, actor=SYSTEM, now=now, kind="decision.made"))


@handler("letters")
def run_letters(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Write the letters that a decision owes."""
    for task in tasks:
        notify.about_decision(task.arguments["decision"], now=clock())


@handler("settle")
def run_settle(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Let decisions go out whose time for taking back is over."""
    for task in tasks:
        settle(task.arguments["decision"], now=clock())
