"""The only way to get an object for a person: who may see it, and who may do what.

Rights hang on roles (Django groups of these names), never on persons. A case of a sealed category is invisible to
everyone whose role does not carry the right for it, in lists, counts, search and by its address alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from trustdesk.core.rights import RIGHTS, ROLES, SEALED
from trustdesk.models import Appeal, Case, Decision, Joining, Notice, Report, Seal, Subject
from trustdesk.models.code import decode
from trustdesk.prepared import Prepared


class Denied(Exception):
    """This person may not do this. Carries the right that is missing."""

    def __init__(self, right: str) -> None:
        self.right = right
        super().__init__(right)


def roles(user: Any) -> frozenset[str]:
    """The roles of a person; all of them for a superuser, none for somebody who is not signed in or was put out."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return frozenset()
    known = getattr(user, "_desk_roles", None)
    if known is None:
        known = remember(user, (name for (name,) in _ROLES(user.pk)))
    return known


def remember(user: Any, groups: Iterable[str | None]) -> frozenset[str]:
    """Keep the roles of a person, who is in these groups, for as long as the object lives."""
    known = frozenset(ROLES) & frozenset(ROLES if user.is_superuser else groups)
    user._desk_roles = known
    return known


_ROLES = Prepared(lambda person: Group.objects.filter(user=person).values_list("name"))


def may(user: Any, right: str) -> bool:
    """Whether one of the person's roles carries `right`. Raises KeyError for a right that does not exist."""
    return bool(RIGHTS[right] & roles(user))


def require(user: Any, right: str) -> None:
    """Raise Denied unless the person has `right`."""
    if not may(user, right):
        raise Denied(right)


def cases(user: Any) -> QuerySet[Case]:
    """The cases that this person may see."""
    require(user, "see")
    return Case.objects.filter(visible(user))


def visible(user: Any, prefix: str = "") -> Q:
    """The condition that every list of things of a case carries; `prefix` leads to the case (`case__`)."""
    return shown(may(user, "see_sealed"), prefix)


def shown(everything: bool, prefix: str = "") -> Q:
    """The same for somebody who sees everything, sealed cases too, or who does not."""
    if everything:
        return Q()
    return ~Q(**{f"{prefix}category__in": SEALED}) & ~Q(**{f"{prefix}pk__in": _seals()})


def everything(user: Any) -> bool:
    """Whether the person, who must be one of the desk, sees sealed cases as well."""
    require(user, "see")
    return may(user, "see_sealed")


def sealed(case: Case) -> bool:
    """Whether this case is for few: by its category, or because somebody sealed it."""
    return case.category in SEALED or Seal.objects.filter(case=case, lifted_at=None).exists()


def hidden(user: Any) -> QuerySet[Case]:
    """The cases that exist, but not for this person."""
    return (
        Case.objects.none()
        if may(user, "see_sealed")
        else Case.objects.filter(Q(category__in=SEALED) | Q(pk__in=_seals()))
    )


def _seals() -> QuerySet[Seal, Any]:
    return Seal.objects.filter(lifted_at=None).values("case_id")


def case(user: Any, code: str) -> Case:
    """The case of a public code. Raises Case.DoesNotExist: what may not be seen does not exist."""
    number = decode("C", code)
    if number is None:
        raise Case.DoesNotExist(code)
    found: Case | None = _CASE.first(everything(user), number)
    if found is None:
        raise Case.DoesNotExist(code)
    seen(user, found)
    return found


_CASE = Prepared(
    lambda sealed, number: Case.objects.filter(shown(sealed), pk=number).select_related(
        "subject", "asset", "assigned_to"
    )
)


def seen(user: Any, *found: Case) -> None:
    """Remember for the end of the request that the person saw these; `web.staff.common.page` writes down the sealed ones."""
    if may(user, "see_sealed"):
        for one in found:
            if sealed(one):
                user._sealed_seen = {*getattr(user, "_sealed_seen", ()), one.pk}


def sealed_seen(user: Any) -> list[int]:
    """Numbers of the sealed cases that the person saw in this request."""
    return sorted(getattr(user, "_sealed_seen", ()))


def decisions(user: Any) -> QuerySet[Decision]:
    """The decisions on cases that this person may see."""
    require(user, "see")
    return Decision.objects.filter(visible(user, "case__"))


def appeals(user: Any) -> QuerySet[Appeal]:
    """The appeals on cases that this person may see."""
    require(user, "see")
    return Appeal.objects.filter(visible(user, "case__"))


def notices(user: Any) -> QuerySet[Notice]:
    """The letters of cases that this person may see."""
    require(user, "see_letters")
    return Notice.objects.filter(visible(user, "case__"))


def reports(user: Any) -> QuerySet[Report]:
    """The reports that this person may see; one that is not yet placed shows its channel and time only."""
    require(user, "see_traffic")
    return shown_reports(may(user, "see_sealed"))


def shown_reports(everything: bool) -> QuerySet[Report]:
    """The reports for somebody who sees everything, those of sealed cases too, or who does not."""
    if everything:
        return Report.objects.all()
    of_sealed = Joining.objects.filter(case__in=_seals()).values("report_id")
    return Report.objects.exclude(category__in=SEALED).exclude(pk__in=of_sealed)


def subjects(user: Any) -> QuerySet[Subject]:
    """The customers."""
    require(user, "see")
    return Subject.objects.all()
