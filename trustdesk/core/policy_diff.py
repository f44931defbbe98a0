"""Two versions of a policy or regime side by side, and what a difference would have meant for cases already decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from trustdesk.core.deciding import CaseFacts, Draft, MeasureWish, assess
from trustdesk.core.policies import Policy
from trustdesk.core.regime_rules import Item, Regime
from trustdesk.core.regimes import Applied
from trustdesk.core.routing import queue
from trustdesk.core.said import Said


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in the rules: `kind` is added | removed | changed, `where` such as "clause 2.1 severity"."""

    kind: str
    where: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided case as far as the policy looked at it. `id` is the case's, for the list; `regimes` ran on it."""

    id: str
    case: CaseFacts
    draft: Draft
    maker: str
    regimes: tuple[Applied, ...] = ()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Decided:
        """From a JSON object: {"id", "category", "form", "role", "outcome", "ground", "clause", "law", "reasons_length",
        "measures": [[kind, asset id, asset kind, role], …], "automated", "protected", "automated_today", "maker"}.

        Reasons are personal data in bulk, so only their length travels. Raises KeyError and TypeError on a bad object.
        """
        wishes = tuple(MeasureWish(*map(str, wish)) for wish in data.get("measures", ()))
        case = CaseFacts(
            category=str(data["category"]),
            form=str(data.get("form", "")),
            provider_role=str(data.get("role", "")),
            protected=bool(data.get("protected", False)),
            automated_today=int(data.get("automated_today", 0)),
        )
        draft = Draft(
            outcome=str(data["outcome"]),
            ground=str(data.get("ground", "none")),
            clause=str(data.get("clause", "")),
            law=str(data.get("law", "")),
            reasons="x" * int(data["reasons_length"]),
            measures=wishes,
            automated=bool(data.get("automated", False)),
        )
        return cls(str(data["id"]), case, draft, str(data.get("maker") or "person:unknown"))


@dataclass(frozen=True, slots=True)
class Difference:
    """One decision that would have come out differently: `what` names it in words, `old` and `new` say how."""

    id: str
    what: str
    old: str
    new: str


def changes(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every difference between two versions, item by item."""
    return tuple(_changes(old, new))


def regime_changes(old: Regime, new: Regime) -> tuple[Change, ...]:
    """Every difference between two versions of a regime, item by item; a dated twin is an item of its own."""
    out: list[Change] = []
    for f in fields(Regime):
        before, after = getattr(old, f.name), getattr(new, f.name)
        if f.name in ("digest", "scope") or before == after:
            continue
        if any(isinstance(item, Item) for item in (*_sequence(before), *_sequence(after))):
            out += _items(f.name, {_name(i): i for i in before}, {_name(i): i for i in after})
        else:
            out += _differ(f.name.replace("_", " "), before, after)
    out += _values("applies", old.scope, new.scope)
    return tuple(out)


def _sequence(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _name(item: Item) -> str:
    return f"{item.id} from {item.valid_from}" if item.valid_from else item.id


def replay(old: Policy, new: Policy, decided: Iterable[Decided]) -> tuple[Difference, ...]:
    """The decisions that would have come out differently, in the order of the cases.

    Looks at what the policy decides: whether the decision was allowed, whether it waited for a second person, the queue,
    and whether the measures are those that the clause recommends. It cannot know what a person would have decided.
    """
    out: list[Difference] = []
    for item in decided:
        before, after = _outcome(old, item), _outcome(new, item)
        for what, (was, said) in before.items():
            now, says = after[what]
            if was != now:
                out.append(Difference(item.id, what, said, says))
    return tuple(out)


def _outcome(policy: Policy, item: Decided) -> dict[str, tuple[Any, str]]:
    """What the policy says, as it is compared and as it is shown: whoever waits for another reason waits all the same."""
    answer = assess(policy, item.regimes, item.case, item.draft, maker=item.maker)
    blocking = sorted({f.code for f in answer.findings if f.blocks})
    advice = sorted({f.code for f in answer.findings if not f.blocks})
    clause = policy.clause(item.draft.clause) if item.draft.ground == "policy" else None
    severity = clause.severity if clause else policy.severity(item.case.category)
    return {
        "allowed": (blocking, "allowed" if not blocking else "refused: " + ", ".join(blocking)),
        "second person": (answer.needs_second, answer.why_second or "not needed"),
        "advice": (advice, ", ".join(advice) or "none"),
        "queue": (place := queue(policy, item.case.category, item.case.form), place),
        "severity": (severity, str(severity)),
    }


def _changes(old: Policy, new: Policy) -> Iterator[Change]:
    for name in ("title", "version", "valid_from", "valid_to", "roles", "default_queue", "protected", "automated_per_day",
                 "automated_measures", "min_reasons", "answer_hours", "appeal_days",
                 "at_once"):  # fmt: skip
        yield from _differ(name.replace("_", " "), getattr(old, name), getattr(new, name))
    yield from _items("clause", {c.id: c for c in old.clauses}, {c.id: c for c in new.clauses})
    yield from _items("measure", {m.kind: m for m in old.measures}, {m.kind: m for m in new.measures})
    yield from _items("queue of", dict(old.queues), dict(new.queues))
    yield from _items("queue of form", dict(old.form_queues), dict(new.form_queues))
    for name in ("holds", "strikes", "reviews", "misuse"):
        yield from _values(name, getattr(old, name), getattr(new, name))


def _items(what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for ident in sorted(old.keys() | new.keys()):
        where = f"{what} {ident}"
        if ident not in new:
            yield Change("removed", where, old=_shown(getattr(old[ident], "title", old[ident])))
        elif ident not in old:
            yield Change("added", where, new=_shown(getattr(new[ident], "title", new[ident])))
        elif isinstance(old[ident], str):
            yield from _differ(where, old[ident], new[ident])
        else:
            yield from _values(where, old[ident], new[ident])


def _values(where: str, old: Any, new: Any) -> Iterator[Change]:
    for f in fields(old):
        yield from _differ(f"{where} {f.name.replace('_', ' ')}", getattr(old, f.name), getattr(new, f.name))


def _differ(where: str, old: Any, new: Any) -> Iterator[Change]:
    if old != new:
        yield Change("changed", where, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    if isinstance(value, Said) and value.others:
        return " | ".join([value, *(f"{language}: {text}" for language, text in sorted(value.others.items()))])
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or "none"
    return "none" if value is None else str(value)
