"""Does a document contain what the law asks of it? Elements present or missing, the verdict, and what to ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trustdesk.core.regime_rules import ElementRule, Regime


@dataclass(frozen=True, slots=True)
class Validity:
    """The verdict on one document under one regime.

    `verdict`: valid | curable (what is missing can be asked for, and has to be) | no_effect (so little is there that
    it counts for nothing) | incomplete (a required element is missing and the rule knows no cure) | unknown (the regime
    says nothing about such a document). `missing` are required elements; `helpful` are recommended ones, or ones that
    the form has to allow, whose absence does no harm.
    """

    regime: str
    document: str
    verdict: str
    missing: tuple[ElementRule, ...] = ()
    helpful: tuple[ElementRule, ...] = ()

    @property
    def event(self) -> str:
        """The journal event that the verdict raises: notice.valid, notice.curable, or empty."""
        return {"valid": "notice.valid", "curable": "notice.curable"}.get(self.verdict, "")


def judge(regime: Regime, document: str, present: Mapping[str, bool]) -> Validity:
    """Judge a document by the elements found in it.

    `present` maps element ids to whether they are there; one that is not mentioned is missing. Switched-off elements
    are not asked for. Conditional elements count only when they are mentioned: their condition is for a person to see.
    """
    rules = [e for e in regime.elements if e.document == document and not e.off]
    if not rules:
        return Validity(regime.id, document, "unknown")
    missing = tuple(
        e
        for e in rules
        if (e.requirement == "required" and not present.get(e.id))
        or (e.requirement == "conditional" and present.get(e.id) is False)
    )
    helpful = tuple(e for e in rules if e.requirement in ("recommended", "enable_only") and not present.get(e.id))
    if not missing:
        verdict = "valid"
    elif not any(e.essential for e in rules):
        verdict = "incomplete"
    elif any(e.essential for e in missing):
        verdict = "no_effect"
    else:
        verdict = "curable"
    return Validity(regime.id, document, verdict, missing, helpful)
