"""What deciding many cases alike needs to know of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from trustdesk.models import Asset, Case, Indicator
from trustdesk.models.code import decode
from trustdesk.queries import access, rulebook


def cases(user: Any, codes: Sequence[str]) -> list[Case]:
    """The cases of these codes that the person may see, in the order given."""
    numbers = {number: place for place, code in enumerate(codes) if (number := decode("C", code)) is not None}
    found = access.cases(user).filter(pk__in=numbers).select_related("subject", "asset", "assigned_to")
    return sorted(found, key=lambda case: numbers[case.pk])


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


def asset_for(case: Case, kind: str) -> Asset | None:
    """The asset of a case that a measure of this kind would be used on; None where it cannot be."""
    if not case.subject_id:
        return None
    found = next((o for o in rulebook.offers(case, _assets(case)) if o.kind == kind), None)
    return found.assets[0] if found is not None else None


def address_on(case: Case, asset_id: int) -> str:
    """The first URL that stands on the asset, else what is there."""
    found = Indicator.objects.filter(case=case, asset_id=asset_id, role="target").order_by("report_id", "position")
    targets = list(found[:50])
    first = next((i for i in targets if i.kind == "url"), targets[0] if targets else None)
    return first.value if first is not None else ""
