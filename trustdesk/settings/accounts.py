"""Settings of sign-in: second factors, sessions that can be ended, and sign-in by an OpenID Connect provider (django-allauth)."""

from __future__ import annotations

import os
from typing import Any

from trustdesk.settings.desk import Desk

#: OpenID Connect is made known where it is used (web.account.views): as an app it loads an HTTP library into every process.
APPS = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
]
#: The name of the one provider in our addresses.
PROVIDER = "company"


def of(desk: Desk, *, behind_tls: bool) -> dict[str, Any]:
    """Django's settings for the accounts of this desk. Nobody signs up: people are added by `trustdesk user` or by OIDC."""
    return {
        "AUTHENTICATION_BACKENDS": ["trustdesk.web.account.backend.PersonBackend"],
        "SESSION_ENGINE": "trustdesk.web.account.backend",
        "ACCOUNT_ADAPTER": "trustdesk.web.account.adapters.AccountAdapter",
        "ACCOUNT_EMAIL_NOTIFICATIONS": False,
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_LOGOUT_REDIRECT_URL": "staff:sign-in",
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 15 * 60,
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        "ACCOUNT_UNIQUE_EMAIL": False,
        "MFA_ADAPTER": "trustdesk.web.account.adapters.FactorAdapter",
        "MFA_ALLOW_UNVERIFIED_EMAIL": True,
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_TOTP_ISSUER": desk.name,
        # Without TLS browsers offer security keys on this machine alone, which is what a trial needs.
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not behind_tls,
        "SOCIALACCOUNT_ADAPTER": "trustdesk.web.account.adapters.CompanyAdapter",
        "SOCIALACCOUNT_AUTO_SIGNUP": True,
        # An address proves nobody: whoever signs in by the provider is never taken for an account of the same address.
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        # By a link, since our own policy keeps forms from being sent on to another host. State and PKCE guard the way back.
        "SOCIALACCOUNT_LOGIN_ON_GET": True,
        "SOCIALACCOUNT_PROVIDERS": providers(desk),
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "USERSESSIONS_TRACK_ACTIVITY": False,
    }


def providers(desk: Desk) -> dict[str, Any]:
    """The company's provider as allauth wants it; nothing without a table `[oidc]`."""
    if not desk.oidc:
        return {}
    app = {
        "provider_id": PROVIDER,
        "name": str(desk.oidc.get("name", "OpenID Connect")),
        "client_id": str(desk.oidc.get("client_id", "")),
        "secret": os.environ.get("TRUSTDESK_OIDC_SECRET", ""),
        "settings": {"server_url": str(desk.oidc.get("server", ""))},
    }
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
