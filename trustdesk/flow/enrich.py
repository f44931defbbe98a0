"""Enrich: what do we know about what is complained about, and is it ours at all?

Enrichers run outside any transaction. A case of which nothing is ours is closed with the outcome `not_ours`, and the
reporter is told where to turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from trustdesk.core import campaigns
from trustdesk.core.types import SYSTEM, Actor, Form, Role
from trustdesk.flow import decide
from trustdesk.flow.plugins import enrichers
from trustdesk.flow.record import locked, record
from trustdesk.flow.work import handler
from trustdesk.models import Case, Fact, Indicator, Sign, Task

#: An authority, a person on the desk or a machine of ours knows why it wrote to us; a person reads these.
NEVER_DISMISSED = frozenset({Form.ORDER, Form.ALERT, Form.UNPARSED, Form.REPLY, Form.COUNTER_NOTICE, Form.RETRACTION})
#: Facts are asked for so many indicators of a case; the rest is there when a person asks.
ENOUGH = 20


def enrich(case_id: int, *, actor: Actor = SYSTEM, now: datetime) -> None:
    """Gather facts about the case's targets, then open it for work, or close it if nothing of it is ours."""
    targets = list(
        Indicator.objects.filter(case_id=case_id, role=Role.TARGET).order_by("report_id", "position")[:ENOUGH]
    )
    facts = _inventory_facts(case_id, now=now) + _asked(case_id, targets, now=now)
    with locked(case_id) as case:
        if case.state != "new":
            return
        case.state = "open"
        body = {
            "facts": len(facts),
            "case_state": case.state,
            "targets": Indicator.objects.filter(case=case, role=Role.TARGET).count(),
        }
        record(case, "case.enriched", body, actor=actor, now=now, rows=facts)
        signs = campaigns.signs((target.kind, target.value) for target in targets)
        Sign.objects.bulk_create([Sign(case=case, key=sign.key, at=case.opened_at) for sign in signs])
        if case.subject_id is None and targets and case.form not in NEVER_DISMISSED:
            decide.dismiss_not_ours(case, now=now)


def _inventory_facts(case_id: int, *, now: datetime) -> list[Fact]:
    case = Case.objects.select_related("subject", "asset").get(pk=case_id)
    if case.subject is None:
        return []
    known: dict[str, Any] = {"inventory.customer": case.subject.ref}
    if case.subject.since:
        known["inventory.customer_since"] = case.subject.since.isoformat()
    if case.subject.protected:
        known["inventory.protected"] = case.subject.protected
    if case.asset is not None:
        known |= {"inventory.asset": case.asset.ref, "inventory.service": case.asset.role}
    about = case.asset.value if case.asset else case.subject.ref
    return [
        Fact(case=case, about=about[:300], name=name, value=value, source="inventory", observed_at=now)
        for name, value in known.items()
    ]


def _asked(case_id: int, targets: Sequence[Indicator], *, now: datetime) -> list[Fact]:
    facts = []
    for enricher in enrichers():
        for target in targets:
            if target.kind not in enricher.kinds:
                continue
            for found in enricher.enrich(target.kind, target.value, now=now):
                facts.append(
                    Fact(
                        case_id=case_id,
                        about=target.value[:300],
                        name=found.name[:60],
                        value=found.value,
                        source=found.source[:120],
                        observed_at=found.observed_at,
                    )
                )
    return facts


@handler("enrich")
def run(tasks: Sequence[Task], clock: Callable[[], datetime]) -> None:
    """Enrich the case of the task."""
    for task in tasks:
        enrich(task.arguments["case"], now=clock())
