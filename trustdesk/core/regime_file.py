"""Reading a regime from its TOML document: strict, cited item by item, every finding at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from trustdesk.core.countries import expand
from trustdesk.core.regime_rules import (
    BASES,
    CONFIDENCES,
    DOCUMENT_REQUIREMENTS,
    KINDS,
    NUMBER_KINDS,
    OBLIGATIONS,
    PARTIES,
    PERIODS,
    ROLES,
    SHAPES,
    STATUSES,
    SWITCHES,
    UNITS,
    WITHHELD,
    ClockRule,
    CountRule,
    DisclosureRule,
    DutyRule,
    ElementRule,
    Item,
    Reference,
    Regime,
    RetentionRule,
    Scope,
    SilenceRule,
    UpkeepRule,
    When,
    WithholdRule,
)
from trustdesk.core.strict import BadRules, Table, unique
from trustdesk.core.types import Category, Finding, Form


def parse_regime(document: Mapping[str, Any], *, file: str, digest: str = "") -> Regime:
    """Read one regime from a TOML document. Raises `BadRules` with every finding when anything is wrong.

    `digest` is the SHA-256 of the file's bytes; without it, that of the document's canonical JSON.
    """
    findings: list[Finding] = []
    top = Table(document, "", findings)
    regime = Regime(
        id=top.text("id"),
        title=top.said("title"),
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
        withheld=tuple(_withheld(top)),
        disclosures=tuple(_disclosures(top)),
        retention=tuple(_retention(top)),
        counts=tuple(_counts(top)),
        upkeeps=tuple(_upkeeps(top)),
        penalties=tuple(_plain(top, "penalty")),
        references=tuple(_references(top)),
        open_questions=top.words("open_questions"),
        not_done=top.text("not_done"),
    )
    top.close()
    if regime.confidence == "low" and regime.switch == "on":
        top.bad("switch", "rule.low_confidence", "a regime of low confidence may not be on")
    if regime.status == "not_yet_in_force" and regime.switch == "on":
        top.bad("switch", "rule.not_in_force", "a regime that is not yet in force may not be on")
    if regime.effective_from and regime.effective_to and regime.effective_to < regime.effective_from:
        top.bad("effective_to", "rule.validity", "ends before it begins")
    bases = {r.kind for r in regime.references} | {"memory", "house"}
    for name in (
        "elements",
        "clocks",
        "duties",
        "silences",
        "withheld",
        "disclosures",
        "retention",
        "counts",
        "upkeeps",
        "penalties",
    ):
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
        standing=table.flag("standing"),
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
            essential=table.flag("essential"),
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


def _duties(top: Table) -> Iterable[DutyRule]:
    pairs: list[tuple[Any, Table]] = []
    for table in top.tables("duty"):
        rule = DutyRule(
            **_item(table),
            to=table.text("to"),
            when=table.text("when"),
            event=table.text("event", required=False),
            letter=table.text("letter", required=False),
            met_by=table.words("met_by"),
            document=table.text("document", required=False),
            mandatory=table.flag("mandatory", default=True),
            only=_when(table, "only"),
        )
        if (rule.met_by or rule.document) and not rule.event:
            table.bad("event", "rule.missing", "a duty that something meets needs the event from which it is owed")
        table.close()
        pairs.append((rule, table))
    _dated(pairs, "duty")
    return [rule for rule, _ in pairs]


def _silences(top: Table) -> Iterable[SilenceRule]:
    pairs: list[tuple[Any, Table]] = []
    for table in top.tables("silence"):
        rule = SilenceRule(
            **_item(table),
            to=table.words("to", required=True, choices=PARTIES),
            until=table.text("until"),
            letters=table.words("letters"),
            ends_on=table.words("ends_on"),
            only=_when(table, "only"),
        )
        table.close()
        pairs.append((rule, table))
    _dated(pairs, "silence")
    return [rule for rule, _ in pairs]


def _withheld(top: Table) -> Iterable[WithholdRule]:
    for table in top.tables("withhold"):
        rule = WithholdRule(
            **_item(table),
            to=table.words("to", required=True, choices=PARTIES),
            until=table.text("until"),
            data=table.words("data", choices=WITHHELD),
            unless=_when(table, "unless") if table.has("unless") else None,
        )
        table.close()
        yield rule


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


def _upkeeps(top: Table) -> Iterable[UpkeepRule]:
    pairs: list[tuple[Any, Table]] = []
    for table in top.tables("upkeep"):
        rule = UpkeepRule(
            **_item(table),
            to=table.text("to"),
            every=table.text("every", required=False, choices=PERIODS),
            within=table.whole("within", low=1, high=120),
            renews=table.whole("renews", low=1, high=1200),
            mandatory=table.flag("mandatory", default=True),
        )
        if rule.within is not None and not rule.every:
            table.bad("within", "rule.value", "'within' counts from the end of a period: 'every' is missing")
        if rule.renews is not None and rule.every:
            table.bad("renews", "rule.value", "a report on a period is not renewed: 'every' or 'renews', not both")
        table.close()
        pairs.append((rule, table))
    _dated(pairs, "upkeep")
    return [rule for rule, _ in pairs]


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
