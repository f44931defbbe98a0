"""A small provider for tests of the ledger: two customers, an enforcer and a mailbox in memory, and a clock to turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.test import override_settings

from trustdesk.core.types import Actor, Channel
from trustdesk.flow import duties, inventory, plugins, receive, record, work
from trustdesk.flow.decide import Choice, Wish
from trustdesk.interfaces.channel import Delivery, Letter
from trustdesk.interfaces.enforcer import Order, Outcome
from trustdesk.interfaces.inventory import AssetRow, CustomerRow
from trustdesk.models import Asset, Case

ANA, DIEGO, EVA = (Actor("person", name) for name in ("1", "2", "3"))
OPERATOR = Actor("system", "cli:0")
REASONS = "The page copies the sign-in of a bank and sends what is typed to a third party; we saw it ourselves."
SITES = {"shop-1.example": "c-1", "shop-2.example": "c-1", "blog-1.example": "c-2"}


@dataclass
class MemoryEnforcer:
    """Keeps what bites in a set. `mood` is what the next calls come to: done, retry or failed."""

    name: str = "memory"
    kinds: frozenset[str] = frozenset()
    mood: str = "done"
    biting: set[str] = field(default_factory=set)

    def _outcome(self) -> Outcome:
        if self.mood == "done":
            return Outcome("done", "ok", "it is so", observed="451")
        return Outcome("failed", "refused", "the other side says no", retry=self.mood == "retry")

    def plan(self, order: Order) -> str:
        return f"{order.asset_ref} goes dark, and nothing else"

    def apply(self, order: Order) -> Outcome:
        outcome = self._outcome()
        if outcome.status == "done":
            self.biting.add(order.key)
        return outcome

    def confirm(self, order: Order) -> Outcome:
        return Outcome("done", "451", "dark") if order.key in self.biting else Outcome("failed", "200", retry=True)

    def lift(self, order: Order) -> Outcome:
        self.biting.discard(order.key)
        return Outcome("done", "ok")

    def confirm_lifted(self, order: Order) -> Outcome:
        return Outcome("done", "200") if order.key not in self.biting else Outcome("failed", "451", retry=True)


@dataclass
class MemoryChannel:
    """Keeps letters. `mood` as above."""

    name: str = "memory"
    mood: str = "done"
    letters: dict[str, Letter] = field(default_factory=dict)

    def deliver(self, letter: Letter) -> Delivery:
        if self.mood != "done":
            return Delivery("retry" if self.mood == "retry" else "failed", "4.0.0", "not now")
        self.letters[letter.message_id] = letter
        return Delivery("sent", "2.0.0", "kept")


@dataclass
class World:
    """The desk of the test, and its time."""

    now: datetime
    enforcer: MemoryEnforcer
    channel: MemoryChannel
    mails: int = 0

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)

    def work(self) -> int:
        """Do what is due until nothing is."""
        return work.run_until_idle(self.clock)

    def mail(
        self, url: str, *, about: str = "phishing", sender: str = "soc@bank.example", also: str = "", **headers: str
    ) -> int:
        """One complaint about a URL arrives; returns the report's number. Nothing has read it yet."""
        self.mails += 1
        mail = EmailMessage()
        mail["From"], mail["To"] = sender, settings.DESK.address
        mail["Subject"] = f"{about} on {url}"
        mail["Message-ID"] = f"<{self.mails}.{self.now:%Y%m%d%H%M%S}@{sender.partition('@')[2]}>"
        mail["Date"] = self.now
        for name, value in headers.items():
            del mail[name.replace("_", "-")]
            mail[name.replace("_", "-")] = value
        urls = f"  {url}\n  {also}" if also else f"  {url}"
        mail.set_content(f"Hello abuse team,\n\nthis is used for {about}:\n\n{urls}\n\nPlease take it down.\nSOC\n")
        receipt = receive.receive(receive.Incoming(bytes(mail), Channel.MAIL, envelope_from=sender), now=self.now)
        return receipt.report_id

    def case(self, url: str = "https://shop-1.example/login", **said: str) -> Case:
        """A complaint that became a case, worked until idle."""
        report = self.mail(url, **said)
        self.work()
        return Case.objects.get(joinings__report=report)


@contextmanager
def world(now: datetime, home: Path) -> Iterator[World]:
    """A desk whose enforcer and channel live in memory and whose evidence and keys live under `home`. Needs the
    database of the test, empty."""
    enforcer, channel = MemoryEnforcer(), MemoryChannel()
    made = {"trustdesk.enforcers": enforcer, "trustdesk.channels": channel}
    desk = replace(settings.DESK, enforcers={"memory": {}}, channel="memory", enrichers=())
    _forget()
    with (
        override_settings(DESK=desk, EVIDENCE_DIR=home / "evidence", KEYS_DIR=home / "keys"),
        mock.patch.object(plugins, "make", lambda group, name, config: made[group]),
    ):
        enforcer.kinds = frozenset(m.kind for m in duties.policy().measures)
        here = World(now, enforcer, channel)
        customers = [
            CustomerRow("c-1", "Shops Ltd", "owner@shops.example", language="en", country="MX", since=date(2020, 1, 1)),
            CustomerRow("c-2", "Blogs SA", "owner@blogs.example", language="es", country="MX", since=date(2020, 1, 1)),
        ]
        assets = [AssetRow(ref, "site", f"site-{value}", value, "hosting") for value, ref in SITES.items()]
        assets += [AssetRow(ref, "account", f"account-{ref}", ref, "hosting") for ref in ("c-1", "c-2")]
        inventory.take_over([*customers, *assets], actor=OPERATOR, now=now)
        yield here
    _forget()


def _forget() -> None:
    plugins._made.cache_clear()
    record.ledger_key.cache_clear()


def choice(case: Case, kind: str = "", **changes: object) -> Choice:
    """A decision on a phishing case: with a measure of `kind` on the case's asset, or without any."""
    made = Choice("no_violation", reasons=REASONS)
    if kind:
        asset_kind = "account" if kind.startswith("account") else "site"
        asset = Asset.objects.filter(subject_id=case.subject_id, kind=asset_kind).order_by("id").first()
        if asset_kind == "site":
            asset = case.asset or asset
        assert asset is not None
        made = Choice("measures", "policy", clause="2.1", reasons=REASONS, measures=(Wish(kind, asset.pk),))
    return replace(made, **changes)  # type: ignore[arg-type]
