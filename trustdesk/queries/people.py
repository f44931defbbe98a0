"""Names of the people behind actors, for showing who did what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from trustdesk.queries.access import RIGHTS


def names(actors: Iterable[str]) -> dict[str, str]:
    """Display names of the actors `person:<number>`; one statement. Other kinds are left to the screens."""
    numbers = {int(a[7:]) for a in actors if a.startswith("person:") and a[7:].isdecimal()}
    if not numbers:
        return {}
    people = get_user_model()._default_manager.filter(pk__in=numbers)
    return {f"person:{p.pk}": display(p) for p in people}


def display(person: Any) -> str:
    """Full name, or the account's name when there is none."""
    return person.get_full_name() or person.get_username()


def with_rights(*rights: str) -> list[Any]:
    """People whose roles carry all of these rights; one statement. Raises KeyError for a right that does not exist."""
    found = get_user_model()._default_manager.filter(is_active=True)
    for right in rights:
        found = found.filter(Q(is_superuser=True) | Q(groups__name__in=RIGHTS[right]))
    return list(found.distinct().order_by("first_name", "username"))


def active() -> list[Any]:
    """People whom a case can be given to."""
    return list(get_user_model()._default_manager.filter(is_active=True).order_by("first_name", "username"))
