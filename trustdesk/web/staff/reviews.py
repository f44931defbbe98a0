"""Reviews: a second look at settled decisions, the feedback on one's own, and how often people agree."""

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
from trustdesk.core.reviews import FEW, REASONS
from trustdesk.core.types import Refused
from trustdesk.flow import review as flow
from trustdesk.queries import access, desk, people, reviews, rulebook
from trustdesk.web import words
from trustdesk.web.staff import case as case_view
from trustdesk.web.staff import timeline
from trustdesk.web.staff.common import actor, explain, page, pages


@require_safe
@page("see")
def listing(request: HttpRequest) -> HttpResponse:
    """What waits for a second look, what was said of one's own decisions, and the rates for those who lead."""
    now, user = clock.now(), request.user
    may_review = access.may(user, "review")
    feedback = reviews.feedback(user, now=now)
    disagreed = reviews.disagreed(user, now=now) if may_review else []
    rates = reviews.rates(user, now=now) if access.may(user, "see_board") else None
    actors = {r.reviewer for r in [*feedback, *disagreed]} | {r.decision.made_by for r in disagreed}
    actors |= {line.name for line in rates.deciders} if rates is not None else set()
    context = {
        "waiting": pages(request, reviews.waiting(user)) if may_review else None,
        "may_review": may_review,
        "feedback": feedback,
        "disagreed": disagreed,
        "rates": rates,
        "few": FEW,
        "names": people.names(actors),
    }
    return render(request, "staff/reviews.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("review")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """The case as it was when it was decided, the decision, and what the reviewer says of it."""
    review = reviews.one(request.user, number)
    if request.method != "POST":
        return _page(request, review)
    said = {name: request.POST.get(name, "")[:4000] for name in ("verdict", "reason", "words")}
    agreed = said["verdict"] == "agree"
    try:
        if said["verdict"] not in ("agree", "disagree"):
            return _page(request, review, said=said, status=422)
        reason = "" if agreed else said["reason"]
        flow.do(review.pk, agreed=agreed, reason=reason, words=said["words"], actor=actor(request), now=clock.now())
    except Refused as refused:
        return _page(request, review, said=said, findings=refused.findings, status=422)
    messages.success(request, _("Thank you. Whoever decided sees what you said."))
    if not agreed:
        return HttpResponseRedirect(reverse("staff:review", args=[review.pk]))
    return HttpResponseRedirect(reverse("staff:reviews"))


def _page(request: HttpRequest, review: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    now, decision = clock.now(), review.decision
    view = reviews.as_it_was(request.user, review, now=now)
    context = case_view.context(request, view)
    mine = str(actor(request)) in (decision.made_by, decision.settled_by)
    actors = {decision.made_by, decision.settled_by, review.reviewer, review.reopened_by}
    context |= {
        "review": review,
        "decision": decision,
        "clause": rulebook.policy_of(decision.policy_digest).clause(decision.clause) if decision.clause else None,
        "mine": mine,
        "reasons": [(code, words.word("review_reason", code)) for code in REASONS],
        "notes": [note for note in desk.notes(review.case) if note.at <= decision.made_at],
        "names": context["names"] | people.names(actors),
        "events": list(reversed(timeline.events(view, context["names"]))),
        "may_reopen": review.state == "done" and review.agreed is False and decision.state == "final",
    }
    return render(request, "staff/review.html", context | more, status=status)


def _act(request: HttpRequest, number: int, do: Callable[..., Any], said: str, back: str = "") -> HttpResponse:
    review = reviews.one(request.user, number)
    try:
        do(review.pk, actor=actor(request), now=clock.now())
        messages.success(request, said)
    except Refused as refused:
        explain(request, refused)
    return HttpResponseRedirect(back or reverse("staff:case", args=[review.case.code]))


@require_POST
@page("see")
def read(request: HttpRequest, number: int) -> HttpResponse:
    """Who decided has read what was said."""
    return _act(request, number, flow.read, _("Marked as read."), reverse("staff:reviews"))


@require_POST
@page("review")
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Have the decision looked at again."""
    return _act(
        request, number, flow.reopen, _("The case is open again. The next decision takes the place of this one.")
    )


@require_POST
@page("review")
def stand(request: HttpRequest, number: int) -> HttpResponse:
    """The decision stands; the case is closed again."""
    return _act(request, number, flow.stand, _("The decision stands."))
