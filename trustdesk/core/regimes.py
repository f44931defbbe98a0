"""Regimes: bodies of law or contract that create duties for a case, as dated and cited data.

A regime is chosen per case: the facts propose, and where the facts do not decide, a person confirms. Several regimes
run on one case at once, each with its own clocks. What the sources leave doubtful carries `off` with the reason and
starts nothing until somebody has read the text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from trustdesk.core.countries import expand
from trustdesk.core.strict import BadRules, Table, unique
from trustdesk.core.types import Category, Finding, Form, ServiceRole

KINDS = ("statute", "contract", "treaty", "practice", "voluntary", "standard")
STATUSES = ("in_force", "not_yet_in_force", "uncertain", "voluntary")
SWITCHES = ("on", "off", "opt_in", "scheduled")
CONFIDENCES = ("high", "medium", "low")
#: Where a statement of a rule comes from, best first; `memory` means that nobody has laid the text beside it yet.
BASES = ("primary_text", "official_secondary", "secondary", "public_code", "public_repo_note", "memory", "house")
SHAPES = ("deadline", "standard", "window", "earliest", "retention", "validity", "suspension", "option")
UNITS = ("minute", "hour", "calendar_day", "business_day", "week", "month", "year")
NUMBER_KINDS = ("statutory", "contract", "target")
DOCUMENT_REQUIREMENTS = ("required", "conditional", "recommended", "enable_only")
OBLIGATIONS = ("must_keep", "must_delete", "recommended", "allowed")
#: Roles of a service beyond those of the shared vocabulary that rules speak of.
EXTRA_ROLES = ("messaging", "email", "privacy_proxy", "application", "reseller", "app_store", "cloud")
ROLES = tuple(ServiceRole) + EXTRA_ROLES
PARTIES = ("reporter", "customer", "principal", "authority", "icann", "public", "provider")


@dataclass(frozen=True, slots=True)
class Item:
    """What every rule in a regime carries: its id, where it is written, and how sure its text is."""

    id: str
    title: str
    source: str
    basis: str
    confidence: str
    valid_from: date | None = None
    valid_to: date | None = None  # last day on which it applies
    off: str = ""  # why this rule is switched off; empty = on

    def in_force(self, on: date) -> bool:
        """True when the rule is switched on and `on` lies within its validity."""
        return (
            not self.off
            and (self.valid_from is None or self.valid_from <= on)
            and (self.valid_to is None or on <= self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class When:
    """A narrower condition on one rule; an empty tuple does not limit."""

    categories: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # facts that a person must have confirmed, by name

    def holds(self, facts: Facts | None) -> bool:
        """True when the facts meet every stated condition. Without facts only an unconditional rule holds."""
        if facts is None:
            return not (self.categories or self.forms or self.roles or self.needs)
        return (
            (not self.categories or facts.category in self.categories)
            and (not self.forms or facts.form in self.forms)
            and (not self.roles or facts.provider_role in self.roles)
            and all(need in facts.confirmed for need in self.needs)
        )


@dataclass(frozen=True, slots=True)
class ElementRule(Item):
    """One thing that a document must contain to count."""

    document: str = ""
    requirement: str = "required"
    condition: str = ""


@dataclass(frozen=True, slots=True)
class ClockRule(Item):
    """One duty with a time.

    `shape`: deadline | window (not before `low`, not after `high`) | earliest | option (a right that lapses) |
    retention | validity | suspension | standard (the law has a word, `standard`, and no number).
    `kind`: statutory | contract | target. `target` is the house's own goal in words; it is never law.
    """

    actor: str = "provider"
    starts_on: str = ""
    shape: str = "deadline"
    low: int | None = None
    high: int | None = None
    unit: str = ""
    standard: str = ""
    calendar: str = ""
    calendar_note: str = ""
    kind: str = "statutory"
    at_expiry: str = ""
    consequence: str = ""
    target: str = ""
    met_by: tuple[str, ...] = ()
    stopped_by: tuple[str, ...] = ()
    paused_by: tuple[str, ...] = ()
    resumed_by: tuple[str, ...] = ()
    when: When = field(default_factory=When)

    @property
    def has_number(self) -> bool:
        return self.low is not None or self.high is not None


@dataclass(frozen=True, slots=True)
class DutyRule(Item):
    """Who is owed which letter, when, with what in it."""

    to: str = ""
    when: str = ""
    event: str = ""
    letter: str = ""
    mandatory: bool = True
    only: When = field(default_factory=When)


@dataclass(frozen=True, slots=True)
class SilenceRule(Item):
    """What must not be told to whom, and until when. `to` names parties; `needs` an order that is on the case."""

    to: tuple[str, ...] = ()
    until: str = ""
    letters: tuple[str, ...] = ()  # empty = every letter to that party
    only: When = field(default_factory=When)


@dataclass(frozen=True, slots=True)
class DisclosureRule(Item):
    """What may be passed on to whom, and on which condition."""

    to: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class RetentionRule(Item):
    """What is kept, or must go, and for how long. `period` is None where the rule gives no number."""

    period: int | None = None
    unit: str = ""
    starts_on: str = ""
    obligation: str = "must_keep"
    then: str = ""


@dataclass(frozen=True, slots=True)
class CountRule(Item):
    """What has to be counted publicly or for an authority."""

    cadence: str = ""
    due: str = ""
    fields: tuple[str, ...] = ()
    mandatory: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a statement was read."""

    id: str
    kind: str
    where: str


@dataclass(frozen=True, slots=True)
class Scope:
    """When a regime applies. Empty tuples do not limit.

    `decided_by` lists the facts each of which settles the matter ("form:dmca", "provider" = the provider's own country
    is in `countries`, "any" = nothing to confirm); where none of them holds, a person confirms.
    """

    categories: tuple[str, ...]
    roles: tuple[str, ...]
    forms: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    decided_by: tuple[str, ...] = ()
    ask: str = ""
    trigger: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Regime:
    """One regime in one version. `digest` is the SHA-256 of the file it was read from, or of the document."""

    id: str
    title: str
    version: str
    digest: str
    area: str
    kind: str
    jurisdiction: str
    source: str
    status: str
    switch: str
    switch_reason: str
    confidence: str
    as_of: date
    review_due: date | None
    effective_from: date | None
    effective_to: date | None
    scope: Scope
    elements: tuple[ElementRule, ...] = ()
    clocks: tuple[ClockRule, ...] = ()
    duties: tuple[DutyRule, ...] = ()
    silences: tuple[SilenceRule, ...] = ()
    disclosures: tuple[DisclosureRule, ...] = ()
    retention: tuple[RetentionRule, ...] = ()
    counts: tuple[CountRule, ...] = ()
    penalties: tuple[Item, ...] = ()
    references: tuple[Reference, ...] = ()
    open_questions: tuple[str, ...] = ()

    def in_force(self, on: date) -> bool:
        """True on the days on which the instrument has effect, whether or not the operator has switched it on."""
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )

    def clock(self, name: str, on: date | None = None) -> ClockRule | None:
        """The clock of that name; with `on`, the version of it that applies on that day. Off clocks are found too."""
        named = [c for c in self.clocks if c.id == name]
        if on is not None:
            valid = [
                c
                for c in named
                if (c.valid_from is None or c.valid_from <= on) and (c.valid_to is None or on <= c.valid_to)
            ]
            return valid[0] if valid else None
        return named[-1] if named else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a case when the regimes are chosen. Unknown is empty, never a guess.

    Countries are ISO 3166-1 alpha-2. `provider_role` is the role of the service concerned, not of the company: ask once
    for each service. `instrument` is the legal instrument of a demand (order, subpoena, warrant, epoc …). `confirmed`
    holds the names of what a person has confirmed: regime ids ("regime:us-2258a") and needs of single rules.
    """

    category: str = ""
    form: str = ""
    channel: str = ""
    provider_role: str = ""
    provider_country: str = ""
    reporter_country: str = ""
    customer_country: str = ""
    provider_size: str = ""
    instrument: str = ""
    confirmed: frozenset[str] = frozenset()
    switched_on: frozenset[str] = frozenset()  # opt-in regimes that the operator has chosen
    switched_off: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Applied:
    """A regime that applies to a case, or may: `certain` false asks a person to confirm; `why` says what is open."""

    regime: str
    version: str
    digest: str
    certain: bool
    why: str
    rules: Regime = field(compare=False, repr=False)
    facts: Facts = field(compare=False, repr=False)


def applicable(regimes: Iterable[Regime], facts: Facts, on: date) -> tuple[Applied, ...]:
    """The regimes that apply on that day, and those that may: certain ones first, then by id."""
    found = [applied for regime in regimes if (applied := _judge(regime, facts, on)) is not None]
    return tuple(sorted(found, key=lambda a: (not a.certain, a.regime)))


def again(regimes: Iterable[Regime], ids: Iterable[str], facts: Facts) -> tuple[Applied, ...]:
    """The regimes that were chosen earlier for a case, by id, for a later event; ids that are gone are left out."""
    wanted = set(ids)
    return tuple(
        Applied(r.id, r.version, r.digest, True, "chosen for this case", r, facts)
        for r in sorted(regimes, key=lambda r: r.id)
        if r.id in wanted
    )


def _judge(regime: Regime, facts: Facts, on: date) -> Applied | None:
    if regime.id in facts.switched_off or (regime.switch != "on" and regime.id not in facts.switched_on):
        return None
    if not regime.in_force(on):
        return None
    scope = regime.scope
    reasons: list[str] = []
    open_points: list[str] = []
    tests = (
        ("the category", facts.category, scope.categories),
        ("the form", facts.form, scope.forms),
        ("the service's role", facts.provider_role, scope.roles),
        ("the instrument", facts.instrument, scope.instruments),
    )
    for what, value, wanted in tests:
        if not wanted or "any" in wanted:
            continue
        if not value:
            open_points.append(f"{what} is not known")
        elif value not in wanted:
            return None
        else:
            reasons.append(f"{what} is {value}")
    if scope.countries:
        countries = {
            "provider": facts.provider_country,
            "customer": facts.customer_country,
            "reporter": facts.reporter_country,
        }
        linked = [f"the {who} is in {country}" for who, country in countries.items() if country in scope.countries]
        if linked:
            reasons += linked
        elif all(countries.values()) and not _decided(scope, facts):
            return None
        else:
            open_points.append("no country links the case to it yet")
    if f"regime:{regime.id}" in facts.confirmed:
        return Applied(regime.id, regime.version, regime.digest, True, "confirmed by a person", regime, facts)
    decided = _decided(scope, facts)
    if not decided:
        open_points.append(scope.ask or "a person confirms that it applies")
    elif all(point == "no country links the case to it yet" for point in open_points):
        open_points = []  # a deciding fact settles the link to a country as well
    why = "; ".join(open_points or [*reasons, *decided])
    return Applied(regime.id, regime.version, regime.digest, not open_points, why, regime, facts)


def _decided(scope: Scope, facts: Facts) -> list[str]:
    held = []
    for fact in scope.decided_by:
        name, _, value = fact.partition(":")
        if name == "any":
            held.append("it applies to every such case")
        elif name == "provider" and facts.provider_country in scope.countries:
            held.append("the provider's country decides")
        elif name == "form" and facts.form == value:
            held.append(f"a report of form {value} decides")
        elif name == "instrument" and facts.instrument and facts.instrument in scope.instruments:
            held.append(f"the instrument ({facts.instrument}) decides")
    return held


# ---------------------------------------------------------------------------------------------------------- reading


def parse_regime(document: Mapping[str, Any], *, file: str, digest: str = "") -> Regime:
    """Read one regime from a TOML document. Raises `BadRules` with every finding when anything is wrong.

    `digest` is the SHA-256 of the file's bytes; without it, that of the document's canonical JSON.
    """
    findings: list[Finding] = []
    top = Table(document, "", findings)
    regime = Regime(
        id=top.text("id"),
        title=top.text("title"),
        version=top.text("version"),
        digest=digest or hashlib.sha256(json.dumps(document, default=str, sort_keys=True).encode()).hexdigest(),
        area=top.text("area"),
        kind=top.text("kind", choices=KINDS),
        jurisdiction=top.text("jurisdiction"),
        source=top.text("source"),
        status=top.text("status", choices=STATUSES),
        switch=top.text("switch", choices=SWITCHES),
        switch_reason=top.text("switch_reason", required=document.get("switch") != "on"),
        confidence=top.text("confidence", choices=CONFIDENCES),
        as_of=top.day("as_of", required=True) or date.min,
        review_due=top.day("review_due"),
        effective_from=top.day("effective_from"),
        effective_to=top.day("effective_to"),
        scope=_scope(top.table("applies", required=True)),
        elements=tuple(_elements(top)),
        clocks=tuple(_clocks(top)),
        duties=tuple(_duties(top)),
        silences=tuple(_silences(top)),
        disclosures=tuple(_disclosures(top)),
        retention=tuple(_retention(top)),
        counts=tuple(_counts(top)),
        penalties=tuple(_plain(top, "penalty")),
        references=tuple(_references(top)),
        open_questions=top.words("open_questions"),
    )
    top.close()
    if regime.confidence == "low" and regime.switch == "on":
        top.bad("switch", "rule.low_confidence", "a regime of low confidence may not be on")
    if regime.status == "not_yet_in_force" and regime.switch == "on":
        top.bad("switch", "rule.not_in_force", "a regime that is not yet in force may not be on")
    if regime.effective_from and regime.effective_to and regime.effective_to < regime.effective_from:
        top.bad("effective_to", "rule.validity", "ends before it begins")
    bases = {r.kind for r in regime.references} | {"memory", "house"}
    for name in ("elements", "clocks", "duties", "silences", "disclosures", "retention", "counts", "penalties"):
        for item in getattr(regime, name):
            if item.basis not in bases:
                top.bad("reference", "rule.basis", f"{item.id}: no reference of kind {item.basis!r} is listed")
    if findings:
        raise BadRules(findings, file=file)
    return regime


def _scope(table: Table | None) -> Scope:
    if table is None:
        return Scope((), ())
    countries = expand(table.words("countries"))
    scope = Scope(
        categories=table.words("categories", required=True, choices=[*Category, "any"]),
        roles=table.words("roles", required=True, choices=[*ROLES, "any"]),
        forms=table.words("forms", choices=tuple(Form)),
        countries=countries,
        instruments=table.words("instruments"),
        decided_by=table.words("decided_by"),
        ask=table.text("ask", required=False),
        trigger=table.text("trigger"),
        note=table.text("note", required=False),
    )
    for fact in scope.decided_by:
        if fact.partition(":")[0] not in ("any", "provider", "form", "instrument"):
            table.bad("decided_by", "rule.value", f"unknown fact {fact!r}")
    table.close()
    return scope


def _item(table: Table) -> dict[str, Any]:
    common = {
        "id": table.text("id"),
        "title": table.text("title"),
        "source": table.text("source"),
        "basis": table.text("basis", choices=BASES),
        "confidence": table.text("confidence", choices=CONFIDENCES),
        "valid_from": table.day("valid_from"),
        "valid_to": table.day("valid_to"),
        "off": table.text("off", required=False),
    }
    if common["confidence"] == "low" and not common["off"]:
        table.bad("off", "rule.low_confidence", "a rule of low confidence must be switched off, with the reason")
    return common


def _when(table: Table, key: str) -> When:
    inner = table.table(key)
    if inner is None:
        return When()
    when = When(
        categories=inner.words("categories", choices=tuple(Category)),
        forms=inner.words("forms", choices=tuple(Form)),
        roles=inner.words("roles", choices=ROLES),
        needs=inner.words("needs"),
    )
    inner.close()
    return when


def _dated(pairs: list[tuple[Any, Table]], what: str) -> None:
    """The same id may stand several times only with validities that do not overlap: a change of law is a new table."""
    for n, (item, table) in enumerate(pairs):
        if item.valid_from and item.valid_to and item.valid_to < item.valid_from:
            table.bad("valid_to", "rule.validity", f"{what} {item.id!r} ends before it begins")
        for other, _ in pairs[:n]:
            if other.id == item.id and _overlap(item, other):
                table.bad("id", "rule.overlap", f"{what} {item.id!r} is there twice with overlapping validity")


def _overlap(a: Item, b: Item) -> bool:
    starts_before_end = a.valid_from is None or b.valid_to is None or a.valid_from <= b.valid_to
    return starts_before_end and (b.valid_from is None or a.valid_to is None or b.valid_from <= a.valid_to)


def _elements(top: Table) -> Iterable[ElementRule]:
    pairs: list[tuple[Any, Table]] = []
    for table in top.tables("element"):
        rule = ElementRule(
            **_item(table),
            document=table.text("document"),
            requirement=table.text("requirement", choices=DOCUMENT_REQUIREMENTS),
            condition=table.text("condition", required=False),
        )
        table.close()
        pairs.append((rule, table))
    _dated(pairs, "element")
    return [rule for rule, _ in pairs]


def _clocks(top: Table) -> Iterable[ClockRule]:
    pairs: list[tuple[Any, Table]] = []
    for table in top.tables("clock"):
        rule = ClockRule(
            **_item(table),
            actor=table.text("actor"),
            starts_on=table.text("starts_on"),
            shape=table.text("shape", choices=SHAPES),
            low=table.whole("low"),
            high=table.whole("high"),
            unit=table.text("unit", required=False, choices=UNITS),
            standard=table.text("standard", required=False),
            calendar=table.text("calendar", required=False),
            calendar_note=table.text("calendar_note", required=False),
            kind=table.text("kind", choices=NUMBER_KINDS),
            at_expiry=table.text("at_expiry", required=False),
            consequence=table.text("consequence", required=False),
            target=table.text("target", required=False),
            met_by=table.words("met_by"),
            stopped_by=table.words("stopped_by"),
            paused_by=table.words("paused_by"),
            resumed_by=table.words("resumed_by"),
            when=_when(table, "when"),
        )
        _sound_clock(rule, table)
        table.close()
        pairs.append((rule, table))
    _dated(pairs, "clock")
    return [rule for rule, _ in pairs]


def _sound_clock(rule: ClockRule, table: Table) -> None:
    if rule.has_number and not (rule.unit and rule.calendar):
        table.bad("unit", "rule.missing", "a clock with a number needs a unit and a calendar")
    if not rule.has_number and not rule.standard:
        table.bad("standard", "rule.missing", "a clock without a number needs the word that the rule uses")
    if rule.low is not None and rule.high is not None and rule.low > rule.high:
        table.bad("low", "rule.value", "'low' is more than 'high'")
    if rule.shape == "window" and rule.low is None:
        table.bad("low", "rule.missing", "a window needs 'low'")
    if rule.shape not in ("window", "earliest", "standard") and rule.has_number and rule.high is None:
        table.bad("high", "rule.missing", f"a {rule.shape} needs 'high'")
    if rule.shape == "earliest" and (rule.low is None) == rule.has_number:
        table.bad("low", "rule.missing", "an earliest time needs 'low'")


def _duties(top: Table) -> Iterable[DutyRule]:
    pairs: list[tuple[Any, Table]] = []
    for table in top.tables("duty"):
        rule = DutyRule(
            **_item(table),
            to=table.text("to"),
            when=table.text("when"),
            event=table.text("event", required=False),
            letter=table.text("letter", required=False),
            mandatory=table.flag("mandatory", default=True),
            only=_when(table, "only"),
        )
        table.close()
        pairs.append((rule, table))
    _dated(pairs, "duty")
    return [rule for rule, _ in pairs]


def _silences(top: Table) -> Iterable[SilenceRule]:
    pairs: list[tuple[Any, Table]] = []
    for table in top.tables("silence"):
        rule = SilenceRule(
            **_item(table),
            to=table.words("to", required=True),
            until=table.text("until"),
            letters=table.words("letters"),
            only=_when(table, "only"),
        )
        table.close()
        pairs.append((rule, table))
    _dated(pairs, "silence")
    return [rule for rule, _ in pairs]


def _disclosures(top: Table) -> Iterable[DisclosureRule]:
    for table in top.tables("disclosure"):
        yield DisclosureRule(**_item(table), to=table.text("to"), condition=table.text("condition", required=False))
        table.close()


def _retention(top: Table) -> Iterable[RetentionRule]:
    for table in top.tables("retention"):
        yield RetentionRule(
            **_item(table),
            period=table.whole("period"),
            unit=table.text("unit", required=False, choices=UNITS),
            starts_on=table.text("starts_on", required=False),
            obligation=table.text("obligation", choices=OBLIGATIONS),
            then=table.text("then", required=False),
        )
        table.close()


def _counts(top: Table) -> Iterable[CountRule]:
    for table in top.tables("count"):
        yield CountRule(
            **_item(table),
            cadence=table.text("cadence"),
            due=table.text("due", required=False),
            fields=table.words("fields"),
            mandatory=table.flag("mandatory"),
        )
        table.close()


def _plain(top: Table, key: str) -> Iterable[Item]:
    for table in top.tables(key):
        yield Item(**_item(table))
        table.close()


def _references(top: Table) -> Iterable[Reference]:
    pairs = []
    for table in top.tables("reference"):
        pairs.append((Reference(table.text("id"), table.text("kind", choices=BASES), table.text("where")), table))
        table.close()
    unique(((ref.id, table) for ref, table in pairs), "reference")
    return [ref for ref, _ in pairs]
