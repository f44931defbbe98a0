"""Inventory: take over what the provider's own systems say about customers and assets.

Nothing is ever deleted: what has vanished from the source ends (`until`), because a complaint of last month is about
the customer of last month. Who answers for an asset changes by ending one term and beginning another.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from django.db import models, transaction

from trustdesk.core.types import Actor, Finding, Problem, Refused
from trustdesk.flow.locate import bounds
from trustdesk.flow.record import record
from trustdesk.interfaces.inventory import AssetRow, CustomerRow, Inventory
from trustdesk.interfaces.registry import PluginError, make
from trustdesk.models import Asset, DeskChain, Subject

GROUP = "trustdesk.inventories"
#: So many rows are written, with one journal entry, in one transaction.
BATCH = 500
_SUBJECT = ("name", "email", "language", "country", "since", "until", "protected", "notes")
_ASSET = ("subject_id", "role", "until", "family", "low", "high")


@dataclass
class Imported:
    """Rows of the source that were read, and rows of ours made, changed and ended; `problems` were not used."""

    customers: int = 0
    assets: int = 0
    made: int = 0
    changed: int = 0
    ended: int = 0
    problems: list[Problem] = field(default_factory=list)


def load(name: str, config: Mapping[str, object], *, actor: Actor, now: datetime) -> Imported:
    """Read the inventory plugin `name` made with `config` and take over what it says.

    Raises Refused if there is no such plugin or it refuses the configuration.
    """
    try:
        source = cast(Inventory, make(GROUP, name, config))
    except PluginError as error:
        raise Refused(Finding("inventory.unusable", str(error))) from error
    return take_over(source.read(), actor=actor, now=now)


def anything() -> bool:
    """Whether there is any customer yet."""
    return Subject.objects.exists()


def take_over(rows: Iterable[CustomerRow | AssetRow | Problem], *, actor: Actor, now: datetime) -> Imported:
    """Bring Subject and Asset up to date. Repeating it changes nothing. Two at once: the second waits for each batch of
    the first, and finds done what the first did."""
    done = Imported()
    customers: dict[str, CustomerRow] = {}
    assets: list[AssetRow] = []
    for row in rows:
        if isinstance(row, Problem):
            done.problems.append(row)
        elif isinstance(row, CustomerRow):
            customers[row.ref] = row
        else:
            assets.append(row)
    done.customers, done.assets = len(customers), len(assets)
    if not customers:  # an empty or unreadable file must not end every customer we have
        done.problems.append(Problem("inventory.empty", "there is no customer that could be read; nothing was changed"))
        return done
    chunks = list(customers.values())
    for at in range(0, len(chunks), BATCH):
        _customers(chunks[at : at + BATCH], done, actor=actor, now=now)
    for at in range(0, len(assets), BATCH):
        _assets(assets[at : at + BATCH], done, actor=actor, now=now)
    _end_vanished(customers, assets, done, actor=actor, now=now)
    if done.made or done.changed or done.ended:
        body = {n: getattr(done, n) for n in ("customers", "assets", "made", "changed", "ended")}
        with transaction.atomic():
            record(None, "inventory.imported", body | {"problems": len(done.problems)}, actor=actor, now=now)
    return done


def _alone() -> None:
    """One import at a time: all of them write the desk's own chain."""
    DeskChain.objects.select_for_update().get_or_create(pk=1)


def _save(kind: str, rows: list[Any], done: Imported, *, actor: Actor, now: datetime) -> None:
    if rows:
        made = sum(row._state.adding for row in rows)
        done.made += made
        done.changed += len(rows) - made
        record(None, kind, {"count": len(rows)}, actor=actor, now=now, rows=rows)


def _differs(row: models.Model, values: Mapping[str, object]) -> bool:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return bool(changed) or row._state.adding


def _customers(rows: list[CustomerRow], done: Imported, *, actor: Actor, now: datetime) -> None:
    with transaction.atomic():
        _alone()
        known = Subject.objects.in_bulk([r.ref for r in rows], field_name="ref")
        changed = []
        for row in rows:
            subject = known.get(row.ref) or Subject(ref=row.ref)
            if _differs(subject, {name: getattr(row, name) for name in _SUBJECT}):
                changed.append(subject)
        _save("inventory.customers_changed", changed, done, actor=actor, now=now)


def _assets(rows: list[AssetRow], done: Imported, *, actor: Actor, now: datetime) -> None:
    today = now.date()
    with transaction.atomic():
        _alone()
        subjects = Subject.objects.in_bulk(list({r.customer for r in rows}), field_name="ref")
        terms: dict[tuple[str, str, str], list[Asset]] = {}
        for asset in Asset.objects.filter(value__in={r.value for r in rows}).order_by("id"):
            terms.setdefault((asset.kind, asset.ref, asset.value), []).append(asset)
        changed: dict[int, Asset] = {}
        for row in rows:
            if row.customer not in subjects:
                problem = f"customer {row.customer!r} is not in the inventory"
                done.problems.append(Problem("inventory.unknown_customer", problem, row.where))
                continue
            subject = subjects[row.customer].pk
            term = _term(terms.get((row.kind, row.ref, row.value), []), row, today)
            moved = term is not None and row.since is None and term.subject_id != subject and _runs(term, today)
            if term is not None and moved and term.since != today:  # a term begun today is corrected
                term.until = today
                changed[id(term)] = term
                term = Asset(since=today)
            if term is None:
                term = Asset(since=row.since)
            term.kind, term.ref, term.value = row.kind, row.ref, row.value
            family, low, high = _bounds(row)
            values = (subject, row.role, row.until, family, low, high)
            if _differs(term, dict(zip(_ASSET, values, strict=True))):
                changed[id(term)] = term
        _save("inventory.assets_changed", list(changed.values()), done, actor=actor, now=now)


def _runs(asset: Asset, on: date) -> bool:
    return asset.until is None or asset.until > on


def _term(terms: list[Asset], row: AssetRow, today: date) -> Asset | None:
    """The term that a row of the source speaks of: the one that began that day or, without a day, the one that runs."""
    if row.since is not None:
        return next((t for t in terms if t.since == row.since), None)
    running = [t for t in terms if _runs(t, today)]
    return running[-1] if running else next((t for t in terms if t.since is None and t.until == row.until), None)


def _bounds(row: AssetRow) -> tuple[int | None, str | None, str | None]:
    return bounds(ipaddress.ip_network(row.value)) if row.kind == "prefix" else (None, None, None)


def _end_vanished(
    customers: Mapping[str, CustomerRow], assets: list[AssetRow], done: Imported, *, actor: Actor, now: datetime
) -> None:
    """What the source does not name any more ends today."""
    today = now.date()
    named = {(r.kind, r.ref, r.value) for r in assets}
    running = models.Q(until__isnull=True) | models.Q(until__gt=today)
    of_assets = Asset.objects.filter(running).values_list("pk", "kind", "ref", "value")
    gone = [pk for pk, *key in of_assets.iterator() if tuple(key) not in named]
    of_customers = Subject.objects.filter(running).values_list("pk", "ref")
    left = [pk for pk, ref in of_customers.iterator() if ref not in customers]
    for model, keys, kind in ((Asset, gone, "inventory.assets_ended"), (Subject, left, "inventory.customers_ended")):
        for at in range(0, len(keys), BATCH):
            with transaction.atomic():
                _alone()
                rows: list[Any] = list(model._default_manager.filter(running, pk__in=keys[at : at + BATCH]))
                for row in rows:
                    row.until = today
                if rows:
                    record(None, kind, {"count": len(rows)}, actor=actor, now=now, rows=rows)
                    done.ended += len(rows)
