"""Forget: erase what a case holds of people beside the bytes that came in: letters, names and addresses of the parties, the
words of appeals. Decided, ordered, counted and cited stays; who it was goes.

The journal never held any of it. One entry, `words.erased`, names the rows that were emptied and their new digests, so the
ledger stays whole; publications count entries and are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from trustdesk.core import retention as rules_of
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow import retention
from trustdesk.flow.record import locked, record
from trustdesk.models import Appeal, Case, Notice, Party, Report

#: Stands in the place of the way a letter went.
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Words:
    """What a closed case holds of people, and what may happen to it today."""

    case: int
    code: str
    verdict: rules_of.Verdict
    letters: tuple[int, ...] = ()
    appeals: tuple[int, ...] = ()
    reports: tuple[int, ...] = ()
    parties: tuple[int, ...] = field(default=())

    @property
    def pieces(self) -> int:
        """How many rows would be emptied."""
        return len(self.letters) + len(self.appeals) + len(self.reports) + len(self.parties)


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
    numbers = {n for r in reports for n in (r.reporter_id, r.principal_id) if n is not None}
    parties = Party.objects.filter(pk__in=numbers).exclude(name="", email="", organisation="", phone="", address="")
    return Words(
        case.pk,
        case.code,
        verdict,
        tuple(letters.order_by("pk").values_list("pk", flat=True)),
        tuple(Appeal.objects.filter(case=case).exclude(text="").order_by("pk").values_list("pk", flat=True)),
        tuple(r.pk for r in reports if r.title or r.envelope_from),
        tuple(parties.order_by("pk").values_list("pk", flat=True)),
    )


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
        letters = list(Notice.objects.filter(pk__in=words.letters).order_by("pk"))
        for letter in letters:
            letter.title = letter.text = letter.html = letter.to_name = letter.to_address = letter.in_reply_to = ""
            letter.parts, letter.detail = {}, f"{ERASED}: {why}"
        appeals = list(Appeal.objects.filter(pk__in=words.appeals).order_by("pk"))
        for appeal in appeals:
            appeal.text = ""
        reports = list(Report.objects.filter(pk__in=words.reports).order_by("pk"))
        for report in reports:
            report.title = report.envelope_from = ""
        parties = list(Party.objects.filter(pk__in=words.parties).order_by("pk"))
        for party in parties:
            party.name = party.email = party.organisation = party.phone = party.address = ""
            party.verified = []
        body = {
            "notices": list(words.letters),
            "appeals": list(words.appeals),
            "reports": list(words.reports),
            "parties": list(words.parties),
        }
        record(case, "words.erased", body, actor=actor, now=now, rows=[*letters, *appeals, *reports, *parties])
    return words
