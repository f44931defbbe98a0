"""Preview and decide: the same call to the flow, kept or not."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import decide as flow
from trustdesk.queries import access, case_page, people, queue
from trustdesk.web.staff import case as case_view
from trustdesk.web.staff import drafting, timeline
from trustdesk.web.staff.common import actor, explain, page


@require_POST
@page("work")
def decide(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a draft would do, or make it so. What was typed comes back whatever happens."""
    case = access.case(request.user, code)
    now = clock.now()
    view = case_page.view(request.user, case, now=now)
    draft = drafting.sent(view, request)
    wanted = drafting.choice(draft, view)
    # A preview that the browser asks for in the background carries the button that was pressed last; it decides nothing.
    if request.POST.get("do") != "decide" or request.headers.get("HX-Request"):
        preview = flow.decide(case.pk, wanted, actor=actor(request), now=now, seen=draft.seen, persist=False)
        departs = case_view.departs(view, wanted.outcome, [wish.kind for wish in wanted.measures])
        if request.headers.get("HX-Request"):
            return render(
                request, "staff/preview.html", {"preview": preview, "draft": draft, "case": case, "departs": departs}
            )
        context = case_view.context(request, view, draft, preview=preview, departs=departs)
        return render(request, "staff/case.html", context)
    try:
        done = flow.decide(case.pk, wanted, actor=actor(request), now=now, seen=draft.seen, grace=settings.GRACE)
    except Refused as refused:
        return _refused(request, code, draft, refused)
    if done.decision is not None and done.decision.state == "held":
        messages.warning(request, _("%(code)s is decided and waits for a second person.") % {"code": case.code})
    elif done.decision is not None and done.decision.state == "resting":
        text = _("%(code)s is decided. Measures and letters leave in %(n)s seconds; until then you can take it back.")
        messages.success(request, text % {"code": case.code, "n": f"{settings.GRACE.total_seconds():.0f}"})
    else:
        messages.success(
            request, _("%(code)s is decided. Measures and letters are on their way.") % {"code": case.code}
        )
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


def _refused(request: HttpRequest, code: str, draft: drafting.Draft, refused: Refused) -> HttpResponse:
    """The case as it is now, with the draft kept, the findings, and, if it moved on, what changed meanwhile."""
    case = access.case(request.user, code)
    view = case_page.view(request.user, case, now=clock.now())
    stale = any(f.code == "decision.stale" for f in refused.findings)
    changed = []
    if stale:
        fresh = [line for line in view.lines if line.seq > draft.seen]
        names = people.names({line.actor for line in fresh})
        changed = [timeline.event(line, view, names) for line in fresh]
        draft.seen = case.seq  # now they have seen it
    more = {"findings": refused.findings, "changed": changed}
    return render(
        request, "staff/case.html", case_view.context(request, view, draft, **more), status=409 if stale else 422
    )


@page("approve")
def held(request: HttpRequest) -> HttpResponse:
    """Decisions that wait for a second person."""
    waiting = list(
        access.decisions(request.user)
        .filter(state="held")
        .select_related("case__subject", "case__asset")
        .order_by("made_at")
    )
    mine = {d.pk for d in queue.held_for(request.user)}
    context = {"held": waiting, "mine": mine, "names": people.names({d.made_by for d in waiting})}
    return render(request, "staff/held.html", context)


@require_POST
@page("approve")
def settle(request: HttpRequest, number: int) -> HttpResponse:
    """A second person agrees, or sends the decision back with a reason."""
    decision = access.decisions(request.user).get(pk=number)
    why = request.POST.get("why", "")[:20_000]
    try:
        if request.POST.get("do") == "approve":
            flow.approve(decision.pk, actor=actor(request), now=clock.now(), why=why)
            messages.success(request, _("You agreed. %s is being carried out.") % decision.case.code)
        else:
            flow.reject(decision.pk, actor=actor(request), now=clock.now(), why=why)
            messages.success(request, _("Sent back. %s is open again.") % decision.case.code)
    except Refused as refused:
        explain(request, refused)
    back = request.POST.get("back", "")
    target = reverse("staff:case", args=[decision.case.code]) if back == "case" else reverse("staff:held")
    return HttpResponseRedirect(target)
