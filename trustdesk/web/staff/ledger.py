"""The ledger: what it holds, whether it verifies, its checkpoints and its entries."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trustdesk.queries import ledger, people
from trustdesk.queries.find import decode_case
from trustdesk.web.staff import timeline
from trustdesk.web.staff.common import page, pages


@require_safe
@page("see_ledger")
def show(request: HttpRequest) -> HttpResponse:
    """Summary, checkpoints and entries; filtered by kind and by case."""
    kinds = ledger.kinds(request.user)
    kind = request.GET.get("kind", "")
    code = request.GET.get("case", "").strip()[:20]
    chain = decode_case(code) if code else None
    if code and chain is None:
        chain = -1  # a code that is none: nothing is shown, and the page says so
    entries = ledger.entries(request.user, kind=kind if kind in kinds else "", chain=chain)
    found = pages(request, entries, 100)
    names = people.names({entry.actor for entry in found})
    context = {
        "summary": ledger.summary(request.user),
        "checkpoints": ledger.checkpoints(request.user),
        "page": found,
        "rows": [(entry, timeline.who(entry.actor, names), ledger.code_of(entry.chain)) for entry in found],
        "kinds": kinds,
        "kind": kind,
        "code": code,
    }
    return render(request, "staff/ledger.html", context)
