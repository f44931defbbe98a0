"""Campaigns: the cases that share a sign (core/campaigns.py) and came within a month of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trustdesk.core import campaigns
from trustdesk.core.types import Role
from trustdesk.models import Case, Indicator, Sign
from trustdesk.prepared import Prepared
from trustdesk.queries import access

#: Cases further apart are no campaign of today.
APART = timedelta(days=30)
#: So many cases of all signs are looked at for the page of a case, so many of a sign are shown there and on its own page.
LOOKED, SHOWN, LISTED = 60, 5, 200
#: The targets that a sign is read from again, to show it.
TARGETS = 500

_LINKED = Prepared(
    lambda sealed, case, since, until: (
        Sign.objects.filter(
            access.shown(sealed, "case__"),
            key__in=Sign.objects.filter(case_id=case).values("key"),
            at__gte=since,
            at__lte=until,
        )
        .exclude(case_id=case)
        .select_related("case")
        .order_by("-at", "-id")[:LOOKED]
    )
)


@dataclass(slots=True)
class Campaign:
    """A sign and the cases that bear it, the newest first. `more` tells that there are more than were looked at."""

    key: str
    kind: str = ""
    shown: str = ""
    cases: list[Case] = field(default_factory=list)
    more: bool = False

    @property
    def first(self) -> list[Case]:
        """Those that the page of another case shows."""
        return self.cases[:SHOWN]

    @property
    def open(self) -> int:
        """How many are not closed."""
        return sum(case.closed_at is None for case in self.cases)

    @property
    def endings(self) -> list[tuple[str, int]]:
        """How the decided ones ended, the most frequent first."""
        return Counter(case.outcome for case in self.cases if case.outcome).most_common()


def of_case(user: Any, case: Case, targets: Sequence[tuple[str, str]]) -> list[Campaign]:
    """The campaigns that a case, which came from `access.case`, seems to belong to; `targets` as (kind, value).

    The same path on the same site is the same thing again: only what came up elsewhere too is a campaign."""
    known = {sign.key: sign for sign in campaigns.signs(targets)}
    if not known:
        return []
    rows = _LINKED(access.everything(user), case.pk, case.opened_at - APART, case.opened_at + APART)
    found: dict[str, Campaign] = {}
    for row in rows:
        if row.key in known:
            sign = known[row.key]
            campaign = found.setdefault(row.key, Campaign(row.key, sign.kind, sign.shown, more=len(rows) >= LOOKED))
            campaign.cases.append(row.case)
    wide = [c for c in found.values() if any(other.asset_id != case.asset_id for other in c.cases)]
    return sorted(wide, key=lambda campaign: -len(campaign.cases))[:3]


def one(user: Any, key: str, *, now: datetime) -> Campaign:
    """The cases of one sign: the newest that the person may see, and what came within a month before it. Raises
    Case.DoesNotExist where there is none."""
    rows = Sign.objects.filter(access.visible(user, "case__"), key=key).order_by("-at", "-id")
    newest = rows.values_list("at", flat=True).first()
    if newest is None:
        raise Case.DoesNotExist(key)
    found = list(rows.filter(at__gt=newest - APART).select_related("case__subject")[: LISTED + 1])
    campaign = Campaign(key, cases=[row.case for row in found[:LISTED]], more=len(found) > LISTED)
    access.seen(user, *campaign.cases)
    numbers = [case.pk for case in campaign.cases[:20]]
    values = Indicator.objects.filter(case_id__in=numbers, role=Role.TARGET).values_list("kind", "value")[:TARGETS]
    for value in values:
        for sign in campaigns.signs([value]):
            if sign.key == key:
                campaign.kind, campaign.shown = sign.kind, sign.shown
                return campaign
    return campaign
