"""From facts to a letter: the template of the kind and language makes blocks, the blocks become text and HTML."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, Engine, TemplateDoesNotExist

from trustdesk.core.notices import LETTERS, missing_parts
from trustdesk.core.said import said
from trustdesk.core.types import Finding, Refused
from trustdesk.flow.letters import drawing, safe
from trustdesk.flow.letters import words as wording
from trustdesk.flow.letters.blocks import COLLECTOR, Block
from trustdesk.flow.letters.facts import LetterFacts, LetterMeasure

log = logging.getLogger("trustdesk.letters")

LANGUAGES = ("en", "es")
FALLBACK = "en"
#: The kinds that have a letter. `filing` is not one: what an authority or a register gets has its own format.
KINDS = tuple(kind for kind in LETTERS if kind != "filing")

_SUBJECT_LIMIT = 180
_SAID_LIMIT = 8_000  # characters of what somebody outside said
_OWN_LIMIT = 50_000  # of what the desk itself says; reasons are given in full
_COPY_LIMIT = 200_000  # a counter-notice is passed on in full (17 USC 512(g)(2)(B))
_TARGETS_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Composed:
    """One letter. `text` and `html` say the same. `parts` maps each part that the law asks for to its words in it."""

    kind: str
    language: str
    subject: str
    text: str
    html: str
    parts: dict[str, str]


def compose(kind: str, language: str, facts: LetterFacts) -> Composed:
    """The letter of `kind` in `language` (BCP 47; English where we do not write that language).

    Raises Refused with a finding for every part that the letter has to have and that the facts leave empty.
    """
    if kind not in KINDS:
        raise Refused(Finding("notice.unknown_kind", f"There is no letter of kind {kind!r}.", kind))
    tongue = language.replace("_", "-").partition("-")[0].lower()
    tongue = tongue if tongue in LANGUAGES else FALLBACK
    dirs = _fit(folders(), tongue, kind)
    blocks = _blocks(dirs, kind, tongue, values(facts, wording.load(dirs, tongue)))
    parts = _parts(blocks)
    subject = safe.line(" ".join(b.text for b in blocks if b.kind == "subject"), _SUBJECT_LIMIT)
    findings = missing_parts(kind, parts)
    if not subject:
        findings = (*findings, Finding("notice.no_subject", "The letter has no subject.", "subject"))
    if findings:
        raise Refused(*findings)
    body = [b for b in blocks if b.kind != "subject"]
    context = {
        "groups": drawing.groups(body),
        "subject": subject,
        "language": tongue,
        "provider": safe.line(facts.provider, 80),
    }
    html = engine(folders()).get_template("base.html").render(Context(context))
    return Composed(kind, tongue, subject, drawing.text(body), html, parts)


def folders() -> tuple[Path, ...]:
    """Where letters are looked for: the operator's own first, file by file, then those that come with the desk."""
    return (Path(settings.HOME) / "letters", Path(settings.BASE_DIR) / "templates" / "letters")


@lru_cache(maxsize=4)
def engine(dirs: tuple[Path, ...]) -> Engine:
    """The engine of the letters, apart from that of the screens: it sees no request, no settings and no database.

    Templates are read once per process.
    """
    return Engine(dirs=[str(folder) for folder in dirs], builtins=["trustdesk.flow.letters.blocks"], autoescape=True)


@lru_cache(maxsize=256)
def _fit(dirs: tuple[Path, ...], language: str, kind: str) -> tuple[Path, ...]:
    """The folders for one letter: without the operator's own where its words or this letter cannot be used, for a letter
    that lacks what the law asks for must not go, and one is owed. What is wrong with it is said by `check`."""
    from trustdesk.flow.letters.check import of_letters

    *own, _ours = dirs
    if not any((folder / language).is_dir() for folder in own):
        return dirs
    found = next(iter(of_letters(dirs, language, (kind,))), None)
    if found is None:
        return dirs
    log.error("our own letter is used instead of %s: %s", found.field, found.message)
    return dirs[-1:]


def _blocks(dirs: tuple[Path, ...], kind: str, language: str, values: Mapping[str, Any]) -> list[Block]:
    collected: list[Block] = []
    # Blocks hold plain text; base.html escapes it.
    context = Context({**values, COLLECTOR: collected}, autoescape=False)
    try:
        engine(dirs).get_template(f"{language}/{kind}.txt").render(context)
    except TemplateDoesNotExist as error:
        raise Refused(Finding("notice.no_template", f"There is no letter {error}.", kind)) from error
    return collected


def _parts(blocks: list[Block]) -> dict[str, str]:
    parts: dict[str, list[str]] = {}
    for block in blocks:
        if block.part:
            parts.setdefault(block.part, []).append(block.url if block.kind == "button" else block.text)
    return {name: "\n".join(texts) for name, texts in parts.items()}


def values(facts: LetterFacts, w: wording.Words) -> dict[str, Any]:
    """What templates may name: every fact, made safe and put into words of the language."""
    own = {  # the operator's own words: cleaned, links stay links
        name: safe.line(said(getattr(facts, name), w.language))
        for name in ("provider", "legal_name", "address", "contact", "law", "clause_id", "clause_title", "out_of_court")
    }
    free = {
        name: safe.defang(safe.paragraphs(getattr(facts, name), limit))
        for name, limit in (
            ("reasons", _OWN_LIMIT),
            ("claim", _OWN_LIMIT),
            ("claim_quote", _SAID_LIMIT),
            ("question", _OWN_LIMIT),
            ("appeal_reasons", _OWN_LIMIT),
            ("counter_notice", _COPY_LIMIT),
        )
    }
    dates = {
        name: w.date(getattr(facts, name))
        for name in (
            "received_at",
            "decided_at",
            "answer_by",
            "expected_by",
            "appeal_until",
            "appeal_received_at",
            "appeal_decided_at",
            "restore_after",
            "restore_by",
            "strike_expires_at",
            "warned_at",
            "waits_from",
            "waits_until",
        )
    }
    plain = {
        name: getattr(facts, name)
        for name in ("recipient", "origin", "outcome", "ground", "appeal_outcome", "strikes", "strike_limit")
    }
    return {
        **own,
        **free,
        **dates,
        **plain,
        "claim": free["claim"] or w.tables["claim"].get(facts.category) or w.tables["claim"]["other"],
        "legal_name": own["legal_name"] or own["provider"],
        "clause_text": safe.paragraphs(said(facts.clause_text, w.language), _OWN_LIMIT),
        "recipient_name": safe.name(facts.recipient_name),
        "reporter_name": safe.defang(safe.line(facts.reporter_name, 120)),
        "link": facts.link,
        "survey": facts.survey,
        "case": safe.line(facts.case_code, 20),
        "report": safe.line(facts.report_code, 20),
        "reference": safe.line(facts.case_code if facts.recipient == "customer" else facts.report_code, 20)
        or safe.line(facts.case_code or facts.report_code, 20),
        "duplicate_of": safe.line(facts.duplicate_of, 20),
        "about": w.word("category", facts.category) if facts.category else w.word("category", "other"),
        "targets": [safe.defang_target(v) for v in facts.targets[:_TARGETS_SHOWN]],
        "more_targets": max(0, len(facts.targets) - _TARGETS_SHOWN),
        "host": safe.defang_target(safe.host_of(facts.targets[0])) if facts.targets else "",
        "not_ours": [safe.defang_target(v) for v in facts.not_ours[:_TARGETS_SHOWN]],
        "more_not_ours": max(0, len(facts.not_ours) - _TARGETS_SHOWN),
        "measures": [_measure(m, w) for m in facts.measures],
        "lifted": [_measure(m, w) for m in facts.lifted],
        "where_to_turn": [line for line in map(safe.line, facts.where_to_turn) if line],
        "counter_notice_elements": [said for said in map(w.element, facts.counter_notice_elements) if said],
        "missing": [said for said in map(w.element, facts.missing) if said],
        "weighed": [
            {
                "title": w.tables.get("circumstance", {}).get(name, name),
                "text": safe.defang(safe.paragraphs(text, _OWN_LIMIT)),
            }
            for name, text in facts.weighed
        ],
        "consequence": w.word("measure", facts.consequence) if facts.consequence else "",
        "automated": facts.automated,
        "detection_automated": facts.detection_automated,
    }


def _measure(measure: LetterMeasure, w: wording.Words) -> dict[str, str]:
    return {
        "title": w.word("measure", measure.kind, said(measure.title, w.language)),
        "target": safe.defang_target(measure.target),
        "scope": w.countries(measure.scope),
        "until": w.date(measure.until),
    }
