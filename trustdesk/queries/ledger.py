"""The journal and its checkpoints, for the ledger page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max, QuerySet, Sum

from trustdesk.models import Case, Checkpoint, DeskChain, Entry
from trustdesk.models.code import encode
from trustdesk.queries import access

#: Where the last run of `verify` leaves its result for the desk: {"at": ISO time, "ok": bool, "findings": int, …}.
VERIFIED = "ledger:verified"


@dataclass(frozen=True, slots=True)
class Summary:
    """Size and tip of the ledger. `uncovered` counts entries newer than the last checkpoint."""

    entries: int
    chains: int
    checkpoint: Checkpoint | None
    uncovered: int
    verified: dict[str, Any] | None


def summary(user: Any) -> Summary:
    """What the head of the ledger page says."""
    access.require(user, "see_ledger")
    # The tips of the chains say how long they are; counting a long journal would read all of it.
    cases = Case.objects.aggregate(entries=Sum("seq"), chains=Count("pk"))
    desk = DeskChain.objects.filter(seq__gt=0).aggregate(entries=Sum("seq"), chains=Count("pk"))
    entries = (cases["entries"] or 0) + (desk["entries"] or 0)
    last = Checkpoint.objects.order_by("-id").first()
    return Summary(
        entries=entries,
        chains=cases["chains"] + desk["chains"],
        checkpoint=last,
        uncovered=entries - (last.entries if last else 0),
        verified=cache.get(VERIFIED),
    )


def entries(user: Any, *, kind: str = "", chain: int | None = None) -> QuerySet[Entry]:
    """Journal entries, newest first. Entries of cases that the person may not see are left out."""
    access.require(user, "see_ledger")
    found = Entry.objects.all()
    if not access.may(user, "see_sealed"):
        found = found.exclude(chain__in=access.hidden(user).values("pk"))
    if kind:
        found = found.filter(kind=kind)
    if chain is not None:
        found = found.filter(chain=chain)
    return found.order_by("-id")


def kinds(user: Any) -> list[str]:
    """The kinds of entries there are."""
    access.require(user, "see_ledger")
    return list(Entry.objects.order_by("kind").values_list("kind", flat=True).distinct())


def checkpoints(user: Any, limit: int = 20) -> list[Checkpoint]:
    """The latest checkpoints."""
    access.require(user, "see_ledger")
    return list(Checkpoint.objects.order_by("-id")[:limit])


def light() -> str:
    """Colour of the dot beside "Ledger": ok, danger, or "" when nobody has verified yet."""
    verified = cache.get(VERIFIED)
    if not verified:
        return ""
    return "ok" if verified.get("ok") else "danger"


def newest() -> int:
    """Number of the newest entry; 0 when there is none."""
    return Entry.objects.aggregate(n=Max("id"))["n"] or 0


def code_of(chain: int) -> str:
    """The public code of the case whose chain this is; "" for the desk's own chain."""
    return encode("C", chain) if chain else ""
