"""Retain: erase bytes lawfully without breaking a hash.

The journal holds the digest of the bytes and keeps it. Intent, act, confirm: the tombstone and the entry
`evidence.erased` are written first, in one transaction with the task that makes sure; then the file goes; then
`evidence.erasure_confirmed` says that it is gone. Whoever is killed in between leaves the task behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from trustdesk import evidence
from trustdesk.core.types import SYSTEM, Actor, Finding, Refused
from trustdesk.flow import duties
from trustdesk.flow.record import Draft, Todo, record_all
from trustdesk.flow.work import handler
from trustdesk.models import Case, Entry, Evidence, Task

#: How long what was published stays public (IR 2024/2835, Art. 3), with leap days to spare.
PUBLIC_FOR = timedelta(days=5 * 366)
#: Names the duty or request that the erasure follows, for whoever asks later.
WHY_AT_MOST = 200


def erase(digest: str, why: str, *, actor: Actor, now: datetime) -> Evidence:
    """Erase the bytes of `digest` for good and leave a tombstone that says when and why. Returns the tombstone.

    Every case that holds the bytes gets an entry; bytes of no case (a message that was set aside) get one on the desk's
    own chain. What was read out of the bytes (indicators, parties, texts) is not touched by this. Raises Refused when
    there are no such bytes, they were erased before, no reason is given, nobody has read them yet, they are public, or a
    preservation stands on a case that holds them.
    """
    why = why.strip()
    if not why or len(why) > WHY_AT_MOST:
        text = f"Say in 1 to {WHY_AT_MOST} characters why; it stays when the bytes are gone."
        raise Refused(Finding("erase.no_reason", text, "why"))
    with transaction.atomic():
        cases = _holders(digest)
        kept = Evidence.objects.select_for_update().filter(pk=digest).first()
        if kept is None:
            raise Refused(Finding("erase.unknown", "There are no such bytes.", "digest"))
        if kept.erased_at is not None:
            raise Refused(Finding("erase.again", f"They were erased on {kept.erased_at:%Y-%m-%d} already.", "digest"))
        if kept.reports.filter(state="received").exists():
            raise Refused(
                Finding("erase.unread", "A report that nobody has read yet is made of these bytes.", "digest")
            )
        if kept.publications.filter(is_public=True, made_at__gt=now - PUBLIC_FOR).exists():
            text = "It was published, and stays public for five years (IR 2024/2835, Art. 3)."
            raise Refused(Finding("erase.published", text, "digest"))
        for case in cases:
            if "preservation" in duties.confirmed(case):
                text = f"A preservation on case {case.code} forbids it until it ends."
                raise Refused(Finding("erase.preserved", text, "digest"))
        kept.erased_at, kept.erased_why = now, why
        body = {"evidence": digest, "size": kept.size}
        drafts = [Draft(case, "evidence.erased", body, actor, now, rows=[kept]) for case in _chains(cases)]
        drafts[0].tasks = [Todo("erase", {"evidence": digest}, key=f"erase:{digest}")]
        record_all(drafts)
    finish(digest, actor=actor, now=now)
    return kept


def finish(digest: str, *, actor: Actor, now: datetime) -> bool:
    """Remove the file of a tombstone and write that it is gone; False if that was done before. Safe to repeat."""
    kept = Evidence.objects.get(pk=digest)
    if kept.erased_at is None:
        raise ValueError(f"{digest} has no tombstone")
    evidence.erase(digest)
    with transaction.atomic():
        cases = _holders(digest)
        chains = [case.pk for case in cases] or [0]
        said = Entry.objects.filter(kind="evidence.erasure_confirmed", chain__in=chains, body__contains=digest)
        if said.exists():
            return False
        body = {"evidence": digest}
        record_all([Draft(case, "evidence.erasure_confirmed", body, actor, now) for case in _chains(cases)])
    return True


def _holders(digest: str) -> list[Case]:
    """The cases that hold the bytes, locked, in the order of their numbers so that no two wait in a ring."""
    held = (
        Q(joinings__report__evidence_id=digest) | Q(first_reports__evidence_id=digest) | Q(appeals__evidence_id=digest)
    )
    numbers = sorted(set(Case.objects.filter(held).values_list("pk", flat=True)))
    return list(Case.objects.select_for_update(of=("self",)).filter(pk__in=numbers).order_by("pk"))


def _chains(cases: list[Case]) -> list[Case | None]:
    """Where it is written down: with the cases, or with the desk if there are none."""
    return [*cases] or [None]


@handler("erase")
def run_erase(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Finish the erasure of the task, if whoever began it could not."""
    for task in tasks:
        finish(task.arguments["evidence"], actor=SYSTEM, now=clock())
