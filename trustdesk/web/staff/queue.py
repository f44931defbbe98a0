"""The queue page, and the one key that opens what should be looked at next."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from trustdesk import clock
from trustdesk.flow import attend
from trustdesk.queries import access, queue
from trustdesk.web import words
from trustdesk.web.staff.common import actor, page


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter with a name, above the list."""

    title: str
    href: str
    count: int
    here: bool


@require_GET
@page("see")
def show(request: HttpRequest) -> HttpResponse:
    """The list. Everything that it is filtered by stands in the address, so that it can be kept and sent around."""
    filters = queue.Filters.of(request.GET)
    now = clock.now()
    found = queue.page(request.user, filters, now=now)
    context = {
        "filters": filters,
        "found": found,
        "title": _title(filters),
        "views": _views(request, filters),
        "categories": sorted(words.CATEGORY.items(), key=lambda pair: str(pair[1])),
        "states": [(state, words.CASE_STATE[state]) for state in queue.STATES],
        "dues": _dues(),
        "may_work": access.may(request.user, "work"),
        "previous_page": filters.page - 1 if filters.page > 1 else None,
        "next_page": filters.page + 1 if found.more else None,
    }
    return render(request, "staff/queue.html", context)


@require_POST
@page("work")
def next_case(request: HttpRequest) -> HttpResponse:
    """Take the next case of the filtered queue and go there; back to the queue when there is none."""
    filters = queue.Filters.of(request.POST)
    now = clock.now()
    found = queue.selected(request.user, filters, now=now)
    case = attend.take_next(found, person=int(request.user.pk or 0), actor=actor(request), now=now)
    if case is None:
        query = {"queue": filters.queue, "none": "1"} if filters.queue else {"none": "1"}
        return HttpResponseRedirect(f"{reverse('staff:queue')}?{urlencode(query)}")
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


def _title(filters: queue.Filters) -> str:
    if filters.queue:
        return words.word("queue", filters.queue).capitalize()
    if filters.assigned == "me":
        return _("My cases")
    if filters.state == "waiting":
        return _("Waiting for answer")
    if filters.state == "closed":
        return _("Closed cases")
    if filters.state == "all":
        return _("All cases")
    return _("All open")


def _views(request: HttpRequest, filters: queue.Filters) -> list[SavedView]:
    """The views of the whole desk, or within the queue that is shown."""
    now = clock.now()
    keep = f"&{urlencode({'queue': filters.queue})}" if filters.queue else ""
    home = reverse("staff:queue")
    kinds: list[tuple[str, dict[str, str]]] = [
        (_("Open"), {}),
        (_("Unassigned"), {"assigned": "none"}),
        (_("Mine"), {"assigned": "me"}),
        (_("Due today"), {"due": "today"}),
        (_("Late"), {"due": "late"}),
        (_("New answer"), {"unread": "1"}),
    ]
    views = []
    for title, query in kinds:
        only = queue.Filters.of(query | ({"queue": filters.queue} if filters.queue else {}))
        address = "&".join(f"{k}={v}" for k, v in query.items()) + keep
        here = only == queue.Filters.of({name: str(value) for name, value in request.GET.items()} | {"page": "1"})
        count = queue.selected(request.user, only, now=now).count()
        views.append(SavedView(title, f"{home}?{address.strip('&')}" if address.strip("&") else home, count, here))
    return views


def _dues() -> list[tuple[str, str]]:
    return [("late", _("late")), ("hour", _("within the hour")), ("today", _("today")), ("week", _("this week"))]
