"""The body of a report: strict JSON, the XARF object inside it, and what is wrong with it, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from xarf.schema_validator import SchemaValidator

from trustdesk.core.types import Finding

#: So many findings are told at once.
ENOUGH = 50
_BLANK = " \t\r\n"


class BadJson(ValueError):
    """Not JSON that two programs would read alike (RFC 8259, section 4)."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A report as sent: the XARF object's own bytes, untouched, its value, and the client's token if it sent one."""

    raw: bytes
    xarf: Any
    token: str = ""
    where: str = ""  # of the XARF object in the body


def read(raw: bytes) -> Submitted:
    """The XARF object in `raw`: the whole body, or the member `report.xarf` of it. Raises BadJson."""
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
    except RecursionError:
        raise BadJson("nested too deeply") from None
    except UnicodeDecodeError:
        raise BadJson("not UTF-8") from None
    except ValueError as error:
        raise BadJson(str(error)[:200]) from None
    if not isinstance(value, dict) or "report" not in value or "xarf_version" in value:
        return Submitted(raw, value)
    token = value.get("clientToken", "")
    inner = value["report"].get("xarf") if isinstance(value["report"], dict) else None
    if not isinstance(inner, dict):
        return Submitted(raw, inner, token, "report.xarf")
    start, end = _member(text, *_member(text, 0, len(text), "report"), "xarf")
    return Submitted(text[start:end].encode(), inner, token, "report.xarf")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadJson("a key stands twice in one object")
    return value


def _constant(name: str) -> None:
    raise BadJson(f"{name} is not JSON")


def _member(text: str, start: int, end: int, wanted: str) -> tuple[int, int]:
    """Where the value of member `wanted` stands in the JSON object at `start`; the text was parsed before."""
    scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
    at = text.index("{", start, end) + 1
    while True:
        at = text.index('"', at, end)
        name, at = scanstring(text, at + 1, True)
        at = text.index(":", at, end) + 1
        while text[at] in _BLANK:
            at += 1
        first = at
        _, at = scan(text, at)
        if name == wanted:
            return first, at


def check(submitted: Submitted) -> list[Finding]:
    """What is wrong, each with its field; empty if the report can be taken."""
    value = submitted.xarf
    found: list[Finding] = []
    if submitted.where and not isinstance(submitted.token, str):
        found.append(Finding("xarf.bad_field", "must be text", "clientToken"))
    if not isinstance(value, dict):
        return [*found, Finding("xarf.not_an_object", "a XARF report is a JSON object", submitted.where)]
    if "xarf_version" in value:
        found += _v4(value)
    elif "ReporterInfo" in value or "Report" in value:
        found += _v3(value)
    else:
        found.append(
            Finding("xarf.unknown_version", "neither XARF 4 (xarf_version) nor XARF 3 (Version)", "xarf_version")
        )
    prefix = f"{submitted.where}." if submitted.where else ""
    return [Finding(f.code, f.message, prefix + f.field) for f in found[:ENOUGH]]


@cache
def _schema() -> SchemaValidator:
    return SchemaValidator()


def _v4(value: dict[str, Any]) -> Iterable[Finding]:
    for error in _schema().validate(value):
        field = error.field
        message = error.message[:300]
        missing = message.removesuffix(" is a required property")
        if missing != message:  # name the field that is missing, not the object that lacks it
            field = ".".join(part for part in (field, missing.strip("'")) if part)
            message = "is required"
        yield Finding("xarf.invalid", message, field)


def _v3(value: dict[str, Any]) -> Iterable[Finding]:
    """Only what no reader can do without: real senders of version 3 differ in everything else."""
    for part in ("ReporterInfo", "Report"):
        if not isinstance(value.get(part), dict):
            yield Finding("xarf.invalid", "is required and must be an object", part)
    report = value.get("Report")
    if not isinstance(report, dict):
        return
    for name in ("ReportType", "Date"):
        if not isinstance(report.get(name), str) or not report[name].strip():
            yield Finding("xarf.invalid", "is required and must be text", f"Report.{name}")
    if not any(
        isinstance(v, str) and v for k, v in report.items() if k.startswith(("Source", "Infringing", "Attacker"))
    ):
        yield Finding("xarf.invalid", "SourceIp or SourceUrl is required", "Report.SourceIp")


def is_test(value: dict[str, Any]) -> bool:
    """Whether the report asks to be checked only (tag `lifecycle:test`)."""
    tags = value.get("tags")
    return isinstance(tags, list) and "lifecycle:test" in tags
