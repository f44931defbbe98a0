"""What a person records on a case: an event of the law, that it was a mistake, a period that was made longer, a
counter-notice that came by mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import appeal, events, extend, offers
from trustdesk.queries import access
from trustdesk.queries.traffic import decode_report
from trustdesk.web.staff.common import actor, explain, page


@require_POST
@page("work")
def say(request: HttpRequest, code: str) -> HttpResponse:
    """Something that a rule of the case waits for has happened."""
    case = access.case(request.user, code)
    given = {name: request.POST.get(name, "")[:600] for name in ("event", "number", "note", "shows")}
    at = moment(request.POST.get("at", "")) or clock.now()
    parts = request.POST.getlist("part")[:200]

    def act() -> None:
        events.say(
            case.pk,
            given["event"],
            at=at,
            actor=actor(request),
            now=clock.now(),
            number=given["number"],
            note=given["note"],
            shows=given["shows"].strip().lower(),
            parts=parts,
        )

    return _done(request, code, act, _("It is written down, and the clocks follow it."))


@require_POST
@page("work")
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """A record was a mistake: a second entry takes it back."""
    case = access.case(request.user, code)
    number = request.POST.get("fact", "")
    mine = {str(fact.pk): fact.pk for fact in events.recorded(case)}
    why = request.POST.get("why", "")[:600]

    def act() -> None:
        if number in mine:
            events.withdraw(mine[number], why=why, actor=actor(request), now=clock.now())

    return _done(request, code, act, _("It is taken back; what it had met is owed again."))


@require_POST
@page("work")
def longer(request: HttpRequest, code: str) -> HttpResponse:
    """A period was made longer by the law or an authority."""
    case = access.case(request.user, code)
    running = {str(number): number for number in case.clocks.values_list("pk", flat=True)}
    wanted, by = request.POST.get("clock", ""), request.POST.get("by", "").strip()
    until, why = moment(request.POST.get("until", "")), request.POST.get("why", "")[:600]

    def act() -> None:
        if wanted in running:
            units = int(by) if by.isascii() and by.isdigit() and len(by) < 5 else None
            extend.extend(running[wanted], by=units, until=until, why=why, actor=actor(request), now=clock.now())

    return _done(request, code, act, _("The period ends later now; both ends stand in the journal."))


@require_POST
@page("work")
def offer(request: HttpRequest, code: str) -> HttpResponse:
    """A letter that a regime lets us write and makes nobody's duty."""
    case = access.case(request.user, code)
    given = {name: request.POST.get(name, "")[:60] for name in ("regime", "duty")}

    def act() -> None:
        offers.send(case.pk, **given, actor=actor(request), now=clock.now())

    return _done(request, code, act, _("The letter is written."))


@require_POST
@page("work")
def counter_notice(request: HttpRequest, code: str) -> HttpResponse:
    """A report of the case is the customer's counter-notice: it came by mail and answered no letter of ours."""
    case = access.case(request.user, code)
    report = decode_report(request.POST.get("report", "")) or 0

    def act() -> None:
        appeal.lodge_report(case.pk, report, actor=actor(request), now=clock.now())

    return _done(request, code, act, _("The counter-notice is lodged and judged."))


def moment(text: str) -> datetime | None:
    """The time that a form named, in the desk's own zone; None where it named none."""
    try:
        typed = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return typed if typed.tzinfo is not None else timezone.make_aware(typed, timezone.get_current_timezone())


def _done(request: HttpRequest, code: str, act: Callable[[], Any], said: str) -> HttpResponse:
    try:
        act()
        messages.success(request, said)
    except Refused as refused:
        explain(request, refused)
    where = "staff:law-case" if request.POST.get("back") == "law" else "staff:case"
    return HttpResponseRedirect(reverse(where, args=[code]))
