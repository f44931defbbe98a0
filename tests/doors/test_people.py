"""Who is let in, in which role, and the journal of it; the leases of dead workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from django.contrib.auth import authenticate, get_user_model

from trustdesk.core.types import Actor, Refused
from trustdesk.flow import leases, people
from trustdesk.models import ApiToken, Entry, Task
from trustdesk.queries import access, api

pytestmark = pytest.mark.django_db
WHO = Actor("system", "test")
PASSWORD = "a long enough secret"


def journal() -> list[str]:
    return list(Entry.objects.filter(chain=0).order_by("seq").values_list("kind", flat=True))


def test_a_person_is_added_and_can_sign_in(now: datetime) -> None:
    user = people.add(
        "eva", roles=["senior"], password=PASSWORD, name="Eva García", email="e@x.example", actor=WHO, now=now
    )
    assert authenticate(username="eva", password=PASSWORD) == user
    assert access.roles(user) == {"senior"}
    entry = Entry.objects.get(kind="person.added")
    assert "eva" not in entry.body.lower() and "garc" not in entry.body.lower(), "the journal holds no personal data"


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"password": "short"}, "person.weak_password"),
        ({"roles": ["emperor"]}, "person.unknown_role"),
        ({"username": "EVA"}, "person.exists"),
        ({"username": "no spaces allowed"}, "person.bad_field"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(now: datetime, changes: dict[str, object], code: str) -> None:
    people.add("eva", roles=[], password=PASSWORD, actor=WHO, now=now)
    wish: dict[str, object] = {"username": "bob", "roles": [], "password": PASSWORD} | changes
    with pytest.raises(Refused) as refused:
        people.add(wish.pop("username"), **wish, actor=WHO, now=now)  # type: ignore[arg-type]
    assert code in [f.code for f in refused.value.findings]
    assert get_user_model().objects.count() == 1
    assert journal() == ["person.added"]


def test_roles_passwords_and_putting_out(now: datetime) -> None:
    people.add("eva", roles=["investigator"], actor=WHO, now=now)
    assert authenticate(username="eva", password="") is None
    people.set_password("eva", PASSWORD, actor=WHO, now=now)
    people.set_roles("eva", ["auditor"], actor=WHO, now=now)
    user = get_user_model().objects.get()
    assert access.roles(user) == {"auditor"}
    people.set_active("eva", False, actor=WHO, now=now)
    people.set_active("eva", False, actor=WHO, now=now)
    assert authenticate(username="eva", password=PASSWORD) is None
    assert journal() == ["person.added", "person.password_set", "person.roles_set", "person.disabled"]
    with pytest.raises(Refused):
        people.set_active("nobody", True, actor=WHO, now=now)


def test_a_token_is_kept_as_a_digest_and_ends(now: datetime) -> None:
    token = people.issue_token(
        "secret-secret",
        name="n",
        account="acme",
        scopes=["reports:read"],
        expires_at=now + timedelta(days=1),
        actor=WHO,
        now=now,
    )
    assert "secret-secret" not in str(ApiToken.objects.values().get())
    digest = people.digest_of("secret-secret")
    assert api.token(digest, now=now) == token
    assert api.token(digest, now=now + timedelta(days=1)) is None
    people.revoke_token(token.pk, actor=WHO, now=now)
    assert api.token(digest, now=now) is None
    assert journal() == ["token.issued", "token.revoked"]


@pytest.mark.parametrize(
    "wish", [{"scopes": []}, {"scopes": ["all"]}, {"account": ""}, {"account": "x" * 65}, {"name": "\0"}]
)
def test_unusable_tokens_are_refused(now: datetime, wish: dict[str, object]) -> None:
    with pytest.raises(Refused):
        people.issue_token(
            "s",
            **({"name": "n", "account": "a", "scopes": ["reports:read"]} | wish),
            actor=WHO,
            now=now,  # type: ignore[arg-type]
        )
    assert not ApiToken.objects.exists()


def test_tasks_of_dead_workers_are_handed_back(now: datetime) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = socket.gethostname()[:40]

    def leased(worker: str, key: str | None = None) -> Task:
        later = now + timedelta(minutes=5)
        return Task.objects.create(
            name="parse", state="leased", worker=worker, due_at=now, leased_until=later, created_at=now, key=key
        )

    dead, alive, elsewhere = leased(f"{host}:{gone.pid}"), leased(f"{host}:{os.getpid()}"), leased("other:1")
    again = leased(f"{host}:{gone.pid}", key="k")
    Task.objects.create(name="parse", key="k", due_at=now, created_at=now)
    assert leases.release_dead(now=now) == 1
    assert set(Task.objects.filter(state="queued").values_list("pk", flat=True)) >= {dead.pk}
    assert set(Task.objects.filter(state="leased")) == {alive, elsewhere}
    assert not Task.objects.filter(pk=again.pk).exists(), "the same work was queued again; that one will do"
