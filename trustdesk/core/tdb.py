"""A statement of reasons in the words of the DSA Transparency Database (Art. 24(5); API schema of 1 July 2025).

Pure translation: the record that would be submitted, or every reason why it cannot be. Submitting is an exchange's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from trustdesk.core.types import Finding

#: What a measure can be called; a policy's `[[measure]]` names one of these as `dsa`. Value: the field it fills.
DECISIONS: Mapping[str, str] = MappingProxyType(
    {
        "DECISION_VISIBILITY_CONTENT_REMOVED": "decision_visibility",
        "DECISION_VISIBILITY_CONTENT_DISABLED": "decision_visibility",
        "DECISION_VISIBILITY_CONTENT_DEMOTED": "decision_visibility",
        "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED": "decision_visibility",
        "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED": "decision_visibility",
        "DECISION_VISIBILITY_CONTENT_LABELLED": "decision_visibility",
        "DECISION_MONETARY_SUSPENSION": "decision_monetary",
        "DECISION_MONETARY_TERMINATION": "decision_monetary",
        "DECISION_PROVISION_PARTIAL_SUSPENSION": "decision_provision",
        "DECISION_PROVISION_TOTAL_SUSPENSION": "decision_provision",
        "DECISION_PROVISION_PARTIAL_TERMINATION": "decision_provision",
        "DECISION_PROVISION_TOTAL_TERMINATION": "decision_provision",
        "DECISION_ACCOUNT_SUSPENDED": "decision_account",
        "DECISION_ACCOUNT_TERMINATED": "decision_account",
    }
)
#: The field in which the end of each kind of decision stands.
ENDS: Mapping[str, str] = MappingProxyType(
    {
        "decision_visibility": "end_date_visibility_restriction",
        "decision_monetary": "end_date_monetary_restriction",
        "decision_provision": "end_date_service_restriction",
        "decision_account": "end_date_account_restriction",
    }
)
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "notice": "SOURCE_ARTICLE_16",
        "trusted_flagger": "SOURCE_TRUSTED_FLAGGER",
        "other": "SOURCE_TYPE_OTHER_NOTIFICATION",
        "own": "SOURCE_VOLUNTARY",
    }
)
AUTOMATED: Mapping[str, str] = MappingProxyType(
    {
        "no": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "partly": "AUTOMATED_DECISION_PARTIALLY",
        "fully": "AUTOMATED_DECISION_FULLY",
    }
)
CONTENT_TYPES = ("APP", "AUDIO", "IMAGE", "PRODUCT", "SYNTHETIC_MEDIA", "TEXT", "VIDEO", "OTHER")
#: The most characters that a field may have.
LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "decision_facts": 5000,
        "illegal_content_legal_ground": 500,
        "illegal_content_explanation": 2000,
        "incompatible_content_ground": 500,
        "incompatible_content_explanation": 2000,
        "content_type_other": 500,
        "source_identity": 500,
        "puid": 500,
    }
)
_PUID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@dataclass(frozen=True, slots=True)
class Statement:
    """One decision as the database wants it. `decisions` are names from `DECISIONS`; `category` is the taxonomy's dsa name
    without its prefix; `ground` law or policy; `source` a key of `SOURCES`; `automated_decision` a key of `AUTOMATED`;
    `ends_on` None means without end; `territory` country codes, empty for everywhere."""

    puid: str
    decisions: tuple[str, ...]
    ground: str
    ground_text: str  # the law, or the clause
    explanation: str
    facts: str
    category: str
    source: str
    automated_detection: bool
    automated_decision: str
    content_date: date
    application_date: date
    content_types: tuple[str, ...] = ("OTHER",)
    content_type_other: str = "hosted content or service"
    ends_on: date | None = None
    territory: tuple[str, ...] = ()
    language: str = ""
    illegal_too: bool | None = None  # for the ground policy: is it also held to be illegal?


def record(statement: Statement) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The record and what is wrong with it; it may be submitted only when nothing is."""
    out: dict[str, Any] = {"puid": statement.puid, "decision_facts": statement.facts}
    for name in statement.decisions:
        field = DECISIONS.get(name, "")
        if field == "decision_visibility":
            out.setdefault(field, []).append(name)
        elif field:
            out[field] = name
        if field and statement.ends_on:
            out[ENDS[field]] = statement.ends_on.isoformat()
    if statement.ground == "law":
        out["decision_ground"] = "DECISION_GROUND_ILLEGAL_CONTENT"
        out["illegal_content_legal_ground"] = statement.ground_text
        out["illegal_content_explanation"] = statement.explanation
    else:
        out["decision_ground"] = "DECISION_GROUND_INCOMPATIBLE_CONTENT"
        out["incompatible_content_ground"] = statement.ground_text
        out["incompatible_content_explanation"] = statement.explanation
        if statement.illegal_too is not None:
            out["incompatible_content_illegal"] = _yes(statement.illegal_too)
    out["content_type"] = [f"CONTENT_TYPE_{name}" for name in statement.content_types]
    if "OTHER" in statement.content_types:
        out["content_type_other"] = statement.content_type_other
    out["category"] = f"STATEMENT_CATEGORY_{statement.category}"
    out["content_date"] = statement.content_date.isoformat()
    out["application_date"] = statement.application_date.isoformat()
    out["source_type"] = SOURCES.get(statement.source, "")
    out["automated_detection"] = _yes(statement.automated_detection)
    out["automated_decision"] = AUTOMATED.get(statement.automated_decision, "")
    if statement.territory:
        out["territorial_scope"] = sorted(statement.territory)
    if statement.language:
        out["content_language"] = statement.language.upper()
    return out, tuple(_findings(statement, out))


def _findings(statement: Statement, out: Mapping[str, Any]) -> Iterable[Finding]:
    if not statement.decisions:
        yield _bad("decision_visibility", "a statement needs at least one decision")
    for name in statement.decisions:
        if name not in DECISIONS:
            yield _bad("decision_visibility", f"the database knows no {name!r}")
    for field in ("decision_monetary", "decision_provision", "decision_account"):
        if len([name for name in statement.decisions if DECISIONS.get(name) == field]) > 1:
            yield _bad(field, "only one decision of this kind fits into a statement")
    for field in ("source_type", "automated_decision"):
        if not out[field]:
            yield _bad(field, "is not one of the database's words")
    if statement.ground not in ("law", "policy"):
        yield _bad("decision_ground", "is neither the law nor the policy")
    for name in statement.content_types:
        if name not in CONTENT_TYPES:
            yield _bad("content_type", f"the database knows no {name!r}")
    if not statement.puid or not set(statement.puid) <= _PUID:
        yield _bad("puid", "has letters, digits, - and _ only")
    if statement.ends_on and statement.ends_on < statement.application_date:
        yield _bad("application_date", "the restriction ends before it begins")
    for field, most in LIMITS.items():
        text = out.get(field)
        if isinstance(text, str):
            if len(text) > most:
                yield _bad(field, f"has {len(text)} characters; at most {most} fit")
            if not text.strip():
                yield _bad(field, "is empty")
            if field != "puid" and any(_address(word) for word in text.split()):
                yield _bad(field, "has a mail address: no personal data may be submitted (Art. 24(5))")


def _bad(field: str, message: str) -> Finding:
    return Finding("tdb.invalid", f"{field} {message}", field)


def _address(word: str) -> bool:
    name, at, host = word.partition("@")
    return bool(at and name and "." in host.strip(".,;:)>"))


def _yes(value: bool) -> str:
    return "Yes" if value else "No"
