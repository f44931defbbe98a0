"""Small acts on a case: take it, give it back, mark an answer as read, try a failed measure again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import attend, confirm, enforce, putback, validity
from trustdesk.flow import withdraw as retractions
from trustdesk.queries import access, case_page, people
from trustdesk.queries.rulebook import Case
from trustdesk.queries.traffic import decode_report
from trustdesk.web.staff.common import actor, explain, page


def able_on(case: Case) -> list[Any]:
    """People who may work on this case: it can be given to them."""
    return [p for p in people.with_rights("work") if access.cases(p).filter(pk=case.pk).exists()]


@require_POST
@page("work")
def assign(request: HttpRequest, code: str) -> HttpResponse:
    """Take the case, take it over from somebody, give it to somebody else, or back to the queue."""
    case = access.case(request.user, code)
    do = request.POST.get("do", "take")
    to = None if do == "release" else request.user.pk
    if do == "give":
        able = {str(person.pk): person.pk for person in able_on(case)}
        to = able.get(request.POST.get("to", ""), case.assigned_to_id)
    # Handing on what one holds oneself pulls nothing away from anybody.
    mine = case.assigned_to_id == request.user.pk
    try:
        over = do == "take_over" or (do == "give" and mine)
        attend.assign(case.pk, to=to, actor=actor(request), now=clock.now(), take_over=over)
    except Refused as refused:
        explain(request, refused)
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


@require_POST
@page("work")
def read(request: HttpRequest, code: str) -> HttpResponse:
    """The answers of the case have been read."""
    case = access.case(request.user, code)
    attend.read(case.pk, actor=actor(request), now=clock.now())
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


@require_POST
@page("work")
def retry_measure(request: HttpRequest, number: int) -> HttpResponse:
    """Try a failed measure again."""
    measure = case_page.measure(request.user, number)
    if enforce.retry(measure.pk, actor=actor(request), now=clock.now()):
        messages.success(request, _("The measure is being tried again."))
    else:
        messages.warning(request, _("This measure has not failed (any more)."))
    return HttpResponseRedirect(reverse("staff:case", args=[measure.case.code]))


@require_POST
@page("work")
def correct_elements(request: HttpRequest, code: str) -> HttpResponse:
    """A person says which elements of a notice are there; the regimes judge again."""
    case = access.case(request.user, code)
    there = set(request.POST.getlist("there"))
    changes = {name: name in there for name in request.POST.getlist("element")[:100]}
    what, why = request.POST.get("report", ""), request.POST.get("why", "")
    lodged = next((a for a in case.appeals.filter(kind="counter_notice") if putback.name_of(a) == what), None)
    try:
        if lodged is not None:
            putback.correct(lodged.pk, changes, why=why, actor=actor(request), now=clock.now())
        else:
            report = decode_report(what) or 0
            validity.correct(case.pk, report, changes, why=why, actor=actor(request), now=clock.now())
        messages.success(request, _("The notice was judged again."))
    except Refused as refused:
        explain(request, refused)
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


@require_POST
@page("work")
def confirm_regime(request: HttpRequest, code: str) -> HttpResponse:
    """A person says whether a regime that the facts leave open binds on this case."""
    case = access.case(request.user, code)
    regime, holds = request.POST.get("regime", "")[:80], request.POST.get("do") == "applies"
    try:
        why = request.POST.get("why", "")
        confirm.confirm(case.pk, f"regime:{regime}", why=why, holds=holds, actor=actor(request), now=clock.now())
        said = _("This regime is confirmed for this case.") if holds else _("This regime does not apply to this case.")
        messages.success(request, said)
    except Refused as refused:
        explain(request, refused)
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


@require_POST
@page("work")
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """A person has made sure that a retraction is genuine; it takes back what it names."""
    case = access.case(request.user, code)
    report, why = decode_report(request.POST.get("report", "")) or 0, request.POST.get("why", "")
    try:
        retractions.confirm(case.pk, report, why=why, actor=actor(request), now=clock.now())
        messages.success(request, _("The retraction has its effect now."))
    except Refused as refused:
        explain(request, refused)
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))
