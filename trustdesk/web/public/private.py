"""Pages behind private links: the reporter's status and the customer's side of a case."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trustdesk import clock
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import appeal as flow
from trustdesk.flow import links, silence
from trustdesk.queries import public
from trustdesk.web import limits, words

#: First line of an answer in which the customer says that it is fixed; people of the desk read it, in their language.
FIXED = "[fixed] The customer says that this is fixed and asks us to look.\n\n"
#: Texts per network and hour behind private links.
PER_HOUR = 20


@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest, token: str) -> HttpResponse:
    """The reporter's page: where the report is, what was decided and why, and how to ask for another look."""
    number = links.resolve_status(token)
    if number is None:
        raise Http404("no such report")
    view = _found(lambda: public.reporter(number))
    speak(request, view.report.language)
    by = Actor("reporter", str(view.report.pk))
    if request.method == "POST":
        decision = next(
            (c.decision for c in view.cases if c.decision and str(c.decision.pk) == request.POST.get("decision")), None
        )
        if decision is None:
            raise Http404("no such decision")
        answer = _write(request, "appeal", decision.pk, by)
        if answer is not None:
            return _reporter_page(request, view, by, **answer)
        messages.success(request, _("We have your request to look again. You will hear from us."))
        return HttpResponseRedirect(reverse("public:status", args=[token]))
    return _reporter_page(request, view, by)


def _reporter_page(request: HttpRequest, view: public.ReporterView, by: Actor, **more: Any) -> HttpResponse:
    now = clock.now()
    cases = [
        {
            "case": item.case,
            "decision": None if silence.forbidden(item.case, to="reporter", letter="outcome") else item.decision,
            "appeal": item.appeal,
            "may_appeal": item.decision is not None
            and item.decision.outcome != "measures"
            and not flow.may_appeal(item.decision, by, now=now),
        }
        for item in view.cases
    ]
    context = {"view": view, "report": view.report, "cases": cases, "contact": settings.DESK.contact} | more
    return render(request, "public/status.html", context, status=more.get("status", 200))


@require_http_methods(["GET", "HEAD", "POST"])
def customer(request: HttpRequest, token: str) -> HttpResponse:
    """The customer's page: what was alleged, what we did and why, and what they can do now, by when."""
    numbers = links.resolve_customer(token)
    if numbers is None:
        raise Http404("no such case")
    view = _found(lambda: public.customer(*numbers))
    if silence.forbidden(view.case, to="customer", letter="statement_of_reasons"):
        raise Http404("no such case")
    speak(request, view.case.subject.language if view.case.subject else "")
    by = Actor("customer", str(numbers[1]))
    if request.method != "POST":
        return _customer_page(request, view, by)
    kind = request.POST.get("do", "")
    if kind == "appeal" and view.decision is not None:
        as_kind = (
            "counter_notice" if view.case.category == "copyright" and request.POST.get("counter") == "yes" else "appeal"
        )
        refused = _write(request, as_kind, view.decision.pk, by)
        said = _("We have your appeal. Somebody who did not make the decision will look at it.")
    elif kind == "answer" and view.may_answer:
        fixed = request.POST.get("fixed") == "yes"
        refused = _write(request, "answer", view.case.pk, by, before=FIXED if fixed else "")
        said = _("We have your answer. It is with the case now.")
    else:
        raise Http404("nothing to do")
    if refused is not None:
        return _customer_page(request, view, by, **refused)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("public:customer", args=[token]))


def _customer_page(request: HttpRequest, view: public.CustomerView, by: Actor, **more: Any) -> HttpResponse:
    now = clock.now()
    decision = view.decision
    hurdles = flow.may_appeal(decision, by, now=now) if decision is not None and decision.outcome == "measures" else ()
    context = {
        "view": view,
        "case": view.case,
        "token": links.customer_token(view.case.pk, view.case.subject_id or 0),
        "decision": decision,
        "may_appeal": decision is not None and decision.outcome == "measures" and not hurdles,
        "hurdles": hurdles,
        "asked": view.case.outcome == "forwarded" and view.case.state == "waiting",
        "out_of_court": settings.DESK.out_of_court,
    } | more
    return render(request, "public/customer.html", context, status=more.get("status", 200))


def _write(request: HttpRequest, kind: str, number: int, by: Actor, before: str = "") -> dict[str, Any] | None:
    """Hand the text to the flow; None when it was taken, else what the page needs to show it again with the reason."""
    text = request.POST.get("text", "").replace("\r\n", "\n")
    kept = {"typed": text, "typed_for": request.POST.get("do") or f"appeal {request.POST.get('decision', '')}"}
    if not limits.hit("private", limits.client(request), limit=PER_HOUR, seconds=3600):
        trouble = _("That was a lot in a short time. What you typed is still here; please send it a little later.")
        return kept | {"trouble": [trouble], "status": 429}
    language = translation.get_language() or ""
    try:
        if kind == "answer":
            flow.answer(number, text=before + text, by=by, actor=by, now=clock.now(), language=language)
        else:
            flow.lodge(number, kind=kind, text=text, by=by, actor=by, now=clock.now(), language=language)
    except Refused as refused:
        return kept | {"trouble": [words.finding(f) for f in refused.findings], "status": 422}
    return None


def _found(ask: Any) -> Any:
    try:
        return ask()
    except ObjectDoesNotExist as error:
        raise Http404(str(error)) from error


def speak(request: HttpRequest, language: str) -> None:
    """The reader's own language, unless they chose another one on this site."""
    short = language.partition("-")[0]
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and short in dict(settings.LANGUAGES):
        translation.activate(short)
        request.LANGUAGE_CODE = short
