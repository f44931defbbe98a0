"""What of django-allauth is ours: nobody signs up, secrets lie encrypted, groups of the company become roles."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.shortcuts import render

from trustdesk import clock
from trustdesk.core.types import Actor, Refused
from trustdesk.flow import people
from trustdesk.queries import access
from trustdesk.settings.secrets import secret
from trustdesk.web import limits

#: Who writes in the journal what the provider said.
PROVIDER = Actor("system", "oidc")


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up, and nothing is said that the page does not say itself."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: people are added by those who run the desk."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that our own limits count by; without one (a socket) everybody comes from the same place."""
        return limits.address(request) or "0.0.0.0"  # noqa: S104 - written down, not listened on

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The pages tell what happened; no banner follows the person to the queue."""


class FactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and of recovery codes lie encrypted in the database: a copy of it lets nobody in."""

    def encrypt(self, text: str) -> str:
        """`text` under the desk's key."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given."""
        return _box().decrypt(encrypted_text.encode()).decode()


class CompanyAdapter(DefaultSocialAccountAdapter):
    """Sign-in by the company's OpenID Connect provider. Its groups say which roles somebody has, at every sign-in anew."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whoever the provider lets in and whose groups carry a role."""
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse who carries no role; bring the roles of somebody known up to date."""
        roles = roles_of(sociallogin.account.extra_data)
        if not roles:
            raise ImmediateHttpResponse(render(request, "errors/403.html", {"reason": "role"}, status=403))
        if sociallogin.is_existing and access.roles(sociallogin.user) != set(roles):
            people.set_roles(sociallogin.user.get_username(), roles, actor=PROVIDER, now=clock.now())

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """Let a new person in. A name that is taken gets a number: an account of the desk is never taken over by its name."""
        given = sociallogin.user
        named = [part.get("preferred_username") for part in _parts(sociallogin.account.extra_data)]
        name = next((n for n in named if isinstance(n, str) and n), "") or given.email.partition("@")[0] or "person"
        taken = set(get_user_model().objects.filter(username__istartswith=name).values_list("username", flat=True))
        free = next(n for n in (name, *(f"{name}{i}" for i in range(2, 1000))) if n not in taken)
        try:
            sociallogin.user = people.add(
                free,
                roles=roles_of(sociallogin.account.extra_data),
                name=f"{given.first_name} {given.last_name}".strip(),
                email=given.email,
                actor=PROVIDER,
                now=clock.now(),
            )
        except Refused as refused:
            raise ImmediateHttpResponse(render(request, "errors/403.html", status=403)) from refused
        sociallogin.save(request, connect=True)
        return sociallogin.user


def roles_of(data: dict[str, Any]) -> list[str]:
    """The roles that the groups in the provider's answer carry, by the table `[oidc.roles]` of desk.toml."""
    claim, table = str(settings.DESK.oidc.get("groups", "groups")), settings.DESK.oidc.get("roles", {})
    found: set[str] = set()
    for part in _parts(data):
        groups = part.get(claim)
        if isinstance(groups, str):
            groups = [groups]
        if isinstance(groups, list):
            found |= {str(table[g]) for g in groups if isinstance(g, str) and g in table}
    return sorted(found & set(access.ROLES))


def _parts(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for part in (data.get("userinfo"), data.get("id_token"), data) if isinstance(part, dict)]


@cache
def _box() -> Fernet:
    key = hashlib.sha256(secret(settings.KEYS_DIR / "second-factor.key").encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
