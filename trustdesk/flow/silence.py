"""Silence: what a rule forbids to tell whom. Asked by every door through which somebody outside could learn of a case."""

from __future__ import annotations

from trustdesk.core import deciding
from trustdesk.flow import duties
from trustdesk.models import Case


def forbidden(case: Case, *, to: str, letter: str) -> str:
    """The rule that forbids telling `to` (customer, reporter) what `letter` says, with its citation; "" if none does."""
    rule = deciding.forbidden(duties.applied_to(case), case.category, to=to, letter=letter)
    return f"{rule.title} ({rule.source})" if rule is not None else ""
