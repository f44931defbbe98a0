"""Sign-in with a password, throttled by account and by network; a second factor follows where there is one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from trustdesk.web import limits

#: Failures within the window before we stop listening. The account's own limit is counted per network, so that a
#: stranger cannot lock out a person who signs in from elsewhere.
WINDOW = 300
PER_ACCOUNT, PER_NETWORK = 5, 30


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    """The page where people of the desk sign in."""

    template_name = "staff/sign_in.html"
    redirect_authenticated_user = True
    authentication_form = AuthenticationForm

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """With the company's provider, if there is one."""
        company = settings.DESK.oidc.get("name", "OpenID Connect") if settings.DESK.oidc else ""
        return super().get_context_data(**more) | {"company": company}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse before looking at the password once the limit is used up, so that guessing gains nothing."""
        network = limits.client(request)
        account = f"{network} {request.POST.get('username', '').strip().lower()[:150]}"
        if limits.over("sign-in", account, limit=PER_ACCOUNT) or limits.over("sign-in", network, limit=PER_NETWORK):
            form = self.get_form()
            form.errors.clear()
            context = self.get_context_data(
                form=form, throttled=_("Too many attempts. Wait five minutes, then try again.")
            )
            return self.render_to_response(context, status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password is right: open the session, or ask for the second factor first."""
        from allauth.account.internal.flows.login import perform_password_login
        from allauth.account.models import Login

        login = Login(user=form.get_user(), redirect_url=self.get_success_url(), email_verification="none")
        named = {"username": form.cleaned_data["username"]}
        return perform_password_login(self.request, named, login)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Count the failure."""
        network = limits.client(self.request)
        account = f"{network} {self.request.POST.get('username', '').strip().lower()[:150]}"
        limits.hit("sign-in", account, limit=PER_ACCOUNT, seconds=WINDOW)
        limits.hit("sign-in", network, limit=PER_NETWORK, seconds=WINDOW)
        return super().form_invalid(form)


class SignOut(LogoutView):
    """Ends the session; POST only."""

    http_method_names = ["post", "options"]
