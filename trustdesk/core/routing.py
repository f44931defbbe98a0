"""Which queue a case waits in, and how soon it should be looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from trustdesk.core.policies import Policy

#: The most that each part can add; together 1000.
SEVERITY_POINTS, HARM_POINTS, TIME_POINTS = 350, 250, 400
#: A due time farther away than this adds nothing.
HORIZON = timedelta(days=14)


def queue(policy: Policy, category: str, form: str) -> str:
    """The queue for a case: by form where the policy says so (an order is counsel's, whatever it is about), else by
    category, else the policy's default."""
    return policy.form_queues.get(form) or policy.queues.get(category) or policy.default_queue


def priority(severity: int, harm: int, due: datetime | None, now: datetime) -> int:
    """How soon a case should be looked at: 0 to 1000, higher first.

    `severity` is 1..5 from the policy, `harm` is 0..5 from the taxonomy (danger to people now); values outside are
    clamped. The formula is::

        350 * (severity - 1) / 4  +  250 * harm / 5  +  400 * nearness

    where nearness is 1 when the nearest due time has come or passed, 0 at fourteen days or more or without one, and
    between falls with the square root of the time left, so that it grows slowly at first and fast in the last hours.
    """
    severity = min(max(severity, 1), 5)
    harm = min(max(harm, 0), 5)
    nearness = 0.0
    if due is not None:
        left = max((due - now) / HORIZON, 0.0)
        nearness = 1.0 - min(left, 1.0) ** 0.5
    return round(SEVERITY_POINTS * (severity - 1) / 4 + HARM_POINTS * harm / 5 + TIME_POINTS * nearness)
