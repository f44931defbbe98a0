"""Writes into the journal what django-allauth did to somebody's second factor; it tells by signals alone."""

from __future__ import annotations

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.dispatch import receiver

from trustdesk import clock
from trustdesk.core.types import Actor
from trustdesk.flow import people


@receiver([authenticator_added, authenticator_reset], dispatch_uid="trustdesk-factor-added")
def added(user: Any, authenticator: Any, **_more: Any) -> None:
    """A factor was added, or its codes made anew."""
    people.note_factor(user, str(authenticator.type), added=True, actor=Actor("person", str(user.pk)), now=clock.now())


@receiver(authenticator_removed, dispatch_uid="trustdesk-factor-removed")
def removed(user: Any, authenticator: Any, **_more: Any) -> None:
    """A factor was removed."""
    people.note_factor(user, str(authenticator.type), added=False, actor=Actor("person", str(user.pk)), now=clock.now())
