"""The public report form, and the page that thanks for a report."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from trustdesk import clock
from trustdesk.flow import links
from trustdesk.flow.receive import receive_form
from trustdesk.queries import public
from trustdesk.web import limits
from trustdesk.web.public import countries, helplines, proof, steps
from trustdesk.web.public.forms import ReportForm

#: Reports per network and hour by the form; whoever has more uses the API.
PER_HOUR = 30
#: And so many more for a proof of work each.
PAID_PER_HOUR = 300


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page: report, or follow up."""
    return render(request, "public/home.html")


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form, one question after the other; what is sent without a step comes from the form on one page."""
    if request.method == "POST" and "step" not in request.POST:
        return on_one_page(request)
    return steps.show(request, lambda form: _send(request, form, steps.again))


@require_http_methods(["GET", "HEAD", "POST"])
def on_one_page(request: HttpRequest) -> HttpResponse:
    """The form on one page. Whatever is wrong with what was sent, it comes back with all that was typed."""
    if request.method != "POST":
        start = {"nonce": secrets.token_urlsafe(12), "category": request.GET.get("category", "")[:24]}
        return _page(request, ReportForm(initial=start))
    return _send(request, ReportForm(request.POST), _page)


def _send(request: HttpRequest, form: ReportForm, again: Any) -> HttpResponse:
    """Take the report in, or show the form again with what stands in the way."""
    if form.is_trap:
        # A browser may have filled it in for a person: say so instead of losing a report in silence.
        trouble = _(
            "A hidden field was filled in, which people do not see and programs do. Please send the form again."
        )
        return again(request, form, status=422, trouble=trouble)
    if not form.is_valid():
        return again(request, form, status=422, trouble="")
    network = limits.client(request)
    if not limits.hit("report", network, limit=PER_HOUR, seconds=3600) and not _paid(request, network):
        trouble = _(
            "We received many reports from your network in the last hour. What you typed is still here; please send it later."
        )
        more = {"challenge": proof.challenge(network), "bits": proof.BITS}
        return again(request, form, status=429, trouble=trouble, **more)
    try:
        receipt = receive_form(form.submission(), now=clock.now())
    except OSError:
        trouble = _(
            "We could not keep your report just now, and nothing was sent. What you typed is still here; please try again soon."
        )
        return again(request, form, status=503, trouble=trouble)
    return HttpResponseRedirect(reverse("public:thanks", args=[links.status_token(receipt.report_id)]))


def _paid(request: HttpRequest, network: str) -> bool:
    """Above the share a report is taken for a proof of work, up to a limit that no person reaches."""
    if not proof.solved(request.POST.get("challenge", ""), request.POST.get("proof", ""), network):
        return False
    return limits.hit("report-paid", network, limit=PAID_PER_HOUR, seconds=3600)


@require_safe
def help_for(request: HttpRequest, topic: str) -> HttpResponse:
    """The short way for a child or somebody shown in a picture: what to do now, who helps in which country, one button."""
    chosen = request.GET.get("country", settings.DESK.country)[:2].upper()
    here, everywhere = helplines.found(chosen, topic)
    context = {
        "topic": topic,
        "here": here,
        "everywhere": everywhere,
        "country": chosen,
        "countries": [(code, countries.name(code)) for code in helplines.countries()],
        "category": {"child": "child_safety", "images": "ncii"}[topic],
    }
    return render(request, "public/help.html", context)


@require_safe
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """Thank you, and the private link to keep."""
    number = links.resolve_status(token)
    if number is None:
        raise Http404("no such report")
    view = public.reporter(number)
    link = links.status_url(number)
    return render(request, "public/thanks.html", {"report": view.report, "link": link, "token": token})


def _page(request: HttpRequest, form: ReportForm, *, status: int = 200, trouble: str = "", **more: Any) -> HttpResponse:
    context = {"form": form, "trouble": trouble, "address": settings.DESK.address} | more
    return render(request, "public/report.html", context, status=status)
