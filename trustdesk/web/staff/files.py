"""Files that came in: named and weighed, never opened as themselves; previews drawn anew, blurred and grey until asked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trustdesk import clock, previewing
from trustdesk.core.types import Refused
from trustdesk.flow import custody
from trustdesk.queries import access, exposure, traffic
from trustdesk.queries.traffic import decode_report
from trustdesk.web import safe_html, words
from trustdesk.web.middleware import POLICY
from trustdesk.web.staff.common import actor, explain, page

#: What the frame with a stranger's HTML may do: nothing. `sandbox` gives it an origin of its own, which is no origin.
FRAME = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "style-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
    )
)


@require_safe
@page("see_files")
def show(request: HttpRequest, code: str) -> HttpResponse:
    """The files of a report, what they say they are and what they are, and who looked at them."""
    report = _report(request, code)
    may_preview = _may_preview(request, report)
    look = _current(request)
    context = {
        "report": report,
        "files": custody.files(report),
        "graphic": custody.graphic(report),
        "may_preview": may_preview,
        "look": look if look is not None and look.report_id == report.pk else None,
        "has_html": bool(custody.markup(report)),
        "exposure": exposure.of(request.user, now=clock.now()),
        "looks": exposure.looks(request.user, report.pk) if access.may(request.user, "see_custody") else [],
    }
    response = render(request, "staff/files.html", context)
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return response


@require_POST
@page("see_files")
def ask(request: HttpRequest, code: str, slot: int) -> HttpResponse:
    """Look at one file, or at the HTML of the mail: written down first, then shown."""
    report = _report(request, code)
    how = "html" if request.POST.get("how") == "html" else "preview"
    if not _may_preview(request, report):
        raise access.Denied("preview_sealed")
    back = reverse("staff:files", args=[report.code])
    try:
        look = custody.look(
            report,
            slot,
            how,
            person=int(request.user.pk or 0),
            limit=exposure.of(request.user, now=clock.now()).limit,
            actor=actor(request),
            now=clock.now(),
        )
    except Refused as refused:
        for finding in refused.findings:
            messages.warning(request, words.finding(finding))
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(f"{back}?look={look.pk}#file-{slot}")


@require_safe
@page("see_files")
def blurred(request: HttpRequest, code: str, slot: int) -> HttpResponse:
    """A grey and blurred preview, from which nothing can be made out; 404 where even that is not for this person."""
    report = _report(request, code)
    if not _may_preview(request, report):
        raise Http404("no preview")
    return _picture(report, slot, blur=True)


@require_safe
@page("see_files")
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The preview of a look that this person asked for within the last minutes."""
    look = exposure.current(request.user, number, now=clock.now())
    return _picture(look.report, look.slot, blur=False)


@require_safe
@page("see_files")
def frame(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML of a mail, cleaned to structure and words, in a frame that may do nothing."""
    look = exposure.current(request.user, number, now=clock.now())
    if look.how != "html":
        raise Http404("no HTML was asked for")
    response = render(request, "staff/frame.html", {"html": safe_html.stranger(custody.markup(look.report))})
    response.headers["Content-Security-Policy"] = FRAME
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@page("see_files")
def mine(request: HttpRequest) -> HttpResponse:
    """What I have looked at, how much is left today, and a pause that nobody asks about."""
    if request.method == "POST":
        act = custody.pause if request.POST.get("do") == "pause" else custody.resume
        act(int(request.user.pk or 0), actor=actor(request), now=clock.now())
        return HttpResponseRedirect(reverse("staff:exposure"))
    return render(request, "staff/exposure.html", {"exposure": exposure.of(request.user, now=clock.now())})


@require_POST
@page("seal")
def seal(request: HttpRequest, code: str) -> HttpResponse:
    """Seal a case, or open it again."""
    case = access.case(request.user, code)
    try:
        if request.POST.get("do") == "unseal":
            custody.unseal(case.pk, actor=actor(request), now=clock.now())
            messages.success(request, _("The seal is lifted."))
        else:
            custody.seal(case.pk, request.POST.get("why", ""), actor=actor(request), now=clock.now())
            messages.success(
                request,
                _("Sealed. It exists for few now, and each look at it is written down."),
            )
    except Refused as refused:
        explain(request, refused)
    return HttpResponseRedirect(reverse("staff:case", args=[case.code]))


def _report(request: HttpRequest, code: str) -> Any:
    number = decode_report(code)
    if number is None:
        raise Http404(code)
    return traffic.report(request.user, number)


def _current(request: HttpRequest) -> Any:
    asked = request.GET.get("look", "")
    if not asked.isascii() or not asked.isdigit() or len(asked) > 12:
        return None
    try:
        return exposure.current(request.user, int(asked), now=clock.now())
    except ObjectDoesNotExist:  # it is over, or somebody else's
        return None


def _may_preview(request: HttpRequest, report: Any) -> bool:
    """Of what is sealed by its category a preview is for few; of the rest for all who see files."""
    categories = {report.category, *(j.case.category for j in report.joinings.all())}
    return not categories & access.SEALED or access.may(request.user, "preview_sealed")


def _picture(report: Any, slot: int, *, blur: bool) -> HttpResponse:
    try:
        png = previewing.make(custody.bytes_of(report, slot), blurred=blur)
    except (LookupError, previewing.NoPreview) as error:
        raise Http404(str(error)) from error
    return HttpResponse(png, content_type="image/png", headers={"Cache-Control": "no-store"})
