"""Silence: what a rule forbids to tell whom, and what must not stand in anything that goes to them. Asked by every door
through which somebody outside could learn of a case."""

from __future__ import annotations

import re
from collections.abc import Iterable

from trustdesk.core import deciding
from trustdesk.core.regime_rules import SilenceRule, WithholdRule
from trustdesk.flow import duties, events
from trustdesk.models import Case, Entry, Indicator, Party, Report

#: So many reporters and targets of a case are looked for in a letter.
MOST = 500
#: Shorter names are words that stand in any letter.
NAME = 5


def rule(case: Case, *, to: str, letter: str) -> SilenceRule | None:
    """The rule that forbids telling `to` (customer, reporter) what `letter` says, or None.

    Orders that impose a gag are those that a person has confirmed on the case (`flow.confirm`); what ends one is looked
    up in the case's own journal and among what people recorded.
    """
    applied = duties.applied_to(case)
    ends = {event for a in applied for rule in a.rules.silences for event in rule.ends_on}
    happened: set[str] = set()
    if ends and case.pk:
        happened.update(Entry.objects.filter(chain=case.pk, kind__in=ends).values_list("kind", flat=True))
        happened.update(said.value["event"].partition(":")[0] for said in events.recorded(case))
    orders = applied[0].facts.confirmed if applied else frozenset()
    return deciding.forbidden(
        applied, case.category, to=to, letter=letter, orders=orders, happened=frozenset(happened)
    )  # fmt: skip


def forbidden(case: Case, *, to: str, letter: str) -> str:
    """The rule that forbids it in words, with its citation; "" if none does."""
    found = rule(case, to=to, letter=letter)
    return said(found) if found is not None else ""


def said(rule: SilenceRule | WithholdRule) -> str:
    """A rule in words, with its citation."""
    return f"{rule.title} ({rule.source})"


def withheld(case: Case, to: str) -> list[WithholdRule]:
    """What must not stand in anything that goes to `to`, by the regimes of the case, proposed ones included."""
    return [
        rule
        for a in duties.applied_to(case)
        for rule in a.rules.withheld
        if not rule.off and to in rule.to and rule.data and not (rule.unless is not None and rule.unless.holds(a.facts))
    ]


def hides(case: Case, to: str, data: str) -> bool:
    """A rule keeps such data (`reporter`, `customer`, `material`) from them."""
    return any(data in rule.data for rule in withheld(case, to))


def leak(case: Case, *, to: str, texts: Iterable[str]) -> WithholdRule | None:
    """The rule that one of the texts would break if it went to `to`, or None.

    Looked for are e-mail addresses, telephone numbers, postal addresses and the full names of people, and where material
    is. Names of organisations are not: a brand stands in every letter about its misuse.
    """
    rules = withheld(case, to)
    if not rules:
        return None
    text = "\n".join(texts).casefold()
    for defanged, plain in (("[.]", "."), ("[:]", ":"), ("[@]", "@"), ("hxxp", "http")):
        text = text.replace(defanged, plain)  # says as much
    found: dict[str, bool] = {}
    for item in rules:
        for data in item.data:
            if data not in found:
                found[data] = any(_stands(value, text) for value in _VALUES[data](case, to))
            if found[data]:
                return item
    return None


def forbids(case: Case, kind: str, role: str, texts: Iterable[str]) -> tuple[str, str]:
    """The id of the rule that keeps a letter back, and why in words with until when; ("", "") when it may go."""
    found = rule(case, to=role, letter=kind) or leak(case, to=role, texts=texts)
    if found is None:
        return "", ""
    return found.id, f"{said(found)}; until: {found.until}"[:2000]


def _stands(value: str, text: str) -> bool:
    return re.search(rf"(?<![\w@.-]){re.escape(value.casefold())}(?![\w@-])", text) is not None


def _reporters(case: Case, to: str) -> list[str]:
    numbers = (
        Report.objects.filter(joinings__case=case).exclude(form="reply").values_list("reporter_id", "principal_id")
    )
    wanted = {number for pair in numbers[:MOST] for number in pair if number is not None}
    values: list[str] = []
    for party in Party.objects.filter(pk__in=wanted).exclude(kind="customer"):
        values += [party.email, party.phone, party.address]
        if " " in party.name.strip() and party.name != party.organisation:
            values.append(party.name)
    return [v.strip() for v in values if len(v.strip()) >= NAME]


def _customer(case: Case, to: str) -> list[str]:
    if case.subject is None:
        return []
    return [v.strip() for v in (case.subject.name, case.subject.email, case.subject.ref) if len(v.strip()) >= NAME]


def _material(case: Case, to: str) -> list[str]:
    found = Indicator.objects.filter(case=case, role="target", kind="url").values_list("value", flat=True)
    return [value for value in found[:MOST] if len(value) >= NAME]


_VALUES = {"reporter": _reporters, "customer": _customer, "material": _material}
