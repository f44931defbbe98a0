"""Is this decision allowed, who else must look at it, and which letters does it owe?

Preview and decide ask the same question here. Findings that block make the decision impossible; the others are shown
to the person who decides. Nothing here writes, sends or reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trustdesk.core.policies import Policy
from trustdesk.core.regimes import Applied, SilenceRule
from trustdesk.core.types import Category, Finding

OUTCOMES = ("measures", "no_violation", "insufficient", "not_ours", "forwarded", "duplicate")
GROUNDS = ("law", "policy", "none")
#: What each outcome tells the reporter.
REPORTER_LETTER = {"not_ours": "not_ours", "insufficient": "missing_elements"}


#: Measures on single addresses: several of one asset are several measures. Of every other kind an asset bears one.
PER_ADDRESS = frozenset({"path_block"})


@dataclass(frozen=True, slots=True)
class MeasureWish:
    """One measure that a decision orders; `target` is the address meant, where the kind bites on single addresses."""

    kind: str
    asset_id: str
    asset_kind: str
    role: str = ""
    target: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What may stand once only."""
        return measure_key(self.kind, self.asset_id, self.target)


def measure_key(kind: str, asset: str, target: str) -> tuple[str, str, str]:
    """Two measures with the same key are the same measure."""
    return kind, asset, target if kind in PER_ADDRESS else ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision before it is made.

    `ground`: law (illegal content; `law` names it), policy (`clause`), none. `reasons` go out in letters, `notes` stay
    inside.
    """

    outcome: str
    ground: str = "none"
    clause: str = ""
    law: str = ""
    reasons: str = ""
    notes: str = ""
    measures: tuple[MeasureWish | tuple[str, str, str], ...] = ()
    automated: bool = False

    @property
    def wishes(self) -> tuple[MeasureWish, ...]:
        """The measures as values, whichever way they were written."""
        return tuple(m if isinstance(m, MeasureWish) else MeasureWish(*m) for m in self.measures)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a decision needs to know about its case.

    `assets` are the ids of the assets on the case; `automated_today` counts the decisions that automation has made
    today; `orders` holds the names of orders in force on the case (ndo …).
    """

    category: str
    form: str = ""
    state: str = "open"
    provider_role: str = ""
    assets: frozenset[str] = frozenset()
    has_subject: bool = True
    has_reporter: bool = True
    protected: bool = False
    automated_today: int = 0
    orders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer.

    `clocks_met` are the journal entry kinds that the decision will write and that meet clocks; `letters` are the kinds
    owed; `silenced` are (letter, why) that a rule forbids.
    """

    findings: tuple[Finding, ...]
    needs_second: bool
    why_second: str
    clocks_met: tuple[str, ...]
    letters: tuple[str, ...]
    silenced: tuple[tuple[str, str], ...] = ()

    @property
    def allowed(self) -> bool:
        """True when nothing blocks the decision (it may still be held for a second person)."""
        return not any(f.blocks for f in self.findings)


def assess(policy: Policy, regimes: Iterable[Applied], case: CaseFacts, draft: Draft, *, maker: str) -> Assessment:
    """Judge a draft by the policy and the regimes of its case. Never raises on bad drafts: everything is a finding."""
    applied = tuple(regimes)
    findings = [*_form(draft, policy), *_ground(draft, policy, case, applied), *_measures(draft, policy, case)]
    if not maker:
        findings.append(Finding("decision.no_maker", "A decision is made by somebody.", "maker"))
    if case.state == "closed":
        findings.append(Finding("decision.case_closed", "The case is closed; reopen it first.", "case"))
    why = tuple(dict.fromkeys(_second(draft, policy, case, findings)))
    letters, silenced = _letters(draft, case, applied)
    held = bool(why)
    met = ("decision.held",) if held else ("decision.made", f"decision.made:{draft.outcome}")
    return Assessment(tuple(findings), held, "; ".join(why), met, letters, silenced)


def may_approve(decision_maker: str, approver: str) -> tuple[Finding, ...]:
    """Findings against `approver` confirming a decision of `decision_maker`; empty when they may."""
    if not approver:
        return (Finding("approval.nobody", "A held decision is approved by a person.", "approver"),)
    if approver == decision_maker:
        return (
            Finding("approval.same_person", "The second person cannot be the one who made the decision.", "approver"),
        )
    if not approver.startswith("person:") and ":" in approver:
        return (Finding("approval.not_a_person", "Only a person approves a held decision.", "approver"),)
    return ()


def _form(draft: Draft, policy: Policy) -> Iterable[Finding]:
    if draft.outcome not in OUTCOMES:
        yield Finding("decision.outcome", f"Unknown outcome {draft.outcome!r}.", "outcome")
    if draft.ground not in GROUNDS:
        yield Finding("decision.ground", f"Unknown ground {draft.ground!r}.", "ground")
    length = len(" ".join(draft.reasons.split()))
    if length < policy.min_reasons:
        yield Finding(
            "decision.reasons_short",
            f"The public reasons have {length} characters; at least {policy.min_reasons} are needed.",
            "reasons",
        )
    if draft.outcome == "measures" and not draft.measures:
        yield Finding("decision.no_measures", "An outcome of measures needs at least one measure.", "measures")
    if draft.outcome != "measures" and draft.measures:
        yield Finding("decision.measures_unwanted", f"An outcome of {draft.outcome} orders no measures.", "measures")


def _ground(draft: Draft, policy: Policy, case: CaseFacts, applied: tuple[Applied, ...]) -> Iterable[Finding]:
    if draft.outcome == "measures" and draft.ground == "none":
        yield Finding("decision.no_ground", "Measures need a ground: the law or a clause.", "ground")
    if draft.ground == "policy":
        clause = policy.clause(draft.clause)
        if not draft.clause:
            yield Finding("decision.no_clause", "A decision under the policy names its clause.", "clause")
        elif clause is None:
            yield Finding("decision.unknown_clause", f"The policy has no clause {draft.clause!r}.", "clause")
        elif case.category not in clause.categories:
            yield Finding(
                "decision.other_category",
                f"Clause {clause.id} speaks of {', '.join(clause.categories)}; the case is {case.category}.",
                "clause",
                blocks=False,
            )
    if draft.ground == "law" and not draft.law.strip() and not applied:
        yield Finding("decision.no_law", "A decision on the law names the law, or a regime of the case.", "law")
    if draft.clause and draft.ground != "policy":
        yield Finding("decision.clause_unused", "A clause is named but the ground is not the policy.", "ground", False)


def _measures(draft: Draft, policy: Policy, case: CaseFacts) -> Iterable[Finding]:
    seen: set[tuple[str, str, str]] = set()
    for wish in draft.wishes:
        rule = policy.measure(wish.kind)
        role = wish.role or case.provider_role
        if rule is None:
            yield Finding("measure.unknown", f"The policy has no measure {wish.kind!r}.", "measures")
            continue
        if case.assets and wish.asset_id not in case.assets:
            yield Finding("measure.foreign_asset", f"Asset {wish.asset_id} is not on this case.", "measures")
        if rule.asset_kinds and wish.asset_kind not in rule.asset_kinds:
            yield Finding(
                "measure.asset_kind",
                f"{rule.title} cannot be used on a {wish.asset_kind or 'thing of no kind'}.",
                "measures",
            )
        if rule.roles and role and role not in rule.roles:
            yield Finding("measure.role", f"{rule.title} is not for a service of role {role}.", "measures")
        if wish.key in seen:
            yield Finding("measure.twice", f"{rule.title} on {wish.asset_id} is there twice.", "measures")
        seen.add(wish.key)
        if draft.automated and wish.kind not in policy.automated_measures:
            yield Finding("automation.measure", f"Automation may not order {rule.title}.", "measures")
    if draft.automated and case.automated_today >= policy.automated_per_day:
        yield Finding(
            "automation.quota", f"Automation has used its {policy.automated_per_day} decisions of today.", "automated"
        )
    clause = policy.clause(draft.clause) if draft.ground == "policy" else None
    if clause and draft.measures and clause.measures and not {w.kind for w in draft.wishes} & set(clause.measures):
        yield Finding(
            "measure.not_recommended",
            f"Clause {clause.id} recommends {', '.join(clause.measures)}; say in the reasons why it is otherwise.",
            "measures",
            blocks=False,
        )


def _second(draft: Draft, policy: Policy, case: CaseFacts, findings: list[Finding]) -> Iterable[str]:
    if draft.outcome != "measures":
        return
    for wish in draft.wishes:
        rule = policy.measure(wish.kind)
        if rule and rule.severe:
            yield f"{rule.title} is severe"
    if case.category in policy.holds.categories:
        yield f"every measure on {case.category} is held"
    if case.protected and policy.holds.protected:
        yield "the customer is protected"
    if len(draft.measures) > policy.holds.assets_over:
        yield f"more than {policy.holds.assets_over} assets at once"


def _letters(
    draft: Draft, case: CaseFacts, applied: tuple[Applied, ...]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    owed: list[tuple[str, str]] = []
    if draft.outcome == "measures" and case.has_subject:
        owed.append(("statement_of_reasons", "customer"))
    if draft.outcome == "forwarded" and case.has_subject:
        owed.append(("forward", "customer"))
    if case.has_reporter:  # also for a duplicate: whoever reports learns the outcome (DSA Article 16(5))
        owed.append((REPORTER_LETTER.get(draft.outcome, "outcome"), "reporter"))
    letters, silenced = [], []
    for letter, to in owed:
        rule = forbidden(applied, case.category, to=to, letter=letter, orders=case.orders)
        if rule is None:
            letters.append(letter)
        else:
            silenced.append((letter, f"{rule.title} ({rule.source}), until {rule.until}"))
    return tuple(letters), tuple(silenced)


def forbidden(
    applied: Iterable[Applied],
    category: str,
    *,
    to: str,
    letter: str,
    orders: frozenset[str] = frozenset(),
    happened: frozenset[str] = frozenset(),
) -> SilenceRule | None:
    """The rule that forbids this letter to this party now, or None. Asked here and again at the one place that sends.

    A gag binds while the order that imposes it is among `orders` (the rule's `needs`), and until one of the events that
    end it is among `happened`. A regime that is not certain silences too: what was told cannot be taken back.
    """
    for a in applied:
        for rule in a.rules.silences:
            if rule.off or to not in rule.to or (rule.letters and letter not in rule.letters):
                continue
            if set(rule.ends_on) & happened:
                continue
            if rule.only.categories and category not in rule.only.categories:
                continue
            if all(need in orders or need in a.facts.confirmed for need in rule.only.needs):
                return rule
    if category == Category.CHILD_SAFETY and to == "customer":
        return _CHILD_SAFETY
    return None


#: Never depends on which regimes were found: telling a suspect destroys evidence and endangers children.
_CHILD_SAFETY = SilenceRule(
    id="child-safety",
    title="The customer is not told of a child-safety case",
    source="house rule; 18 USC 2258A, 2705(b); UK and EU practice",
    basis="house",
    confidence="high",
    to=("customer",),
    until="the authority agrees",
)
