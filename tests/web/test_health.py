"""`/healthz` tells which part of the desk does not work; `/metrics` counts, for those who may know."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from tests.processes import free_ports
from trustdesk import clock
from trustdesk.core.types import Actor, Channel
from trustdesk.doors.listener import Listener
from trustdesk.flow import people
from trustdesk.flow.receive import Incoming, receive
from trustdesk.models import Task
from trustdesk.queries.health import HEARTBEAT_KEY
from trustdesk.web import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """No listener, a fresh look at it each time, and a ticker that has just ticked."""
    settings.LMTP_PORT = settings.SMTP_PORT = 0
    monkeypatch.setattr(health, "_door", (-health.RECHECK, False))
    call_command("createcachetable", verbosity=0)
    cache.set(HEARTBEAT_KEY, clock.now().isoformat(), None)


@pytest.fixture
def port(settings: Any) -> Iterator[int]:
    """A real listener's LMTP port."""
    settings.LMTP_PORT = free_ports(1)[0]
    stop, ready = threading.Event(), threading.Event()

    async def serve() -> None:
        listener = Listener()
        await listener.start()
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        await listener.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield settings.LMTP_PORT
    stop.set()
    thread.join()


def checks(client: Client) -> tuple[int, dict[str, str]]:
    answer = client.get("/healthz")
    return answer.status_code, answer.json()["checks"]


def test_all_is_well(client: Client, port: int) -> None:
    assert checks(client) == (200, dict.fromkeys(("database", "worker", "clocks", "listener"), "ok"))


def test_a_listener_that_does_not_greet(client: Client, settings: Any) -> None:
    settings.LMTP_PORT = free_ports(1)[0]
    code, found = checks(client)
    assert (code, found["listener"], found["worker"]) == (503, "failing", "ok")


def test_a_ticker_that_is_silent(client: Client) -> None:
    cache.set(HEARTBEAT_KEY, (clock.now() - timedelta(minutes=2)).isoformat(), None)
    assert checks(client)[1]["clocks"] == "failing"
    cache.delete(HEARTBEAT_KEY)
    assert checks(client)[1]["clocks"] == "failing"


def test_work_that_nobody_does(client: Client) -> None:
    now = clock.now()
    Task.objects.create(name="parse", due_at=now + timedelta(hours=1), created_at=now)
    Task.objects.create(name="parse", due_at=now - timedelta(minutes=1), created_at=now)
    assert checks(client)[1]["worker"] == "ok"
    Task.objects.create(name="parse", due_at=now - timedelta(minutes=11), created_at=now)
    assert checks(client) == (503, {"database": "ok", "worker": "failing", "clocks": "ok", "listener": "ok"})


def test_a_database_that_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(health.health, "health", away)
    code, found = checks(client)
    assert (code, found["database"]) == (503, "failing")


def test_health_tells_words_and_no_numbers(client: Client) -> None:
    assert not any(c.isdigit() for c in client.get("/healthz").content.decode())


def figures(answer: Any) -> dict[tuple[str, ...], float]:
    samples = (s for family in text_string_to_metric_families(answer.content.decode()) for s in family.samples)
    return {(s.name, *s.labels.values()): s.value for s in samples}


def test_metrics_count_what_is_there(client: Client) -> None:
    now = clock.now()
    receive(Incoming(b"Subject: a\r\n\r\n1", Channel.MAIL), now=now - timedelta(seconds=90))
    receive(Incoming(b"Subject: b\r\n\r\n2", Channel.MAIL), now=now)
    receive(Incoming(b'{"c": 3}', Channel.API), now=now)
    found = figures(client.get("/metrics"))
    assert found[("trustdesk_reports_total", "mail")] == 2
    assert found[("trustdesk_reports_total", "api")] == 1
    assert found[("trustdesk_tasks", "queued")] == 3
    assert 89 < found[("trustdesk_oldest_due_seconds",)] < 120
    assert 0 <= found[("trustdesk_last_tick_seconds",)] < 60
    assert found[("trustdesk_disk_free_bytes",)] > 0


def test_metrics_are_not_for_everybody(client: Client, settings: Any) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
    settings.BEHIND_TLS = True
    assert client.get("/metrics").status_code == 401
    for scope, code in (("metrics:read", 200), ("reports:read", 401)):
        people.issue_token(f"t-{scope}", name="n", account="a", scopes=[scope], actor=Actor("system"), now=clock.now())
        headers = {"Authorization": f"Bearer t-{scope}"}
        assert client.get("/metrics", headers=headers, secure=True).status_code == code
