"""Misuse of notices and complaints: when a person may suspend the processing of what a sender hands in (DSA Article 23(2)).

A person suspends, never the desk: after a warning that went out, when plainly unfounded notices or complaints came in that
reach the limit of the policy, one of them since the warning, having weighed the circumstances of Article 23(3), and for a
time that is reasonable. What the sender hands in meanwhile is kept and read; it waits behind that of others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from trustdesk.core.policies import Misuse
from trustdesk.core.types import Category, Finding

#: The queue in which cases wait that rest on nothing but reports of senders who are suspended.
QUEUE = "suspended"
#: Where a life is in danger, or an authority speaks, nothing waits, whoever wrote; nor what may be either and was not
#: recognised (harassment, other).
NEVER_WAITS = frozenset(
    {
        Category.CHILD_SAFETY,
        Category.NCII,
        Category.VIOLENT_THREAT,
        Category.TERRORISM,
        Category.DOXING,
        Category.HARASSMENT,
        Category.OTHER,
        Category.GOVERNMENT_ORDER,
        Category.DATA_REQUEST,
    }
)
#: So much is said of each circumstance at least, in characters.
WEIGHED = 10


@dataclass(frozen=True, slots=True)
class Unfounded:
    """A notice or complaint that was decided to be unfounded: `case:12` or `appeal:3`, and when it came in."""

    ref: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of a sender. `live` is the state of a suspension that is there already ("" for none)."""

    verified: bool
    flagger: bool = False
    warned_at: datetime | None = None
    live: str = ""
    unfounded: tuple[Unfounded, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person means to order: the unfounded ones that are plainly so, for how many days, and why."""

    grounds: tuple[str, ...]
    days: int
    weighed: Mapping[str, str]
    reasons: str


def counted(rule: Misuse, unfounded: Collection[Unfounded], *, now: datetime) -> tuple[Unfounded, ...]:
    """The unfounded ones of the window of the policy, the oldest first."""
    since = now - timedelta(days=rule.window_days)
    return tuple(sorted((u for u in unfounded if since <= u.at <= now), key=lambda u: (u.at, u.ref)))


def may_suspend(rule: Misuse, sender: Sender, wish: Wish, *, now: datetime, min_reasons: int) -> tuple[Finding, ...]:
    """What stands in the way of a suspension; empty when it may be ordered."""
    if not rule.days:
        text = "The house policy suspends nobody for misuse: it has no [misuse] with a number of days."
        return (Finding("misuse.off", text, "days"),)
    return (*_sender(sender), *_grounds(rule, sender, wish, now=now), *_words(rule, wish, min_reasons))


def _sender(sender: Sender) -> tuple[Finding, ...]:
    out = []
    if sender.flagger:
        text = "A trusted flagger is not suspended here: tell the coordinator that awarded the status (DSA Art. 22(6))."
        out.append(Finding("misuse.flagger", text, "sender"))
    if not sender.verified:
        text = "It is not verified that these came from them; anybody can write a name into From. Nobody is suspended for it."
        out.append(Finding("misuse.unverified", text, "sender"))
    if sender.live:
        text = "A suspension of this sender runs already, or waits for a second person."
        out.append(Finding("misuse.again", text, "sender"))
    return tuple(out)


def _grounds(rule: Misuse, sender: Sender, wish: Wish, *, now: datetime) -> tuple[Finding, ...]:
    out = []
    known = {u.ref: u for u in counted(rule, sender.unfounded, now=now)}
    chosen = [known[ref] for ref in dict.fromkeys(wish.grounds) if ref in known]
    if len(chosen) < len(set(wish.grounds)):
        text = f"One of them was not decided to be unfounded within {rule.window_days} days, or is not theirs."
        out.append(Finding("misuse.not_theirs", text, "grounds"))
    if len(chosen) < rule.limit:
        text = f"{len(chosen)} that are plainly unfounded are not frequent: the policy's limit is {rule.limit}."
        out.append(Finding("misuse.not_frequent", text, "grounds"))
    if sender.warned_at is None:
        out.append(
            Finding("misuse.not_warned", "No warning has gone out to them: warn first (DSA Art. 23(2)).", "sender")
        )
    elif not any(u.at > sender.warned_at for u in chosen):
        text = f"Nothing plainly unfounded came in since the warning of {sender.warned_at:%Y-%m-%d}."
        out.append(Finding("misuse.nothing_since", text, "grounds"))
    return tuple(out)


def _words(rule: Misuse, wish: Wish, min_reasons: int) -> tuple[Finding, ...]:
    out = []
    if not 1 <= wish.days <= rule.days:
        text = f"The policy allows 1 to {rule.days} days: a reasonable time, not for good."
        out.append(Finding("misuse.days", text, "days"))
    for name in rule.weigh:
        if len(" ".join(wish.weighed.get(name, "").split())) < WEIGHED:
            text = f"Say what you found of this circumstance: {TITLES[name]} (DSA Art. 23(3))."
            out.append(Finding("misuse.not_weighed", text, name))
    if len(" ".join(wish.reasons.split())) < min_reasons:
        text = f"Give reasons of at least {min_reasons} characters; they are sent."
        out.append(Finding("misuse.reasons_short", text, "reasons"))
    return tuple(out)


#: The circumstances of Article 23(3)(a) to (d), in words.
TITLES: Mapping[str, str] = {
    "number": "how many plainly unfounded notices or complaints within the time",
    "share": "their share of everything that came from the sender in that time",
    "gravity": "how grave the misuse and its consequences are",
    "intent": "what the sender meant, where it can be seen",
}


def waits(rule: Misuse, *, category: str, form: str) -> bool:
    """Whether a report of a suspended sender waits: never where a life is in danger or an authority speaks, and only the
    forms that the policy names. What nobody understood (`unparsed`) does not wait either: it might be such a one."""
    return form in rule.forms and category not in NEVER_WAITS


def may_settle(made_by: str, actor: str) -> tuple[Finding, ...]:
    """What stands in the way of somebody who confirms, or who answers what was said against it."""
    if actor == made_by:
        return (Finding("misuse.same_person", "You ordered it; somebody else has to look.", "actor"),)
    return ()
