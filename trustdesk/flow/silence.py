"""Silence: what a rule forbids to tell whom. Asked by every door through which somebody outside could learn of a case."""

from __future__ import annotations

from trustdesk.core import deciding
from trustdesk.flow import duties
from trustdesk.models import Case, Entry


def forbidden(case: Case, *, to: str, letter: str) -> str:
    """The rule that forbids telling `to` (customer, reporter) what `letter` says, with its citation; "" if none does.

    Orders that impose a gag are those that a person has confirmed on the case (`flow.confirm`); what ends one is looked
    up in the case's own journal.
    """
    applied = duties.applied_to(case)
    ends = {event for a in applied for rule in a.rules.silences for event in rule.ends_on}
    happened: frozenset[str] = frozenset()
    if ends and case.pk:
        happened = frozenset(Entry.objects.filter(chain=case.pk, kind__in=ends).values_list("kind", flat=True))
    orders = applied[0].facts.confirmed if applied else frozenset()
    rule = deciding.forbidden(applied, case.category, to=to, letter=letter, orders=orders, happened=happened)
    return f"{rule.title} ({rule.source})" if rule is not None else ""
