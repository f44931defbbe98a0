"""Law tests that counsel can read: a `.case` file tells what happens when, and what must follow.

    case   Put-back runs over Thanksgiving
    law    17 USC 512(g)(2)(C)
    facts  category=copyright form=counter_notice role=hosting provider=US

    2026-11-20T15:00-06:00  counter_notice.effective  at US
        clock    us-dmca-512c putback    not-before 2026-12-07  due 2026-12-11
        skips    2026-11-26
        met by   measure.lifted
        clock    us-dmca-512c forward-cn    no number
        no clock us-dmca-512c takedown

A file may hold many cases. A line that begins with a time is an event; the indented lines below it are expected. The
words that can be expected are in `WORDS`. `#` begins a comment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from trustdesk.core.regime_rules import Facts
from trustdesk.core.types import Problem

#: Expected thing → its form, as help for who writes one.
WORDS = {
    "clock": "clock REGIME CLOCK [not-before TIME] [due TIME] [no number] [off]",
    "no clock": "no clock REGIME CLOCK",
    "skips": "skips DATE … (of the clock above: exactly these holidays, weekends aside)",
    "met by": "met by ENTRY (of the clock above)",
    "not met by": "not met by ENTRY",
    "stopped by": "stopped by ENTRY",
    "applies": "applies REGIME (certainly)",
    "asks": "asks REGIME (a person has to confirm)",
    "not": "not REGIME",
    "in force": "in force REGIME (whether or not it is put on a case)",
    "not in force": "not in force REGIME",
    "document": "document REGIME DOCUMENT has ID … is VERDICT [lacks ID …]",
    "keep": "keep REGIME ITEM until DATE | keep REGIME ITEM without end",
    "letter": "letter KIND to PARTY allowed | forbidden [order NAME …] [after EVENT …]",
    "queue": "queue NAME (needs a line 'policy ID')",
    "decide": "decide OUTCOME [clause ID] [law] [automated] [protected] [KIND:ASSETKIND …] is allowed | held | refused CODE",
    "duty": "duty REGIME ID (a letter is owed on this event)",
    "upkeep": "upkeep REGIME ID [period NAME] due DATE | no number (done on the day above, or the period that ended before)",
}

_FACTS = {
    "category": "category",
    "form": "form",
    "channel": "channel",
    "role": "provider_role",
    "provider": "provider_country",
    "customer": "customer_country",
    "reporter": "reporter_country",
    "size": "provider_size",
    "instrument": "instrument",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation: its leading word from `WORDS`, and the rest of the line as words."""

    word: str
    rest: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """One event at a time, in a place, and what must follow."""

    at: datetime
    event: str
    location: str
    line: int
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseTest:
    """One law test."""

    title: str
    law: str
    line: int
    facts: Facts = field(default_factory=Facts)
    policy: str = ""
    steps: tuple[Step, ...] = ()


def parse_cases(text: str) -> tuple[tuple[CaseTest, ...], tuple[Problem, ...]]:
    """Read a `.case` file. Returns the tests and the problems; `Problem.where` is the line."""
    reader = _Reader()
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#", 1)[0].rstrip()
        if line.strip():
            reader.line(line, number)
    reader.end_case()
    return tuple(reader.cases), tuple(reader.problems)


class _Reader:
    def __init__(self) -> None:
        self.cases: list[CaseTest] = []
        self.problems: list[Problem] = []
        self.title = self.law = self.policy = ""
        self.at_line = 0
        self.facts = Facts()
        self.steps: list[Step] = []
        self.expected: list[Expected] = []

    def bad(self, number: int, message: str) -> None:
        self.problems.append(Problem("case.syntax", message, str(number)))

    def line(self, line: str, number: int) -> None:
        if line[0].isspace():
            self.expectation(line.split(), number)
            return
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word == "case":
            self.end_case()
            self.title, self.at_line = rest, number
        elif not self.title:
            self.bad(number, "a file begins with a line 'case TITLE'")
        elif word == "law":
            self.law = rest
        elif word == "policy":
            self.policy = rest
        elif word == "facts":
            self.facts = self.read_facts(rest, number)
        else:
            self.event(word, rest.split(), number)

    def event(self, when: str, rest: list[str], number: int) -> None:
        self.end_step()
        try:
            at = datetime.fromisoformat(when)
        except ValueError:
            self.bad(number, f"{when!r} is neither 'case', 'law', 'facts' nor a time such as 2026-11-20T15:00-06:00")
            return
        if at.tzinfo is None:
            self.bad(number, f"{when!r} has no offset")
            return
        if not rest or len(rest) not in (1, 3) or (len(rest) == 3 and rest[1] != "at"):
            self.bad(number, "an event is written: TIME EVENT [at PLACE]")
            return
        self.steps.append(Step(at, rest[0], rest[2] if len(rest) == 3 else "", number))

    def expectation(self, words: list[str], number: int) -> None:
        for size in (3, 2, 1):
            word = " ".join(words[:size])
            if len(words) >= size and word in WORDS:
                if not self.steps:
                    self.bad(number, "what is expected stands below an event")
                elif len(words) == size:
                    self.bad(number, f"written: {WORDS[word]}")
                else:
                    self.expected.append(Expected(word, tuple(words[size:]), number))
                return
        self.bad(number, f"{words[0]!r} cannot be expected; known: {', '.join(WORDS)}")

    def read_facts(self, rest: str, number: int) -> Facts:
        values: dict[str, Any] = {}
        for pair in rest.split():
            name, _, value = pair.partition("=")
            if name in _FACTS:
                values[_FACTS[name]] = value
            elif name in ("confirmed", "switched_on", "switched_off"):
                values[name] = values.get(name, frozenset()) | frozenset(value.split(","))
            else:
                self.bad(
                    number, f"unknown fact {name!r}; known: {', '.join(_FACTS)}, confirmed, switched_on, switched_off"
                )
        return Facts(**values)

    def end_step(self) -> None:
        if self.expected:
            last = self.steps.pop()
            self.steps.append(Step(last.at, last.event, last.location, last.line, tuple(self.expected)))
            self.expected = []

    def end_case(self) -> None:
        self.end_step()
        if self.title:
            if not self.law:
                self.bad(self.at_line, f"case {self.title!r} names no law")
            if not any(step.expected for step in self.steps):
                self.bad(self.at_line, f"case {self.title!r} expects nothing")
            self.cases.append(CaseTest(self.title, self.law, self.at_line, self.facts, self.policy, tuple(self.steps)))
        self.title = self.law = self.policy = ""
        self.facts, self.steps = Facts(), []


def when(text: str) -> date | datetime:
    """A date, or a time with its offset. Raises ValueError."""
    if len(text) == 10:
        return date.fromisoformat(text)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return at
