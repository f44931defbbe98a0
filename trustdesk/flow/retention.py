"""Retention: what is kept how long and why, by the regimes of each case and the house policy; what would go today.

Reads only; `flow.retain` erases. Kept and erased are the bytes that came in (reports, appeals); the ledger keeps digests and
stays whole. Preservation beats everything, a duty to keep beats a duty to erase (`core.retention`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q

from trustdesk import rules
from trustdesk.core import retention
from trustdesk.core.regime_rules import RetentionRule
from trustdesk.core.types import Actor
from trustdesk.flow import duties, retain, strikes
from trustdesk.flow import events as happened
from trustdesk.models import Case, Decision, Entry, Evidence, Measure, Suspension

#: Messages that are no reports (bounces, newsletters) are kept so long, in case somebody asks what became of a mail.
SET_ASIDE_DAYS = 30
#: Nothing younger is looked at.
YOUNGEST = timedelta(days=SET_ASIDE_DAYS)
CHUNK = 500
#: What a person confirms on a case that holds everything about it (`flow.confirm`).
PRESERVATION = "preservation"


@dataclass(frozen=True, slots=True)
class Held:
    """One piece of evidence and what may happen to it today. `until`: the last day of the longest rule that gives one."""

    digest: str
    size: int
    stored_at: datetime
    cases: tuple[str, ...]
    verdict: retention.Verdict
    until: date | None


def review(now: datetime, *, limit: int | None = None) -> Iterator[Held]:
    """Every piece of evidence that is older than a month and not erased, the oldest first, with its verdict of today."""
    on = now.astimezone(UTC).date()
    found = Evidence.objects.filter(erased_at=None, stored_at__lt=now - YOUNGEST).order_by("stored_at", "pk")
    for kept in found[:limit] if limit else found.iterator(chunk_size=CHUNK):
        yield _judge(kept, on)


def _judge(kept: Evidence, on: date) -> Held:
    held = Q(joinings__report__evidence=kept) | Q(first_reports__evidence=kept) | Q(appeals__evidence=kept)
    numbers = set(Case.objects.filter(held).values_list("pk", flat=True))
    cases = list(Case.objects.filter(pk__in=numbers).select_related("asset", "subject").order_by("pk"))
    items, preserved = _of(cases)
    if kept.reports.filter(state="received").exists():
        preserved.append("nobody has read it yet")
    if not cases:
        items.append(_house("set-aside", "kept for questions about a mail", SET_ASIDE_DAYS, kept.stored_at.date()))
    verdict = retention.may_go(items, on, preserved=preserved)
    untils = [i.until for i in items if i.until is not None and i.rule.obligation not in ("must_delete", "allowed")]
    codes = tuple(case.code for case in cases)
    return Held(kept.pk, kept.size, kept.stored_at, codes, verdict, max(untils, default=None))


def _of(cases: Iterable[Case]) -> tuple[list[retention.Kept], list[str]]:
    """The rules that the cases' events have started, and what keeps everything of them."""
    items: list[retention.Kept] = []
    preserved: list[str] = []
    for case in cases:
        preserved += _preserved(case)
        if case.state != "closed":
            preserved.append(f"case {case.code} is open")
        items += _rules(case)
    return items, preserved


def verdict_on(cases: Iterable[Case], now: datetime) -> retention.Verdict:
    """What may happen today to what is kept for these cases."""
    items, preserved = _of(cases)
    return retention.may_go(items, now.astimezone(UTC).date(), preserved=preserved)


def _preserved(case: Case) -> list[str]:
    out = [f"{PRESERVATION} on case {case.code}"] if PRESERVATION in duties.confirmed(case) else []
    live = Suspension.objects.filter(Q(state__in=("held", "running")) | Q(contest_state="lodged"))
    if any(
        case.pk == number or f"case:{case.pk}" in grounds for number, grounds in live.values_list("case", "grounds")
    ):
        out.append(f"a suspension of a sender rests on case {case.code}")
    return out


def _rules(case: Case) -> Iterable[retention.Kept]:
    """The rules of law that the case's events have started, and the house's own."""
    applied = [a.rules for a in duties.applied_to(case)]
    starts = {rule.starts_on for regime in applied for rule in regime.retention if not rule.off}
    events: dict[str, date] = {}
    for kind, at in Entry.objects.filter(chain=case.pk, kind__in=starts).order_by("seq").values_list("kind", "at"):
        events[kind] = at.astimezone(UTC).date()
    for said in happened.recorded(case):
        base, day = said.value["event"].partition(":")[0], datetime.fromisoformat(said.value["at"])
        events[base] = max(events.get(base, date.min), day.astimezone(UTC).date())
    events["report.received"] = case.last_report_at.astimezone(UTC).date()
    if case.closed_at is not None:
        events["case.closed"] = case.closed_at.astimezone(UTC).date()
    bitten = Measure.objects.filter(case=case, applied_at__isnull=False).order_by("-applied_at").first()
    if bitten is not None and bitten.applied_at is not None:
        events["measure.applied"] = bitten.applied_at.astimezone(UTC).date()
    yield from retention.kept(applied, events)
    policy = duties.policy()
    for decision in Decision.objects.filter(case=case, state="final"):
        since = (decision.settled_at or decision.made_at).astimezone(UTC).date()
        yield _house("appeal", "the decision can be appealed", policy.appeal_days, since)
        if decision.outcome == "measures" and strikes.counts(case):
            yield _house("strike", "the decision counts as a strike", policy.strikes.expire_days, since)
        if decision.outcome == "no_violation" and policy.misuse.days:
            came = case.last_report_at.astimezone(UTC).date()
            title = "it counts as unfounded, for or against who reported it"
            yield _house("misuse", title, policy.misuse.window_days, came)


def _house(ident: str, title: str, days: int, since: date) -> retention.Kept:
    rule = RetentionRule(
        ident,
        title,
        f"house policy: {title}",
        "house",
        "high",
        period=days,
        unit="calendar_day",
        obligation="must_keep",
    )
    return retention.Kept("house", rule, since, retention.until(rule, since))


def carry_out(held: Held, *, actor: Actor, now: datetime) -> Evidence:
    """Erase what may go. Raises Refused where something has come up since the review, ValueError where it must stay."""
    if held.verdict.keep:
        raise ValueError(f"{held.digest} is kept: {'; '.join(held.verdict.why)}")
    again = _judge(Evidence.objects.get(pk=held.digest), now.astimezone(UTC).date())
    if again.verdict.keep:
        raise ValueError(f"{held.digest} is kept by now: {'; '.join(again.verdict.why)}")
    why = f"retention ended {again.until or ''}: {'; '.join(again.verdict.why)}"
    return retain.erase(held.digest, why[: retain.WHY_AT_MOST], actor=actor, now=now)


def version() -> str:
    """The rulebook under which a review was made, for its report."""
    return rules.current().digest
