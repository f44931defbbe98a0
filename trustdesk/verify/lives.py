"""The lives of things, as the checker understands them: which states there are and what may follow what.

Written from docs/the-cycle.md, not from the writers' own tables; if the two disagree, `verify` says so.
"""

from __future__ import annotations

#: thing → (states it may begin in, steps it may take).
LIVES: dict[str, tuple[set[str], set[tuple[str, str]]]] = {
    "case": (
        {"new"},
        {
            ("new", "open"),
            *(("open", s) for s in ("waiting", "held", "enforcing", "closed")),
            *(("waiting", s) for s in ("open", "held", "enforcing", "closed")),
            *(("held", s) for s in ("open", "waiting", "enforcing", "closed")),
            *(("enforcing", s) for s in ("open", "closed")),
            ("closed", "open"),
        },
    ),
    "decision": (
        {"held", "resting", "final"},
        {
            ("held", "final"),
            ("held", "rejected"),
            ("resting", "final"),
            ("resting", "taken_back"),
            ("final", "overridden"),
        },
    ),
    "measure": (
        {"ordered"},
        {
            ("ordered", "attempted"),
            ("ordered", "cancelled"),
            ("attempted", "attempted"),  # a worker died before it could say what came of it
            ("attempted", "applied"),
            ("attempted", "failed"),
            ("failed", "attempted"),
            ("applied", "confirmed"),
            ("applied", "lifting"),
            ("confirmed", "lifting"),
            ("lifting", "lifted"),
        },
    ),
    "notice": (
        {"queued", "withheld"},
        {
            ("queued", "sent"),
            ("queued", "failed"),
            ("queued", "withheld"),
            ("failed", "queued"),
            ("withheld", "queued"),
            ("sent", "bounced"),
        },
    ),
    "appeal": ({"lodged"}, {("lodged", s) for s in ("upheld", "partly_upheld", "dismissed", "withdrawn", "put_back")}),
    "review": (
        {"drawn"},
        {("drawn", "done"), ("done", "reopened"), ("reopened", "replaced"), ("reopened", "stood")},
    ),
    "suspension": (
        {"held", "running"},
        {("held", "running"), ("held", "rejected"), ("running", "ended"), ("running", "lifted")},
    ),
    "clock": (
        {"running", "paused"},
        {
            ("running", "paused"),
            ("paused", "running"),
            ("breached", "met"),
            ("breached", "cancelled"),
            *(("running", s) for s in ("met", "breached", "expired", "cancelled")),
            *(("paused", s) for s in ("met", "expired", "cancelled")),
        },
    ),
}


def lawful(thing: str, old: str, new: str) -> bool:
    """True when `old` → `new` is a step of the life of `thing`; `old` is empty for a thing that begins."""
    first, steps = LIVES[thing]
    return (new in first) if not old else (old, new) in steps
