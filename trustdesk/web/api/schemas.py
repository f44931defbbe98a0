"""What goes in and out, as the API's description tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

DESCRIPTION = """\
One report a request, as [XARF](https://xarf.org) 4 or 3: the object itself, or
`{"clientToken": "…", "report": {"xarf": {…}}}`. 202 is given when the report is durable. A report with the tag
`lifecycle:test` is checked and thrown away. Every error has a `code` for machines and a `message` for people."""


class Field(Schema):
    """One thing that is wrong, and where."""

    field: str
    code: str
    message: str


class Failure(Schema):
    """Nothing was accepted."""

    code: str
    message: str
    fields: list[Field] = []


class Accepted(Schema):
    """The report is durable. `duplicate`: we had it already, and this is its id."""

    id: str
    reportId: str
    status: Literal["QUEUED", "PROCESSING", "COMPLETED"]
    duplicate: bool
    test: bool


Reason = Literal[
    "ACTIONED",
    "FORWARDED",
    "NOT_RESOLVABLE_TO_US",
    "REVIEWED_NO_ACTION",
    "NEED_MORE_INFORMATION",
    "DUPLICATE",
    "NOT_A_REPORT",
    "TEST",
]


class Status(Schema):
    """How far a report is; `reasonCode` says how it ended once it is COMPLETED."""

    id: str
    reportId: str
    status: Literal["QUEUED", "PROCESSING", "COMPLETED"]
    reasonCode: Reason | None = None
    receivedAt: datetime | None = None
    completedAt: datetime | None = None


_PARTY: dict[str, Any] = {
    "type": "object",
    "required": ["org", "contact", "domain"],
    "properties": {
        "org": {"type": "string"},
        "contact": {"type": "string", "format": "email"},
        "domain": {"type": "string", "format": "hostname"},
    },
}
_V4: dict[str, Any] = {
    "type": "object",
    "title": "XARF 4",
    "description": "Checked against the schemas of XARF 4.2, which say more than this outline.",
    "required": [
        "xarf_version", "report_id", "timestamp", "reporter", "sender", "source_identifier", "category", "type",
    ],
    "properties": {
        "xarf_version": {"type": "string", "pattern": r"^4\.[0-9]+\.[0-9]+$"},
        "report_id": {"type": "string", "format": "uuid"},
        "timestamp": {"type": "string", "format": "date-time"},
        "reporter": _PARTY,
        "sender": _PARTY,
        "source_identifier": {"type": "string"},
        "category": {
            "enum": [
                "messaging", "content", "copyright", "connection", "vulnerability", "infrastructure", "reputation",
            ]
        },
        "type": {"type": "string"},
    },
}  # fmt: skip
_V3: dict[str, Any] = {
    "type": "object",
    "title": "XARF 3",
    "required": ["ReporterInfo", "Report"],
    "properties": {
        "Version": {"type": "string"},
        "ReporterInfo": {"type": "object"},
        "Report": {
            "type": "object",
            "required": ["ReportType", "Date"],
            "properties": {
                "ReportType": {"type": "string", "minLength": 1},
                "Date": {"type": "string", "minLength": 1},
            },
        },
    },
}
_WRAPPED: dict[str, Any] = {
    "type": "object",
    "title": "XARF with a client token",
    "required": ["report"],
    "properties": {
        "clientToken": {"type": "string", "maxLength": 128},
        "report": {"type": "object", "required": ["xarf"], "properties": {"xarf": {"anyOf": [_V4, _V3]}}},
    },
}

#: A report in any of the shapes that are taken.
ONE: list[dict[str, Any]] = [_V4, _V3, _WRAPPED]
#: Request body and header of `POST /v1/abuse`; the view reads the bytes itself, because it keeps them as they came.
BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": ONE}}}},
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same body within 24 hours gives the same report again.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
        }
    ],
}
