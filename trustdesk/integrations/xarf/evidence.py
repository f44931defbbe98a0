"""The evidence of a XARF v4 report: is it what it says it is? (The xarf package does not look.)"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

from trustdesk.core.types import Problem

_ALGORITHMS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "sha512": "sha512",
}
_MAX_ITEM = 5 * 1024 * 1024
_MAX_TOTAL = 15 * 1024 * 1024


def check(evidence: Any) -> list[Problem]:
    """Problems with the items: not base64, size or digest that does not match, too large."""
    problems: list[Problem] = []
    if not isinstance(evidence, list):
        return problems
    total = 0
    for number, item in enumerate(evidence[:200]):
        where = f"evidence[{number}]"
        if not isinstance(item, dict) or not isinstance(item.get("payload"), str):
            continue
        data = _decode(item["payload"])
        if data is None:
            problems.append(Problem("xarf_evidence_encoding", f"{where}.payload is not base64", f"{where}.payload"))
            continue
        total += len(data)
        if len(data) > _MAX_ITEM:
            problems.append(Problem("xarf_evidence_large", f"{where} is larger than 5 MB", where))
        size = item.get("size")
        if isinstance(size, int) and not isinstance(size, bool) and size != len(data):
            problems.append(
                Problem("xarf_evidence_size", f"{where} has {len(data)} bytes, not {size}", f"{where}.size")
            )
        problems += _digest(item.get("hash"), data, where)
    if total > _MAX_TOTAL:
        problems.append(Problem("xarf_evidence_large", "evidence is larger than 15 MB in all", "evidence"))
    return problems


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _digest(claimed: Any, data: bytes, where: str) -> list[Problem]:
    if not isinstance(claimed, str) or ":" not in claimed:
        return []
    name, _, value = claimed.partition(":")
    algorithm = _ALGORITHMS.get(name.lower())
    if algorithm is None:
        return [Problem("xarf_evidence_hash", f"{where}.hash uses unknown algorithm {name[:20]!r}", f"{where}.hash")]
    actual = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(actual.encode(), value.strip().lower().encode("utf-8", "replace")):
        return [Problem("xarf_evidence_hash", f"{where} does not have the digest it claims", f"{where}.hash")]
    return []
