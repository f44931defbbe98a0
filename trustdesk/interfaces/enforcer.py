"""Enforcer: makes a measure real on the provider's own systems, and looks from outside whether it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

#: Kinds of measure that the desk knows. `forward` (a letter and nothing else) needs no enforcer.
MEASURE_KINDS = frozenset(
    {"site_disable", "path_block", "warning_page", "account_suspend", "domain_hold", "null_route"}
)


@dataclass(frozen=True, slots=True)
class Order:
    """One measure on one asset, as the desk orders it.

    `key` is the measure's own id and the idempotency key: the same key is the same order, however often it is sent.
    `kind` is one of MEASURE_KINDS (or an operator's own). `asset_kind` and `asset_ref` name the resource as the
    inventory does; `target` is what was complained about on it: an absolute URL, a host name, an IP address, a prefix
    or an account name. `legal_basis` is fit to be shown to the public (RFC 7725 section 3); `reason` is for the
    operator of the system. `until` is aware; None means until lifted.
    """

    key: str
    kind: str
    asset_kind: str
    asset_ref: str
    target: str
    case: str = ""
    legal_basis: str = ""
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to.

    `done`: it is so. `pending`: the other side took it (apply, lift) or it cannot be seen yet (confirm); ask again.
    `failed`: it did not happen; `retry` says whether the same order may succeed later, `retry_after` (seconds) when
    the other side named a time. `code` is for machines, `detail` for people, `observed` is what was really seen
    (status line, headers), to be kept as proof.
    """

    status: Literal["done", "pending", "failed"]
    code: str = ""
    detail: str = ""
    retry: bool = False
    observed: str = ""
    retry_after: int | None = None


@runtime_checkable
class Enforcer(Protocol):
    """Carries out measures of some kinds.

    Built with one mapping (its table in the operator's configuration); a wrong configuration raises ValueError there.
    The four verbs never raise for what the world does (refused, unreachable, slow): that is an Outcome. They are
    called outside any database transaction, at least once, in any process: all are idempotent by `order.key`.
    An enforcer never retries by itself and never sleeps; the desk does both.
    """

    name: str
    kinds: frozenset[str]

    def plan(self, order: Order) -> str:
        """A sentence for the person who decides: what will happen, and what stays untouched. No I/O."""
        ...

    def apply(self, order: Order) -> Outcome:
        """Make it so. A second call with the same key changes nothing."""
        ...

    def confirm(self, order: Order) -> Outcome:
        """Is it so? Asked of the world outside, never of the system that `apply` spoke to."""
        ...

    def lift(self, order: Order) -> Outcome:
        """Undo it. Lifting what was never applied also ends any later `apply` of the same key."""
        ...

    def confirm_lifted(self, order: Order) -> Outcome:
        """Is it gone? Asked of the world outside."""
        ...
