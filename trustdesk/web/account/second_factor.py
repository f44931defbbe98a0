"""Who must have a second factor before the desk opens."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from trustdesk.queries import access


def missing(request: HttpRequest) -> bool:
    """Whether this person holds a role that needs a second factor and has none.

    Whoever came by the company's provider has shown there what it asks for.
    """
    if not access.roles(request.user) & set(settings.DESK.second_factor):
        return False
    methods = request.session.get("account_authentication_methods") or []
    if any(step.get("method") == "socialaccount" for step in methods if isinstance(step, dict)):
        return False
    from allauth.mfa.models import Authenticator
    from allauth.mfa.utils import is_mfa_enabled

    return not is_mfa_enabled(request.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
