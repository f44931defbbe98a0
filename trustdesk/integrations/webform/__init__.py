"""Reads what the public report form keeps: one JSON object, the bytes of which are the evidence.

    {"trustdesk_form": 1, "category": "phishing", "urls": ["https://…"], "description": "…", "language": "es",
     "reporter": {"name": "…", "email": "…", "organisation": "…", "phone": "…", "address": "…", "country": "MX"},
     "principal": "…", "original_work": "…", "original_urls": ["https://…"], "incident_at": "2026-11-18T09:00:00Z",
     "statements": {"good_faith": true, "accuracy": true, "authorised": true}, "signature": "…", "nonce": "…"}

Everything but the first three is optional. The desk writes it with `reading.submission`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trustdesk.core.types import Category, Claimed, ClaimedParty, Element, Form, Problem, Reading, Role, Span
from trustdesk.reading.extract import extract
from trustdesk.reading.message import Message
from trustdesk.reading.submission import VERSION

#: Statement on the form → element of a notice under 17 USC 512(c)(3)(A).
ELEMENTS = {
    "good_faith": "us-dmca-512c.el.goodfaith",
    "accuracy": "us-dmca-512c.el.accuracy-perjury",
}


class WebForm:
    """Parser for submissions of our own form."""

    name = "webform"
    rank = 5

    def parse(self, message: Message) -> Reading | None:
        """The claims of a submission, None for anything else."""
        if message.kind != "json" or b"trustdesk_form" not in message.raw[:65536]:
            return None
        try:
            fields = json.loads(message.raw)
        except (ValueError, RecursionError):
            return None
        if not isinstance(fields, dict) or fields.get("trustdesk_form") != VERSION:
            return None
        return _reading(fields)


def _reading(fields: dict[str, Any]) -> Reading:
    text, spans = _text(fields)
    problems: list[Problem] = []
    indicators = _indicators(text, spans, problems)
    category = _text_of(fields, "category")
    known = category in {c.value for c in Category}
    if not known:
        problems.append(Problem("form_category", f"The category {category[:40]!r} is not one of ours.", "category"))
    reporter = fields.get("reporter")
    names = ("name", "email", "organisation", "phone", "address", "country")
    given = {n: _text_of(reporter, n) for n in names} if isinstance(reporter, dict) else {}
    elements = _elements(fields, text, spans, bool(indicators), given)
    principal = _text_of(fields, "principal")
    return Reading(
        form=Form.DMCA if category == Category.COPYRIGHT and any(e.present for e in elements) else Form.NOTICE,
        category=Category(category) if known else None,
        confidence=1.0 if known else 0.0,
        language=_text_of(fields, "language")[:12],
        reporter=ClaimedParty(**given),
        principal=ClaimedParty(name=principal) if principal else None,
        indicators=indicators,
        incident_at=_instant(_text_of(fields, "incident_at")),
        subject=_text_of(fields, "title") or next((i.value for i in indicators if i.role == Role.TARGET), ""),
        text=text,
        elements=elements,
        problems=tuple(problems),
        parser="webform",
    )


def _text_of(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _lines(fields: Mapping[str, Any], name: str) -> list[str]:
    value = fields.get(name)
    return [v.strip() for v in value if isinstance(v, str) and v.strip()] if isinstance(value, list) else []


#: Field of the form → what the rendered text calls it, and the role of what is named there.
SECTIONS: tuple[tuple[str, str, Role | None], ...] = (
    ("urls", "Reported", Role.TARGET),
    ("description", "Description", Role.REFERENCE),
    ("original_work", "Original work", Role.REFERENCE),
    ("original_urls", "Original at", Role.REFERENCE),
    ("principal", "On behalf of", None),
    ("signature", "Signature", None),
)


def _text(fields: dict[str, Any]) -> tuple[str, dict[str, tuple[Span, Role | None]]]:
    """The submission as a person reads it, and where each section stands."""
    out: list[str] = []
    spans: dict[str, tuple[Span, Role | None]] = {}
    at = 0
    for name, title, role in SECTIONS:
        values = _lines(fields, name) or [v for v in [_text_of(fields, name)] if v]
        if not values:
            continue
        head, body = f"{title}:\n", "\n".join(values)
        spans[name] = (Span(at + len(head), at + len(head) + len(body)), role)
        out.append(head + body + "\n\n")
        at += len(out[-1])
    return "".join(out).rstrip("\n"), spans


def _indicators(text: str, spans: dict[str, tuple[Span, Role | None]], problems: list[Problem]) -> tuple[Claimed, ...]:
    claimed: list[Claimed] = []
    for name, (span, role) in spans.items():
        if role is None:
            continue
        found = extract(text[span.start : span.end])
        if name == "urls" and not found:
            problems.append(Problem("form_no_target", "None of the addresses could be read.", "urls"))
        claimed += [
            Claimed(f.kind, f.value, role, f.raw, span.start + f.start, span.start + f.end, source=f"form:{name}")
            for f in found
        ]
    return tuple(claimed)


def _elements(
    fields: dict[str, Any],
    text: str,
    spans: dict[str, tuple[Span, Role | None]],
    has_target: bool,
    given: dict[str, str],
) -> tuple[Element, ...]:
    """The elements of a copyright notice that the form asks for (17 USC 512(c)(3)(A)); none for other categories."""
    if _text_of(fields, "category") != Category.COPYRIGHT:
        return ()

    def shown(name: str) -> tuple[Span, ...]:
        return (spans[name][0],) if name in spans else ()

    said = fields.get("statements")
    statements = said if isinstance(said, dict) else {}
    agreed = {name: statements.get(name) is True for name in ("good_faith", "accuracy", "authorised")}
    prefix = "us-dmca-512c.el."
    return (
        Element(prefix + "written", True),
        Element(prefix + "signature", "signature" in spans, shown("signature")),
        Element(prefix + "work", "original_work" in spans or "original_urls" in spans, shown("original_work")),
        Element(prefix + "material", has_target, shown("urls")),
        Element(prefix + "contact", bool(given.get("email") and (given.get("address") or given.get("phone")))),
        Element(ELEMENTS["good_faith"], agreed["good_faith"]),
        Element(ELEMENTS["accuracy"], agreed["accuracy"] and agreed["authorised"]),
    )


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
