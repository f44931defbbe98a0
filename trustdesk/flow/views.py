"""What makes the desk a person's own: named filters, and who has which page open. Nothing here is part of the account."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from trustdesk.core.types import Finding, Refused
from trustdesk.models import Presence, SavedView

#: After this long without a sign somebody is not there any more, and old rows are swept after so many times that.
AWAY, SWEEP = timedelta(seconds=60), 10
#: So many named filters each.
VIEWS = 40


def present(case_id: int, person: int, *, now: datetime) -> None:
    """`person` has the page of this case open."""
    Presence.objects.update_or_create(case_id=case_id, person_id=person, defaults={"seen_at": now})


def left(case_id: int, person: int) -> None:
    """`person` has left the page of this case."""
    Presence.objects.filter(case_id=case_id, person_id=person).delete()


def sweep(now: datetime) -> None:
    """Forget who was where."""
    Presence.objects.filter(seen_at__lt=now - AWAY * SWEEP).delete()


def save(person: int, name: str, query: str, *, shared: bool, now: datetime) -> SavedView:
    """Name a filter; the same name again replaces it. Raises Refused."""
    name = " ".join(name.replace("\0", "").split())
    findings = []
    if not name or len(name) > 60 or not name.isprintable():
        findings.append(Finding("view.name", "A name has 1 to 60 characters.", "name"))
    if len(query) > 500:
        findings.append(Finding("view.query", "This filter is too long to be kept.", "query"))
    if findings:
        raise Refused(*findings)
    with transaction.atomic():
        mine = SavedView.objects.filter(person_id=person)
        if mine.exclude(name=name).count() >= VIEWS:
            raise Refused(Finding("view.too_many", f"You have {VIEWS} views; remove one first.", "name"))
        values = {"query": query, "shared": shared, "created_at": now}
        view, _ = SavedView.objects.update_or_create(person_id=person, name=name, defaults=values)
    return view


def remove(number: int, person: int) -> bool:
    """Forget a view of one's own; False if there is none."""
    return bool(SavedView.objects.filter(pk=number, person_id=person).delete()[0])
