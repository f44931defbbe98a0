"""ARF: feedback reports (RFC 5965), their use for abuse (RFC 6650), authentication failures (RFC 6591) and the
extensions seen in the field. See README.md in this folder."""

from __future__ import annotations

from dataclasses import replace

from trustdesk.core.types import Category, Claimed, Form, Problem, Reading, Role
from trustdesk.reading import canonical, reader
from trustdesk.reading.headers import Headers, parse_date
from trustdesk.reading.message import Message

#: Feedback-Type (RFC 5965 section 7.3, RFC 6430, RFC 6591, and common extensions) → category.
_CATEGORY = {
    "abuse": Category.SPAM,
    "fraud": Category.PHISHING,
    "virus": Category.MALWARE,
    "opt-out": Category.SPAM,
    "opt-out-list": Category.SPAM,
    "miscategorized": Category.SPAM,
    "spam": Category.SPAM,
    "phishing": Category.PHISHING,
    "malware": Category.MALWARE,
    "copyright": Category.COPYRIGHT,
    "dmca": Category.COPYRIGHT,
    "trademark": Category.TRADEMARK,
    "auth-failure": Category.SPAM,
}


class ArfParser:
    """Reads multipart/report with a message/feedback-report part."""

    name = "arf"
    rank = 100

    def parse(self, message: Message) -> Reading | None:
        report = message.feedback_report
        if report is None:
            return None
        parsed = reader.prepare(message)
        kind = report.get("Feedback-Type").strip().lower()
        category = _CATEGORY.get(kind)
        confidence = 0.95 if category else 0.0
        if category is None:
            category, confidence, _ = reader.category(parsed.subject, reader.prose(parsed))
        targets, problems = _claims(report)
        if not kind:
            problems.append(Problem("arf_field_missing", "Feedback-Type is required (RFC 5965, 3.1)", "Feedback-Type"))
        for field in ("User-Agent", "Version"):
            if field not in report:
                problems.append(Problem("arf_field_missing", f"{field} is required (RFC 5965, 3.1)", field))
        known = {(c.kind, c.value) for c in targets}
        others = reader.claims(message, parsed, category)
        if not targets:
            problems.append(
                Problem("arf_no_target", "no Source-IP, Reported-URI or Reported-Domain", "feedback-report")
            )
            targets = [c for c in others if c.role is Role.TARGET]
            known = {(c.kind, c.value) for c in targets}
        hosts = {c.value for c in targets}
        rest = [
            replace(c, role=Role.REFERENCE if c.role is Role.TARGET and c.value not in hosts else c.role)
            for c in others
            if (c.kind, c.value) not in known
        ]
        spanned = [_with_span(c, others) for c in targets]
        return replace(
            reader.envelope(message, parsed),
            form=Form.NOTICE,
            category=category,
            confidence=confidence,
            indicators=(*spanned, *rest),
            incident_at=parse_date(report.raw("Arrival-Date") or report.raw("Received-Date")),
            original_recipient=report.get("Original-Rcpt-To").strip("<> ") or reader.recipient(message),
            tags=(f"arf:{kind}",) if kind else (),
            problems=tuple(problems),
        )


def _claims(report: Headers) -> tuple[list[Claimed], list[Problem]]:
    found: dict[tuple[str, str], Claimed] = {}
    problems: list[Problem] = []
    for text in report.get_all("Source-IP") + report.get_all("Source"):
        value = canonical.address(text.split()[0].strip("[]")) if text.split() else None
        if value is None:
            problems.append(Problem("arf_field_invalid", f"Source-IP is no address: {text[:60]!r}", "Source-IP"))
        else:
            found[("ip", value)] = Claimed("ip", value, Role.TARGET, text, source="arf")
    for text in report.get_all("Reported-URI") + report.get_all("Reported-URL"):
        known = canonical.url(text.strip().strip("<>"))
        if known is None:
            problems.append(Problem("arf_field_invalid", f"Reported-URI is no URL: {text[:60]!r}", "Reported-URI"))
        else:
            found[("url", known[0])] = Claimed("url", known[0], Role.TARGET, text, source="arf")
    for text in report.get_all("Reported-Domain"):
        name = canonical.domain(text.strip())
        if name is None:
            problems.append(
                Problem("arf_field_invalid", f"Reported-Domain is no domain: {text[:60]!r}", "Reported-Domain")
            )
        else:
            # The domain stands next to the address that sent for it; alone it is what is complained about.
            role = Role.TARGET if not found else Role.REFERENCE
            found[("domain", name)] = Claimed("domain", name, role, text, source="arf")
    return list(found.values()), problems


def _with_span(claim: Claimed, others: list[Claimed]) -> Claimed:
    for other in others:
        if (other.kind, other.value) == (claim.kind, claim.value) and other.start >= 0:
            return replace(claim, raw=other.raw, start=other.start, end=other.end)
    return claim
