"""Policies: the provider's own rules, as versioned data. Law is the project's, policy is the operator's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from trustdesk.core.regimes import ROLES
from trustdesk.core.strict import BadRules, Table, unique
from trustdesk.core.tdb import DECISIONS
from trustdesk.core.types import Category, Finding, Form

#: Letters that may go before anybody has decided: a notice that is passed on, where a law says that passing on is all.
AUTOMATED_LETTERS = ("forward",)
ASSET_KINDS = ("account", "site", "url", "domain", "ip", "cidr", "mailbox", "service")


@dataclass(frozen=True, slots=True)
class Clause:
    """One paragraph of the house rules. `severity` 1 (nuisance) to 5 (danger to people). `measures` are recommended, in
    the order of the ladder. `examples` say in plain words what falls under it and what does not. Title, text and examples
    may know other languages (core/said.py)."""

    id: str
    title: str
    text: str
    categories: tuple[str, ...]
    severity: int
    measures: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """What a measure is and where it may be used. `rung` orders the ladder, 1 the mildest. `severe` measures wait for a
    second person. Empty roles or asset kinds do not limit."""

    kind: str
    title: str
    rung: int
    severe: bool = False
    roles: tuple[str, ...] = ()
    asset_kinds: tuple[str, ...] = ()
    reversible: bool = True
    dsa: str = ""  # its name in the DSA Transparency Database; empty when it restricts nothing


@dataclass(frozen=True, slots=True)
class Holds:
    """What waits for a second person beyond severe measures."""

    categories: tuple[str, ...] = ()
    protected: bool = True  # customers on the protected list
    assets_over: int = 25  # one decision on more assets than this
    automated_severe: bool = True


@dataclass(frozen=True, slots=True)
class Strikes:
    """The repeat-infringer rule (17 USC 512(i)(1)(A); DSA Art. 23): so many strikes in so many days, warned first."""

    warn_at: int = 2
    limit: int = 3
    expire_days: int = 180
    measure: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reviews:
    """How many of a hundred settled decisions get a second look for quality: of those by people, by automation, with a
    severe measure, of a category, of one decider (`person:7`). Where several apply, the highest counts."""

    people: int = 0
    automated: int = 0
    severe: int = 0
    categories: Mapping[str, int] = field(default_factory=dict)
    deciders: Mapping[str, int] = field(default_factory=dict)


#: The circumstances that are weighed before anybody is suspended (DSA Art. 23(3)(a)-(d)).
CIRCUMSTANCES = ("number", "share", "gravity", "intent")
#: Forms of reports that a policy may let wait while their sender is suspended.
MAY_WAIT = (Form.NOTICE, Form.DMCA)


@dataclass(frozen=True, slots=True)
class Misuse:
    """The rule on plainly unfounded notices and complaints (DSA Art. 23(2)): `limit` of them within `window_days`, one
    since a warning, and a person may suspend for at most `days` days (0: nobody is), having weighed `weigh`. Reports of the
    `forms` wait meanwhile."""

    limit: int = 3
    window_days: int = 180
    days: int = 0
    second_person: bool = True
    weigh: tuple[str, ...] = CIRCUMSTANCES
    forms: tuple[str, ...] = (Form.NOTICE,)


@dataclass(frozen=True, slots=True)
class Policy:
    """A provider's policy in one version."""

    id: str
    title: str
    version: str
    digest: str
    valid_from: date
    valid_to: date | None
    roles: tuple[str, ...]
    clauses: tuple[Clause, ...]
    measures: tuple[MeasureRule, ...]
    queues: Mapping[str, str]  # category → queue
    form_queues: Mapping[str, str]  # form → queue, stronger than the category
    default_queue: str
    holds: Holds
    strikes: Strikes
    reviews: Reviews = Reviews()
    misuse: Misuse = Misuse()
    protected: tuple[str, ...] = ()  # kinds of customers that are protected
    automated_per_day: int = 0
    automated_measures: tuple[str, ...] = ()
    automated_letters: tuple[str, ...] = ()  # letters that a regime wants and that go without a person
    min_reasons: int = 40
    answer_hours: int = 24
    appeal_days: int = 183
    at_once: tuple[str, ...] = ()  # categories and forms whose decisions go out without the time for taking back

    def clause(self, ident: str) -> Clause | None:
        return next((c for c in self.clauses if c.id == ident), None)

    def measure(self, kind: str) -> MeasureRule | None:
        return next((m for m in self.measures if m.kind == kind), None)

    @property
    def ladder(self) -> tuple[str, ...]:
        """The kinds of measures, the mildest first."""
        return tuple(m.kind for m in sorted(self.measures, key=lambda m: m.rung))

    def clauses_for(self, category: str) -> tuple[Clause, ...]:
        """The clauses that speak of a category, the most severe first: what a person is offered."""
        return tuple(sorted((c for c in self.clauses if category in c.categories), key=lambda c: (-c.severity, c.id)))

    def severity(self, category: str) -> int:
        """The highest severity of any clause on the category, 1 when none speaks of it."""
        return max((c.severity for c in self.clauses if category in c.categories), default=1)

    def measures_for(self, role: str, asset_kind: str) -> tuple[MeasureRule, ...]:
        """The measures that may be used on such an asset, the mildest first."""
        return tuple(
            m
            for m in sorted(self.measures, key=lambda m: m.rung)
            if (not m.roles or role in m.roles) and (not m.asset_kinds or asset_kind in m.asset_kinds)
        )


def parse_policy(document: Mapping[str, Any], *, file: str, digest: str = "") -> Policy:
    """Read a policy. Raises `BadRules` with every finding."""
    findings: list[Finding] = []
    top = Table(document, "", findings)
    measures = _measures(top)
    kinds = [m.kind for m in measures]
    routing = top.table("routing", required=True)
    queues, form_queues, default = _routing(routing) if routing else ({}, {}, "")
    automation = top.table("automation")
    windows = top.table("windows")
    policy = Policy(
        id=top.text("id"),
        title=top.said("title"),
        version=top.text("version"),
        digest=digest or hashlib.sha256(json.dumps(document, default=str, sort_keys=True).encode()).hexdigest(),
        valid_from=top.day("valid_from", required=True) or date.min,
        valid_to=top.day("valid_to"),
        roles=top.words("roles", required=True, choices=ROLES),
        clauses=_clauses(top, kinds),
        measures=measures,
        queues=queues,
        form_queues=form_queues,
        default_queue=default,
        holds=_holds(top.table("hold")),
        strikes=_strikes(top.table("strikes"), kinds),
        reviews=_reviews(top.table("review")),
        misuse=_misuse(top.table("misuse")),
        protected=top.words("protected"),
        automated_per_day=(automation.whole("per_day") or 0) if automation else 0,
        automated_measures=automation.words("measures", choices=kinds) if automation else (),
        automated_letters=automation.words("letters", choices=AUTOMATED_LETTERS) if automation else (),
        min_reasons=top.whole("min_reasons", low=1, high=5000) or 40,
        answer_hours=(windows.whole("answer_hours", low=1, high=24 * 60) if windows else None) or 24,
        at_once=windows.words("at_once", choices=(*Category, *Form)) if windows else (),
        appeal_days=(windows.whole("appeal_days", low=1, high=3650) if windows else None) or 183,
    )
    for table in (automation, windows):
        if table:
            table.close()
    if policy.valid_to and policy.valid_to < policy.valid_from:
        top.bad("valid_to", "rule.validity", "ends before it begins")
    top.close()
    if findings:
        raise BadRules(findings, file=file)
    return policy


def _clauses(top: Table, kinds: list[str]) -> tuple[Clause, ...]:
    pairs = []
    for table in top.tables("clause"):
        clause = Clause(
            id=table.text("id"),
            title=table.said("title"),
            text=table.said("text"),
            categories=table.words("categories", required=True, choices=tuple(Category)),
            severity=table.whole("severity", required=True, low=1, high=5) or 1,
            measures=table.words("measures", choices=kinds or ("",)),
            examples=table.said_list("examples"),
        )
        table.close()
        pairs.append((clause, table))
    unique(((clause.id, table) for clause, table in pairs), "clause")
    if not pairs:
        top.bad("clause", "rule.missing", "a policy needs at least one clause")
    return tuple(clause for clause, _ in pairs)


def _measures(top: Table) -> tuple[MeasureRule, ...]:
    pairs = []
    for table in top.tables("measure"):
        rule = MeasureRule(
            kind=table.text("id"),
            title=table.said("title"),
            rung=table.whole("rung", required=True, low=1, high=100) or 1,
            severe=table.flag("severe"),
            roles=table.words("roles", choices=ROLES),
            asset_kinds=table.words("asset_kinds", choices=ASSET_KINDS),
            reversible=table.flag("reversible", default=True),
            dsa=table.text("dsa", required=False, choices=DECISIONS),
        )
        table.close()
        pairs.append((rule, table))
    unique(((rule.kind, table) for rule, table in pairs), "measure")
    return tuple(rule for rule, _ in pairs)


def _routing(table: Table) -> tuple[dict[str, str], dict[str, str], str]:
    default = table.text("default")
    maps: list[dict[str, str]] = []
    for key, known in (("categories", tuple(Category)), ("forms", tuple(Form))):
        out: dict[str, str] = {}
        for queue, names in table.lists(key).items():
            for name in names:
                if name not in known:
                    table.bad(f"{key}.{queue}", "rule.value", f"unknown {name!r}")
                elif name in out:
                    table.bad(f"{key}.{queue}", "rule.repeated", f"{name!r} goes to {out[name]!r} already")
                else:
                    out[name] = queue
        maps.append(out)
    table.close()
    return maps[0], maps[1], default


def _holds(table: Table | None) -> Holds:
    if table is None:
        return Holds()
    holds = Holds(
        categories=table.words("categories", choices=tuple(Category)),
        protected=table.flag("protected", default=True),
        assets_over=table.whole("assets_over", low=1) or 25,
        automated_severe=table.flag("automated_severe", default=True),
    )
    table.close()
    return holds


def _strikes(table: Table | None, kinds: list[str]) -> Strikes:
    if table is None:
        return Strikes()
    strikes = Strikes(
        warn_at=table.whole("warn_at", low=1, high=100) or 2,
        limit=table.whole("limit", low=1, high=100) or 3,
        expire_days=table.whole("expire_days", low=1, high=3650) or 180,
        measure=table.text("measure", required=False, choices=kinds),
        categories=table.words("categories", choices=tuple(Category)),
    )
    if strikes.warn_at >= strikes.limit:
        table.bad("warn_at", "rule.value", "a subject is warned before the limit (DSA Art. 23(1))")
    table.close()
    return strikes


def _misuse(table: Table | None) -> Misuse:
    if table is None:
        return Misuse()
    misuse = Misuse(
        limit=table.whole("limit", low=2, high=1000) or 3,
        window_days=table.whole("window_days", low=1, high=3650) or 180,
        days=table.whole("days", required=True, low=0, high=365) or 0,
        second_person=table.flag("second_person", default=True),
        weigh=table.words("weigh", choices=CIRCUMSTANCES) or CIRCUMSTANCES,
        forms=table.words("forms", choices=MAY_WAIT) or (Form.NOTICE,),
    )
    table.close()
    return misuse


def _reviews(table: Table | None) -> Reviews:
    if table is None:
        return Reviews()
    categories, deciders = table.numbers("categories", high=100), table.numbers("deciders", high=100)
    for name in categories.keys() - set(Category):
        table.bad(f"categories.{name}", "rule.value", f"unknown {name!r}")
    for name in deciders:
        if not name.startswith("person:"):
            table.bad(f"deciders.{name}", "rule.value", f"a decider is written as person:7, not {name!r}")
    reviews = Reviews(
        people=table.whole("people", high=100) or 0,
        automated=table.whole("automated", high=100) or 0,
        severe=table.whole("severe", high=100) or 0,
        categories=categories,
        deciders=deciders,
    )
    table.close()
    return reviews
