"""Journals for tests: a small one with known numbers, and random ones."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def at(days: float) -> datetime:
    """So many days after the Monday of week 47 of 2026."""
    return MONDAY + timedelta(days=days)


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Journal:
    """Entries by hand; `lines` gives them chain by chain."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def write(self, chain: int, kind: str, moment: datetime, /, **body: Any) -> None:
        seq = 1 + sum(e["chain"] == chain for e in self.entries)
        entry = {"chain": chain, "seq": seq, "kind": kind, "at": moment, "actor": "system", "body": body}
        self.entries.append(entry)

    def report(
        self, chain: int, moment: datetime, *, form: str = "notice", category: str = "phishing",
        channel: str = "mail", written: datetime | None = None,
    ) -> None:  # fmt: skip
        kind = "report.received" if chain else "report.set_aside"
        received = text(moment)
        self.write(chain, kind, written or moment, received_at=received, form=form, category=category, channel=channel)

    def lines(self) -> list[dict[str, Any]]:
        return sorted(self.entries, key=lambda e: (e["chain"], e["seq"]))


def clock(
    number: int, due: datetime | None, state: str, breached: datetime | None = None, actor: str = "provider",
    kind: str = "target", name: str = "first-decision",
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": number, "name": name, "regime": "house-targets", "kind": kind, "actor": actor,
        "due": text(due) if due else None, "state": state, "breached": text(breached) if breached else None,
    }  # fmt: skip


def small() -> Journal:
    """Three cases and one bounce around week 47."""
    j = Journal()
    # 1: came on Friday before, decided on Monday by a person, late; appealed and overturned; closed again.
    j.write(1, "case.opened", at(-2.5), case_state="new", clocks=[clock(1, at(-1.5), "running")])
    j.report(1, at(-2.6), written=at(-2.5))
    j.write(1, "case.enriched", at(-2.4), case_state="open")
    j.write(1, "clock.breached", at(-1.4), case_state="open", clocks=[clock(1, at(-1.5), "breached", at(-1.5))])
    j.write(1, "decision.made", at(0.4), case_state="enforcing", outcome="measures", automated=False,
            clocks=[clock(1, at(-1.5), "met", at(-1.5))])  # fmt: skip
    j.write(1, "measure.confirmed", at(0.5), case_state="closed", closed=True, clocks=[])
    j.write(1, "appeal.lodged", at(1), case_state="open", state="lodged",
            clocks=[clock(2, at(8), "running", kind="statutory", name="appeal")])  # fmt: skip
    j.write(1, "decision.made", at(2), case_state="closed", outcome="no_violation", automated=False, clocks=[])
    j.write(1, "appeal.resolved", at(2), case_state="closed", state="upheld",
            clocks=[clock(2, at(8), "met", kind="statutory", name="appeal")])  # fmt: skip
    j.write(1, "measure.lifted", at(2.1), state="lifted")
    # 2: two reports on Tuesday, one by the form; not ours, dismissed by the desk at once.
    j.write(2, "case.opened", at(1.25), case_state="new", clocks=[clock(3, at(2.25), "running")])
    j.report(2, at(1.25), form="dmca", category="copyright")
    j.report(2, at(1.26), form="dmca", category="copyright", channel="form")
    j.write(2, "case.enriched", at(1.27), case_state="open")
    j.write(2, "decision.made", at(1.27), case_state="closed", outcome="not_ours", automated=True,
            clocks=[clock(3, at(2.25), "met")])  # fmt: skip
    # 3: came on Sunday, missed its time on Sunday night, the desk noticed on Monday; still open.
    j.write(
        3, "case.opened", at(6.5), case_state="new", clocks=[clock(4, at(6.9), "running"), clock(5, None, "running")]
    )
    j.report(3, at(6.5), category="", form="unparsed")
    j.write(3, "case.enriched", at(6.6), case_state="open")
    j.write(3, "clock.breached", at(7.1), case_state="open", clocks=[clock(4, at(6.9), "breached", at(6.9))])
    j.write(3, "decision.made", at(7.5), case_state="closed", outcome="no_violation", automated=False,
            clocks=[clock(4, at(6.9), "met", at(6.9)), clock(5, None, "met")])  # fmt: skip
    j.report(0, at(3), form="bounce", category="")
    return j


FORMS = ("notice", "dmca", "order", "reply", "unparsed", "bounce", "auto_reply")


def random_journal(seed: int, cases: int) -> Journal:
    """Lives that follow the rules of the desk, over five weeks, some reports written down long after they came."""
    dice, j = random.Random(seed), Journal()
    number = 0
    for chain in range(1, cases + 1):
        moment = at(dice.uniform(-18, 16))
        number += 1
        due = moment + timedelta(days=dice.uniform(0.1, 5))
        late = dice.random() < 0.4
        actor = dice.choice(("provider", "provider", "customer"))
        j.write(chain, "case.opened", moment, case_state="new", clocks=[clock(number, due, "running", actor=actor)])
        for _ in range(dice.randrange(1, 4)):
            early = moment - timedelta(days=dice.choice((0, 0, 0.01, 9)))
            j.report(chain, early, form=dice.choice(FORMS), category=dice.choice(("phishing", "spam", "")),
                     channel=dice.choice(("mail", "form", "api")), written=moment)  # fmt: skip
        state = "open"
        j.write(chain, "case.enriched", moment, case_state=state)
        for _ in range(dice.randrange(0, 6)):
            moment += timedelta(days=dice.uniform(0, 4))
            if state == "closed":
                state = dice.choice(("closed", "open"))
                kind = "appeal.lodged" if state == "open" else "notice.sent"
                j.write(chain, kind, moment, **({"case_state": state} if state == "open" else {}))
                continue
            state = dice.choice(("open", "waiting", "closed", "closed"))
            ended = [] if number < 0 else [clock(number, due, "met", due if late else None, actor)]
            kind = dice.choice(("decision.made", "decision.approved", "appeal.resolved"))
            outcome = dice.choice(("measures", "no_violation", "upheld"))
            j.write(chain, kind, moment, case_state=state, outcome=outcome, state=dice.choice(("upheld", "dismissed")),
                    automated=dice.random() < 0.3, clocks=ended)  # fmt: skip
        _looked_at(j, chain, moment, random.Random(seed * 1000 + chain))
    for _ in range(dice.randrange(0, 5)):
        j.report(0, at(dice.uniform(-10, 10)), form="bounce", category="")
    return j


def _looked_at(j: Journal, chain: int, moment: datetime, dice: random.Random) -> None:
    """Sometimes a second look for quality, and a sender who is suspended."""
    if dice.random() < 0.5:
        about = {"review": chain, "decision": chain, "category": "phishing", "automated": dice.random() < 0.5}
        j.write(chain, "review.sampled", moment, **about, draw=7, share=dice.choice((5, 50)))
        if dice.random() < 0.8:
            reason = dice.choice(("", "", "wrong_clause", "missed_law"))
            j.write(
                chain,
                "review.done",
                moment + timedelta(days=dice.uniform(0, 9)),
                **about,
                agreed=not reason,
                reason=reason,
            )
    if dice.random() < 0.3:
        until = text(moment + timedelta(days=30))
        j.write(chain, "suspension.ordered", moment + timedelta(days=9), suspension=chain, state="running", until=until,
                who=dice.choice(("reporter", "complainant")), days=30, grounds=["case:1"])  # fmt: skip
