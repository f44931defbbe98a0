"""Places in a long list: where a page ends and the next begins, as a few values that fit in an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy

from trustdesk.models import Case

#: A column of an order, with "-" in front where the greatest comes first. A time that may be missing comes last.
Order = tuple[str, ...]
URGENCY: Order = ("-priority", "next_due_at", "id")
ORDER: dict[str, Order] = {"closed": ("-closed_at", "-id"), "all": ("-id",)}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = frozenset({"next_due_at", "closed_at"})


def sort(found: QuerySet[Case], order: Order, *, backwards: bool = False) -> QuerySet[Case]:
    """`found` in this order, or in the opposite one."""
    return found.order_by(*(_column(name, backwards=backwards) for name in order))


def _column(name: str, *, backwards: bool) -> str | OrderBy:
    falling = name.startswith("-") != backwards
    bare = name.lstrip("-")
    if bare != "next_due_at":
        return f"-{bare}" if falling else bare
    return F(bare).desc(nulls_first=True) if falling else F(bare).asc(nulls_last=True)


def beyond(found: QuerySet[Case], order: Order, place: Sequence[Any], *, backwards: bool = False) -> QuerySet[Case]:
    """What comes after `place` (or before it, the nearest first)."""
    condition, same = Q(pk__in=()), Q()
    for name, value in zip(order, place, strict=True):
        falling, bare = name.startswith("-") != backwards, name.lstrip("-")
        if value is None:  # the missing ones come last: nothing is behind them, everything else before
            further = Q(**{f"{bare}__isnull": False}) if backwards else Q(pk__in=())
            equal = Q(**{f"{bare}__isnull": True})
        else:
            further, equal = Q(**{f"{bare}__{'lt' if falling else 'gt'}": value}), Q(**{bare: value})
            if bare == "next_due_at" and not backwards:
                further |= Q(**{f"{bare}__isnull": True})
        condition |= same & further
        same &= equal
    first, value = order[0], place[0]
    edge = "lte" if first.startswith("-") != backwards else "gte"
    # Says nothing new, but lets the index be entered at the place instead of at its beginning.
    return sort(found.filter(condition, **{f"{first.lstrip('-')}__{edge}": value}), order, backwards=backwards)


def write(order: Order, case: Case) -> str:
    """The place of a case, such as `712.1763456000000000.8841`; times in microseconds since 1970, "n" for none."""
    return ".".join(_text(getattr(case, name.lstrip("-"))) for name in order)


def _text(value: Any) -> str:
    if value is None:
        return "n"
    return str((value - EPOCH) // timedelta(microseconds=1)) if isinstance(value, datetime) else str(value)


def read(order: Order, text: str) -> tuple[Any, ...] | None:
    """The place that an address names; None for none and for nonsense."""
    parts = text.split(".")
    if len(parts) != len(order):
        return None
    out: list[Any] = []
    for name, part in zip(order, parts, strict=True):
        bare = name.lstrip("-")
        if part == "n" and bare == "next_due_at":
            out.append(None)
        elif not (part.isascii() and part.isdecimal() and len(part) < 18):
            return None
        else:
            out.append(EPOCH + timedelta(microseconds=int(part)) if bare in TIMES else int(part))
    return tuple(out)
