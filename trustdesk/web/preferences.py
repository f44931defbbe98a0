"""Theme: a cookie, so that it works without script and needs no account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from trustdesk.web.context import THEMES


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark and go back to the page."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            "theme", chosen, max_age=365 * 86400, samesite="Lax", secure=request.is_secure(), httponly=True
        )
    return response
