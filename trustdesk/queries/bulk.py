"""What deciding many cases alike needs to know of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from trustdesk.models import Asset, Case, Decision, Entry, Indicator
from trustdesk.models.code import decode
from trustdesk.queries import access, rulebook

#: So many targets of an asset are looked at.
ADDRESSES = 500


def cases(user: Any, codes: Sequence[str]) -> list[Case]:
    """The cases of these codes that the person may see, in the order given."""
    numbers = {number: place for place, code in enumerate(codes) if (number := decode("C", code)) is not None}
    found = access.cases(user).filter(pk__in=numbers).select_related("subject", "asset", "assigned_to")
    return sorted(found, key=lambda case: numbers[case.pk])


def resting(user: Any, found: Sequence[Case]) -> list[tuple[int, int]]:
    """(case, number of the entry) of the decisions of this person on these cases that still rest."""
    mine = Decision.objects.filter(case__in=found, state="resting", made_by=f"person:{user.pk}").values("case_id")
    rested = Entry.objects.filter(chain__in=mine, kind="decision.rested").order_by("seq")
    return list(dict(rested.values_list("chain", "seq")).items())


def _assets(case: Case) -> list[Asset]:
    """The assets of the targets, the case's own first, then the account behind them."""
    targets = Indicator.objects.filter(case=case, role="target", asset__isnull=False)
    ids = [number for number in (case.asset_id, *targets.values_list("asset_id", flat=True)) if number is not None]
    found = Asset.objects.filter(Q(pk__in=ids) | Q(subject=case.subject, kind="account"))
    return sorted(found, key=lambda a: (a.pk != case.asset_id, a.kind == "account", a.pk))


def offers(found: Sequence[Case]) -> dict[str, int]:
    """Kinds of measures with the number of cases on which each can be used, the most often usable first."""
    usable: Counter[str] = Counter()
    for case in found:
        if case.subject_id:
            usable.update({offer.kind for offer in rulebook.offers(case, _assets(case))})
    return dict(usable.most_common())


def assets_for(case: Case, kind: str) -> tuple[Asset, ...]:
    """The assets of a case that a measure of this kind would be used on: all that its targets stand on, the case's own
    first; the account behind them only where nothing else fits. None where it cannot be used."""
    if not case.subject_id:
        return ()
    found = next((o for o in rulebook.offers(case, _assets(case)) if o.kind == kind), None)
    if found is None:
        return ()
    return tuple(a for a in found.assets if a.kind != "account") or found.assets[:1]


def addresses_on(case: Case, asset_id: int) -> list[str]:
    """Every URL complained of that stands on the asset, each once, else what is there first."""
    found = Indicator.objects.filter(case=case, asset_id=asset_id, role="target").order_by("report_id", "position")
    targets = list(found[:ADDRESSES])
    urls = [i.value for i in targets if i.kind == "url"] or [i.value for i in targets[:1]]
    return list(dict.fromkeys(urls)) or [""]
