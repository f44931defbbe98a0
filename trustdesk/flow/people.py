"""People of the desk, their roles, and the API tokens of those who report by machine.

The journal says that somebody was let in, and in which roles, by number alone; names and addresses stay in the account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from trustdesk.core.rights import ROLES
from trustdesk.core.types import Actor, Finding, Refused
from trustdesk.flow.record import record
from trustdesk.models import ApiToken

#: What a token may be allowed to do.
SCOPES = ("reports:write", "reports:read", "metrics:read")


def ensure_roles() -> None:
    """Make the groups that carry the roles; those that are there stay."""
    for name in ROLES:
        Group.objects.get_or_create(name=name)


def add(
    username: str,
    *,
    roles: Sequence[str],
    password: str | None = None,
    name: str = "",
    email: str = "",
    language: str = "",
    actor: Actor,
    now: datetime,
) -> Any:
    """Let a person in. Without a password nobody can sign in as that person yet. Returns the Django user.

    Raises Refused if the name is taken or unusable, a role is unknown or the password too weak.
    """
    users = get_user_model()
    with transaction.atomic():
        findings = _unknown(roles)
        if users.objects.filter(username__iexact=username).exists():
            findings.append(Finding("person.exists", f"there is already somebody called {username}", "username"))
        user = users(username=username, first_name=name[:150], email=email, date_joined=now)
        findings += _weak(password, user) if password is not None else []
        try:
            user.clean_fields(exclude=["password"])
        except ValidationError as error:
            findings += [Finding("person.bad_field", " ".join(said), at) for at, said in error.message_dict.items()]
        if findings:
            raise Refused(*findings)
        _set_password(user, password)
        user.save(force_insert=True)
        user.groups.set(_groups(roles))
        record(None, "person.added", {"person": user.pk, "roles": sorted(set(roles))}, actor=actor, now=now)
    return user


def set_roles(username: str, roles: Sequence[str], *, actor: Actor, now: datetime) -> Any:
    """Give a person these roles and no others. Raises Refused for somebody or a role that is not there."""
    with transaction.atomic():
        user = _person(username)
        if findings := _unknown(roles):
            raise Refused(*findings)
        user.groups.set(_groups(roles))
        record(None, "person.roles_set", {"person": user.pk, "roles": sorted(set(roles))}, actor=actor, now=now)
    return user


def set_active(username: str, active: bool, *, actor: Actor, now: datetime) -> Any:
    """Put a person out, or let them back in. Sessions end with the account. Raises Refused."""
    with transaction.atomic():
        user = _person(username)
        if user.is_active != active:
            user.is_active = active
            user.save(update_fields=["is_active"])
            kind = "person.enabled" if active else "person.disabled"
            record(None, kind, {"person": user.pk}, actor=actor, now=now)
    return user


def set_password(username: str, password: str, *, actor: Actor, now: datetime) -> Any:
    """Set a person's password; sessions opened with the old one end. Raises Refused."""
    with transaction.atomic():
        user = _person(username)
        if findings := _weak(password, user):
            raise Refused(*findings)
        _set_password(user, password)
        user.save(update_fields=["password"])
        record(None, "person.password_set", {"person": user.pk}, actor=actor, now=now)
    return user


def end_sessions(user: Any, sessions: Sequence[Any], *, actor: Actor, now: datetime) -> int:
    """End these sessions of a person (rows of allauth's UserSession); whoever sits there has to sign in again."""
    with transaction.atomic():
        for session in sessions:
            session.end()
        if sessions:
            body = {"person": user.pk, "ended": len(sessions)}
            record(None, "person.sessions_ended", body, actor=actor, now=now)
    return len(sessions)


def note_factor(user: Any, kind: str, *, added: bool, actor: Actor, now: datetime) -> None:
    """Write down that somebody's second factor (`totp`, `webauthn`, `recovery_codes`) was added or removed."""
    with transaction.atomic():
        said = "person.factor_added" if added else "person.factor_removed"
        record(None, said, {"person": user.pk, "factor": kind}, actor=actor, now=now)


def forget_factors(username: str, *, actor: Actor, now: datetime) -> int:
    """Remove every second factor of somebody who lost theirs, and end their sessions. Returns how many; raises Refused."""
    from allauth.mfa.models import Authenticator
    from allauth.usersessions.models import UserSession

    with transaction.atomic():
        user = _person(username)
        factors = list(Authenticator.objects.filter(user=user))
        for factor in factors:
            note_factor(user, str(factor.type), added=False, actor=actor, now=now)
            factor.delete()
        end_sessions(user, list(UserSession.objects.filter(user=user)), actor=actor, now=now)
    return len(factors)


def digest_of(secret: str) -> str:
    """How a token is kept: its SHA-256. A token has 256 random bits, so a fast hash gives nothing away."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def issue_token(
    secret: str,
    *,
    name: str,
    account: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> ApiToken:
    """Make `secret` a key to the API for `account`. Only its digest is kept. Raises Refused."""
    findings = [
        Finding("token.unknown_scope", f"no scope {s!r}; there are {', '.join(SCOPES)}", "scope")
        for s in scopes
        if s not in SCOPES
    ]
    if not scopes:
        findings.append(Finding("token.no_scope", "a token without a scope opens nothing", "scope"))
    for field, value, limit in (("name", name, 120), ("account", account, 64)):
        if not value.strip() or len(value) > limit or not value.isprintable():
            findings.append(Finding("token.bad_field", f"{field} must have 1 to {limit} printable characters", field))
    if expires_at is not None and expires_at <= now:
        findings.append(Finding("token.expired", "the token would already be expired", "expires"))
    if findings:
        raise Refused(*findings)
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=name,
            account=account,
            prefix=secret[:8],
            digest=digest_of(secret),
            scopes=sorted(set(scopes)),
            created_at=now,
            expires_at=expires_at,
        )
        body = {"token": token.pk, "scopes": token.scopes, "expires_at": expires_at}
        record(None, "token.issued", body, actor=actor, now=now, rows=[token])
    return token


def revoke_token(number: int, *, actor: Actor, now: datetime) -> ApiToken:
    """Make a token worthless from now on. Raises Refused if there is no such token."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().filter(pk=number).first()
        if token is None:
            raise Refused(Finding("token.unknown", f"there is no token {number}", "token"))
        if token.revoked_at is None:
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            record(None, "token.revoked", {"token": token.pk}, actor=actor, now=now, rows=[token])
    return token


def _person(username: str) -> Any:
    user = get_user_model().objects.select_for_update().filter(username__iexact=username).first()
    if user is None:
        raise Refused(Finding("person.unknown", f"there is nobody called {username}", "username"))
    return user


def _groups(roles: Sequence[str]) -> list[Group]:
    return [Group.objects.get_or_create(name=role)[0] for role in sorted(set(roles))]


def _unknown(roles: Sequence[str]) -> list[Finding]:
    known = ", ".join(ROLES)
    return [
        Finding("person.unknown_role", f"no role {r!r}; there are {known}", "role") for r in roles if r not in ROLES
    ]


def _weak(password: str, user: Any) -> list[Finding]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [Finding("person.weak_password", message, "password") for message in error.messages]
    return []


def _set_password(user: Any, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
