"""A person's own password and sessions; the rest of the account's pages are django-allauth's, in our clothes."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.base.views import IndexView
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import people
from trustdesk.web import words
from trustdesk.web.account import second_factor
from trustdesk.web.staff.common import actor


class Account(IndexView):
    """The first page of the account: second factors, password, sessions; and whether the desk waits for a factor."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """What allauth gathers, and what the desk asks."""
        return super().get_context_data(**more) | {"needs_factor": second_factor.missing(self.request)}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where this person is signed in, with a way to end each session, or all others."""
    known: list[Any] = UserSession.objects.purge_and_list(request.user)
    if request.method == "POST":
        asked = request.POST.get("session", "")
        ending = [s for s in known if not s.is_current() and (asked == "others" or str(s.pk) == asked)]
        if not ending and asked != "others":
            raise Http404("no such session")
        people.end_sessions(request.user, ending, actor=actor(request), now=clock.now())
        messages.success(request, _("Ended. Whoever was there has to sign in again."))
        return HttpResponseRedirect(reverse("usersessions_list"))
    known.sort(key=lambda s: s.created_at, reverse=True)
    return render(request, "account/sessions.html", {"sessions": known})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required
def password(request: HttpRequest) -> HttpResponse:
    """Set a new password; sessions that were opened with the old one end, this one stays."""
    trouble: list[str] = []
    if request.method == "POST":
        fresh = request.POST.get("password", "")
        if fresh != request.POST.get("again", ""):
            trouble.append(_("The two are not the same."))
        else:
            try:
                user = people.set_password(request.user.get_username(), fresh, actor=actor(request), now=clock.now())
            except Refused as refused:
                trouble += [words.finding(f) for f in refused.findings]
            else:
                update_session_auth_hash(request, user)
                messages.success(request, _("Your new password is set. Other sessions have ended."))
                return HttpResponseRedirect(reverse("mfa_index"))
    return render(request, "account/password.html", {"trouble": trouble}, status=422 if trouble else 200)


def company(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Off to the company's own sign-in; 404 where there is none."""
    return _provider("login", request, provider_id)


def company_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from there, with what the provider says about the person."""
    return _provider("callback", request, provider_id)


def know_provider() -> None:
    """Make OpenID Connect known to allauth, as being an installed app would."""
    from allauth.socialaccount.providers import registry
    from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider

    registry.register(OpenIDConnectProvider)


def _provider(step: str, request: HttpRequest, provider_id: str) -> HttpResponse:
    if not settings.DESK.oidc:
        raise Http404("no provider")
    from allauth.socialaccount.providers.openid_connect import views

    know_provider()
    answer: HttpResponse = getattr(views, step)(request, provider_id)
    return answer
