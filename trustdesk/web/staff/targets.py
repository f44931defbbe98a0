"""All targets of a case, by host and in pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trustdesk.queries import access, targets
from trustdesk.web.staff.common import page, pages


@require_safe
@page("see")
def show(request: HttpRequest, code: str) -> HttpResponse:
    """The targets of one host (`host`), or of all."""
    case = access.case(request.user, code)
    host = request.GET.get("host", "")[:255]
    context = {
        "case": case,
        "host": host,
        "hosts": targets.hosts(case),
        "summary": targets.summary(case),
        "page": pages(request, targets.listing(case, host), 100),
    }
    return render(request, "staff/targets.html", context)
