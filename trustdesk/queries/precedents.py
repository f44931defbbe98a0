"""Precedents: the decided cases most like this one, how they ended, and whether a draft departs from that.

Candidates come from a few short lists that an index gives (same asset, customer, reporter, category); what is alike is then
weighed in memory. Nothing is learnt and nothing is hidden: each precedent says why it is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import re2
from django.db.models import QuerySet
from django.db.models.functions import Upper

from trustdesk.models import Case, Decision, Joining, Party, Report
from trustdesk.prepared import Prepared
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


def _decided(sealed: bool, category: str, case: int, **same: Any) -> QuerySet[Case]:
    seen = Case.objects.filter(access.shown(sealed), category=category, first_decision_at__isnull=False)
    return seen.filter(**same).exclude(pk=case)


def _newest(found: QuerySet[Case], limit: int = EACH, by: str = "-opened_at") -> QuerySet[Case, Any]:
    return found.order_by(by).values_list("pk")[:limit]


_ASSET = Prepared(lambda sealed, category, case, asset: _newest(_decided(sealed, category, case, asset_id=asset)))
_SUBJECT = Prepared(lambda sealed, category, case, own: _newest(_decided(sealed, category, case, subject_id=own)))
_REPORTER = Prepared(
    lambda sealed, category, case, emails: _decided(sealed, category, case, pk__in=brought_by(emails)).values_list(
        "pk"
    )[:EACH]
)
_RECENT = Prepared(
    lambda sealed, category, case: _newest(
        _decided(sealed, category, case, closed_at__isnull=False), RECENT, "-closed_at"
    )
)
_DECISIONS = Prepared(
    lambda cases: (
        Decision.objects.filter(case__in=cases, state="final").select_related("case").only(*READ).order_by("id")
    )
)


def questions(user: Any, case: Case, emails: Sequence[str] = ()) -> dict[str, tuple[Any, ...]]:
    """Which cases may be precedents of `case`, which reporters of these `emails` brought: questions for `together`."""
    like = (access.everything(user), case.category, case.pk)
    asked: dict[str, tuple[Any, ...]] = {"like_recent": (_RECENT, *like), "like_reporter": (_REPORTER, *like, emails)}
    if case.asset_id:
        asked["like_asset"] = (_ASSET, *like, case.asset_id)
    if case.subject_id:
        asked["like_subject"] = (_SUBJECT, *like, case.subject_id)
    return asked


def of(case: Case, answers: Mapping[str, Sequence[tuple[Any, ...]]]) -> list[Precedent]:
    """The precedents of `case`, the most alike first, from the answers to `questions`; one statement for their decisions."""
    found = {
        name: {number for (number,) in answers.get(f"like_{name}", ())}
        for name in ("asset", "subject", "reporter", "recent")
    }
    words = _words(case.title)
    newest = {decision.case_id: decision for decision in _DECISIONS(sorted(set().union(*found.values())))}
    numbers = {name: some for name, some in found.items() if name != "recent"}
    out = [_weigh(decision, case, numbers, words) for decision in newest.values()]
    return sorted(out, key=lambda p: (-p.points, _age(p.decision.made_at)))[:SHOWN]


def _age(at: datetime) -> float:
    return -at.timestamp()


def emails(reports: Sequence[Report]) -> list[str]:
    """The addresses of who sent these reports, as they are compared."""
    return sorted({r.reporter.email.upper() for r in reports if r.reporter is not None and r.reporter.email})


def brought_by(emails: Sequence[str], limit: int = 40) -> QuerySet[Joining, Any]:
    """Numbers of the newest cases that the reporters of these addresses brought; found by their newest reports alone."""
    parties = Party.objects.alias(upper=Upper("email")).filter(upper__in=emails).order_by("-id")
    joined = Joining.objects.filter(report__reporter_id__in=parties.values("pk")[:limit])
    return joined.order_by("-report_id").values("case_id")[:limit]


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
