"""A small provider: one customer with a site, a reporter, an enforcer that remembers, a mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from trustdesk.core.types import Actor
from trustdesk.flow import decide, plugins, receive, work
from trustdesk.interfaces.channel import Delivery, Letter
from trustdesk.interfaces.enforcer import MEASURE_KINDS, Order, Outcome
from trustdesk.models import Asset, Case, Subject

ANA, DIEGO, LUCIA = Actor("person", "1"), Actor("person", "2"), Actor("person", "3")
REASONS = "The page imitates the sign-in of a bank and sends what visitors type to a third party."


@dataclass
class Memory:
    """An enforcer for tests: what stands is in `standing`; `trouble` is answered instead, first in first out."""

    name: str = "webhook"
    kinds: frozenset[str] = MEASURE_KINDS
    standing: dict[str, Order] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    trouble: list[Outcome] = field(default_factory=list)

    def plan(self, order: Order) -> str:
        return f"{order.target} will be gone; all else stays"

    def apply(self, order: Order) -> Outcome:
        if self.trouble:
            return self.trouble.pop(0)
        if order.key not in self.standing:
            self.applied.append(order.key)
        self.standing[order.key] = order
        return Outcome("done", "ok")

    def confirm(self, order: Order) -> Outcome:
        return Outcome("done", "seen", observed="451") if order.key in self.standing else Outcome("pending", "absent")

    def lift(self, order: Order) -> Outcome:
        self.standing.pop(order.key, None)
        return Outcome("done", "ok")

    def confirm_lifted(self, order: Order) -> Outcome:
        return Outcome("pending", "there") if order.key in self.standing else Outcome("done", "gone")


@dataclass
class Post:
    """A channel for tests that keeps the letters."""

    name: str = "mailbox"
    letters: list[Letter] = field(default_factory=list)

    def deliver(self, letter: Letter) -> Delivery:
        self.letters.append(letter)
        return Delivery("sent")

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.to == address]


@pytest.fixture
def enforcer(monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory()
    monkeypatch.setattr(plugins, "enforcers", lambda: {"webhook": memory})
    monkeypatch.setattr("trustdesk.flow.enforce.enforcers", lambda: {"webhook": memory})
    return memory


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    kept = Post()
    monkeypatch.setattr("trustdesk.flow.delivery.channel", lambda: kept)
    yield kept


@pytest.fixture
def customer(db: None) -> Subject:
    return Subject.objects.create(
        ref="c-1042", name="Orbital Hosting", email="abuse@orbital.example", language="es", country="MX"
    )


@pytest.fixture
def site(customer: Subject) -> Asset:
    return Asset.objects.create(
        subject=customer, kind="site", ref="site-88213", value="login-bancoazul.example", role="hosting"
    )


@pytest.fixture
def report(now: datetime) -> Callable[..., receive.Receipt]:
    """Hand in a report by the form."""
    count = iter(range(1_000_000))

    def hand_in(
        url: str = "https://login-bancoazul.example/acceso", *, at: datetime = now, **fields: object
    ) -> receive.Receipt:
        given: dict[str, object] = {
            "category": "phishing",
            "urls": [url],
            "description": "It imitates our bank.",
            "language": "en",
            "reporter": {"name": "CSIRT", "email": "csirt@bancoazul.example"},
            "nonce": str(next(count)),
        }
        return receive.receive_form(given | fields, now=at)

    return hand_in


@pytest.fixture
def drain(now: datetime, enforcer: Memory, post: Post) -> Callable[..., int]:
    """Do all the work that is due."""
    return lambda at=now: work.run_until_idle(lambda: at)


@pytest.fixture
def opened(db: None, site: Asset, report: Callable[..., receive.Receipt], drain: Callable[..., int]) -> Case:
    """An open case about the customer's site."""
    report()
    drain()
    return Case.objects.get()


def disable(site: Asset, **changes: object) -> decide.Choice:
    """The usual choice: take the site offline under the phishing clause."""
    values: dict[str, object] = {
        "outcome": "measures",
        "ground": "policy",
        "clause": "2.1",
        "reasons": REASONS,
        "measures": (decide.Wish("site_disable", site.pk),),
    }
    return decide.Choice(**(values | changes))  # type: ignore[arg-type]
