"""XARF: structured abuse reports as JSON, version 4 and those before it, and as mail with YAML. See README.md here."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from trustdesk.core.types import Category, Claimed, ClaimedParty, Form, Problem, Reading, Role
from trustdesk.integrations.xarf import evidence, legacy, mailform
from trustdesk.reading import canonical, reader
from trustdesk.reading.extract import extract
from trustdesk.reading.message import Message

_MAX_JSON = 24 * 1024 * 1024
_MAX_REPORTS = 1_000

#: category of XARF v4, or category/type where the type says more → category here.
_V4 = {
    "messaging": Category.SPAM,
    "connection": Category.NETWORK_ATTACK,
    "connection/infected_host": Category.COMPROMISED,
    "content": Category.OTHER,
    "content/phishing": Category.PHISHING,
    "content/malware": Category.MALWARE,
    "content/fraud": Category.FRAUD,
    "content/brand_infringement": Category.TRADEMARK,
    "content/exposed_data": Category.VULNERABLE_SERVICE,
    "content/remote_compromise": Category.COMPROMISED,
    "content/suspicious_registration": Category.FRAUD,
    "content/csam": Category.CHILD_SAFETY,
    "content/csem": Category.CHILD_SAFETY,
    "copyright": Category.COPYRIGHT,
    "infrastructure": Category.COMPROMISED,
    "infrastructure/botnet": Category.BOTNET,
    "infrastructure/compromised_server": Category.COMPROMISED,
    "vulnerability": Category.VULNERABLE_SERVICE,
    "reputation": Category.OTHER,
    "reputation/blocklist": Category.SPAM,
}
_V4_TARGETS = ("source_identifier", "url", "infringing_url", "domain", "reported_url")
_V4_REFERENCES = (
    "destination_ip", "target_url", "legitimate_site", "original_url", "work_url", "c2_server", "file_hash", "smtp_from",
)  # fmt: skip
_V3_TARGETS = ("SourceIp", "SourceUrl", "InfringingUrl", "RpzDomain", "AttackerIp", "Url", "Domain", "SourceHost")
_V3_REFERENCES = ("DestinationIp", "DestinationUrl", "CourtOrder", "SmtpMailFromAddress")


class XarfParser:
    """Reads XARF as bare JSON (posted to the API), as a JSON part of a mail, or as the YAML part of versions 0.1 and 0.2."""

    name = "xarf"
    rank = 200

    def parse(self, message: Message) -> Reading | None:
        loaded = _load(message)
        if loaded is None:
            return mailform.read(message) if message.kind == "mail" else None
        reports, problems = loaded
        results = [_read_one(report) for report in reports]
        for _, found in results:
            problems += found
        good = [r for r, found in results if r is not None and not any(p.code == "xarf_invalid" for p in found)]
        if message.kind == "json":
            base = Reading(text=message.text or message.parts[0].text)
            if not good:
                first = next((r for r, _ in results if r is not None), Reading())
                return replace(first, form=Form.UNPARSED, indicators=(), text=base.text, problems=tuple(problems))
        else:
            if not good:
                return None if not any(r for r, _ in results) else _as_text(message, problems)
            parsed = reader.prepare(message)
            base = reader.envelope(message, parsed)
        return _merge(base, good, problems)


def _as_text(message: Message, problems: list[Problem]) -> Reading:
    """A mail whose XARF part is not valid is read as text, and says why."""
    reading = reader.read(message)
    return replace(reading, parser="plain", problems=(*reading.problems, *problems))


def _load(message: Message) -> tuple[list[dict[str, Any]], list[Problem]] | None:
    """The reports in `message`, or None if there is nothing that means to be XARF."""
    reports: list[dict[str, Any]] = []
    for part in message.parts:
        named = part.filename.lower().endswith((".json", ".xarf"))
        if not (part.content_type.endswith(("/json", "+json")) or named):
            continue
        text = part.text[:_MAX_JSON]
        if not any(mark in text for mark in ('"xarf_version"', '"ReporterInfo"', '"Report"')):
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            return [], [Problem("json_invalid", f"is not JSON: {str(error)[:100]}", part.path)]
        for item in data if isinstance(data, list) else [data]:
            if len(reports) >= _MAX_REPORTS:
                return reports, [Problem("xarf_too_many", f"more than {_MAX_REPORTS} reports", part.path)]
            if isinstance(item, dict) and ("xarf_version" in item or legacy.is_legacy(item)):
                reports.append(item)
    return (reports, []) if reports else None


def _read_one(data: dict[str, Any]) -> tuple[Reading | None, list[Problem]]:
    return _read_v4(data) if "xarf_version" in data else _read_legacy(data)


def _read_v4(data: dict[str, Any]) -> tuple[Reading | None, list[Problem]]:
    problems = _validate_v4(data)
    problems += evidence.check(data.get("evidence"))
    group = str(data.get("category", ""))
    kind = str(data.get("type", "")).replace("-", "_")
    category = _V4.get(f"{group}/{kind}", _V4.get(group))
    return Reading(
        form=Form.NOTICE,
        category=category,
        confidence=0.95 if category else 0.0,
        reporter=_party_v4(data.get("reporter")) or ClaimedParty(),
        principal=_party_v4(data.get("reporter"))
        if data.get("sender") and data.get("sender") != data.get("reporter")
        else None,
        indicators=_indicators(data, _V4_TARGETS, _V4_REFERENCES),
        incident_at=_when(data.get("first_seen")) or _when(data.get("timestamp")),
        sent_at=_when(data.get("timestamp")),
        message_id=str(data.get("report_id", ""))[:200],
        subject=str(data.get("description", ""))[:300],
        tags=tuple(str(t)[:100] for t in data.get("tags", []) if isinstance(t, str))[:50]
        if isinstance(data.get("tags"), list)
        else (),
    ), problems


def _validate_v4(data: dict[str, Any]) -> list[Problem]:
    from xarf import parse  # builds its models on first use

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = parse(dict(data))
    except Exception as error:  # the package raises on shapes it does not expect
        return [Problem("xarf_invalid", f"{type(error).__name__}: {str(error)[:200]}", "report")]
    return [Problem("xarf_invalid", f"{e.field}: {e.message}"[:300], str(e.field)) for e in result.errors][:50]


def _party_v4(value: Any) -> ClaimedParty | None:
    if not isinstance(value, dict):
        return None
    return ClaimedParty(organisation=str(value.get("org", ""))[:200], email=str(value.get("contact", ""))[:200])


def _read_legacy(data: dict[str, Any]) -> tuple[Reading | None, list[Problem]]:
    problems = legacy.check(data)
    report = data.get("Report")
    report = report if isinstance(report, dict) else {}
    flat = dict(report)
    source = report.get("Source")
    if isinstance(source, dict):
        flat.update(
            {f"Source{'Ip' if k.upper() == 'IP' else 'Url' if k.upper() == 'URL' else k}": v for k, v in source.items()}
        )
    category = legacy.TYPES.get(str(report.get("ReportType", "")).lower())
    info = data.get("ReporterInfo")
    behalf = data.get("OnBehalfOf")
    return Reading(
        form=Form.NOTICE,
        category=category,
        confidence=0.95 if category else 0.0,
        reporter=_party_legacy(info, "Reporter") or ClaimedParty(),
        principal=_party_legacy(behalf, "Complainant"),
        indicators=_indicators(flat, _V3_TARGETS, _V3_REFERENCES),
        incident_at=_when(report.get("FirstSeen")) or _when(report.get("Date")),
        sent_at=_when(report.get("Date")),
        message_id=str(report.get("ReporterCaseID", ""))[:200],
        subject=str(report.get("ReporterNotes", ""))[:300] if isinstance(report.get("ReporterNotes"), str) else "",
    ), problems


def _party_legacy(value: Any, prefix: str) -> ClaimedParty | None:
    if not isinstance(value, dict):
        return None

    def text(name: str) -> str:
        return str(value.get(prefix + name, "") or "")[:200]

    return ClaimedParty(
        name=text("ContactName"),
        email=text("ContactEmail") or text("OrgEmail"),
        organisation=text("Org"),
        phone=text("ContactPhone"),
    )


def _indicators(data: dict[str, Any], targets: tuple[str, ...], references: tuple[str, ...]) -> tuple[Claimed, ...]:
    found: dict[tuple[str, str], Claimed] = {}
    for names, role in ((targets, Role.TARGET), (references, Role.REFERENCE)):
        for name in names:
            value = data.get(name)
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and text:
                    claim = _claim(text.strip(), role, name)
                    if claim is not None:
                        found.setdefault((claim.kind, claim.value), claim)
    return tuple(found.values())


def _claim(text: str, role: Role, name: str) -> Claimed | None:
    address = canonical.address(text)
    if address:
        return Claimed("ip", address, role, text, source=f"xarf:{name}")
    for item in extract(text[:4000], limit=3):
        if item.kind in ("url", "domain", "cidr", "email", "hash", "ip"):
            return Claimed(item.kind, item.value, role, text[:4000], source=f"xarf:{name}")
    return None


def _when(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value.strip())
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _merge(base: Reading, readings: list[Reading], problems: list[Problem]) -> Reading:
    first = readings[0]
    indicators: dict[tuple[str, str], Claimed] = {}
    for reading in readings:
        for claim in reading.indicators:
            indicators.setdefault((claim.kind, claim.value), claim)
    return replace(
        base,
        form=Form.NOTICE,
        category=first.category,
        confidence=first.confidence,
        reporter=first.reporter if first.reporter != ClaimedParty() else base.reporter,
        principal=first.principal,
        indicators=tuple(indicators.values()),
        incident_at=first.incident_at,
        sent_at=base.sent_at or first.sent_at,
        message_id=base.message_id or first.message_id,
        subject=base.subject or first.subject,
        tags=tuple(dict.fromkeys(t for r in readings for t in r.tags)),
        problems=tuple(dict.fromkeys(problems)),
        parser="xarf",
    )
