"""ACNS 2.0: copyright notices with an XML block (Automated Copyright Notice System). See README.md in this folder."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from trustdesk.core.types import Category, Claimed, ClaimedParty, Form, Problem, Reading, Role
from trustdesk.reading import canonical, reader
from trustdesk.reading.extract import extract
from trustdesk.reading.message import Message

_BLOCK = re.compile(r"<Infringement[\s>]")
_END = "</Infringement>"
_MAX_BLOCK = 2_000_000
_MAX_BLOCKS = 200


class AcnsParser:
    """Reads `<Infringement>` blocks, in the text or attached; one mail may carry many."""

    name = "acns"
    rank = 300

    def parse(self, message: Message) -> Reading | None:
        blocks, problems = _blocks(message)
        if not blocks and not problems:
            return None
        base = reader.read(message)
        if not blocks:
            return replace(base, problems=(*base.problems, *problems))
        claims: dict[tuple[str, str], Claimed] = {}
        first = blocks[0]
        for block in blocks:
            for claim in _claims(block):
                claims.setdefault((claim.kind, claim.value), claim)
        if not any(c.role is Role.TARGET for c in claims.values()):
            problems.append(Problem("acns_no_target", "the notice names no address", "Source"))
            return replace(base, problems=(*base.problems, *problems))
        spans = {(c.kind, c.value): c for c in base.indicators}
        merged = [
            replace(c, raw=s.raw, start=s.start, end=s.end) if (s := spans.get((c.kind, c.value))) else c
            for c in claims.values()
        ]
        rest = [
            replace(c, role=Role.REFERENCE if c.role is Role.TARGET else c.role)
            for k, c in spans.items()
            if k not in claims
        ]
        complainant = first.find(".//{*}Complainant")
        return replace(
            base,
            form=Form.DMCA if base.form is Form.DMCA else Form.NOTICE,
            category=Category.COPYRIGHT,
            confidence=0.97,
            principal=ClaimedParty(
                organisation=_text(complainant, "Entity"), name=_text(complainant, "Contact"), email=_text(complainant, "Email"),
                phone=_text(complainant, "Phone"), address=_text(complainant, "Address"),
            ) if complainant is not None else base.principal,
            indicators=(*merged, *rest),
            incident_at=_when(_text(first.find(".//{*}Source"), "TimeStamp")) or base.incident_at,
            tags=(*base.tags, *((f"acns:{case}",) if (case := _text(first.find(".//{*}Case"), "ID")[:80]) else ())),
            problems=(*base.problems, *problems),
            parser="acns",
        )  # fmt: skip


def _blocks(message: Message) -> tuple[list[Node], list[Problem]]:
    found: list[Node] = []
    problems: list[Problem] = []
    for part in message.walk():
        if part.message is not None or not (part.content_type.startswith("text/") or part.content_type.endswith("xml")):
            continue
        text = part.text
        at = 0
        while len(found) < _MAX_BLOCKS:
            match = _BLOCK.search(text, at)
            if not match:
                break
            end = text.find(_END, match.start())
            if end < 0 or end - match.start() > _MAX_BLOCK:
                problems.append(Problem("acns_damaged", "the XML block does not end", part.path))
                break
            at = end + len(_END)
            try:
                found.append(fromstring(text[match.start() : at].encode("utf-8", "replace")))
            except (ParseError, DefusedXmlException, ValueError) as error:
                problems.append(Problem("acns_damaged", f"the XML block cannot be read: {str(error)[:100]}", part.path))
    return found, problems


def _text(node: Node | None, tag: str) -> str:
    child = node.find(f"{{*}}{tag}") if node is not None else None
    return (child.text or "").strip()[:500] if child is not None else ""


def _claims(block: Node) -> list[Claimed]:
    out: list[Claimed] = []
    for source in block.findall(".//{*}Source"):
        address = canonical.address(_text(source, "IP_Address"))
        if address:
            out.append(Claimed("ip", address, Role.TARGET, _text(source, "IP_Address"), source="acns:IP_Address"))
        for tag in ("URL", "URL_Base"):
            known = canonical.url(_text(source, tag))
            if known:
                out.append(Claimed("url", known[0], Role.TARGET, _text(source, tag), source=f"acns:{tag}"))
        name = canonical.domain(_text(source, "DNS_Name"))
        if name:
            out.append(Claimed("domain", name, Role.REFERENCE, name, source="acns:DNS_Name"))
        user = _text(source, "UserName")
        if user:
            out.append(Claimed("account", user, Role.TARGET, user, source="acns:UserName"))
    for item in block.findall(".//{*}Item"):
        for hash_node in item.findall(".//{*}Hash"):
            for found in extract((hash_node.text or "")[:200], limit=1):
                if found.kind == "hash":
                    out.append(Claimed("hash", found.value, Role.REFERENCE, found.raw, source="acns:Hash"))
    return out


def _when(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
