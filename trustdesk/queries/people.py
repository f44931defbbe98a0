"""Names of the people behind actors, for showing who did what."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from trustdesk.prepared import Prepared
from trustdesk.queries.access import RIGHTS


def names(actors: Iterable[str]) -> dict[str, str]:
    """Display names of the actors `person:<number>`; one statement. Other kinds are left to the screens."""
    numbers = {int(a[7:]) for a in actors if a.startswith("person:") and a[7:].isdecimal()}
    if not numbers:
        return {}
    return {f"person:{p.pk}": display(p) for p in _PEOPLE(sorted(numbers))}


_PEOPLE = Prepared(lambda numbers: get_user_model()._default_manager.filter(pk__in=numbers))


def display(person: Any) -> str:
    """Full name, or the account's name when there is none."""
    return person.get_full_name() or person.get_username()


def with_rights(*rights: str) -> list[Any]:
    """People whose roles carry all of these rights; one statement. Raises KeyError for a right that does not exist."""
    return _with_rights(rights)()


@cache
def _with_rights(rights: tuple[str, ...]) -> Prepared:
    roles = [RIGHTS[right] for right in rights]

    def people() -> QuerySet[Any]:
        found = get_user_model()._default_manager.filter(is_active=True)
        for some in roles:
            found = found.filter(Q(is_superuser=True) | Q(groups__name__in=some))
        return found.distinct().order_by("first_name", "username")

    return Prepared(people)


def active() -> list[Any]:
    """People whom a case can be given to."""
    return list(get_user_model()._default_manager.filter(is_active=True).order_by("first_name", "username"))
