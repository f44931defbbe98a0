"""What the command line asks of the checker beside the check itself: keys, exports, proofs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db.models import Sum

from trustdesk.models import Case, Checkpoint, DeskChain, Evidence
from trustdesk.models.code import decode, encode
from trustdesk.snapshot import snapshot
from trustdesk.verify import checkpoints
from trustdesk.verify.findings import Finding


def public_key_text() -> str:
    """The public keys of the desk as PEM, each after a line with its fingerprint; empty if there is none."""
    lines = []
    for name, key in checkpoints.public_keys(Path(settings.KEYS_DIR)).items():
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        lines.append(f"# sha256 {name}\n{pem.strip()}")
    return "\n".join(lines)


def latest() -> dict[str, Any] | None:
    """The latest checkpoint for a witness; None before the first."""
    one = Checkpoint.objects.order_by("-id").first()
    return _exported(one) if one else None


def _exported(one: Checkpoint) -> dict[str, Any]:
    return checkpoints.exported(one, checkpoints.public_keys(Path(settings.KEYS_DIR)).get(one.key))


def proof_of(code: str) -> dict[str, Any] | None:
    """Proof that the head of a case is in the latest checkpoint, with that checkpoint; None if it is not in it.

    `current_seq` tells how far the case has gone since.
    """
    number = decode("C", code)
    with snapshot():
        one = Checkpoint.objects.order_by("-id").first()
        case = Case.objects.filter(pk=number).values_list("seq", flat=True).first() if number else None
        if one is None or number is None or case is None:
            return None
        proof = checkpoints.proof(number, one)
        if proof is None:
            return None
        return {"case": encode("C", number), **proof, "current_seq": case, "checkpoint": _exported(one)}


def witness(said: dict[str, Any]) -> Iterator[Finding]:
    """Findings if a checkpoint that a witness kept is not on this desk. Raises ValueError if it is no checkpoint."""
    yield from checkpoints.witness(said)


def size() -> dict[str, int]:
    """How much there is, for the last line."""
    desk = DeskChain.objects.aggregate(n=Sum("seq"))["n"] or 0
    return {
        "entries": (Case.objects.aggregate(n=Sum("seq"))["n"] or 0) + desk,
        "cases": Case.objects.count(),
        "evidence files": Evidence.objects.filter(erased_at=None).count(),
        "checkpoints": Checkpoint.objects.count(),
    }
