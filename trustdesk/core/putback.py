"""Counter-notice and put-back: may access come back today, must it, or does a court action stop it?

17 USC 512(g)(2)(B)-(C): not before ten and not after fourteen business days after an effective counter-notice, unless the
claimant has shown that it filed an action. Mexico works the same way with other numbers (LFDA 114 Octies). Canada's
notice and notice never removes anything, so there is nothing to put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trustdesk.core.types import Finding


@dataclass(frozen=True, slots=True)
class PutBack:
    """What the desk knows of one put-back. `action_at`: when the notice of a court action was accepted by a person."""

    not_before: datetime
    due_at: datetime
    action_at: datetime | None = None
    action_over_at: datetime | None = None
    restored_at: datetime | None = None


def state(putback: PutBack, now: datetime) -> str:
    """waiting | open (may and should be restored) | held (a court action) | overdue | restored | restored_early |
    restored_against_action.

    An action that is accepted before access came back holds it, even after the window: the statute says "unless its
    designated agent first receives notice". When the action is over, the way is open again.
    """
    held = putback.action_at is not None and (putback.action_over_at is None or now < putback.action_over_at)
    if putback.restored_at is not None:
        if putback.action_at is not None and putback.action_at <= putback.restored_at:
            over = putback.action_over_at
            if over is None or putback.restored_at < over:
                return "restored_against_action"
        return "restored" if putback.restored_at >= putback.not_before else "restored_early"
    if held:
        return "held"
    if now < putback.not_before:
        return "waiting"
    return "open" if now <= putback.due_at else "overdue"


def may_restore(putback: PutBack, now: datetime) -> tuple[Finding, ...]:
    """Findings against giving access back now; empty when it may be done."""
    current = state(putback, now)
    if current in ("open", "overdue"):
        return ()
    messages = {
        "waiting": f"Not before {putback.not_before.isoformat()}: the claimant may still go to court.",
        "held": "A court action was shown before access came back: the court decides.",
    }
    message = messages.get(current, "Access has come back already.")
    return (Finding(f"putback.{current}", message, "putback"),)
