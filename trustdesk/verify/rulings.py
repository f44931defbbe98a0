"""Whether each decision was allowed by the text of the policy it names, read here with own eyes.

Checked: the text has the digest it is filed under and the name and version it is cited by; it was in force; the clause,
the kinds of measures and the length of the reasons are as it demands; what must wait for a second person did.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trustdesk.models import Clock, Decision, Entry, RuleText, Suspension
from trustdesk.verify.findings import Finding, row
from trustdesk.verify.reading import Unreadable, read, read_all

COLUMNS = (
    "id", "outcome", "ground", "law", "clause", "policy", "policy_digest", "reasons", "plan", "automated", "state",
    "made_by", "made_at", "settled_by", "case__category", "case__regimes",
)  # fmt: skip
#: A held decision that nobody approved yet, and one that was sent back, did nothing that needs a second person.
UNSETTLED = {"held", "rejected"}


@dataclass(frozen=True, slots=True)
class Text:
    """What the checker needs to know of a policy or regime text."""

    name: str  # id@version
    document: dict[str, Any]

    def table(self, kind: str, ident: str) -> dict[str, Any] | None:
        """The table `[[kind]]` with that id."""
        return next((t for t in self.document.get(kind, ()) if t.get("id") == ident), None)


def check(*, step: Callable[[int], None]) -> Iterator[Finding]:
    """Findings about rule texts, and about decisions that the texts they name do not allow."""
    texts: dict[str, Text] = {}
    for values in read_all(RuleText, ("digest",), "digest", "ident", "version", "text"):
        if isinstance(values, Unreadable) or not all(isinstance(v, str) for v in values):
            key = values.key if isinstance(values, Unreadable) else values[0]
            yield Finding("row.unreadable", row("ruletext", key), "is not text")
            continue
        found = yield from _text(*values)
        if found is not None:
            texts[values[0]] = found
    gone = _erased()
    for number, values in enumerate(read_all(Decision, ("id",), *COLUMNS), 1):
        if not isinstance(values, Unreadable):  # else it is named with the rows
            decision = dict(zip(COLUMNS, values, strict=True))
            where = row("decision", decision["id"])
            try:
                for code, what in _decision(decision, texts, gone):
                    yield Finding(code, where, what)
            except (TypeError, AttributeError, KeyError) as error:
                yield Finding("decision.unreadable", where, f"{type(error).__name__}: {error}"[:200])
            yield from _regimes(decision, texts, where)
        if not number % 1000:
            step(1000)
    yield from _suspensions(texts)
    yield from _clocks({text.name for text in texts.values()})


def _clocks(kept: set[str]) -> Iterator[Finding]:
    """Every clock counts by a text that is kept, so that anybody can count again."""
    told: set[str] = set()
    counted = Clock.objects.exclude(regime_version="").order_by("pk")
    for values in read(counted, "id", "regime", "regime_version"):
        if isinstance(values, Unreadable):  # named with the rows
            continue
        name = f"{values[1]}@{values[2]}"
        if name not in kept and name not in told:
            told.add(name)
            yield Finding("clock.no_text", row("clock", values[0]), f"the text of {name} is not kept")


SUSPENSION = (
    "id", "policy_digest", "days", "grounds", "state", "made_at", "made_by", "settled_by", "warning__kind",
    "warning__sent_at",
)  # fmt: skip


def _suspensions(texts: dict[str, Text]) -> Iterator[Finding]:
    """Every suspension of a sender: warned before, no longer and on no less than its policy allows, by two where it says so."""
    for values in read_all(Suspension, ("id",), *SUSPENSION):
        if isinstance(values, Unreadable):  # named with the rows
            continue
        row_of = dict(zip(SUSPENSION, values, strict=True))
        where, policy = row("suspension", row_of["id"]), texts.get(row_of["policy_digest"])
        if policy is None:
            yield Finding("suspension.no_text", where, "the text of the policy that it was ordered under is not kept")
            continue
        rule = policy.document.get("misuse", {})
        if row_of["days"] > rule.get("days", 0):
            yield Finding(
                "suspension.days", where, f"{row_of['days']} days; {policy.name} allows {rule.get('days', 0)}"
            )
        grounds = row_of["grounds"] if isinstance(row_of["grounds"], list) else []
        if len(grounds) < rule.get("limit", 3):
            yield Finding("suspension.grounds", where, f"rests on {len(grounds)}; the limit is {rule.get('limit', 3)}")
        warned = row_of["warning__sent_at"]
        if row_of["warning__kind"] != "misuse_warning" or warned is None or warned > row_of["made_at"]:
            yield Finding("suspension.not_warned", where, "no warning went out before")
        second = row_of["settled_by"]
        wanted = rule.get("second_person", True) and row_of["state"] not in UNSETTLED
        if wanted and (not second.startswith("person:") or second == row_of["made_by"]):
            yield Finding("suspension.second_person", where, f"no second person confirmed it: {second or 'nobody'}")


@lru_cache(maxsize=128)
def _document(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _text(digest: str, ident: str, version: str, text: str) -> Generator[Finding, None, Text | None]:
    where = row("ruletext", digest)
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != digest:
        yield Finding("rule.changed", where, "the text does not have the digest it is filed under")
        return None
    try:
        document = _document(text)
    except tomllib.TOMLDecodeError as error:
        yield Finding("rule.unreadable", where, str(error)[:200])
        return None
    if (document.get("id"), document.get("version", "")) != (ident, version):
        yield Finding("rule.name", where, f"the text calls itself {document.get('id')}@{document.get('version')}")
    return Text(f"{document.get('id')}@{document.get('version', '')}", document)


def _erased() -> set[int]:
    """Decisions whose words were erased lawfully, as the journal says."""
    found: set[int] = set()
    for values in read(Entry.objects.filter(kind="words.erased").order_by("id"), "id", "body"):
        if isinstance(values, Unreadable):  # named with the journal
            continue
        with suppress(ValueError, AttributeError, TypeError):
            found.update(json.loads(values[1]).get("decisions", ()))
    return found


def _decision(decision: dict[str, Any], texts: dict[str, Text], gone: set[int]) -> Iterator[tuple[str, str]]:
    policy = texts.get(decision["policy_digest"])
    if policy is None:
        yield "decision.no_text", f"the text of {decision['policy']} that it was made under is not kept"
        return
    if policy.name != decision["policy"]:
        yield "decision.policy", f"cites {decision['policy']}; the text of that digest is {policy.name}"
    document = policy.document
    made = decision["made_at"].astimezone(dt.UTC).date()
    if made < document["valid_from"] or made > document.get("valid_to", dt.date.max):
        yield "decision.not_in_force", f"made on {made}; {policy.name} was not in force"
    erased = not decision["reasons"] and decision["id"] in gone
    if not erased and len(" ".join(decision["reasons"].split())) < document.get("min_reasons", 40):
        yield "decision.reasons", f"the reasons are shorter than {policy.name} demands"
    yield from _ground(decision, policy)
    yield from _measures(decision, policy)


def _ground(decision: dict[str, Any], policy: Text) -> Iterator[tuple[str, str]]:
    acts = decision["outcome"] == "measures"
    if acts != bool(decision["plan"]):
        yield "decision.plan", f"outcome {decision['outcome']} with {len(decision['plan'])} measures"
    if decision["ground"] == "policy":
        if policy.table("clause", decision["clause"]) is None:
            yield "decision.clause", f"{policy.name} has no clause {decision['clause']}"
    elif decision["ground"] == "law":
        if not decision["law"].strip() and not decision["case__regimes"]:
            yield "decision.law", "the ground is the law, and no law is named"
    elif acts or decision["ground"] != "none":
        yield "decision.ground", f"measures on the ground of {decision['ground']!r}"


def _measures(decision: dict[str, Any], policy: Text) -> Iterator[tuple[str, str]]:
    hold = policy.document.get("hold", {})
    severe = []
    for wish in decision["plan"]:
        measure = policy.table("measure", wish["kind"])
        if measure is None:
            yield "decision.measure", f"{policy.name} has no measure {wish['kind']}"
        elif measure.get("severe"):
            severe.append(wish["kind"])
        if decision["automated"] and wish["kind"] not in policy.document.get("automation", {}).get("measures", ()):
            yield "decision.automation", f"{policy.name} does not let automation order {wish['kind']}"
    if decision["plan"] and decision["case__category"] in hold.get("categories", ()):
        severe.append(f"any measure on {decision['case__category']}")
    if len(decision["plan"]) > hold.get("assets_over", 25):
        severe.append(f"{len(decision['plan'])} measures at once")
    if severe and decision["state"] not in UNSETTLED:
        second = decision["settled_by"]
        if not second.startswith("person:") or second == decision["made_by"]:
            what = f"{', '.join(severe)} must be approved by a second person; made by {decision['made_by']}"
            yield "decision.second_person", f"{what}, approved by {second or 'nobody'}"


def _regimes(decision: dict[str, Any], texts: dict[str, Text], where: str) -> Iterator[Finding]:
    """The laws of the case: their texts are kept from its opening on."""
    for regime in decision["case__regimes"] if isinstance(decision["case__regimes"], list) else ():
        if not isinstance(regime, dict):
            continue  # its row has changed and is named with the rows
        name = f"{regime.get('id')}@{regime.get('version')}"
        text = texts.get(str(regime.get("digest")))
        if text is None:
            yield Finding("decision.regime_not_kept", where, f"the text of {name} is not kept")
        elif text.name != name:
            yield Finding("decision.regime", where, f"its case cites {name}; the text of that digest is {text.name}")
