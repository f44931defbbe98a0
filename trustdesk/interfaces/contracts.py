"""What every plugin of a kind must keep, as functions that a plugin's own tests call.

Each gives the broken promises as sentences; an empty tuple is a pass: `assert contracts.channel(mine, letter) == ()`.
They use the plugin for real, so give them one that talks to a test peer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from trustdesk.core.types import Problem
from trustdesk.interfaces.channel import Channel, Delivery, Letter
from trustdesk.interfaces.enforcer import Enforcer, Order, Outcome
from trustdesk.interfaces.enricher import Enricher, FactValue
from trustdesk.interfaces.inventory import ASSET_KINDS, AssetRow, CustomerRow, Inventory

T = TypeVar("T")


class _Broken:
    def __init__(self) -> None:
        self.found: list[str] = []

    def unless(self, kept: bool, promise: str) -> None:
        if not kept:
            self.found.append(promise)

    def calling(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except Exception as error:
            self.found.append(f"{what} raised {type(error).__name__}: {error}")
            return None


def strict_config(make: Callable[[dict[str, object]], object], config: dict[str, object]) -> tuple[str, ...]:
    """`make` takes `config` and refuses the same with a key it does not know, by ValueError."""
    broken = _Broken()
    broken.calling("a good configuration", lambda: make(dict(config)))
    try:
        make(config | {"no_such_key": 1})
    except ValueError:
        pass
    except Exception as error:
        broken.found.append(f"an unknown key raised {type(error).__name__}, not ValueError")
    else:
        broken.found.append("an unknown key was taken in silence")
    return tuple(broken.found)


def enforcer(plugin: Enforcer, order: Order) -> tuple[str, ...]:
    """One life of `order`, each step twice. It must name a resource of the test peer that is not yet restricted."""
    broken = _Broken()
    broken.unless(isinstance(plugin, Enforcer), "it has not every member of Enforcer")
    broken.unless(order.kind in plugin.kinds, f"{order.kind} is not among its kinds")
    sentence = broken.calling("plan", lambda: plugin.plan(order))
    broken.unless(bool(sentence and sentence.strip()), "plan gives no sentence")
    broken.unless(
        sentence == broken.calling("plan", lambda: plugin.plan(order)), "plan gives another sentence the second time"
    )

    def step(name: str, *allowed: str) -> None:
        for turn in ("first", "second"):
            outcome = broken.calling(f"{name} ({turn})", lambda: getattr(plugin, name)(order))
            if isinstance(outcome, Outcome):
                broken.unless(
                    outcome.status in allowed, f"{name} ({turn}) is {outcome.status} {outcome.code} {outcome.detail}"
                )
                broken.unless(outcome.status == "done" or bool(outcome.code), f"{name} ({turn}) says no code")
            else:
                broken.found.append(f"{name} ({turn}) gives no Outcome")

    step("confirm", "pending", "failed")
    step("apply", "done", "pending")
    step("confirm", "done")
    step("lift", "done", "pending")
    step("confirm_lifted", "done")
    step("confirm", "pending", "failed")
    for odd in ("", "not a target \x00", "http://[", "http://" + "a" * 5000, "//", "\r\nx: y"):
        strange = replace(order, key=order.key + "-odd", target=odd, asset_ref="no-such-asset")
        for name in ("plan", "confirm", "confirm_lifted"):
            broken.calling(f"{name} of {odd[:20]!r}", partial(getattr(plugin, name), strange))
    unknown = replace(order, key=order.key + "-kind", kind="no_such_kind")
    other = broken.calling("apply of an unknown kind", lambda: plugin.apply(unknown))
    kept = isinstance(other, Outcome) and other.status == "failed" and not other.retry
    broken.unless(kept, "a kind it does not know is not refused for good")
    return tuple(broken.found)


def enricher(plugin: Enricher, kind: str, value: str, now: datetime) -> tuple[str, ...]:
    """`value` of `kind` must have at least one fact with the test peer."""
    broken = _Broken()
    broken.unless(isinstance(plugin, Enricher), "it has not every member of Enricher")
    broken.unless(kind in plugin.kinds, f"{kind} is not among its kinds")
    facts = broken.calling("enrich", lambda: plugin.enrich(kind, value, now=now))
    broken.unless(isinstance(facts, tuple) and len(facts) > 0, "no fact")
    for fact in facts or ():
        broken.unless(isinstance(fact, FactValue), f"{fact!r} is no FactValue")
        broken.unless(fact.name.startswith(plugin.name + "."), f"{fact.name} does not start with {plugin.name}.")
        broken.unless(bool(fact.source), f"{fact.name} has no source")
        broken.unless(fact.observed_at.tzinfo is not None, f"{fact.name} has a naive time")
    unknown = broken.calling("enrich of an unknown kind", lambda: plugin.enrich("no_such_kind", value, now=now))
    broken.unless(unknown == (), "it has facts for a kind it does not know")
    for odd in ("", " ", "\x00", "a" * 10_000, "..", "http://[", "\u202e", "x" * 64 + ".example", "[::]", "999.1.1.1"):
        given = broken.calling(f"enrich {odd[:20]!r}", partial(plugin.enrich, kind, odd, now=now))
        broken.unless(isinstance(given, tuple), f"enrich {odd[:20]!r} gives no tuple")
    return tuple(broken.found)


def inventory(plugin: Inventory) -> tuple[str, ...]:
    """The plugin must be reading a set with at least one customer and one asset."""
    broken = _Broken()
    broken.unless(isinstance(plugin, Inventory), "it has not every member of Inventory")
    rows = broken.calling("read", lambda: list(plugin.read())) or []
    customers: set[str] = set()
    for row in rows:
        broken.unless(bool(row.where), f"{row!r} does not say where it stands")
        if isinstance(row, CustomerRow):
            broken.unless(row.ref not in customers, f"{row.where}: customer {row.ref} comes twice")
            customers.add(row.ref)
        elif isinstance(row, AssetRow):
            broken.unless(row.customer in customers, f"{row.where}: {row.customer} was not yielded before")
            broken.unless(row.kind in ASSET_KINDS, f"{row.where}: {row.kind} is no kind of asset")
            broken.unless(bool(row.ref and row.value), f"{row.where}: no ref or value")
        else:
            broken.unless(isinstance(row, Problem), f"{row!r} is neither row nor Problem")
        if isinstance(row, CustomerRow | AssetRow) and row.since and row.until:
            broken.unless(row.since < row.until, f"{row.where}: ends before it begins")
    broken.unless(bool(customers), "no customer")
    broken.unless(any(isinstance(row, AssetRow) for row in rows), "no asset")
    broken.unless(rows == (broken.calling("read again", lambda: list(plugin.read())) or []), "a second read differs")
    return tuple(broken.found)


def channel(plugin: Channel, letter: Letter) -> tuple[str, ...]:
    """`letter` must be deliverable with the test peer."""
    broken = _Broken()
    broken.unless(isinstance(plugin, Channel), "it has not every member of Channel")
    for turn in ("first", "second"):
        delivery = broken.calling(f"deliver ({turn})", lambda: plugin.deliver(letter))
        broken.unless(
            isinstance(delivery, Delivery) and delivery.status == "sent", f"deliver ({turn}) gives {delivery!r}"
        )
    for changed, wrong in (
        ("to", replace(letter, to="nobody")),
        ("to", replace(letter, to="")),
        ("to", replace(letter, to="a@b.example\r\nBcc: c@d.example")),
        ("message_id", replace(letter, message_id="no brackets")),
    ):
        delivery = broken.calling(f"deliver with a wrong {changed}", partial(plugin.deliver, wrong))
        kept = isinstance(delivery, Delivery) and delivery.status == "failed" and bool(delivery.code)
        broken.unless(kept, f"a letter with a wrong {changed} is not refused for good: {delivery!r}")
    return tuple(broken.found)
