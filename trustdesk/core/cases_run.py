"""Running law tests against the rules: every expectation that does not hold is a finding with its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from trustdesk.core.calendars import WEEKDAY_NAMES, Calendars
from trustdesk.core.cases_format import CaseTest, Expected, Step, when
from trustdesk.core.clocks import ClockDraft, Counted, count, meets, starting
from trustdesk.core.deciding import CaseFacts, Draft, MeasureWish, assess, forbidden
from trustdesk.core.policies import Policy
from trustdesk.core.regime_rules import ClockRule, Regime
from trustdesk.core.regimes import Applied, applicable
from trustdesk.core.retention import until
from trustdesk.core.routing import queue
from trustdesk.core.types import Finding, Refused
from trustdesk.core.upkeep import due, last_period
from trustdesk.core.validity import judge


def run(
    case: CaseTest,
    regimes: Mapping[str, Regime],
    calendars: Calendars,
    policies: Mapping[str, Policy] | None = None,
) -> tuple[Finding, ...]:
    """Run one test. `Finding.field` is the line of the expectation that does not hold."""
    findings: list[Finding] = []
    for step in case.steps:
        applied = applicable(regimes.values(), case.facts, step.at.date())
        runner = _Step(case, step, applied, regimes, calendars, policies or {})
        for expected in step.expected:
            try:
                problem = runner.check(expected)
            except (IndexError, KeyError, ValueError) as error:
                problem = f"cannot be understood: {type(error).__name__}: {error}"
            except Refused as error:
                problem = str(error)
            if problem:
                line = f"{expected.word} {' '.join(expected.rest)}"
                findings.append(Finding("case.failed", f"{case.title}: {line}: {problem}", str(expected.line)))
    return tuple(findings)


class _Step:
    """One event with everything that the expectations below it look at."""

    def __init__(
        self,
        case: CaseTest,
        step: Step,
        applied: tuple[Applied, ...],
        regimes: Mapping[str, Regime],
        calendars: Calendars,
        policies: Mapping[str, Policy],
    ) -> None:
        self.case, self.step, self.applied = case, step, applied
        self.regimes, self.calendars, self.policies = regimes, calendars, policies
        self.last: tuple[ClockRule, Counted] | None = None
        self.checks: dict[str, Callable[[tuple[str, ...]], str]] = {
            "clock": self.clock,
            "no clock": self.no_clock,
            "skips": self.skips,
            "met by": lambda rest: self.entry(rest, "met_by", True),
            "not met by": lambda rest: self.entry(rest, "met_by", False),
            "stopped by": lambda rest: self.entry(rest, "stopped_by", True),
            "applies": lambda rest: self.applies(rest[0], True),
            "asks": lambda rest: self.applies(rest[0], False),
            "not": lambda rest: "it applies" if any(a.regime == rest[0] for a in applied) else self.known(rest[0]),
            "in force": lambda rest: self.in_force(rest[0], True),
            "not in force": lambda rest: self.in_force(rest[0], False),
            "document": self.document,
            "keep": self.keep,
            "letter": self.letter,
            "duty": self.duty,
            "upkeep": self.upkeep,
            "queue": self.queue,
            "decide": self.decide,
        }

    def check(self, expected: Expected) -> str:
        """Empty when the expectation holds, else what is the case instead."""
        return self.checks[expected.word](expected.rest)

    def known(self, ident: str) -> str:
        return "" if ident in self.regimes else "there is no such regime"

    def clock(self, rest: tuple[str, ...]) -> str:
        regime, name, *more = rest
        rule = self.regimes[regime].clock(name, self.step.at.date())
        if rule is None:
            return "there is no such clock on that day"
        if rule.starts_on != self.step.event:
            return f"it starts on {rule.starts_on}"
        counted = count(rule, at=self.step.at, calendars=self.calendars, location=self.step.location)
        self.last = rule, counted
        off = bool(rule.off) or self.regimes[regime].switch != "on" or self.regimes[regime].scope.standing
        if "off" in more:
            more.remove("off")
            if not off:
                return "it is on"
        elif not any(d.regime == regime and d.name == name for d in self.drafts()):
            return "it does not start: " + ("it is switched off" if off else "the regime or its conditions do not hold")
        wanted = dict(zip(more[::2], more[1::2], strict=True))
        if wanted.pop("no", "") == "number":
            return "" if not rule.has_number else "it has a number"
        unknown = set(wanted) - {"not-before", "due"}
        if unknown:
            raise ValueError(f"unknown words {sorted(unknown)}")
        for word, got in (("not-before", counted.not_before), ("due", counted.due)):
            expected = when(wanted[word]) if word in wanted else None
            same = expected == got and isinstance(expected, datetime) == isinstance(got, datetime)
            if not same:
                return f"{word} is {got.isoformat() if got else 'not set'}"
        return ""

    def drafts(self) -> tuple[ClockDraft, ...]:
        return starting(
            self.applied, self.step.event, at=self.step.at, calendars=self.calendars, location=self.step.location
        )

    def no_clock(self, rest: tuple[str, ...]) -> str:
        regime, name = rest
        if self.regimes[regime].clock(name) is None:
            return "there is no such clock at all"
        return "it starts" if any(d.regime == regime and d.name == name for d in self.drafts()) else ""

    def skips(self, rest: tuple[str, ...]) -> str:
        if self.last is None:
            return "there is no clock above"
        got = {day.isoformat() for day, why in self.last[1].skipped if why not in WEEKDAY_NAMES}
        return "" if got == set(rest) else f"it skips {' '.join(sorted(got)) or 'no holiday'}"

    def entry(self, rest: tuple[str, ...], attribute: str, wanted: bool) -> str:
        if self.last is None:
            return "there is no clock above"
        kinds = getattr(self.last[0], attribute)
        return "" if meets(kinds, rest[0]) is wanted else f"it lists {', '.join(kinds) or 'nothing'}"

    def applies(self, ident: str, certain: bool) -> str:
        for a in self.applied:
            if a.regime == ident:
                return "" if a.certain is certain else f"certain is {a.certain}: {a.why}"
        return self.known(ident) or "it does not apply"

    def in_force(self, ident: str, wanted: bool) -> str:
        return "" if self.regimes[ident].in_force(self.step.at.date()) is wanted else f"in force is {not wanted}"

    def document(self, rest: tuple[str, ...]) -> str:
        regime, document, has, *more = rest
        verdict_at = more.index("is")
        present, verdict, tail = more[:verdict_at], more[verdict_at + 1], more[verdict_at + 2 :]
        rules = {e.id for e in self.regimes[regime].elements if e.document == document}
        if has != "has" or not set(present) <= rules:
            raise ValueError(f"elements of {document}: {', '.join(sorted(rules))}")
        got = judge(self.regimes[regime], document, dict.fromkeys(present, True))
        lacks = [e.id for e in got.missing]
        if got.verdict != verdict:
            return f"it is {got.verdict}, lacking {', '.join(lacks) or 'nothing'}"
        if tail and (tail[0] != "lacks" or set(tail[1:]) != set(lacks)):
            return f"it lacks {', '.join(lacks) or 'nothing'}"
        return ""

    def keep(self, rest: tuple[str, ...]) -> str:
        regime, item, *more = rest
        rules = [r for r in self.regimes[regime].retention if r.id == item]
        if not rules:
            return "there is no such rule"
        if rules[0].starts_on != self.step.event:
            return f"it starts on {rules[0].starts_on}"
        got = until(rules[0], self.step.at.date())
        expected = when(more[1]) if more[0] == "until" else None
        return "" if got == expected else f"it is kept until {got}"

    def letter(self, rest: tuple[str, ...]) -> str:
        kind, to, party, verdict, *more = rest
        named: dict[str, set[str]] = {"order": set(), "after": set()}
        word = ""
        for item in more:
            if item in named:
                word = item
            else:
                named[word].add(item)
        rule = forbidden(
            self.applied,
            self.case.facts.category,
            to=party,
            letter=kind,
            orders=frozenset(named["order"]),
            happened=frozenset(named["after"]),
        )
        if to != "to" or verdict not in ("allowed", "forbidden"):
            raise ValueError("letter KIND to PARTY allowed|forbidden")
        if (rule is not None) == (verdict == "forbidden"):
            return ""
        return f"{rule.title} ({rule.source})" if rule else "nothing forbids it"

    def duty(self, rest: tuple[str, ...]) -> str:
        regime, ident = rest
        rules = [d for d in self.regimes[regime].duties if d.id == ident]
        if not rules:
            return "there is no such duty"
        if rules[0].event != self.step.event:
            return f"it is owed on {rules[0].event or 'no event'}"
        return "" if any(a.regime == regime for a in self.applied) else "the regime does not apply"

    def upkeep(self, rest: tuple[str, ...]) -> str:
        regime, ident, *more = rest
        on = self.step.at.date()
        rules = [rule for rule in self.regimes[regime].upkeeps if rule.id == ident and rule.in_force(on)]
        if not rules:
            return "there is no such standing duty on that day"
        end = None
        if rules[0].every:
            name, _, end = last_period(rules[0].every, on)
            if more[:1] != ["period"] or more[1] != name:
                return f"the last period is {name}"
            more = more[2:]
        got = due(rules[0], period_end=end, done_on=on)
        expected = None if more == ["no", "number"] else when(more[1])
        return "" if got == expected else f"it is due {got}"

    def queue(self, rest: tuple[str, ...]) -> str:
        facts = self.case.facts
        got = queue(self.policies[self.case.policy], facts.category, facts.form)
        return "" if got == rest[0] else f"it is {got}"

    def decide(self, rest: tuple[str, ...]) -> str:
        outcome, *more = rest
        verdict_at = more.index("is")
        words, verdict, codes = more[:verdict_at], more[verdict_at + 1], more[verdict_at + 2 :]
        clause = words[words.index("clause") + 1] if "clause" in words else ""
        wishes = tuple(
            MeasureWish(kind, f"asset-{n}", asset_kind, self.case.facts.provider_role)
            for n, word in enumerate(words)
            for kind, sep, asset_kind in [word.partition(":")]
            if sep
        )
        draft = Draft(
            outcome,
            "policy" if clause else "law" if "law" in words else "none",
            clause=clause,
            law=self.case.law if "law" in words else "",
            reasons="What was found, where it was found, and why it breaks the rule that is named here.",
            measures=wishes,
            automated="automated" in words,
        )
        facts = self.case.facts
        case = CaseFacts(facts.category, facts.form, provider_role=facts.provider_role, protected="protected" in words)
        answer = assess(self.policies[self.case.policy], self.applied, case, draft, maker="person:one")
        refused = sorted(f.code for f in answer.findings if f.blocks)
        got = "refused" if refused else "held" if answer.needs_second else "allowed"
        if got != verdict or (codes and codes != refused):
            return f"it is {got} {' '.join(refused)} {answer.why_second}".rstrip()
        return ""
