"""Precedents: the decided cases most like this one, how they ended, and whether a draft departs from that.

Candidates come from a few short lists that an index gives (same asset, customer, reporter, category); what is alike is then
weighed in memory. Nothing is learnt and nothing is hidden: each precedent says why it is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import re2
from django.db.models.functions import Upper

from trustdesk.models import Case, Decision, Joining, Party, Report
from trustdesk.queries import access

#: So many of each list are looked at, and so many are shown.
EACH, RECENT, SHOWN = 10, 20, 6
#: What is read of each: reasons and regimes are long and say nothing here.
READ = ("outcome", "plan", "made_at", "state", "case__title", "case__form", "case__category", "case__subject_id")
#: Points for what is the same. Words of the target count up to WORDS together.
POINTS = {"asset": 4.0, "subject": 3.0, "reporter": 2.0, "form": 1.0}
WORDS = 3.0
#: A draft departs when so many precedents ended alike, and they are so large a share of those shown.
ENOUGH, SHARE = 3, 0.6

_word = re2.compile(r"[\pL\pN]{3,}")
_COMMON = frozenset({"http", "https", "www", "com", "net", "org", "html", "index", "php", "example"})


@dataclass(frozen=True, slots=True)
class Precedent:
    """A decision in force on another case. `why` names what is the same: asset, subject, reporter, words; the category
    always is."""

    decision: Decision
    why: tuple[str, ...]
    points: float

    @property
    def ending(self) -> tuple[str, ...]:
        """How it ended: the outcome and the kinds of its measures."""
        return ending(self.decision.outcome, (item["kind"] for item in self.decision.plan))


def ending(outcome: str, kinds: Iterable[str]) -> tuple[str, ...]:
    """An outcome and kinds of measures as one thing to compare."""
    return (outcome, *sorted(set(kinds)))


def of(user: Any, case: Case, reports: Sequence[Report] = ()) -> list[Precedent]:
    """The precedents of `case`, the most alike first. Four short statements and one for the decisions."""
    decided = access.cases(user).filter(category=case.category, first_decision_at__isnull=False).exclude(pk=case.pk)
    numbers: dict[str, set[int]] = {"asset": set(), "subject": set(), "reporter": set()}
    if case.asset_id:
        numbers["asset"] = _newest(decided.filter(asset_id=case.asset_id))
    if case.subject_id:
        numbers["subject"] = _newest(decided.filter(subject_id=case.subject_id))
    numbers["reporter"] = set(decided.filter(pk__in=by_reporters(reports)).values_list("pk", flat=True)[:EACH])
    closed = decided.filter(closed_at__isnull=False).order_by("-closed_at")
    recent = set(closed.values_list("pk", flat=True)[:RECENT])
    every = recent.union(*numbers.values())
    found = Decision.objects.filter(case__in=every, state="final").select_related("case").only(*READ).order_by("id")
    words = _words(case.title)
    newest = {decision.case_id: decision for decision in found}
    out = [_weigh(decision, case, numbers, words) for decision in newest.values()]
    return sorted(out, key=lambda p: (-p.points, _age(p.decision.made_at)))[:SHOWN]


def _newest(found: Any) -> set[int]:
    return set(found.order_by("-opened_at").values_list("pk", flat=True)[:EACH])


def _age(at: datetime) -> float:
    return -at.timestamp()


def by_reporters(reports: Sequence[Report], limit: int = 40) -> list[int]:
    """Numbers of the newest cases that the reporters of these reports brought; found by their newest reports alone."""
    emails = {r.reporter.email.upper() for r in reports if r.reporter is not None and r.reporter.email}
    if not emails:
        return []
    parties = Party.objects.alias(upper=Upper("email")).filter(upper__in=emails).order_by("-id")
    numbers = list(parties.values_list("pk", flat=True)[:limit])
    joined = Joining.objects.filter(report__reporter_id__in=numbers)
    return list(joined.values_list("case_id", flat=True)[:limit])


def _words(text: str) -> set[str]:
    return {word.lower() for word in _word.findall(text[:300])} - _COMMON


def _weigh(decision: Decision, case: Case, numbers: dict[str, set[int]], words: set[str]) -> Precedent:
    other = decision.case
    why = [name for name, found in numbers.items() if other.pk in found]
    points = sum(POINTS[name] for name in why) + POINTS["form"] * (other.form == case.form)
    theirs = _words(other.title)
    shared = len(words & theirs) / len(words | theirs) if words and theirs else 0.0
    if shared >= 0.3:
        why.append("words")
    return Precedent(decision, tuple(why), points + WORDS * shared)


def usual(found: Sequence[Precedent]) -> tuple[tuple[str, ...], int] | None:
    """The ending that most precedents share and how many do; None where they are too few or do not agree."""
    if not found:
        return None
    most, number = Counter(p.ending for p in found).most_common(1)[0]
    return (most, number) if number >= ENOUGH and number >= SHARE * len(found) else None


def departs(found: Sequence[Precedent], outcome: str, kinds: Iterable[str]) -> tuple[tuple[str, ...], int] | None:
    """The usual ending and how many precedents had it, if a draft with this outcome and these measures ends otherwise."""
    known = usual(found)
    return known if known is not None and known[0] != ending(outcome, kinds) else None
