"""What people of the desk left for each other, and what makes it their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from trustdesk.models import Case, Mention, Note, Presence, SavedView, Snooze
from trustdesk.prepared import Prepared
from trustdesk.queries import access
from trustdesk.queries.people import display

#: Without a sign for so long somebody is not there any more.
AWAY = timedelta(seconds=60)
#: A hand-over note is shown above the queue for so long: the next two shifts see it.
SHIFT = timedelta(hours=24)
NOTES = 100


_NOTES = Prepared(lambda case: Note.objects.filter(case_id=case, withdrawn_at=None).order_by("-at", "-id")[:NOTES])
_SNOOZE = Prepared(lambda case: Snooze.objects.filter(case_id=case, ended_at=None).order_by("id")[:1])
_PRESENT = Prepared(
    lambda case, since, me: (
        Presence.objects.filter(case_id=case, seen_at__gt=since)
        .exclude(person_id=me)
        .select_related("person")
        .order_by("id")[:20]
    )
)
_VIEWS = Prepared(lambda me: SavedView.objects.filter(Q(person_id=me) | Q(shared=True)).select_related("person"))


def notes(case: Case) -> list[Note]:
    """The notes of a case that came from `access.case`, the newest first; withdrawn ones are left out."""
    return _NOTES(case.pk)


def note(user: Any, number: int) -> Note:
    """One note that the person may see. Raises Note.DoesNotExist."""
    return _seen(user).select_related("case").get(pk=number)


def hand_overs(user: Any, *, now: datetime, within: timedelta = SHIFT) -> list[Note]:
    """What one shift told the next, the newest first."""
    return _HAND_OVERS(access.everything(user), now - within)


def mentions(user: Any) -> QuerySet[Mention]:
    """The notes that name this person and that they have not seen, the newest first."""
    found = mentions_of(access.everything(user), user.pk)
    return found.select_related("note__case").order_by("-at", "-id")


def mentions_of(sealed: bool, person: int) -> QuerySet[Mention]:
    """The same for the person of this number, who sees sealed cases or does not."""
    found = Mention.objects.filter(person_id=person, seen_at=None, note__withdrawn_at=None)
    return found if sealed else found.filter(Q(note__case=None) | access.shown(sealed, "note__case__"))


def _seen(user: Any) -> QuerySet[Note]:
    return _shown(access.everything(user))


def _shown(sealed: bool) -> QuerySet[Note]:
    seen = access.shown(sealed, "case__")  # an empty condition would swallow the other one
    return Note.objects.filter(Q(case=None) | seen) if seen else Note.objects.all()


_HAND_OVERS = Prepared(
    lambda sealed, since: (
        _shown(sealed)
        .filter(kind="handover", at__gt=since, withdrawn_at=None)
        .select_related("case")
        .order_by("-at", "-id")[:NOTES]
    )
)


def snooze(case: Case) -> Snooze | None:
    """Until when and why the case is put away; None if it is not."""
    found: Snooze | None = _SNOOZE.first(case.pk)
    return found


def present(case: Case, *, but: int | None, now: datetime) -> list[str]:
    """Who else has the page of the case open."""
    return [display(row.person) for row in _PRESENT(case.pk, now - AWAY, but or 0)]


def views(user: Any) -> list[SavedView]:
    """The person's own named filters, then what others share."""
    return sorted(_VIEWS(int(user.pk)), key=lambda view: (view.person_id != user.pk, view.name.lower()))
