"""Clocks of a case: which duties start with an event, and which are met by what was done."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings

from trustdesk import rules
from trustdesk.core import clocks as engine
from trustdesk.core import owed, states
from trustdesk.core.clocks import ClockDraft
from trustdesk.core.policies import Policy, parse_policy
from trustdesk.core.regime_rules import CUSTOMERS, LAPSING, OURS
from trustdesk.core.regimes import Applied, Facts, Regime, again, applicable
from trustdesk.core.strict import BadRules
from trustdesk.core.taxonomy import CategoryInfo
from trustdesk.core.types import Form
from trustdesk.models import Case, Clock, Fact, Notice, RuleText
from trustdesk.prepared import Prepared


def policy() -> Policy:
    """The house policy in force."""
    return rules.current().policies[settings.DESK.policy]


def policy_of(digest: str) -> Policy:
    """The policy that a decision was made under, by its digest: what was broken is quoted as it stood then. The policy in
    force where that text is not kept, or is written as no policy is any more."""
    return _policy_of(digest) or policy()


@lru_cache(maxsize=64)
def _policy_of(digest: str) -> Policy | None:
    for known in rules.current().versions:
        if known.digest == digest:
            return known
    kept = RuleText.objects.filter(pk=digest).values_list("text", flat=True).first()
    if kept is None:
        return None
    with suppress(BadRules, tomllib.TOMLDecodeError):
        return parse_policy(tomllib.loads(kept), file=digest, digest=digest)
    return None


def appeal_until(decided_at: datetime) -> datetime:
    """Until when a decision may be appealed: never shorter than the six months of DSA Article 20(1)."""
    return decided_at + timedelta(days=policy().appeal_days)


def kind_of(category: str) -> CategoryInfo:
    """What the taxonomy says of a category: severity, harm, titles."""
    return rules.current().taxonomy.category(category)


def facts_of(
    *,
    category: str,
    form: str,
    channel: str = "",
    role: str = "",
    reporter_country: str = "",
    customer_country: str = "",
) -> Facts:
    """What the engine is told about a case; the provider's own country and role come from `desk.toml`."""
    return Facts(
        category=category,
        form=form,
        channel=channel,
        provider_role=role or settings.DESK.service_role,
        provider_country=settings.DESK.country,
        reporter_country=reporter_country,
        customer_country=customer_country,
        switched_on=frozenset(settings.DESK.switched_on),
        switched_off=frozenset(settings.DESK.switched_off),
    )


def regimes_for(facts: Facts, *, now: datetime) -> tuple[Applied, ...]:
    """The regimes that run on a case with these facts."""
    return _regimes_for(rules.current().digest, facts, now.date())


@lru_cache(maxsize=4096)
def _regimes_for(digest: str, facts: Facts, on: date) -> tuple[Applied, ...]:
    return applicable(rules.current().regimes.values(), facts, on)


def as_rows(applied: Iterable[Applied]) -> list[dict[str, Any]]:
    """What `Case.regimes` keeps: which law, in which version, and why."""
    return [
        {"id": a.regime, "version": a.version, "digest": a.digest, "certain": a.certain, "why": a.why} for a in applied
    ]


#: What the row of a regime says of which a person said so.
NOT_BINDING = "a person says that it does not bind"
#: Name of the facts that hold what a person has confirmed of a case.
CONFIRMED = "law.confirmed"


_SAID = Prepared(
    lambda case: Fact.objects.filter(case_id=case, name=CONFIRMED).order_by("id").values_list("value", flat=True)
)


def confirmed(case: Case) -> frozenset[str]:
    """What a person has confirmed of the case, as rules name it; the newest word on each thing counts.

    Asked once for each entry of the case's chain: what people say comes with an entry.
    """
    if not case.pk:
        return frozenset()
    known: tuple[int, frozenset[str]] | None = case.__dict__.get("_confirmed")
    if known is None or known[0] != case.seq:
        latest = {said["what"]: said["holds"] for said in _SAID(case.pk)}
        known = case.__dict__["_confirmed"] = case.seq, frozenset(what for what, holds in latest.items() if holds)
    return known[1]


def applied_to(case: Case, *, also: str = "") -> tuple[Applied, ...]:
    """The regimes that run on a case, as values; `also` is something that is being confirmed at this moment.

    A regime of which a person said that it does not bind is left out.
    """
    role = case.asset.role if case.asset else ""
    country = case.subject.country if case.subject else ""
    facts = facts_of(category=case.category, form=case.form, role=role, customer_country=country)
    said = confirmed(case) | ({also} if also else frozenset())
    if said:
        facts = replace(facts, confirmed=said)
    ids = tuple(row["id"] for row in case.regimes if row["certain"] or row["why"] != NOT_BINDING)
    return _again(rules.current().digest, ids, facts)


@lru_cache(maxsize=4096)
def _again(digest: str, ids: tuple[str, ...], facts: Facts) -> tuple[Applied, ...]:
    return again(rules.current().regimes.values(), ids, facts)


#: Which documents a report of a form may be, by the regimes' names for them; the first that a regime knows is judged.
DOCUMENTS: Mapping[str, tuple[str, ...]] = {
    Form.NOTICE: (
        "notice",
        "removal_request",
        "ncii_notice",
        "abuse_report",
        "complaint",
        "inaccuracy_report",
        "report",
    ),
    Form.DMCA: ("notice", "complaint"),
    Form.COUNTER_NOTICE: ("counter_notice",),
}


def document_of(regime: Regime, form: str) -> str:
    """The document that a report of this form is to a regime; empty when the regime says nothing about such a thing."""
    known = {e.document for e in regime.elements if not e.off}
    return next((d for d in DOCUMENTS.get(form, ()) if d in known), "")


def judges(case: Case, form: str) -> bool:
    """Does any regime of the case judge reports of this form?"""
    return form in DOCUMENTS and _judges(rules.current().digest, tuple(row["id"] for row in case.regimes), form)


@lru_cache(maxsize=4096)
def _judges(digest: str, ids: tuple[str, ...], form: str) -> bool:
    regimes = rules.current().regimes
    return any(document_of(regimes[ident], form) for ident in ids if ident in regimes)


def remember(case: Case, *, now: datetime) -> None:
    """Keep the text of the policy and of the case's regimes as they stand now, by digest, so that a decision can be
    checked against them when the files have long changed."""
    keep((policy().digest, *(row["digest"] for row in case.regimes)), now=now)


def keep(digests: Iterable[str], *, now: datetime) -> None:
    """Keep the texts of these digests that are not kept yet; inside the caller's transaction."""
    texts = rules.current().texts
    wanted = set(digests) & texts.keys()
    missing = wanted - set(RuleText.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    rows = [
        RuleText(digest=d, ident=texts[d][0], version=texts[d][1], text=texts[d][2], first_used_at=now)
        for d in sorted(missing)
    ]
    if rows:
        RuleText.objects.bulk_create(rows, ignore_conflicts=True)


def start(case: Case, event: str, *, at: datetime, applied: tuple[Applied, ...] | None = None) -> list[Clock]:
    """Unsaved clocks that `event` starts for the regimes of the case: its clocks, and the duties that no clock counts.
    One that still runs is not started twice."""
    applied = applied_to(case) if applied is None else applied
    drafts = engine.starting(applied, event, at=at, calendars=rules.current().calendars, location=settings.DESK.country)
    drafts += owed.owed(applied, event, at=at)
    if case.pk and drafts:
        running = set(Clock.objects.filter(case=case, state__in=("running", "paused")).values_list("regime", "name"))
        drafts = tuple(d for d in drafts if (d.regime, d.name) not in running)
        begun = {d.regime for d in drafts}
        known = {row["digest"] for row in case.regimes}
        newer = {a.digest for a in applied if a.regime in begun} - known
        if newer:  # the rulebook moved on since the case was opened
            keep(newer, now=at)
    clocks = [_clock(case, d) for d in drafts]
    if case.pk and any(clock.pauses for clock in clocks):
        silent = Notice.objects.filter(case=case, state="withheld").values_list("kind", flat=True)
        kept_back = [f"notice.withheld:{kind}" for kind in set(silent)]
        for clock in clocks:  # the letter is written, and must not go yet
            if any(engine.stops(clock.pauses, deed) for deed in kept_back):
                clock.state, clock.paused_at = "paused", at
    return clocks


def _clock(case: Case, d: ClockDraft) -> Clock:
    ours = d.actor in OURS
    theirs = "customer" if d.actor in CUSTOMERS else d.actor[:12]
    letters = [kind.partition(":")[2] for kind in d.meets if kind.startswith("notice.sent:")]
    known = {*d.meets, *d.stops}
    waiting = [f"notice.withheld:{letter}" for letter in letters if f"notice.withheld:{letter}" not in known]
    return Clock(
        case=case,
        name=d.name[:60],
        title=d.title[:200],
        kind=d.kind,
        actor="provider" if ours else theirs,
        regime=d.regime,
        regime_version=d.version,
        source=d.source[:300],
        calendar=d.calendar,
        calendar_version=d.calendar_version,
        meets=list(d.meets),
        stops=list(d.stops),
        # A letter that must not go now is owed when the silence ends: its clock stands still meanwhile.
        pauses=[*d.pauses, *waiting],
        resumes=[*d.resumes, *(f"notice.queued:{letter}" for letter in letters if waiting)],
        # What lapses is nobody's breach, and what authorities and courts miss is not for us to count.
        expires=d.shape in LAPSING or not (ours or theirs == "customer"),
        started_at=d.starts_at,
        not_before=d.not_before,
        due_at=d.due_at,
    )


def meet(case: Case, *deeds: str, now: datetime) -> list[Clock]:
    """Clocks that `deeds` meet, stop, pause or resume, already changed and not yet saved.

    A late deed is a late deed: the clock of a breached duty is met and keeps its breach.
    """
    changed = []
    for clock in Clock.objects.filter(case=case, state__in=("running", "paused", "breached")):
        if any(engine.meets(clock.meets, deed) for deed in deeds):
            if clock.state == "running" and clock.due_at is not None and clock.due_at < now and not clock.expires:
                clock.breached_at = clock.due_at  # nobody ticked in between; the law does not care
            end(clock, "met", now=now)
        elif clock.state != "breached" and any(engine.stops(clock.stops, deed) for deed in deeds):
            end(clock, "cancelled", now=now)
        elif clock.state == "running" and any(engine.stops(clock.pauses, deed) for deed in deeds):
            if clock.due_at is not None and clock.due_at < now:
                continue  # too late to stand still
            states.check("clock", clock.state, "paused")
            clock.state, clock.paused_at = "paused", now
        elif clock.state == "paused" and any(engine.stops(clock.resumes, deed) for deed in deeds):
            go_on(clock, now=now)
        else:
            continue
        changed.append(clock)
    return changed


def go_on(clock: Clock, *, now: datetime) -> None:
    """Let a paused clock run again, later by the time it stood; unsaved."""
    states.check("clock", clock.state, "running")
    assert clock.paused_at is not None
    if clock.due_at is not None:
        clock.due_at = engine.resume(clock.due_at, paused_at=clock.paused_at, resumed_at=now)
    if clock.not_before is not None and clock.not_before > clock.paused_at:
        clock.not_before = engine.resume(clock.not_before, paused_at=clock.paused_at, resumed_at=now)
    clock.state, clock.paused_at = "running", None


def end(clock: Clock, state: str, *, now: datetime) -> None:
    """End a clock, unsaved. Raises Refused where its life does not allow it."""
    states.check("clock", clock.state, state)
    clock.state, clock.ended_at = state, now


#: What only a person can do or record, and what a letter does that may still be on its way when the case is closed.
OUTLIVING = ("filing.submitted", "duty.done", "request.answered", "notice.sent")


def close(case: Case, *deeds: str, now: datetime) -> list[Clock]:
    """Clocks that end because the case is closed by `deeds`: those they meet, those that closing stops, and those
    without a due time that nothing can meet any more. A duty that outlives the case runs on: one with a due time, a letter
    on its way, a filing that a person owes."""
    changed = meet(case, *deeds, "case.closed", now=now)
    done = {clock.pk for clock in changed}
    still = Clock.objects.filter(case=case, state__in=("running", "paused"), due_at__isnull=True)
    for clock in still.exclude(pk__in=done):
        if not any(kind.partition(":")[0] in OUTLIVING for kind in clock.meets):
            end(clock, "cancelled", now=now)
            changed.append(clock)
    return changed


def possible(clock: Clock, letters: Iterable[str]) -> bool:
    """False for a clock that only a letter could meet when no such letter is owed."""
    if not clock.meets or not all(kind.startswith("notice.") for kind in clock.meets):
        return True
    return any(engine.meets(clock.meets, f"notice.sent:{letter}") for letter in letters)


def moot(case: Case, deed: str, *, now: datetime) -> list[Clock]:
    """Clocks that only `deed` could meet, now that it cannot be done: nobody waits for that letter."""
    changed = []
    for clock in Clock.objects.filter(case=case, state__in=("running", "paused")):
        if engine.meets(clock.meets, deed) and not possible(clock, ()):
            end(clock, "cancelled", now=now)
            changed.append(clock)
    return changed


def next_due(case: Case, changed: Iterable[Clock] = ()) -> datetime | None:
    """The nearest due time among running duties, the given unsaved changes counted.

    Every kind counts: a house target may bring a case forward, it never puts back what the law wants sooner. What lapses
    drives nothing."""
    running = {c.pk: c for c in Clock.objects.filter(case=case, state="running")} if case.pk else {}
    fresh: list[Clock] = []
    for clock in changed:
        if clock.pk is None:
            fresh.append(clock)
        else:
            running[clock.pk] = clock
    dues = [c.due_at for c in [*running.values(), *fresh] if c.state == "running" and c.due_at and not c.expires]
    return min(dues, default=None)


def described(clocks: Iterable[Clock]) -> list[dict[str, Any]]:
    """What the journal keeps of clocks: enough to replay their lives and count them."""
    return [
        {
            "id": c,
            "name": c.name,
            "regime": c.regime,
            "kind": c.kind,
            "actor": c.actor,
            "due": c.due_at,
            "state": c.state,
            "breached": c.breached_at,
        }
        for c in clocks
    ]
