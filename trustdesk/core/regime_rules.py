"""What a regime holds: rules as values, each with its citation, its confidence and its validity."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from trustdesk.core.types import ServiceRole


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
    switched_on: frozenset[str] = frozenset()  # regimes that the operator says bind the service
    switched_off: frozenset[str] = frozenset()


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
#: What a letter can be searched for.
WITHHELD = ("reporter", "customer", "material")
#: Words for ourselves in rules that speak of one kind of provider: their duties are ours.
OURS = frozenset(
    (
        *("provider", "registrar", "registry", "registrar_or_registry", "losing_registrar"),
        *("controller", "processor", "online_platform", "large_platform", "concessionaire", "listed_company"),
    )
)
#: The customer under other names.
CUSTOMERS = frozenset({"customer", "registrant", "respondent", "user", "sender"})
#: Periods at whose end something lapses and nobody has missed anything.
LAPSING = frozenset({"retention", "option", "validity", "suspension"})
#: Calendar periods that reports are about.
PERIODS = ("month", "half_year", "year")
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
    """One thing that a document must contain to count. Without an `essential` one the document cannot be cured."""

    document: str = ""
    requirement: str = "required"
    condition: str = ""
    essential: bool = False


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
    """Who is owed which letter or filing, when, with what in it.

    It is owed from `event` on and met by one of `deeds`. `document` names the elements that a filing must contain.
    """

    to: str = ""
    when: str = ""
    event: str = ""
    letter: str = ""
    met_by: tuple[str, ...] = ()
    document: str = ""
    mandatory: bool = True
    only: When = field(default_factory=When)

    @property
    def deeds(self) -> tuple[str, ...]:
        """What meets it: the letter where the desk writes one, a filing, or the record of a person that it was done."""
        done = f"duty.done:{self.id}"
        if self.met_by:
            return self.met_by
        if self.letter == "filing":
            return (f"filing.submitted:{self.id}",)
        return (f"notice.sent:{self.letter}", done) if self.letter else (done,)


@dataclass(frozen=True, slots=True)
class SilenceRule(Item):
    """Who must not be told of a case at all, and until when.

    `only.needs` names the orders that impose it (ndo, nondisclosure …): without them it does not bind. `ends_on` lists
    the events that end it.
    """

    to: tuple[str, ...] = ()
    until: str = ""
    letters: tuple[str, ...] = ()  # empty = every letter to that party
    ends_on: tuple[str, ...] = ()
    only: When = field(default_factory=When)


@dataclass(frozen=True, slots=True)
class WithholdRule(Item):
    """What must not stand in anything that goes to these parties, whatever else they are told.

    `data` says what the desk looks for: who the reporter or the customer is, where the material is. What is empty is for
    people to keep: no letter of the desk carries such a thing. `unless` lists where the rule itself gives way.
    """

    to: tuple[str, ...] = ()
    until: str = ""
    data: tuple[str, ...] = ()
    unless: When | None = None


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
class UpkeepRule(Item):
    """What the provider owes as such, on no case (core/upkeep.py).

    `every` is the period of a report (month, half_year, year) and `within` the months after its end by which it is due;
    `renews` the months after which it must be done again. With none of them it must simply be there.
    """

    to: str = ""
    every: str = ""
    within: int | None = None
    renews: int | None = None
    mandatory: bool = True


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
    is in `countries`, "any" = nothing to confirm); where none of them holds, a person confirms. `standing` regimes bind
    the provider as such and are never put on a single case.
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
    standing: bool = False


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
    withheld: tuple[WithholdRule, ...] = ()
    disclosures: tuple[DisclosureRule, ...] = ()
    retention: tuple[RetentionRule, ...] = ()
    counts: tuple[CountRule, ...] = ()
    upkeeps: tuple[UpkeepRule, ...] = ()
    penalties: tuple[Item, ...] = ()
    references: tuple[Reference, ...] = ()
    open_questions: tuple[str, ...] = ()
    not_done: str = ""

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
