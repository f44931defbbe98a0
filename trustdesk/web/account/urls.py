"""Addresses of a person's own account. Of django-allauth only these pages are open: nobody signs up here."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from allauth.socialaccount import views as social
from django.conf import settings
from django.urls import path
from django.views.generic import RedirectView

from trustdesk.settings.accounts import PROVIDER
from trustdesk.web.account import journal, views  # noqa: F401 - the journal listens from here on

if settings.DESK.oidc:  # also for who comes back to a process in the middle of signing in
    views.know_provider()
urlpatterns = [
    path("", views.Account.as_view(), name="mfa_index"),
    path("password", views.password, name="account_change_password"),
    path("sessions", views.sessions, name="usersessions_list"),
    path("login", RedirectView.as_view(pattern_name="staff:sign-in", query_string=True), name="account_login"),
    path("logout", account.logout, name="account_logout"),
    path("inactive", account.account_inactive, name="account_inactive"),
    path("confirm", account.reauthenticate, name="account_reauthenticate"),
    path("second-factor", factors.authenticate, name="mfa_authenticate"),
    path("confirm/code", factors.reauthenticate, name="mfa_reauthenticate"),
    path("app/add", totp.activate_totp, name="mfa_activate_totp"),
    path("app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("codes/new", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("codes/download", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("keys", keys.list_webauthn, name="mfa_list_webauthn"),
    path("keys/add", keys.add_webauthn, name="mfa_add_webauthn"),
    path("keys/confirm", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("keys/<int:pk>/remove", keys.remove_webauthn, name="mfa_remove_webauthn"),
    path("company/sign-in", views.company, {"provider_id": PROVIDER}, name="openid_connect_login"),
    path("company/callback", views.company_back, {"provider_id": PROVIDER}, name="openid_connect_callback"),
    path("company/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("company/error", social.login_error, name="socialaccount_login_error"),
    path("company/closed", social.login_error, name="socialaccount_signup"),
]
