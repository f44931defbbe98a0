"""The queue page, and the one key that opens what should be looked at next."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import attend
from trustdesk.flow import views as flow
from trustdesk.queries import access, desk, exposure, people, queue, tally
from trustdesk.web import words
from trustdesk.web.addresses import address
from trustdesk.web.staff.common import actor, explain, page


@dataclass(frozen=True, slots=True)
class View:
    """A filter with a name, above the list. `count` is None where it would cost a look at every case; `number` is that of
    a view which its person can remove."""

    title: str
    href: str
    count: int | None
    here: bool
    by: str = ""
    number: int | None = None


@require_GET
@page("see")
def show(request: HttpRequest) -> HttpResponse:
    """The list. Everything that it is filtered by stands in the address, so that it can be kept and sent around."""
    filters = queue.Filters.of(request.GET)
    now = clock.now()
    counts = tally.counts(request.user, now=now)
    request.desk_counts = counts  # type: ignore[attr-defined]
    views = _views(request, filters, counts)
    own = _own_views(request, filters)
    here = next((view for view in views if view.here), None)
    found = queue.page(request.user, filters, now=now, total=here.count if here is not None else None)
    context = {
        "filters": filters,
        "found": found,
        "title": _title(filters),
        "views": views,
        "own_views": own,
        "can_save": bool(filters.query()) and not any(view.here for view in (*views, *own)),
        "query": urlencode(filters.query()),
        "categories": sorted(words.CATEGORY.items(), key=lambda pair: str(pair[1])),
        "states": [(state, words.CASE_STATE[state]) for state in queue.STATES],
        "dues": _dues(),
        "ages": queue.AGES,
        "may_work": access.may(request.user, "work"),
        "hand_overs": desk.hand_overs(request.user, now=now),
        "mentions": list(desk.mentions(request.user)[:20]) if counts.for_me.mentions else [],
    }
    noted = {note.by for note in context["hand_overs"]} | {one.note.by for one in context["mentions"]}  # type: ignore[attr-defined]
    context["names"] = people.names(noted)
    return render(request, "staff/queue.html", context)


@require_POST
@page("work")
def next_case(request: HttpRequest) -> HttpResponse:
    """Take the next case of the filtered queue and go there; back to the queue when there is none."""
    filters = queue.Filters.of(request.POST)
    now = clock.now()
    found = exposure.bearable(request.user, queue.selected(request.user, filters, now=now))
    case = attend.take_next(found, person=int(request.user.pk or 0), actor=actor(request), now=now)
    if case is None:
        if exposure.paused(request.user):
            messages.info(request, _("You paused from graphic material: such cases are left out until you go on."))
        return HttpResponseRedirect(f"{reverse('staff:queue')}?{urlencode(filters.query() | {'none': '1'})}")
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


@require_POST
@page("see")
def save_view(request: HttpRequest) -> HttpResponse:
    """Name the filter that is shown, or forget a name."""
    person, remove = int(request.user.pk or 0), request.POST.get("remove", "")
    filters = queue.Filters.of(request.POST)
    if remove.isdecimal() and len(remove) < 18:
        if flow.remove(int(remove), person):
            messages.success(request, _("The view is gone; its cases are where they were."))
    else:
        try:
            shared = request.POST.get("shared") == "1"
            name = request.POST.get("name", "")[:200]
            flow.save(person, name, urlencode(filters.query()), shared=shared, now=clock.now())
        except Refused as refused:
            explain(request, refused)
    return HttpResponseRedirect(f"{reverse('staff:queue')}?{urlencode(filters.query())}")


def _title(filters: queue.Filters) -> str:
    if filters.queue:
        return words.word("queue", filters.queue).capitalize()
    if filters.snoozed:
        return _("Put away")
    if filters.assigned == "me":
        return _("My cases")
    if filters.state == "waiting":
        return _("Waiting for answer")
    if filters.state == "closed":
        return _("Closed cases")
    if filters.state == "all":
        return _("All cases")
    return _("All open")


def _views(request: HttpRequest, filters: queue.Filters, counts: tally.Counts) -> list[View]:
    """The views of the whole desk, or within the queue that is shown."""
    home = address("staff:queue")
    within = counts.of(filters.queue)
    mine = counts.mine_in.get(filters.queue, 0) if filters.queue else counts.mine
    kinds: list[tuple[str, dict[str, str], int]] = [
        (_("Open"), {}, within.open),
        (_("Unassigned"), {"assigned": "none"}, within.unassigned),
        (_("Mine"), {"assigned": "me"}, mine),
        (_("Due today"), {"due": "today"}, within.due_today),
        (_("Late"), {"due": "late"}, within.late),
        (_("New answer"), {"unread": "1"}, within.answers),
    ]
    if not filters.queue and (counts.snoozed or filters.snoozed):
        kinds.append((_("Put away"), {"snoozed": "1"}, counts.snoozed))
    out = []
    for title, query, count in kinds:
        query = query | ({"queue": filters.queue} if filters.queue else {})
        href = f"{home}?{urlencode(query)}" if query else home
        out.append(View(title, href, count, filters.query() == query))
    return out


def _own_views(request: HttpRequest, filters: queue.Filters) -> list[View]:
    home, here = address("staff:queue"), urlencode(filters.query())
    return [
        View(
            view.name,
            f"{home}?{view.query}",
            None,
            view.query == here,
            by="" if view.person_id == request.user.pk else people.display(view.person),
            number=view.pk if view.person_id == request.user.pk else None,
        )
        for view in desk.views(request.user)
    ]


def _dues() -> list[tuple[str, str]]:
    return [("late", _("late")), ("hour", _("within the hour")), ("today", _("today")), ("week", _("this week"))]
