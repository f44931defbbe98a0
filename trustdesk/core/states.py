"""The lives of the things the desk keeps, as data: which state may follow which.

Nobody else decides whether a step is allowed: the writers ask `check`, the checker replays with a table of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trustdesk.core.types import Finding, Refused

Life = Mapping[str, frozenset[str]]


def _life(**steps: str) -> Life:
    return MappingProxyType({old: frozenset(new.split()) for old, new in steps.items()})


#: kind → state → the states that may follow. A state with nothing after it is an end.
LIVES: Mapping[str, Life] = MappingProxyType(
    {
        "case": _life(
            new="open",
            open="waiting held enforcing closed",
            waiting="open held enforcing closed",
            held="open waiting enforcing closed",
            enforcing="closed open",
            closed="open",  # reopened, or an appeal came in
        ),
        # What was no report may turn out to be one when it is read again.
        "report": _life(received="joined linked set_aside", joined="", linked="joined", set_aside="joined"),
        # What was just decided may rest for a moment in which its maker takes it back.
        "decision": _life(
            held="final rejected",
            resting="final taken_back",
            final="overridden",
            rejected="",
            overridden="",
            taken_back="",
        ),
        "measure": _life(
            ordered="attempted cancelled",
            attempted="applied failed",
            failed="attempted",
            applied="confirmed lifting",
            confirmed="lifting",
            lifting="lifted",
            lifted="",
            cancelled="",
        ),
        "notice": _life(queued="sent failed withheld", sent="bounced", failed="queued", withheld="queued", bounced=""),
        "appeal": _life(
            lodged="upheld partly_upheld dismissed withdrawn put_back",
            upheld="",
            partly_upheld="",
            dismissed="",
            withdrawn="",
            put_back="",  # a counter-notice had its effect by law; nobody judged it
        ),
        # A disagreement may have a decision looked at again; it is replaced, or it stands.
        "review": _life(drawn="done", done="reopened", reopened="replaced stood", replaced="", stood=""),
        "suspension": _life(held="running rejected", running="ended lifted", rejected="", ended="", lifted=""),
        # A late duty is still a duty: breached → met records that it was done after all.
        "clock": _life(
            running="paused met breached expired cancelled",
            paused="running met expired cancelled",
            breached="met cancelled",  # cancelled: what started it was taken back
            met="",
            expired="",
            cancelled="",
        ),
    }
)

#: The state in which each thing begins.
FIRST: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "case": frozenset({"new"}),
        "report": frozenset({"received"}),
        "decision": frozenset({"held", "resting", "final"}),
        "measure": frozenset({"ordered"}),
        "notice": frozenset({"queued", "withheld"}),
        "appeal": frozenset({"lodged"}),
        "suspension": frozenset({"held", "running"}),
        "review": frozenset({"drawn"}),
        "clock": frozenset({"running", "paused"}),  # paused: it waits for a letter that must not go yet
    }
)


def allowed(kind: str, old: str) -> frozenset[str]:
    """The states that may follow `old`. Raises KeyError for a kind or state that does not exist: that is a bug."""
    return LIVES[kind][old]


def check(kind: str, old: str, new: str) -> None:
    """Return quietly when `old` → `new` is a step of the life of `kind`; raise `Refused` when it is not.

    `old` may be empty for a thing that is being made. Raises KeyError for an unknown kind.
    """
    life = LIVES[kind]
    follows = FIRST[kind] if not old else life.get(old, frozenset())
    if new not in follows:
        where = f"from {old!r} to {new!r}" if old else f"begin as {new!r}"
        can = ", ".join(sorted(follows)) or "nothing"
        raise Refused(Finding("state.not_allowed", f"A {kind} cannot go {where}; possible: {can}.", kind))
