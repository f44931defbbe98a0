"""The law for people to read: regimes as cited tables, which of them ran on a case and why, what each clock counts; and
decided cases as a policy looked at them, to be replayed under another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from trustdesk import rules
from trustdesk.core import clocks as engine
from trustdesk.core.deciding import CaseFacts, Draft, MeasureWish
from trustdesk.core.policy_diff import Decided
from trustdesk.core.regime_rules import ClockRule, DutyRule, Regime
from trustdesk.core.regimes import Facts, again
from trustdesk.core.types import Finding, Refused
from trustdesk.models import Asset, Case, Clock, Decision, Fact
from trustdesk.queries import access
from trustdesk.queries.rulebook import POLICY_KIND

#: Names of the facts in which people and the desk say what the law makes of a case (`flow`).
VERDICT, CONFIRMED, ACTION = "law.verdict", "law.confirmed", "law.court_action"


@dataclass(frozen=True, slots=True)
class RegimeRow:
    """A regime in the list. `running` counts open cases on which it is."""

    regime: Regime
    running: int


@dataclass(frozen=True, slots=True)
class RunRegime:
    """A regime on a case. `changed`: the rulebook has another version by now; the case keeps its own."""

    ident: str
    version: str
    certain: bool
    why: str
    regime: Regime | None
    changed: bool


@dataclass(frozen=True, slots=True)
class RunClock:
    """A clock on a case with the rule behind it. `skipped` are the days passed over and why; `recounted` false when the
    calendar has changed since, so that the days cannot be shown as they were."""

    clock: Clock
    rule: ClockRule | None
    skipped: tuple[tuple[date, str], ...]
    recounted: bool


@dataclass(frozen=True, slots=True)
class OnCase:
    """Which law ran on a case, and what people said about it."""

    regimes: tuple[RunRegime, ...]
    clocks: tuple[RunClock, ...]
    verdicts: tuple[Fact, ...]
    confirmed: tuple[Fact, ...]
    actions: tuple[Fact, ...]


def regimes(user: Any) -> list[RegimeRow]:
    """Every regime of the rulebook, those that run on open cases first."""
    access.require(user, "see")
    running: dict[str, int] = {}
    for chosen in access.cases(user).exclude(state="closed").values_list("regimes", flat=True).iterator():
        for row in chosen:
            running[row["id"]] = running.get(row["id"], 0) + 1
    rows = [RegimeRow(regime, running.get(regime.id, 0)) for regime in rules.current().regimes.values()]
    return sorted(rows, key=lambda r: (-r.running, r.regime.area, r.regime.id))


def problems() -> tuple[Finding, ...]:
    """What is wrong with the newest files of the rulebook, file and line; the last good ones are in force."""
    return rules.current().problems


def outliving(user: Any, limit: int = 100) -> list[Clock]:
    """Our duties on closed cases that nobody has met yet: filings, answers, calls; the oldest first. What a gag keeps
    back waits for its end and for nobody's deed."""
    owed = Clock.objects.filter(access.visible(user, "case__"), case__state="closed", actor="provider", expires=False)
    owed = owed.filter(state__in=("running", "breached"), ended_at=None)
    return list(owed.select_related("case").order_by("started_at", "id")[:limit])


def regime(user: Any, ident: str) -> Regime:
    """One regime. Raises Case.DoesNotExist for an id that the rulebook does not have (a page that does not exist)."""
    access.require(user, "see")
    found = rules.current().regimes.get(ident)
    if found is None:
        raise Case.DoesNotExist(ident)
    return found


def offered(case: Case) -> list[DutyRule]:
    """What the certain regimes of a case let the desk do and leave to it, as far as the rules alone can say; no statement."""
    known = rules.current().regimes
    found = [known[row["id"]] for row in case.regimes if row["certain"] and row["id"] in known]
    return [duty for regime in found for duty in regime.duties if not duty.mandatory and not duty.off]


def on_case(user: Any, case: Case) -> OnCase:
    """The law on a case that came from `access.case`."""
    access.require(user, "see")
    book = rules.current()
    chosen = []
    for row in case.regimes:
        now = book.regimes.get(row["id"])
        changed = now is None or now.digest != row["digest"]
        chosen.append(RunRegime(row["id"], row["version"], row["certain"], row["why"], now, changed))
    clocks = tuple(_clock(clock) for clock in Clock.objects.filter(case=case).order_by("started_at", "id"))
    facts = list(Fact.objects.filter(case=case, name__in=(VERDICT, CONFIRMED, ACTION)).order_by("id"))
    return OnCase(
        tuple(sorted(chosen, key=lambda r: (not r.certain, r.ident))),
        clocks,
        *(tuple(f for f in facts if f.name == name) for name in (VERDICT, CONFIRMED, ACTION)),
    )


def _clock(clock: Clock) -> RunClock:
    """The clock with its rule; counted again to show the days that were skipped, never to change anything."""
    found = rules.current().regimes.get(clock.regime)
    rule = found.clock(clock.name, clock.started_at.date()) if found is not None else None
    if rule is None or not clock.calendar_version:
        return RunClock(clock, rule, (), rule is not None)
    try:
        draft = engine.start(
            rule, at=clock.started_at, calendars=rules.current().calendars, location=settings.DESK.country
        )
    except Refused:
        return RunClock(clock, rule, (), False)
    same = draft.calendar_version == clock.calendar_version and draft.due_at == clock.due_at
    return RunClock(clock, rule, draft.skipped if same else (), same)


def decided(since: datetime, until: datetime) -> Iterator[Decided]:
    """The decisions that became final in the period, as far as a policy looks at them (for the operator's own use).

    Reasons stay here: of their length alone the policy has an opinion.
    """
    found = Decision.objects.filter(state__in=("final", "overridden"), made_at__gte=since, made_at__lt=until)
    book = rules.current()
    for decision in found.select_related("case__asset", "case__subject").order_by("id").iterator(chunk_size=500):
        case = decision.case
        role = case.asset.role if case.asset else settings.DESK.service_role
        assets = {a.pk: a for a in Asset.objects.filter(pk__in=[w["asset"] for w in decision.plan])}
        wishes = tuple(
            MeasureWish(w["kind"], str(w["asset"]), POLICY_KIND.get(a.kind, a.kind), a.role)
            for w in decision.plan
            if (a := assets.get(w["asset"])) is not None
        )
        facts = Facts(
            category=case.category,
            form=case.form,
            provider_role=role,
            provider_country=settings.DESK.country,
            customer_country=case.subject.country if case.subject else "",
        )
        yield Decided(
            id=case.code,
            case=CaseFacts(
                category=case.category,
                form=case.form,
                provider_role=role,
                has_subject=case.subject_id is not None,
                protected=bool(case.subject and case.subject.protected),
            ),
            draft=Draft(
                outcome=decision.outcome,
                ground=decision.ground,
                clause=decision.clause,
                law=decision.law,
                reasons="x" * len(" ".join(decision.reasons.split())),
                measures=wishes,
                automated=decision.automated,
            ),
            maker=decision.made_by,
            regimes=again(book.regimes.values(), [row["id"] for row in case.regimes], facts),
        )
