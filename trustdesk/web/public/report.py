"""The public report form, and the page that thanks for a report."""

from __future__ import annotations

import secrets

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
from trustdesk.web.public.forms import ReportForm

#: Reports per network and hour by the form; whoever has more uses the API.
PER_HOUR = 30


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page: report, or follow up."""
    return render(request, "public/home.html")


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form. Whatever is wrong with what was sent, it comes back with all that was typed."""
    if request.method != "POST":
        start = {"nonce": secrets.token_urlsafe(12), "category": request.GET.get("category", "")[:24]}
        return _page(request, ReportForm(initial=start))
    form = ReportForm(request.POST)
    if form.is_trap:
        # A browser may have filled it in for a person: say so instead of losing a report in silence.
        trouble = _(
            "A hidden field was filled in, which people do not see and programs do. Please send the form again."
        )
        return _page(request, form, status=422, trouble=trouble)
    if not form.is_valid():
        return _page(request, form, status=422)
    if not limits.hit("report", limits.client(request), limit=PER_HOUR, seconds=3600):
        trouble = _(
            "We received many reports from your network in the last hour. What you typed is still here; please send it later."
        )
        return _page(request, form, status=429, trouble=trouble)
    try:
        receipt = receive_form(form.submission(), now=clock.now())
    except OSError:
        trouble = _(
            "We could not keep your report just now, and nothing was sent. What you typed is still here; please try again soon."
        )
        return _page(request, form, status=503, trouble=trouble)
    return HttpResponseRedirect(reverse("public:thanks", args=[links.status_token(receipt.report_id)]))


@require_safe
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """Thank you, and the private link to keep."""
    number = links.resolve_status(token)
    if number is None:
        raise Http404("no such report")
    view = public.reporter(number)
    link = links.status_url(number)
    return render(request, "public/thanks.html", {"report": view.report, "link": link, "token": token})


def _page(request: HttpRequest, form: ReportForm, *, status: int = 200, trouble: str = "") -> HttpResponse:
    context = {"form": form, "trouble": trouble, "address": settings.DESK.address}
    return render(request, "public/report.html", context, status=status)
