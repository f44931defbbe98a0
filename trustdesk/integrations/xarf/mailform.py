"""X-ARF 0.1 and 0.2: a mail whose second part is a report in YAML and whose third part, if any, is the evidence.

The mail carries `X-ARF: YES` (0.1) or `X-XARF: PLAIN`, `SECURE` or `BULK` (0.2), which forwarding often loses; then a
`Schema-URL` in the report names it. `SECURE` is signed or encrypted around this and opened before; `BULK` holds several
reports, as YAML documents or in an archive. The YAML is flat: `Key: value`, now and then a list. So much is read and no
more, for YAML at large has types, tags and references that a stranger's mail must not reach. The schema is not fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from trustdesk.core.types import NOT_REPORTS, Category, Claimed, ClaimedParty, Form, Problem, Reading, Role
from trustdesk.integrations.xarf.legacy import TYPES
from trustdesk.reading import archive, canonical, reader
from trustdesk.reading.charsets import decode
from trustdesk.reading.extract import extract
from trustdesk.reading.headers import parse_date
from trustdesk.reading.message import Message
from trustdesk.reading.mime import Part

_MOST_TEXT, _MOST_FIELDS, _MOST_REPORTS = 4 * 1024 * 1024, 200, 1_000
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9_.-]{0,59})[ \t]{0,8}:(?:[ \t]+(.*)|)$")
_NAMED = re.compile(r"(?m)^(?:Reported-From|Report-Type|Schema-URL|Source-Type|Report-ID)[ \t]{0,8}:")
_REQUIRED = ("Reported-From", "Category", "Report-Type", "Report-ID", "Date", "Source", "Source-Type", "Schema-URL")
_CATEGORIES = frozenset({"abuse", "fraud", "auth", "info", "private"})
#: Report-Type as written then, where the name differs from later versions.
_TYPES = {
    "cryptocurrency-scam": Category.FRAUD,
    "scam": Category.FRAUD,
    "bot-infection": Category.BOTNET,
    "malware-attack": Category.MALWARE,
    "trojan": Category.MALWARE,
    "rfi-attack": Category.NETWORK_ATTACK,
    "web-attack": Category.NETWORK_ATTACK,
    "harvesting": Category.NETWORK_ATTACK,
    "dns-blacklist": Category.SPAM,
}
_ADDRESSES = frozenset({"ip", "ipv4", "ipv6", "ip-address", "ipaddress"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One report: its fields by lower-case name, and where in the message it stands."""

    fields: dict[str, list[str]]
    where: str

    def get(self, name: str) -> str:
        """The first value of a field, "" without one."""
        values = self.fields.get(name.lower())
        return values[0] if values else ""


def read(message: Message) -> Reading | None:
    """The reading of an X-ARF mail; None if this is none."""
    headed = "X-ARF" in message.headers or "X-XARF" in message.headers
    entries: list[Entry] = []
    problems: list[Problem] = []
    for where, text in _texts(message):
        if len(_NAMED.findall(text[:20_000])) < 3 or not (headed or "schema-url:" in text[:20_000].lower()):
            continue
        for entry, wrong in documents(text[:_MOST_TEXT], where):
            if len(entries) >= _MOST_REPORTS:
                problems.append(Problem("xarf_too_many", f"more than {_MOST_REPORTS} reports", where))
                break
            entries.append(entry)
            problems += [*wrong, *check(entry)]
    if not entries:
        return None
    return _merge(reader.read(message), entries, problems[:100])


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    """Texts that may be the report: the second part as a rule, and what an archive holds."""
    for part in message.parts:
        if (
            part.content_type.startswith("text/")
            or "yaml" in part.content_type
            or part.filename.endswith((".txt", ".yml", ".yaml"))
        ):
            if part.content_type != "text/html":
                yield part.path, part.text
        elif part.disposition == "attachment" or part.filename:
            yield from _packed(part)


def _packed(part: Part) -> Iterator[tuple[str, str]]:
    if part.filename.lower().endswith((".zip", ".gz")) and archive.is_archive(part.filename, "", part.payload):
        for name, data in archive.members(part.payload, part.filename, part._budget):
            yield f"{part.path}/{name[:80]}", decode(data)[0].replace("\r\n", "\n")


def documents(text: str, where: str) -> Iterator[tuple[Entry, list[Problem]]]:
    """The YAML documents of `text` as flat fields, with what could not be read. Linear."""
    fields: dict[str, list[str]] = {}
    wrong: list[Problem] = []
    last = ""
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if bare in ("---", "...") or line.startswith("--- "):
            if fields:
                yield Entry(fields, where), wrong
            fields, wrong, last = {}, [], ""
            continue
        if not bare or bare.startswith(("#", "%")):
            continue
        found = _FIELD.match(line.rstrip())
        if found is not None:
            last = found.group(1).lower()
            if last in fields or len(fields) >= _MOST_FIELDS:
                wrong.append(
                    Problem("xarf_yaml", f"{found.group(1)} comes twice, or there is too much", f"line {number}")
                )
                last = ""
                continue
            fields[last] = _values(found.group(2) or "")
        elif last and bare.startswith("- "):
            fields[last].append(_scalar(bare[2:]))
        elif last and line[:1] in " \t" and fields[last]:
            fields[last][-1] = f"{fields[last][-1]} {bare}"[:8000]
        elif len(wrong) < 5:
            wrong.append(Problem("xarf_yaml", "this line is no field of a report", f"line {number}"))
    if fields:
        yield Entry(fields, where), wrong


def _values(text: str) -> list[str]:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(piece) for piece in text[1:-1].split(",") if piece.strip()][:_MOST_FIELDS]
    return [_scalar(text)] if text and text[0] not in "|>&*!" else []


def _scalar(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text.partition(" #")[0].rstrip()[:8000]


def check(entry: Entry) -> list[Problem]:
    """What a report lacks or says wrongly, one problem a field."""
    problems = [
        Problem("xarf_field_missing", f"{name} is required", f"{entry.where}: {name}")
        for name in _REQUIRED
        if not entry.get(name)
    ]
    source, kind = entry.get("Source"), entry.get("Source-Type").lower()
    if source and not list(_claims(entry)):
        problems.append(Problem("xarf_invalid", f"Source is no {kind[:20] or 'address'}: {source[:60]!r}", "Source"))
    if entry.get("Category") and entry.get("Category").lower() not in _CATEGORIES:
        problems.append(Problem("xarf_invalid", f"{entry.get('Category')[:40]!r} is no category", "Category"))
    if entry.get("Date") and when(entry) is None:
        problems.append(Problem("xarf_invalid", f"{entry.get('Date')[:60]!r} is no date", "Date"))
    return problems


def when(entry: Entry) -> datetime | None:
    """The time of the incident; a mail's date or ISO 8601, UTC if it names no zone."""
    text = entry.get("Date")
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return parse_date(text)
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def _claims(entry: Entry) -> Iterator[Claimed]:
    kind = entry.get("Source-Type").lower()
    for text in entry.fields.get("source", [])[:_MOST_FIELDS]:
        address = canonical.address(text.strip("[]"))
        if address is not None:
            yield Claimed("ip", address, Role.TARGET, text, source="xarf:Source")
        elif kind not in _ADDRESSES:
            found = extract(text, limit=1)
            if found:
                yield Claimed(found[0].kind, found[0].value, Role.TARGET, text, source="xarf:Source")


def category(entry: Entry) -> Category | None:
    """What is reported, by its type."""
    kind = entry.get("Report-Type").lower()
    return _TYPES.get(kind) or TYPES.get(kind) or TYPES.get(kind.replace("-", "").replace(" ", ""))


def _goes_along(claim: Claimed, sites: set[str | None]) -> bool:
    """Whether the text around says more of the same: of a site its address and its pages. Of an attack the source is
    what counts and nothing else."""
    return bool(sites) and (claim.kind == "ip" or (claim.kind == "url" and urlsplit(claim.value).hostname in sites))


def _merge(base: Reading, entries: list[Entry], problems: list[Problem]) -> Reading:
    targets = {(c.kind, c.value): c for entry in entries for c in _claims(entry)}
    one = len({category(entry) for entry in entries}) == 1
    kind = category(entries[0]) or base.category
    plain = {unquote(value): (kind_, value) for kind_, value in targets if kind_ == "url"}
    sites = {urlsplit(value).hostname for _, value in plain.values()}
    rest = []
    for claim in base.indicators:
        spelled = plain.get(unquote(claim.value), (claim.kind, claim.value))
        if spelled in targets:  # the same, perhaps as people write it: escapes undone
            if targets[spelled].start < 0 and claim.start >= 0 and spelled[1] == claim.value:
                targets[spelled] = replace(claim, role=Role.TARGET, confidence=1.0)
            elif claim.value != spelled[1]:
                targets[spelled] = replace(claim, role=Role.TARGET)
        elif claim.role is Role.TARGET and targets and not _goes_along(claim, sites):
            rest.append(replace(claim, role=Role.REFERENCE))
        else:
            rest.append(claim)
    first = entries[0]
    reporter = base.reporter
    if not reporter.email and "@" in first.get("Reported-From"):
        reporter = ClaimedParty(email=first.get("Reported-From")[:200].lower())
    kept = base.form not in NOT_REPORTS | {Form.UNPARSED, Form.REPLY}
    return replace(
        base,
        form=base.form if kept else Form.NOTICE,
        category=kind,
        confidence=0.95 if category(first) and one else base.confidence,
        reporter=reporter,
        indicators=(*targets.values(), *rest),
        incident_at=when(first) or base.incident_at,
        tags=(*base.tags, f"xarf:{first.get('Report-Type').lower()[:60]}"),
        problems=tuple(dict.fromkeys((*base.problems, *problems))),
        parser="xarf",
    )
