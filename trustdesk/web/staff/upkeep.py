"""Standing duties: what the provider owes as such, as a list with last days, and who said that what was done when."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trustdesk import clock
from trustdesk.core.regime_rules import UpkeepRule
from trustdesk.core.types import Refused
from trustdesk.flow import upkeep as flow
from trustdesk.queries import access, upkeep
from trustdesk.web.staff.common import actor, explain, page


@require_safe
@page("see")
def show(request: HttpRequest) -> HttpResponse:
    """The list; who may say that something was done has a form on each."""
    found = upkeep.page(request.user, today=clock.now().date())
    groups = [(_("Duties"), found.duties), (_("Not a duty, but good practice"), found.may)]
    context = {
        "groups": [(title, [(row, often(row.standing.rule)) for row in rows]) for title, rows in groups if rows],
        "deeds": found.deeds,
        "may_say": access.may(request.user, "keep_up"),
        "today": clock.now().date(),
    }
    return render(request, "staff/upkeep.html", context)


@require_POST
@page("keep_up")
def say(request: HttpRequest) -> HttpResponse:
    """It was done."""
    given = {name: request.POST.get(name, "").strip()[:600] for name in ("regime", "rule", "period", "note", "shows")}
    try:
        on = date.fromisoformat(request.POST.get("on", "").strip())
    except ValueError:
        on = clock.now().date()
    try:
        flow.done(**given, on=on, actor=actor(request), now=clock.now())
        messages.success(request, _("It is written down."))
    except Refused as refused:
        explain(request, refused)
    return HttpResponseRedirect(reverse("staff:upkeep"))


@require_POST
@page("keep_up")
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """It was not done after all."""
    flow.take_back(number, actor=actor(request), now=clock.now())
    messages.success(request, _("It is taken back, and owed again."))
    return HttpResponseRedirect(reverse("staff:upkeep"))


def often(rule: UpkeepRule) -> str:
    """How often a standing duty is done, in words."""
    if rule.renews is not None:
        return _("again within %(n)d months") % {"n": rule.renews}
    if not rule.every:
        return _("always there")
    each = {"month": _("each month"), "half_year": _("each half-year"), "year": _("each year")}[rule.every]
    return each + (_(", within %(n)d months of its end") % {"n": rule.within} if rule.within else "")
