"""The page of whom a suspension binds, behind the private link of the letter: what, why, until when, and how to object."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import links, misuse, silence
from trustdesk.queries import public
from trustdesk.web import limits, words
from trustdesk.web.public.private import PER_HOUR, speak


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show it, or take the objection."""
    row = public.suspension(links.resolve_suspension(token) or 0)
    if row is None or silence.forbidden(row.case, to="reporter" if row.report else "customer", letter="suspension"):
        raise Http404("no such suspension")
    reader = row.report.reporter if row.report is not None else row.subject
    speak(request, reader.language if reader is not None else "")
    context = {"row": row, "until": misuse.contest_until(row), "typed": "", "trouble": []}
    status = 200
    if request.method == "POST":
        context["typed"] = text = request.POST.get("text", "").replace("\r\n", "\n")
        if not limits.hit("private", limits.client(request), limit=PER_HOUR, seconds=3600):
            trouble = _("That was a lot in a short time. What you typed is still here; please send it a little later.")
            context["trouble"], status = [trouble], 429
        else:
            try:
                misuse.contest(row.pk, text=text, now=clock.now())
                messages.success(
                    request, _("We have your objection. Somebody who had no part in this will look at it.")
                )
                return HttpResponseRedirect(reverse("public:suspended", args=[token]))
            except Refused as refused:
                context["trouble"], status = [words.finding(f) for f in refused.findings], 422
    context["may_contest"] = not misuse.may_contest(row, now=clock.now())
    return render(request, "public/suspended.html", context, status=status)
