"""The sidebar: places of the desk that this person may go to, with counts that are right."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from trustdesk import clock
from trustdesk.queries import access, ledger, registers, tally
from trustdesk.web import words
from trustdesk.web.addresses import address


@dataclass(frozen=True, slots=True)
class Item:
    """One link. `key` is a key sequence, `hot` a count that wants attention, `dot` a small light."""

    title: str
    href: str
    here: bool = False
    count: int | None = None
    hot: bool = False
    key: str = ""
    dot: str = ""
    dot_says: str = ""


@dataclass(frozen=True, slots=True)
class Navigation:
    """The groups of the sidebar."""

    mine: list[Item]
    queues: list[Item]
    traffic: list[Item]
    account: list[Item]
    counts: tally.Counts


def build(request: HttpRequest) -> Navigation:
    """The sidebar for this request."""
    counts = counts_of(request)
    return Navigation(
        _mine(request, counts), _queues(request, counts), _traffic(request, counts), _account(request), counts
    )


def _mine(request: HttpRequest, counts: tally.Counts) -> list[Item]:
    home = address("staff:queue")
    asked = dict(request.GET.items()) if request.path == home else None
    items = [
        Item(
            _("All open"), home, asked is not None and not set(asked) - {"after", "before"}, counts.desk.open, key="g q"
        ),
        Item(
            _("My cases"),
            f"{home}?assigned=me",
            asked is not None and asked.get("assigned") == "me",
            counts.mine,
            key="g m",
        ),
    ]
    if access.may(request.user, "approve"):
        held = address("staff:held")
        items.append(Item(_("Held for me"), held, request.path == held, counts.held_for_me, counts.held_hot, key="g h"))
    waiting = f"{home}?state=waiting"
    items.append(
        Item(
            _("Waiting for answer"), waiting, asked is not None and asked.get("state") == "waiting", counts.desk.waiting
        )
    )
    mentions = counts.for_me.mentions
    if mentions:
        items.append(Item(_("For you"), f"{home}#for-you", False, mentions, True))
    appeals = address("staff:appeals")
    here = request.path.startswith(appeals)
    items.append(Item(_("Appeals"), appeals, here, counts.appeals, counts.appeals > 0, key="g a"))
    reviews, mine = address("staff:reviews"), counts.for_me
    here, waits = request.path.startswith(reviews), mine.reviews + mine.feedback
    items.append(Item(_("Reviews"), reviews, here, waits, mine.feedback > 0, key="g v"))
    return items


def _queues(request: HttpRequest, counts: tally.Counts) -> list[Item]:
    home = address("staff:queue")
    chosen = request.GET.get("queue", "") if request.path == home else ""
    return [
        Item(words.word("queue", name).capitalize(), f"{home}?queue={name}", chosen == name, of.open, of.hot > 0)
        for name, of in counts.queues
    ]


def _traffic(request: HttpRequest, counts: tally.Counts) -> list[Item]:
    user, items = request.user, []
    if access.may(user, "see_traffic"):
        items.append(_plain(request, _("Incoming"), "staff:incoming", "g i"))
    if access.may(user, "see_letters"):
        items.append(_plain(request, _("Outbox"), "staff:outbox", "g o"))
    if access.may(user, "see_letters") and (settings.DESK.exchanges or settings.DESK.submissions):
        refused, href = registers.refused(), address("staff:registers")
        items.append(Item(_("Registers"), href, request.path.startswith(href), refused, refused > 0))
    if access.may(user, "see_traffic"):
        dead = counts.dead
        href = address("staff:failed")
        items.append(Item(_("Failed work"), href, request.path == href, dead, dead > 0, key="g f"))
        href = address("staff:senders")
        items.append(
            Item(_("Senders"), href, request.path.startswith(href), counts.senders or None, counts.senders > 0)
        )
    return items


def _account(request: HttpRequest) -> list[Item]:
    items = [_plain(request, _("Law"), "staff:law", "g w")]
    if access.may(request.user, "see_reports"):
        items.append(_plain(request, _("Reports"), "staff:reports", "g r"))
    if access.may(request.user, "see_ledger"):
        href = address("staff:ledger")
        light = ledger.light()
        says = {"ok": _("verified"), "danger": _("does not verify"), "": _("not yet verified")}[light]
        items.append(Item(_("Ledger"), href, request.path.startswith(href), key="g l", dot=light, dot_says=says))
    if access.may(request.user, "see_board"):
        items.insert(0, _plain(request, _("Board"), "staff:board", "g b"))
    return items


def _plain(request: HttpRequest, title: str, name: str, key: str) -> Item:
    href = address(name)
    return Item(title, href, request.path.startswith(href), key=key)


def counts_of(request: HttpRequest) -> tally.Counts:
    """The counts of this request, counted once."""
    known: tally.Counts | None = getattr(request, "desk_counts", None)
    if known is None:
        known = request.desk_counts = tally.counts(request.user, now=clock.now())  # type: ignore[attr-defined]
    return known
