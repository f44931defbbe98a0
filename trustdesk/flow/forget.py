"""Forget: erase what a case holds of people beside the bytes that came in: letters, names and addresses of the parties, what is
complained about, what was looked up, the words of decisions, appeals and notes. That and how it was decided, ordered, counted
and cited stays; who it was, where and in which words goes.

The journal never held any of it. One entry, `words.erased`, names the rows that were emptied and their new digests, so the
ledger stays whole; publications count entries and are not touched, nor is what was handed to a public register.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from trustdesk.core import retention as rules_of
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import retention
from trustdesk.flow.record import Group, locked, record
from trustdesk.models import (
    Appeal,
    Case,
    Decision,
    Fact,
    Indicator,
    Measure,
    Note,
    Notice,
    Party,
    Report,
    Review,
    Sign,
    Snooze,
    Suspension,
)

#: Stands in the place of the way a letter went.
ERASED = "erased"
#: What people and the desk say of the law on a case keeps its form, without its words: rules go by it (`law.confirmed`, …).
KEPT_FORM = ("law.", "report.")
FREE = frozenset({"why", "note", "number", "court"})
#: What names a party.
NAMED = ("name", "email", "organisation", "phone", "address")
#: A measure that is in none of these states bites, or may yet: what it bites on and why stays with it.
GONE = ("lifted", "cancelled")


@dataclass(frozen=True, slots=True)
class Words:
    """What a closed case holds of people, as numbers of rows, and what may happen to it today. `indicators` are the reports
    whose indicators say something."""

    case: int
    code: str
    verdict: rules_of.Verdict
    letters: tuple[int, ...] = ()
    appeals: tuple[int, ...] = ()
    reports: tuple[int, ...] = ()
    parties: tuple[int, ...] = ()
    indicators: tuple[int, ...] = ()
    facts: tuple[int, ...] = ()
    decisions: tuple[int, ...] = ()
    measures: tuple[int, ...] = ()
    notes: tuple[int, ...] = ()
    snoozes: tuple[int, ...] = ()
    reviews: tuple[int, ...] = ()
    suspensions: tuple[int, ...] = ()
    title: bool = False

    def counts(self) -> dict[str, int]:
        """How many rows of each kind would be emptied (of indicators: the reports that name them)."""
        return {name: len(getattr(self, name)) for name in KINDS}

    @property
    def pieces(self) -> int:
        """How many rows would be emptied."""
        return sum(self.counts().values()) + self.title


#: The kinds of rows, as reports of a dry run name them.
KINDS = tuple(f.name for f in fields(Words) if f.name not in ("case", "code", "verdict", "title"))


def review(now: datetime, *, limit: int | None = None) -> Iterator[Words]:
    """Every case that was closed a month ago or longer and still holds words of people, the oldest first."""
    found = Case.objects.filter(state="closed", closed_at__lt=now - retention.YOUNGEST).order_by("closed_at", "pk")
    seen = 0
    for number in found.values_list("pk", flat=True).iterator(chunk_size=retention.CHUNK):
        words = _of(Case.objects.select_related("asset", "subject").get(pk=number), now)
        if words.pieces:
            yield words
            seen += 1
            if limit is not None and seen >= limit:
                return


def _of(case: Case, now: datetime) -> Words:
    letters = Notice.objects.filter(case=case).exclude(text="")
    verdict = retention.verdict_on([case], now)
    if letters.filter(state__in=("queued", "withheld")).exists():
        why = ("a letter waits until it may go",)
        verdict = rules_of.Verdict(True, False, (*why, *(verdict.why if verdict.keep else ())))
    joined = Report.objects.filter(Q(joinings__case=case) | Q(case=case)).distinct()
    # A report that concerns other customers too is theirs as well: their cases have a say.
    reports = [r for r in joined if not _others_keep(r, case, now)]
    named = {n for r in reports for n in (r.reporter_id, r.principal_id) if n is not None}
    parties = Party.objects.filter(pk__in=named).exclude(**dict.fromkeys(NAMED, ""))
    said = Indicator.objects.filter(report__in=[r.pk for r in reports]).exclude(value="", raw="", host="")
    stands = set(Measure.objects.filter(case=case).exclude(state__in=GONE).values_list("decision_id", flat=True))
    return Words(
        case.pk,
        case.code,
        verdict,
        letters=_numbers(letters),
        appeals=_numbers(Appeal.objects.filter(case=case).exclude(text="", reasons="")),
        reports=tuple(r.pk for r in reports if _speaks(r)),
        parties=_numbers(parties),
        indicators=tuple(sorted(set(said.values_list("report_id", flat=True)))),
        facts=tuple(f.pk for f in Fact.objects.filter(case=case).order_by("pk") if _emptied(f) != (f.about, f.value)),
        decisions=tuple(
            d.pk for d in Decision.objects.filter(case=case).exclude(reasons="").order_by("pk") if d.pk not in stands
        ),
        measures=_numbers(Measure.objects.filter(case=case, state__in=GONE).exclude(target="", detail="")),
        notes=_numbers(Note.objects.filter(case=case).exclude(text="")),
        snoozes=_numbers(Snooze.objects.filter(case=case).exclude(why="")),
        reviews=_numbers(Review.objects.filter(case=case).exclude(words="")),
        suspensions=_numbers(Suspension.objects.filter(case=case).exclude(reasons="")),
        title=bool(case.title) and not stands,
    )


def _speaks(report: Report) -> bool:
    """Something of who wrote stands in the report's own row."""
    return bool(
        report.title or report.envelope_from or report.message_id or any(p.get("message") for p in report.problems)
    )


def _numbers(found: Any) -> tuple[int, ...]:
    return tuple(found.order_by("pk").values_list("pk", flat=True))


def _emptied(fact: Fact) -> tuple[str, Any]:
    """What is left of a fact: of what was looked up nothing but that it was, of what people said of the law its form."""
    if not fact.name.startswith(KEPT_FORM) or not isinstance(fact.value, dict):
        return "", {}
    return fact.about, {name: "" if name in FREE else value for name, value in fact.value.items()}


def _others_keep(report: Report, case: Case, now: datetime) -> bool:
    others = list(Case.objects.filter(joinings__report=report).exclude(pk=case.pk).select_related("asset", "subject"))
    return bool(others) and retention.verdict_on(others, now).keep


def forget(case_id: int, why: str, *, actor: Actor, now: datetime) -> Words:
    """Empty what may go of a case. Returns what was emptied.

    Raises Refused without a reason, while a rule, an open case, a waiting letter or a preservation keeps it.
    """
    why = " ".join(why.split())[:200]
    if not why:
        raise Refused(Finding("erase.no_reason", "Say why; it stays when the words are gone.", "why"))
    with locked(case_id) as case:
        words = _of(case, now)
        if words.verdict.keep:
            raise Refused(Finding("erase.kept", f"{case.code} is kept: {'; '.join(words.verdict.why)}", "case"))
        if not words.pieces:
            raise Refused(Finding("erase.again", f"Nothing of people is left on {case.code}.", "case"))
        rows: list[Model | Group] = [*_letters_and_parties(words, why), *_account(words), *_indicators(words)]
        if words.title:
            case.title = ""
        body = {"notices" if name == "letters" else name: list(getattr(words, name)) for name in KINDS}
        record(case, "words.erased", body, actor=actor, now=now, rows=rows)
        if words.indicators:  # made from them
            Sign.objects.filter(case=case).delete()
    return words


@dataclass(frozen=True, slots=True)
class Aside:
    """Mail that was no report and belongs to no case, as far as it names people: numbers of reports and parties."""

    reports: tuple[int, ...]
    parties: tuple[int, ...]


def aside(now: datetime) -> Aside:
    """What is a month old or older of it, the oldest first, so many at a time. Nothing but the house keeps it."""
    found = Report.objects.filter(state="set_aside", case=None, joinings=None, received_at__lt=now - retention.YOUNGEST)
    parties = Party.objects.exclude(**dict.fromkeys(NAMED, ""))
    mine = parties.filter(Q(reports__in=found) | Q(principal_of__in=found)).order_by("pk").distinct()
    speaking = found.exclude(title="", envelope_from="", message_id="").order_by("pk")
    return Aside(
        tuple(speaking.values_list("pk", flat=True)[: retention.CHUNK]),
        tuple(mine.values_list("pk", flat=True)[: retention.CHUNK]),
    )


def forget_aside(*, actor: Actor, now: datetime) -> Aside:
    """Empty it, with one entry on the desk's own chain. Returns what was emptied; nothing is written when there is nothing."""
    with transaction.atomic():
        gone = aside(now)
        if gone.reports or gone.parties:
            body = {"reports": list(gone.reports), "parties": list(gone.parties)}
            record(None, "words.erased", body, actor=actor, now=now, rows=list(_envelopes(gone.reports, gone.parties)))
    return gone


def _blank(found: Any, *names: str, **values: object) -> list[Any]:
    """The rows with these columns empty (or with `values`), not saved yet."""
    rows = list(found.order_by("pk"))
    for row in rows:
        for name in names:
            setattr(row, name, "")
        for name, value in values.items():
            setattr(row, name, value)
    return rows


def _letters_and_parties(words: Words, why: str) -> Iterator[Model]:
    written = ("title", "text", "html", "to_name", "to_address", "in_reply_to")
    yield from _blank(Notice.objects.filter(pk__in=words.letters), *written, parts={}, detail=f"{ERASED}: {why}")
    yield from _blank(Appeal.objects.filter(pk__in=words.appeals), "text", "reasons")
    yield from _envelopes(words.reports, words.parties)


def _envelopes(reports: Iterable[int], parties: Iterable[int]) -> Iterator[Model]:
    for report in _blank(Report.objects.filter(pk__in=reports), "title", "envelope_from", "message_id"):
        report.problems = [problem | {"message": "", "where": ""} for problem in report.problems]
        yield report
    yield from _blank(Party.objects.filter(pk__in=parties), *NAMED, verified=[])


def _account(words: Words) -> Iterator[Model]:
    """The words of the account: of decisions, measures that are gone, notes, second looks and suspensions; and the facts."""
    for decision in _blank(Decision.objects.filter(pk__in=words.decisions), "reasons", "notes", "settled_why"):
        decision.plan = [planned | {"target": ""} for planned in decision.plan]
        yield decision
    yield from _blank(Measure.objects.filter(pk__in=words.measures), "target", "detail")
    for fact in Fact.objects.filter(pk__in=words.facts).order_by("pk"):
        fact.about, fact.value = _emptied(fact)
        yield fact
    yield from _blank(Note.objects.filter(pk__in=words.notes), "text")
    yield from _blank(Snooze.objects.filter(pk__in=words.snoozes), "why")
    yield from _blank(Review.objects.filter(pk__in=words.reviews), "words")
    told = ("identity", "reasons", "settled_why", "ended_why", "contest", "answer")
    yield from _blank(Suspension.objects.filter(pk__in=words.suspensions), *told, weighed={})


def _indicators(words: Words) -> Iterator[Group]:
    """What the reports name. Kind, role and place in the order stay, and whose asset it was; the string itself goes."""
    for number in words.indicators:
        rows = list(Indicator.objects.filter(report=number).order_by("position", "pk"))
        for row in rows:
            row.value = row.raw = row.host = ""
            row.start = row.end = -1
        yield Group("indicators/report", rows)
