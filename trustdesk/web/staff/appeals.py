"""Appeals: the list, and the page on which another person than the decider looks again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import appeal as flow
from trustdesk.flow.decide import Choice, Wish
from trustdesk.queries import access, case_page, people, queue
from trustdesk.web.staff import case as case_view
from trustdesk.web.staff.common import actor, page

OUTCOMES = ("upheld", "partly_upheld", "dismissed")


@require_safe
@page("see")
def listing(request: HttpRequest) -> HttpResponse:
    """Appeals that wait, and those decided lately."""
    waiting = list(queue.open_appeals(request.user))
    decided = list(
        access.appeals(request.user)
        .exclude(state="lodged")
        .select_related("case__subject")
        .order_by("-resolved_at")[:50]
    )
    context = {"waiting": waiting, "decided": decided, "names": people.names({a.resolved_by for a in decided})}
    return render(request, "staff/appeals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("resolve_appeal")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One appeal beside the decision it is against."""
    appeal = access.appeals(request.user).select_related("case", "decision").get(pk=number)
    access.seen(request.user, appeal.case)
    if request.method == "POST":
        return _resolve(request, appeal)
    return _page(request, appeal)


def _resolve(request: HttpRequest, appeal: Any) -> HttpResponse:
    outcome = request.POST.get("outcome", "")
    reasons = request.POST.get("reasons", "")[:20_001].replace("\r\n", "\n")
    try:
        flow.resolve(
            appeal.pk,
            outcome=outcome,
            reasons=reasons,
            actor=actor(request),
            now=clock.now(),
            replacement=_replacement(appeal, outcome, reasons, frozenset(request.POST.getlist("stay"))),
        )
    except Refused as refused:
        return _page(request, appeal, findings=refused.findings, outcome=outcome, reasons=reasons, status=422)
    messages.success(request, _("The appeal is decided. Letters and measures follow."))
    return HttpResponseRedirect(reverse("staff:case", args=[appeal.case.code]))


def _replacement(appeal: Any, outcome: str, reasons: str, stay: Collection[str] = ()) -> Choice | None:
    """The decision that stands in the place of the old one: without measures when the appeal is upheld, with those that
    stay when it is upheld in part. To keep all of them or none is not "in part"."""
    if outcome == "upheld":
        return Choice(outcome="no_violation", reasons=reasons)
    old = appeal.decision
    staying = tuple(Wish(w["kind"], w["asset"], w["target"]) for n, w in enumerate(old.plan) if str(n) in stay)
    if outcome == "partly_upheld" and 0 < len(staying) < len(old.plan):
        return Choice("measures", old.ground, old.clause, old.law, reasons, measures=staying)
    return None


def _page(request: HttpRequest, appeal: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    view = case_page.view(request.user, appeal.case, now=clock.now())
    decision = appeal.decision
    may = str(actor(request)) not in (decision.made_by, decision.settled_by)
    context = case_view.context(request, view) | {"appeal": appeal, "decision": decision, "may_resolve": may} | more
    values = {asset.pk: asset.value for asset in view.assets}
    context["plan"] = [(n, w["kind"], w["target"] or values.get(w["asset"], "")) for n, w in enumerate(decision.plan)]
    context["names"] = people.names({decision.made_by, decision.settled_by, appeal.resolved_by})
    return render(request, "staff/appeal.html", context, status=status)
