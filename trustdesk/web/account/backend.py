"""Who is signed in: session and person with two short statements, worked out once, as every page needs them first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.db.models import F, QuerySet
from django.utils import timezone

from trustdesk.prepared import Prepared
from trustdesk.queries import access


def _person(number: int) -> QuerySet[Any]:
    return get_user_model()._default_manager.filter(pk=number).annotate(role_name=F("groups__name"))


def _session(key: str, now: datetime) -> QuerySet[Any]:
    return Stored.get_model_class().objects.filter(session_key=key, expire_date__gt=now)


_PERSON, _SESSION = Prepared(_person), Prepared(_session)


class PersonBackend(ModelBackend):
    """Django's own, which brings the roles along with the person."""

    def get_user(self, user_id: Any) -> Any:
        """The person of this number with their roles; None if there is none or they were put out."""
        rows = _PERSON(int(user_id))
        person = rows[0] if rows else None
        if person is None or not self.user_can_authenticate(person):
            return None
        access.remember(person, (row.role_name for row in rows))
        return person


class SessionStore(Stored):
    """Sessions in the database."""

    def _get_session_from_db(self) -> Any:
        found = _SESSION.first(self.session_key or "", timezone.now())
        if found is None:
            self._session_key = None
        return found
