"""A desk with people in every role, one customer, one open case, and a browser that is no browser: Django's client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from tests.flow.conftest import customer, drain, enforcer, opened, post, report, site  # noqa: F401
from trustdesk import clock
from trustdesk.models import Case
from trustdesk.queries.access import ROLES

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """The desk's clock stands still at `now`; call the fixture to move it."""
    moment = [now]
    monkeypatch.setattr(clock, "now", lambda: moment[0])

    def move(to: datetime) -> None:
        moment[0] = to

    return move


@pytest.fixture
def person(db: None) -> Callable[..., Any]:
    """Make somebody with roles."""

    def make(name: str, *roles: str) -> Any:
        user = get_user_model().objects.create_user(name, password=PASSWORD, first_name=name.capitalize())
        user.groups.set([Group.objects.get_or_create(name=role)[0] for role in roles])
        return user

    return make


@pytest.fixture
def ana(person: Callable[..., Any]) -> Any:
    return person("ana", "investigator")


@pytest.fixture
def diego(person: Callable[..., Any]) -> Any:
    return person("diego", "senior")


@pytest.fixture
def browser() -> Callable[[Any], Client]:
    """A client that is signed in as somebody; it checks CSRF like a real one where asked."""

    def sign_in(user: Any, *, csrf: bool = False) -> Client:
        client = Client(enforce_csrf_checks=csrf)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def everybody(person: Callable[..., Any]) -> dict[str, Any]:
    """One person for each role."""
    return {role: person(f"the-{role}", role) for role in ROLES}


@pytest.fixture
def decision_form() -> Callable[..., dict[str, Any]]:
    """What the decision form sends for the usual measure."""

    def fill(case: Case, **changes: Any) -> dict[str, Any]:
        values = {
            "do": "decide",
            "seen": str(case.seq),
            "choice": "measure:site_disable",
            "ground": "policy:2.1",
            "law": "",
            "reasons": "The page imitates the sign-in of a bank and sends what visitors type to a third party.",
            "notes": "",
        }
        return values | changes

    return fill
