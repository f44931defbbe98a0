"""A campaign: the cases that share a sign, and the way to decide them together."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from trustdesk import clock
from trustdesk.queries import access, campaigns
from trustdesk.web.staff.common import page


@require_safe
@page("see")
def show(request: HttpRequest, key: str) -> HttpResponse:
    """The cases of one sign."""
    found = campaigns.one(request.user, key[:32], now=clock.now())
    context = {"campaign": found, "may_work": access.may(request.user, "work")}
    return render(request, "staff/campaign.html", context)
