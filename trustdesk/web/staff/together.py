"""Working together on cases: notes, hand-over, snooze, who else is here, and taking back what one did last."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import notes, views
from trustdesk.flow import snooze as snoozing
from trustdesk.flow import undo as undoing
from trustdesk.queries import access, desk, people
from trustdesk.queries.rulebook import Case
from trustdesk.web.staff.common import actor, explain, page

#: What the form offers; another time is typed.
PERIODS = {"hour": timedelta(hours=1), "shift": timedelta(hours=8), "day": timedelta(days=1), "week": timedelta(days=7)}


def _back(case: Case) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


@require_POST
@page("work")
def note(request: HttpRequest, code: str) -> HttpResponse:
    """Leave a note on the case, for the desk alone; with `handover` the next shift sees it above the queue too."""
    case = access.case(request.user, code)
    kind = "handover" if request.POST.get("handover") == "1" else "note"
    try:
        notes.add(case.pk, request.POST.get("text", ""), kind=kind, actor=actor(request), now=clock.now())
    except Refused as refused:
        explain(request, refused)
    return _back(case)


@require_POST
@page("work")
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take a note of one's own back."""
    found = desk.note(request.user, number)
    try:
        notes.withdraw(found.pk, actor=actor(request), now=clock.now())
    except Refused as refused:
        explain(request, refused)
    return _back(found.case) if found.case is not None else HttpResponseRedirect(reverse("staff:handover"))


@require_POST
@page("see")
def seen(request: HttpRequest, number: int) -> HttpResponse:
    """The person has seen a note that names them."""
    notes.seen(desk.note(request.user, number).pk, int(request.user.pk or 0), now=clock.now())
    return HttpResponseRedirect(reverse("staff:queue"))


@require_http_methods(["GET", "HEAD", "POST"])
@page("see")
def handover(request: HttpRequest) -> HttpResponse:
    """What one shift told the next in the last week, and a form to add to it."""
    now = clock.now()
    if request.method == "POST":
        access.require(request.user, "work")
        try:
            notes.hand_over(request.POST.get("text", ""), actor=actor(request), now=now)
            messages.success(request, _("The next shift will see this above the queue for a day."))
        except Refused as refused:
            explain(request, refused)
        return HttpResponseRedirect(reverse("staff:handover"))
    found = desk.hand_overs(request.user, now=now, within=timedelta(days=7))
    context = {"notes": found, "names": people.names({n.by for n in found}), "me": str(actor(request))}
    return render(request, "staff/handover.html", context | {"may_work": access.may(request.user, "work")})


@require_POST
@page("work")
def snooze(request: HttpRequest, code: str) -> HttpResponse:
    """Put the case away until a time, or bring it back."""
    case = access.case(request.user, code)
    now = clock.now()
    if request.POST.get("do") == "wake":
        snoozing.wake(case.pk, actor=actor(request), now=now)
        return _back(case)
    try:
        why = request.POST.get("why", "")[:2000]
        row = snoozing.snooze(case.pk, until=_until(request, now), why=why, actor=actor(request), now=now)
    except Refused as refused:
        explain(request, refused)
        return _back(case)
    shown = timezone.localtime(row.until)
    text = _("%(code)s is put away until %(time)s. It comes back by itself, and at once if an answer arrives.")
    messages.success(request, text % {"code": case.code, "time": f"{shown:%Y-%m-%d %H:%M %Z}"})
    return HttpResponseRedirect(reverse("staff:queue"))


def _until(request: HttpRequest, now: datetime) -> datetime:
    """A period from now, or a time as a browser writes it, in the zone that the person's pages are shown in. Nonsense
    becomes `now`, which the flow refuses."""
    period = PERIODS.get(request.POST.get("for", ""))
    if period is not None:
        return now + period
    try:
        typed = datetime.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        return now
    return typed if typed.tzinfo is not None else timezone.make_aware(typed, timezone.get_current_timezone())


@require_POST
@page("work")
def undo(request: HttpRequest, code: str) -> HttpResponse:
    """Take back what one did last on this case."""
    case = access.case(request.user, code)
    seq = request.POST.get("seq", "")
    number = int(seq) if seq.isdecimal() and len(seq) < 10 else 0
    try:
        undoing.undo(case.pk, number, actor=actor(request), now=clock.now())
        messages.success(request, _("Taken back."))
    except Refused as refused:
        explain(request, refused)
    return _back(case)


@require_POST
@page("see")
def presence(request: HttpRequest, code: str) -> HttpResponse:
    """The page of the case is open here; who else has it open. Asked for by the page itself every twenty seconds."""
    case = access.case(request.user, code)
    now, me = clock.now(), int(request.user.pk or 0)
    if request.POST.get("left") == "1":
        views.left(case.pk, me)
        return HttpResponse(status=204)
    views.present(case.pk, me, now=now)
    return render(request, "staff/presence.html", {"present": desk.present(case, but=me, now=now)})
