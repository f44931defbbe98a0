"""Public registers: how it stands with each, and the records that wait for a person because one would not have them."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import plugins
from trustdesk.flow import registers as flow
from trustdesk.queries import access, people, registers
from trustdesk.settings.submissions import REGISTERS, plans
from trustdesk.web import words
from trustdesk.web.staff import timeline
from trustdesk.web.staff.common import actor, explain, page, pages

STATES = ("needs_person", "queued", "sent", "left_out")


@require_safe
@page("see_letters")
def show(request: HttpRequest) -> HttpResponse:
    """Every register that is on or was, and the records of one of them in one state."""
    desk, shown = settings.DESK, []
    for name, plan in plans(desk.submissions, desk.exchanges).items():
        standing = registers.standing(name, look_key=flow.look_key(name), send_key=flow.send_key(name))
        if standing.counts or plan.mode != "off" or name in desk.exchanges:
            shown.append((name, plan, standing))
    chosen = request.GET.get("register") or next((n for n, _p, s in shown if s.counts.get("needs_person")), "dsa_tdb")
    state = request.GET.get("state", "needs_person")
    if chosen not in REGISTERS or state not in STATES:
        raise Http404("no such register or state")
    order = "-id" if state in ("sent", "left_out") else "id"
    found = registers.rows(request.user, chosen).filter(state=state).order_by(order)
    counts = next((standing.counts for name, _p, standing in shown if name == chosen), {})
    context = {
        "registers": shown,
        "chosen": chosen,
        "state": state,
        "states": [(name, words.word("submission", name), counts.get(name, 0)) for name in STATES],
        "page": pages(request, found),
    }
    return render(request, "staff/registers.html", context)


@require_safe
@page("see_letters")
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One record: exactly what leaves, what was taken out of it, what is wrong with it, and what happened to it."""
    found = registers.row(request.user, number)
    events = registers.events(found)
    names = people.names({by for _at, _kind, by in events})
    context = {
        "one": found,
        "record": [(name, _shown(value)) for name, value in sorted(found.payload.items())],
        "events": [(at, kind, timeline.who(by, names)) for at, kind, by in events],
        "may_settle": access.may(request.user, "settle_submissions") and found.state == "needs_person",
    }
    return render(request, "staff/submission.html", context)


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@require_POST
@page("settle_submissions")
def again(request: HttpRequest, number: int) -> HttpResponse:
    """What kept it back is mended: build it anew and hand it over."""
    found = registers.row(request.user, number)
    built = registers.rebuilt(found)
    exchange = plugins.exchange(found.exchange) if found.exchange in settings.DESK.exchanges else None
    wanted = flow.checked(built, exchange) if built is not None else None
    return _done(request, number, lambda: flow.again(number, wanted, actor=actor(request), now=clock.now()),
                 _("The record is built anew and will be handed over."))  # fmt: skip


@require_POST
@page("settle_submissions")
def leave_out(request: HttpRequest, number: int) -> HttpResponse:
    """It is never to be handed over."""
    registers.row(request.user, number)
    reason = request.POST.get("reason", "")[:2_000]
    return _done(request, number, lambda: flow.leave_out(number, reason, actor=actor(request), now=clock.now()),
                 _("The record stays out; the reason is kept with it."))  # fmt: skip


def _done(request: HttpRequest, number: int, act: Any, said: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        explain(request, refused)
        return HttpResponseRedirect(reverse("staff:submission", args=[number]))
    messages.success(request, said)
    return HttpResponseRedirect(reverse("staff:registers"))
