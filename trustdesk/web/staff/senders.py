"""Senders who misuse reports or complaints: their record, the warning, the suspension, and what waits because of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trustdesk import clock
from trustdesk.core.misuse import Wish
from trustdesk.core.policies import CIRCUMSTANCES
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import misuse, waiting
from trustdesk.queries import access, people, senders
from trustdesk.web import words
from trustdesk.web.staff.common import actor, page


@require_safe
@page("see_traffic")
def listing(request: HttpRequest) -> HttpResponse:
    """Everybody who is suspended, waits for a second person or has objected."""
    return render(request, "staff/senders.html", {"found": senders.listed(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
@page("see_traffic")
def reporter(request: HttpRequest, code: str) -> HttpResponse:
    """The sender of a report."""
    return _show(request, lambda: senders.of_report(request.user, code, now=clock.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@page("see_traffic")
def customer(request: HttpRequest, code: str) -> HttpResponse:
    """The customer of a case, as one who complains."""
    return _show(request, lambda: senders.of_customer(request.user, code, now=clock.now()))


@require_POST
@page("work")
def resume(request: HttpRequest, code: str) -> HttpResponse:
    """Take a case out of waiting, whoever wrote."""
    case = access.case(request.user, code)
    if waiting.resume(case.pk, actor=actor(request), now=clock.now()):
        messages.success(request, _("The case waits no longer."))
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


def _show(request: HttpRequest, ask: Callable[[], senders.Sender]) -> HttpResponse:
    found = ask()
    typed: dict[str, Any] = {"days": "", "grounds": (), "reasons": "", "weighed": {}, "why": ""}
    status = 200
    if request.method == "POST":
        typed = _typed(request)
        try:
            _do(request, found, typed)
            messages.success(request, _("It is written down, and who it is about gets a letter where one is owed."))
            return HttpResponseRedirect(request.path)
        except Refused as refused:
            status = 422
            for finding in refused.findings:
                messages.error(request, words.finding(finding))
    known = people.names({who for row in found.suspensions for who in (row.made_by, row.settled_by, row.ended_by)})
    context = {
        "sender": found,
        "typed": typed,
        "circumstances": [
            (name, words.word("circumstance", name), typed["weighed"].get(name, "")) for name in found.rule.weigh
        ],
        "suspensions": [
            (row, *(known.get(who, "") for who in (row.made_by, row.settled_by, row.ended_by)))
            for row in found.suspensions
        ],
        "may_work": access.may(request.user, "work"),
        "may_suspend": access.may(request.user, "suspend_sender"),
    }
    return render(request, "staff/sender.html", context, status=status)


def _typed(request: HttpRequest) -> dict[str, Any]:
    given = request.POST
    return {
        "days": given.get("days", "")[:4],
        "grounds": tuple(given.getlist("ground"))[:200],
        "reasons": given.get("reasons", "").replace("\r\n", "\n"),
        "weighed": {name: given.get(f"weighed-{name}", "").replace("\r\n", "\n") for name in CIRCUMSTANCES},
        "why": given.get("why", "").replace("\r\n", "\n"),
    }


def _do(request: HttpRequest, found: senders.Sender, typed: dict[str, Any]) -> None:
    do, who = request.POST.get("do", ""), actor(request)
    if do == "warn":
        access.require(request.user, "work")
        _warn(found, who)
        return
    access.require(request.user, "suspend_sender")
    now, rows = clock.now(), {str(row.pk): row for row in found.suspensions}
    if do == "suspend":
        days = int(typed["days"]) if typed["days"].isascii() and typed["days"].isdigit() else 0
        wish = Wish(typed["grounds"], days, typed["weighed"], typed["reasons"])
        misuse.suspend(found.case.pk, found.report.pk if found.report else None, wish, actor=who, now=now)
        return
    row = rows.get(request.POST.get("suspension", ""))
    if row is None:
        return
    if do == "approve":
        misuse.approve(row.pk, actor=who, now=now)
    elif do == "reject":
        misuse.reject(row.pk, why=typed["why"], actor=who, now=now)
    elif do == "lift":
        misuse.lift(row.pk, why=typed["why"], actor=who, now=now)
    elif do in ("uphold", "dismiss"):
        misuse.answer(row.pk, upheld=do == "uphold", reasons=typed["why"], actor=who, now=now)


def _warn(found: senders.Sender, who: Actor) -> None:
    if found.report is not None:
        misuse.warn(found.case.pk, found.report.pk, actor=who, now=clock.now())
    else:
        misuse.warn_customer(found.case.pk, actor=who, now=clock.now())
