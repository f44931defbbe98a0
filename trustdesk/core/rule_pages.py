"""A regime as a page that counsel can read: every rule with its citation and how sure it is (Markdown)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from trustdesk.core.policies import Misuse, Policy, Reviews
from trustdesk.core.regime_rules import ClockRule, Item, Regime, UpkeepRule, When

_SWITCH = {
    "on": "on",
    "off": "off",
    "opt_in": "off until the operator opts in",
    "scheduled": "off until it is in force",
}
_KINDS = {"statutory": "law", "contract": "contract", "target": "target of the house"}


def regime_page(regime: Regime) -> str:
    """The page of one regime."""
    scope = regime.scope
    rows = [
        ("Source", regime.source),
        ("Jurisdiction", regime.jurisdiction),
        ("Kind, status", f"{regime.kind}, {regime.status.replace('_', ' ')}"),
        ("In force", f"{regime.effective_from or 'not stated'} to {regime.effective_to or 'open'}"),
        ("Switch", _SWITCH[regime.switch] + (f": {regime.switch_reason}" if regime.switch_reason else "")),
        ("Version", f"{regime.version}, as of {regime.as_of}, to be read again by {regime.review_due or 'no date'}"),
        ("Confidence", regime.confidence),
        ("Begins when", scope.trigger),
        ("Categories", ", ".join(scope.categories)),
        ("Roles of the service", ", ".join(scope.roles)),
        ("Forms", ", ".join(scope.forms) or "any"),
        ("Countries", _countries(scope.countries)),
        ("Instruments", ", ".join(scope.instruments) or "any"),
        ("Decided by", ", ".join(scope.decided_by) or "a person: " + (scope.ask or "does it bind this service?")),
    ]
    out = [f"# {regime.title}", "", f"`{regime.id}`", "", scope.note, ""]
    if scope.standing:
        out += ["A standing duty of the provider: it is put on no single case.", ""]
    out += _table(("", ""), rows)
    out += _section(
        "Elements",
        ("element", "in", "need", "condition"),
        regime.elements,
        lambda e: (e.title, e.document, e.requirement + (", essential" if e.essential else ""), e.condition),
    )
    out += _section(
        "Clocks", ("clock", "starts on", "time", "calendar", "kind", "met by", "at expiry"), regime.clocks, _clock_row
    )
    out += _section(
        "Letters owed",
        ("what", "to", "when", "letter"),
        regime.duties,
        lambda d: (d.title, d.to, d.when + ("" if d.mandatory else " (not a duty)"), d.letter),
    )
    out += _section(
        "Who must not be told",
        ("of what", "who", "until", "only with"),
        regime.silences,
        lambda s: (s.title, ", ".join(s.to), s.until, _when(s.only)),
    )
    out += _section(
        "What is left out", ("what", "towards", "until"), regime.withheld, lambda w: (w.title, ", ".join(w.to), w.until)
    )
    out += _section(
        "What may be passed on", ("what", "to", "condition"), regime.disclosures, lambda d: (d.title, d.to, d.condition)
    )
    out += _section(
        "What is kept",
        ("what", "how long", "from", "duty", "then"),
        regime.retention,
        lambda r: (
            r.title,
            f"{r.period} {_unit(r.unit)}" if r.period else "no number",
            r.starts_on,
            r.obligation.replace("_", " "),
            r.then,
        ),
    )
    out += _section(
        "What is counted",
        ("what", "how often", "due", "fields"),
        regime.counts,
        lambda c: (c.title, c.cadence, c.due, ", ".join(c.fields)),
    )
    out += _section(
        "What must always be there",
        ("what", "towards", "how often", "duty"),
        regime.upkeeps,
        lambda u: (u.title, u.to, often(u), "a duty" if u.mandatory else "not a duty"),
    )
    out += _section("Penalties", ("what",), regime.penalties, lambda p: (p.title,))
    if regime.open_questions:
        out += ["", "## Open questions", "", *(f"- {question}" for question in regime.open_questions)]
    out += ["", "## What we do not do", "", regime.not_done]
    if regime.references:
        out += ["", "## Read in", "", *(f"- {r.where} ({r.kind.replace('_', ' ')})" for r in regime.references)]
    out += ["", "Not legal advice. Items marked *memory* were written down without the text beside them.", ""]
    return "\n".join(out)


def policy_page(policy: Policy) -> str:
    """The page of one policy: clauses, ladder, who decides, where cases go."""
    out = [f"# {policy.title}", "", f"`{policy.id}`, version {policy.version}, from {policy.valid_from}", ""]
    out += ["## Clauses", ""]
    for clause in policy.clauses:
        out += [f"### {clause.id} {clause.title}", "", clause.text, ""]
        out += [
            f"Severity {clause.severity} of 5; {', '.join(clause.categories)}; "
            f"measures: {', '.join(clause.measures) or 'none recommended'}.",
            "",
        ]
        out += [*(f"- {example}" for example in clause.examples), ""]
    rows = [
        (
            str(m.rung),
            f"{m.title} (`{m.kind}`)",
            ", ".join(m.roles) or "any",
            ", ".join(m.asset_kinds) or "any",
            "a second person" if m.severe else "one person",
            "" if m.reversible else "cannot be undone",
        )
        for m in sorted(policy.measures, key=lambda m: m.rung)
    ]
    out += ["## Ladder of measures", "", *_table(("rung", "measure", "roles", "on", "decided by", ""), rows), ""]
    queues: dict[str, list[str]] = {}
    for name, queue in [*policy.queues.items(), *((f"form {f}", q) for f, q in policy.form_queues.items())]:
        queues.setdefault(queue, []).append(name)
    out += ["## Queues", "", *(f"- {queue}: {', '.join(names)}" for queue, names in queues.items())]
    out += [f"- {policy.default_queue}: everything else", "", "## Who decides, and how fast", ""]
    holds, strikes = policy.holds, policy.strikes
    out += [
        f"- Held for a second person: severe measures; {', '.join(holds.categories) or 'no category as such'}; "
        f"more than {holds.assets_over} assets at once{'; protected customers' if holds.protected else ''}.",
        f"- Protected customers: {', '.join(policy.protected) or 'none'}.",
        f"- Automation: {policy.automated_per_day} decisions a day; {', '.join(policy.automated_measures) or 'no measures'}.",
        f"- Out at once, without time for taking back: {', '.join(policy.at_once) or 'nothing'}.",
        f"- Public reasons of at least {policy.min_reasons} characters.",
        f"- A customer is asked to answer within {policy.answer_hours} hours and may appeal for {policy.appeal_days} days.",
        f"- Strikes: warned at {strikes.warn_at}, {strikes.measure or 'a measure'} at {strikes.limit}, "
        f"gone after {strikes.expire_days} days; {', '.join(strikes.categories) or 'every category'}.",
        f"- Misuse of notices and complaints: {_misuse(policy.misuse)}.",
        f"- A second look for quality: {_looks(policy.reviews)}.",
        "",
    ]
    return "\n".join(out)


def _misuse(rule: Misuse) -> str:
    if not rule.days:
        return "nobody is suspended"
    return (
        f"{rule.limit} plainly unfounded ones within {rule.window_days} days, one since a warning; suspended for at most "
        f"{rule.days} days by {'two persons' if rule.second_person else 'one person'}; {', '.join(rule.forms)} wait"
    )


def _looks(rule: Reviews) -> str:
    shares = {"by people": rule.people, "automated": rule.automated, "severe": rule.severe, **rule.categories}
    said = [f"{share} % of {name}" for name, share in shares.items() if share]
    return "; ".join(said) or "none"


def _clock_row(clock: ClockRule) -> tuple[str, ...]:
    bounds = [str(n) for n in (clock.low, clock.high) if n is not None]
    number = f"{' to '.join(dict.fromkeys(bounds))} {_unit(clock.unit)}" if bounds else ""
    if clock.low is not None and clock.high is None:
        number = f"not before {number}"
    word = f"{number}; {clock.standard}" if number and clock.standard else number or clock.standard
    target = f" (house target: {clock.target})" if clock.target else ""
    ends = "; ".join(part for part in (clock.at_expiry, clock.consequence) if part)
    title = clock.title + (f" [{_when(clock.when)}]" if _when(clock.when) else "")
    return (
        f"{title} (`{clock.id}`)",
        clock.starts_on,
        word + target,
        clock.calendar,
        _KINDS[clock.kind],
        ", ".join(clock.met_by),
        ends,
    )


def often(rule: UpkeepRule) -> str:
    """How often a standing duty is done, and until when: "each year, within 2 months", "again within 36 months"."""
    if rule.renews is not None:
        return f"again within {rule.renews} months"
    if rule.every:
        return f"each {rule.every.replace('_', '-')}" + (f", within {rule.within} months" if rule.within else "")
    return "always"


def _section(
    title: str, heads: tuple[str, ...], items: Sequence[Any], row: Callable[[Any], tuple[str, ...]]
) -> list[str]:
    if not items:
        return []
    rows = [(*row(item), _cited(item)) for item in items]
    return ["", f"## {title}", "", *_table((*heads, "source"), rows)]


def _cited(item: Item) -> str:
    text = f"{item.source} *({item.basis.replace('_', ' ')}, {item.confidence})*"
    validity = f" from {item.valid_from}" if item.valid_from else ""
    validity += f" until {item.valid_to}" if item.valid_to else ""
    return text + validity + (f" **off: {item.off}**" if item.off else "")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    out = [_row(heads), _row(["---"] * len(heads))]
    return out + [_row(row) for row in rows]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _when(when: When) -> str:
    parts = (*when.categories, *when.forms, *when.roles, *(f"confirmed: {need}" for need in when.needs))
    return ", ".join(parts)


def _unit(unit: str) -> str:
    return unit.replace("_", " ") + "s"


def _countries(codes: tuple[str, ...]) -> str:
    return "the Member States of the EU" if len(codes) == 27 else ", ".join(codes) or "any"
