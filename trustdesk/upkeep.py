"""Standing duties of this desk: which law binds the provider itself, and what people said was done. Stores nothing."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from trustdesk import rules
from trustdesk.core import upkeep
from trustdesk.core.regime_rules import Regime
from trustdesk.core.upkeep import Deed, Standing
from trustdesk.models import Upkeep


def bound(on: date) -> list[Regime]:
    """The regimes that bind the provider as such, by its country, its services, and counsel's word in `desk.toml`."""
    desk, book = settings.DESK, rules.current()
    roles = {desk.service_role, *book.policies[desk.policy].roles}
    return [
        regime
        for regime in book.regimes.values()
        if regime.upkeeps
        and upkeep.binds(
            regime,
            country=desk.country,
            roles=roles,
            on=on,
            switched_on=desk.switched_on,
            switched_off=desk.switched_off,
        )
    ]


def deeds() -> list[Deed]:
    """What was done and not taken back."""
    rows = Upkeep.objects.filter(withdrawn_at=None).values_list("regime", "rule", "period", "done_on")
    return [Deed(*row) for row in rows]


def standing(on: date) -> tuple[Standing, ...]:
    """Every standing duty as it is on that day, the most pressing first."""
    return upkeep.standing(bound(on), deeds(), on)
