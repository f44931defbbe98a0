"""Feeds of incidents as JSON or JSON lines: any object whose keys are named like the columns of a table.
See README.md in this folder. (CSV is a table and read as such wherever it stands.)"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from trustdesk.core.types import Claimed, Form, Problem, Reading, Role
from trustdesk.reading import reader, tables
from trustdesk.reading.extract import extract
from trustdesk.reading.message import Message

_MAX_JSON = 16 * 1024 * 1024


class FeedParser:
    """Reads bare or attached JSON with one object an incident."""

    name = "feed"
    rank = 400

    def parse(self, message: Message) -> Reading | None:
        records, problems, text = _records(message)
        if not records:
            return None
        claims: dict[tuple[str, str], Claimed] = {}
        limit = message.budget.limits.indicators
        for record in records:
            if len(claims) >= limit:
                problems.append(Problem("too_many_indicators", f"only the first {limit} indicators were taken"))
                break
            for claim in _claims(record):
                claims.setdefault((claim.kind, claim.value), claim)
        if not any(c.role is Role.TARGET for c in claims.values()):
            return None
        words = " ".join(
            str(v) for r in records[:50] for k, v in r.items() if isinstance(v, str) and len(v) < 80 and "://" not in v
        )
        parsed = reader.prepare(message)
        base = reader.envelope(message, parsed)
        kind, confidence, _ = reader.category(
            parsed.subject, f"{reader.prose(parsed) if message.kind == 'mail' else ''} {words}"
        )
        return replace(
            base,
            form=Form.NOTICE,
            category=kind,
            confidence=confidence,
            indicators=tuple(claims.values()),
            text=base.text or text,
            problems=tuple(problems),
        )


def _records(message: Message) -> tuple[list[dict[str, Any]], list[Problem], str]:
    problems: list[Problem] = []
    for part in message.parts:
        named = part.filename.lower().endswith((".json", ".jsonl", ".ndjson"))
        if not (named or part.content_type.endswith(("/json", "+json", "/x-ndjson", "/jsonl"))):
            continue
        text = part.text[:_MAX_JSON]
        try:
            data = json.loads(text)
            found = (
                data
                if isinstance(data, list)
                else data.get("events", data.get("incidents", data.get("reports", [data])))
                if isinstance(data, dict)
                else []
            )
        except (ValueError, RecursionError):
            found = []
            for number, line in enumerate(text.splitlines()[: message.budget.limits.rows], 1):
                if line.strip():
                    try:
                        found.append(json.loads(line))
                    except (ValueError, RecursionError):
                        problems.append(Problem("json_invalid", f"line {number} is not JSON", f"{part.path}:{number}"))
                        if len(problems) > 20:
                            break
        records = [r for r in found if isinstance(r, dict)] if isinstance(found, list) else []
        if records:
            return records[: message.budget.limits.rows], problems, text
    return [], problems, ""


def _claims(record: dict[str, Any]) -> list[Claimed]:
    columns = [
        (name, value, known)
        for name, value in record.items()
        if isinstance(value, str) and (known := tables.column(name))
    ]
    groups = {known[0] for _, value, known in columns if value.strip()}
    out: list[Claimed] = []
    for name, value, (group, weight) in columns:
        if group == "known":
            continue
        good = weight > 0 and not (group == "name" and groups & {"address", "url"})
        for item in extract(value[:4000], limit=5):
            if item.kind in ("ip", "url", "domain", "cidr"):
                out.append(
                    Claimed(
                        item.kind,
                        item.value,
                        Role.TARGET if good else Role.REFERENCE,
                        item.raw,
                        source=f"json:{name[:40]}",
                    )
                )
    return out
