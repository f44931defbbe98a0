"""Answering: which case a reply, a counter-notice or a retraction belongs to when it names no letter of ours.

Asked in this order: the mail of theirs that it answers, the code of a report or case in its subject, what it is about. All
three want the sender to be a party of that case (a reporter, or the customer), by the address in From. That is a claim:
it is enough to put a message beside the others, where a person reads it, and never enough to act on it
(`flow.withdraw`).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from django.db.models import Q

from trustdesk.core.types import NOT_REPORTS, Form, Reading
from trustdesk.flow.locate import host_of
from trustdesk.models import Case, Report
from trustdesk.models.code import decode

#: They answer something, and say nothing new of their own.
ANSWERS = frozenset({Form.REPLY, Form.COUNTER_NOTICE, Form.RETRACTION})
CODES = re.compile(r"(?i)\b[CR]-[0-9A-Z]{4}-[0-9A-Z]{2}\b")
#: So many codes, references and targets of one message are looked up.
MOST = 50


def cases_of(reading: Reading) -> tuple[list[Case], str]:
    """The cases, locked, and by what they were found (`mail`, `code`, `targets`, `sender`); none and "" if there are none.

    A retraction may take back what became several cases; anything else goes to the newest."""
    address = reading.reporter.email.strip()
    if not address:
        return [], ""
    theirs = Case.objects.filter(
        Q(joinings__report__reporter__email__iexact=address) | Q(subject__email__iexact=address)
    )
    most = MOST if reading.form == Form.RETRACTION else 1
    for how, found in (
        ("mail", _by_mail(reading, address)),
        ("code", _by_code(reading.subject)),
        ("targets", _by_targets(reading)),
        ("sender", _by_sender(reading)),
    ):
        if found is None:
            continue
        numbers = list(theirs.filter(found).order_by("-id").values_list("pk", flat=True).distinct()[:MOST])
        if numbers and (how != "sender" or len(numbers) == 1):
            locked = Case.objects.select_for_update(of=("self",)).select_related("asset", "subject")
            return list(locked.filter(pk__in=numbers[:most]).order_by("id")), how
    return [], ""


def _by_mail(reading: Reading, address: str) -> Q | None:
    """People answer their own earlier mail when they have something to add to it or take it back."""
    if not reading.references:
        return None
    wanted = list(reading.references)[:MOST]
    own = Report.objects.filter(message_id__in=wanted, reporter__email__iexact=address)
    numbers = list(own.values_list("pk", flat=True)[:MOST])
    return Q(joinings__report__in=numbers) if numbers else None


def _by_code(subject: str) -> Q | None:
    codes = [c.upper() for c in CODES.findall(subject[:500])][:MOST]
    cases = [n for c in codes if c.startswith("C-") and (n := decode("C", c))]
    reports = [n for c in codes if c.startswith("R-") and (n := decode("R", c))]
    return Q(pk__in=cases) | Q(joinings__report__in=reports) if cases or reports else None


def _by_targets(reading: Reading) -> Q | None:
    named = sorted({(i.kind, i.value) for i in reading.indicators})[:MOST]
    hosts = {host_of(kind, value) for kind, value in named} - {""}
    if not hosts:
        return None
    values = [value for _, value in named]
    return Q(indicators__host__in=sorted(hosts), indicators__value__in=values, indicators__role="target")


def _by_sender(reading: Reading) -> Q | None:
    """The only open case of the sender, for a letter that names nothing at all."""
    if reading.form == Form.REPLY or reading.targets:
        return None
    return Q(closed_at=None, category="copyright")


def complaints(case: Case) -> list[Report]:
    """The reports of a case that complain: not answers, not what is no report; the oldest first, a thousand at most."""
    others: Collection[str] = [*NOT_REPORTS, *ANSWERS]
    found = Report.objects.filter(joinings__case=case).exclude(form__in=others).select_related("reporter")
    return list(found.order_by("id")[:1000])
