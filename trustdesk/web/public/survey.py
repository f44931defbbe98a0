"""The one question of a closing letter, behind its private link. Opening the link answers nothing: mail scanners open links."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import survey
from trustdesk.web import limits, words
from trustdesk.web.public.private import speak

PER_HOUR = 20


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, or take the answer and thank for it."""
    asked = survey.find(token)
    if asked is None:
        raise Http404("no such question")
    speak(request, asked.language)
    context = {"answers": (("yes", _("Yes")), ("partly", _("Partly")), ("no", _("No"))), "limit": survey.WORDS}
    if request.method == "POST" and not asked.answer:
        typed = {"typed": request.POST.get("words", "")}
        if not limits.hit("survey", limits.client(request), limit=PER_HOUR, seconds=3600):
            trouble = _("That was a lot in a short time. What you typed is still here; please send it a little later.")
            return render(request, "public/survey.html", context | typed | {"trouble": [trouble]}, status=429)
        try:
            survey.answer(asked, request.POST.get("answer", ""), typed["typed"].replace("\r\n", "\n"), now=clock.now())
        except Refused as refused:
            found = [words.finding(f) for f in refused.findings]
            return render(request, "public/survey.html", context | typed | {"trouble": found}, status=422)
        return render(request, "public/survey.html", context | {"done": True})
    return render(request, "public/survey.html", context | {"done": bool(asked.answer)})
