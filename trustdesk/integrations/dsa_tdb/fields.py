"""What the DSA Transparency Database takes: fields, words and conditions of a statement of reasons (API schema of 1 July
2025; DSA Articles 17 and 24(5)). Facts of the interface, in words of our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from trustdesk.core.types import Problem

VISIBILITY = ("CONTENT_REMOVED", "CONTENT_DISABLED", "CONTENT_DEMOTED", "CONTENT_AGE_RESTRICTED",
              "CONTENT_INTERACTION_RESTRICTED", "CONTENT_LABELLED", "OTHER")  # fmt: skip
WORDS: Mapping[str, tuple[str, ...]] = {
    "decision_visibility": tuple(f"DECISION_VISIBILITY_{w}" for w in VISIBILITY),
    "decision_monetary": tuple(f"DECISION_MONETARY_{w}" for w in ("SUSPENSION", "TERMINATION", "OTHER")),
    "decision_provision": tuple(
        f"DECISION_PROVISION_{a}_{b}" for a in ("PARTIAL", "TOTAL") for b in ("SUSPENSION", "TERMINATION")
    ),
    "decision_account": ("DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"),
    "account_type": ("ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE"),
    "decision_ground": ("DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"),
    "incompatible_content_illegal": ("Yes", "No"),
    "content_type": tuple(
        f"CONTENT_TYPE_{w}" for w in ("APP", "AUDIO", "IMAGE", "PRODUCT", "SYNTHETIC_MEDIA", "TEXT", "VIDEO", "OTHER")
    ),
    "category": tuple(
        f"STATEMENT_CATEGORY_{w}"
        for w in (
            "ANIMAL_WELFARE", "CONSUMER_INFORMATION", "CYBER_VIOLENCE", "CYBER_VIOLENCE_AGAINST_WOMEN",
            "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", "ILLEGAL_OR_HARMFUL_SPEECH", "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
            "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS", "NOT_SPECIFIED_NOTICE", "OTHER_VIOLATION_TC",
            "PROTECTION_OF_MINORS", "RISK_FOR_PUBLIC_SECURITY", "SCAMS_AND_FRAUD", "SELF_HARM",
            "UNSAFE_AND_PROHIBITED_PRODUCTS", "VIOLENCE",
        )
    ),
    "territorial_scope": (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
        "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    ),
    "source_type": ("SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY"),
    "automated_detection": ("Yes", "No"),
    "automated_decision": tuple(f"AUTOMATED_DECISION_{w}" for w in ("FULLY", "PARTIALLY", "NOT_AUTOMATED")),
}  # fmt: skip
LISTS = frozenset(
    {"decision_visibility", "content_type", "territorial_scope", "category_addition", "category_specification"}
)
REQUIRED = ("decision_ground", "content_type", "category", "content_date", "application_date", "decision_facts",
            "source_type", "automated_detection", "automated_decision", "puid")  # fmt: skip
LENGTHS = {
    "decision_facts": 5000, "illegal_content_legal_ground": 500, "illegal_content_explanation": 2000,
    "incompatible_content_ground": 500, "incompatible_content_explanation": 2000, "content_type_other": 500,
    "decision_visibility_other": 500, "decision_monetary_other": 500, "source_identity": 500,
    "decision_ground_reference_url": 500, "puid": 500, "category_specification_other": 500,
}  # fmt: skip
DECISIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
DATES = {"content_date": 2000, "application_date": 2020, "end_date_visibility_restriction": 2020,
         "end_date_monetary_restriction": 2020, "end_date_service_restriction": 2020,
         "end_date_account_restriction": 2020}  # fmt: skip
KNOWN = {*WORDS, *LENGTHS, *DATES, "category_addition", "category_specification", "content_language", "content_id"}
_PUID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def problems(record: Mapping[str, Any]) -> Iterable[Problem]:
    """Everything for which the database would refuse the record, by field."""
    for name in sorted(set(record) - KNOWN):
        yield _bad(name, "is no field of the database")
    for name in REQUIRED:
        if record.get(name) in (None, "", []):
            yield _bad(name, "is required")
    if not any(record.get(name) for name in DECISIONS):
        yield _bad("decision_visibility", "one of visibility, monetary, provision and account is required")
    for name, words in WORDS.items():
        value = record.get(name)
        if value in (None, ""):
            continue
        if isinstance(value, list) != (name in LISTS):
            yield _bad(name, "must be a list" if name in LISTS else "must not be a list")
            continue
        for word in value if isinstance(value, list) else [value]:
            if word not in words:
                yield _bad(name, f"does not know {str(word)[:60]!r}")
    for name, most in LENGTHS.items():
        if isinstance(value := record.get(name), str) and len(value) > most:
            yield _bad(name, f"has {len(value)} characters; at most {most} fit")
    for name, year in DATES.items():
        if record.get(name) is not None and not _is_day(record[name], year):
            yield _bad(name, f"must be a day such as 2026-11-22, from {year} to 2038")
    yield from _conditions(record)
    if isinstance(puid := record.get("puid"), str) and not set(puid) <= _PUID:
        yield _bad("puid", "has letters, digits, - and _ only")


def _conditions(record: Mapping[str, Any]) -> Iterable[Problem]:
    illegal = record.get("decision_ground") == "DECISION_GROUND_ILLEGAL_CONTENT"
    needed = ("illegal_content_legal_ground", "illegal_content_explanation")
    other = ("incompatible_content_ground", "incompatible_content_explanation")
    for name in needed if illegal else other:
        if not record.get(name):
            yield _bad(name, "is required by this ground")
    for name in other if illegal else needed:
        if record.get(name):
            yield _bad(name, "does not go with this ground")
    for field in ("decision_visibility", "decision_monetary", "content_type"):
        chosen = record.get(field) or []
        words = chosen if isinstance(chosen, list) else [chosen]
        has_other = any(str(word).endswith("_OTHER") for word in words)
        if has_other and not record.get(f"{field}_other"):
            yield _bad(f"{field}_other", "is required with OTHER")


def _is_day(value: object, year: int) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and year <= date.fromisoformat(value).year <= 2038
    except ValueError:
        return False


def _bad(field: str, message: str) -> Problem:
    return Problem("field", message, field)
