"""`/healthz` for supervisors and load balancers, `/metrics` for Prometheus.

`/healthz` says to everybody whether the desk works and which part does not, and no more. `/metrics` says how much work
there is, which is nobody else's business: it wants an API token with the scope `metrics:read`, or a direct connection
from this machine to a desk that stands behind no proxy.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from trustdesk import clock
from trustdesk.flow.people import digest_of
from trustdesk.queries import api, health

#: A door is tried at most so often, so that asking for our health is no way to keep us busy.
RECHECK = 5.0
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")

_lock = threading.Lock()
_door: tuple[float, bool] = (-RECHECK, False)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when all is well, 503 when a part is not; the body names it."""
    checks = {"database": True, "worker": False, "clocks": False, "listener": listener_answers()}
    try:
        found = health.health(now=clock.now())
        checks |= {"worker": found.worker_ok, "clocks": found.ticker_ok}
    except (DatabaseError, OSError):
        checks["database"] = False
    fine = all(checks.values())
    words = {name: "ok" if good else "failing" for name, good in checks.items()}
    answer = JsonResponse({"status": "ok" if fine else "failing", "checks": words}, status=200 if fine else 503)
    answer["Cache-Control"] = "no-store"
    return answer


def listener_answers() -> bool:
    """Whether the mail listener greets; a listener that is switched off is not missed."""
    global _door
    port = settings.LMTP_PORT or settings.SMTP_PORT
    if not port:
        return True
    with _lock:
        if time.monotonic() - _door[0] >= RECHECK:
            _door = (time.monotonic(), _greets(port))
        return _door[1]


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as door:
            door.settimeout(1)
            greeting = door.recv(4)
            door.sendall(b"QUIT\r\n")
            return greeting == b"220 "
    except OSError:
        return False


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything that is counted, from the database: it does not matter which process answers."""
    if not (_token(request) or _direct(request)):
        answer = HttpResponse("a token with the scope metrics:read is needed\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = 'Bearer realm="trustdesk", scope="metrics:read"'
        return answer
    registry = CollectorRegistry()
    registry.register(Desk())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _token(request: HttpRequest) -> bool:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = api.token(digest_of(secret.strip()), now=clock.now()) if kind.lower() == "bearer" else None
    return found is not None and "metrics:read" in found.scopes


def _direct(request: HttpRequest) -> bool:
    if settings.BEHIND_TLS or any(name in request.headers for name in FORWARDED):
        return False
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")


class Desk:
    """Collects the figures when they are asked for."""

    def describe(self) -> Iterator[Metric]:
        """Nothing: the figures are not known before they are asked for."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        found, figures = health.health(now=clock.now()), health.figures()
        counted = (
            ("trustdesk_reports", "Reports received", ("channel",), figures.reports, CounterMetricFamily),
            ("trustdesk_cases", "Cases", ("state", "queue"), figures.cases, GaugeMetricFamily),
            ("trustdesk_tasks", "Tasks that are owed", ("state",), figures.tasks, GaugeMetricFamily),
            ("trustdesk_clocks", "Clocks", ("kind", "state"), figures.clocks, GaugeMetricFamily),
            ("trustdesk_measures", "Measures", ("state",), figures.measures, GaugeMetricFamily),
            ("trustdesk_notices", "Letters", ("state",), figures.notices, GaugeMetricFamily),
        )
        for name, text, labels, values, family in counted:
            metric = family(name, text, labels=labels)
            for key, count in sorted(values.items()):
                metric.add_metric(key, count)
            yield metric
        single = (
            ("trustdesk_oldest_due_seconds", "How long the oldest due task waits", _seconds(found.oldest_due)),
            ("trustdesk_last_tick_seconds", "How long ago the clocks were looked at", _seconds(found.ticked, -1)),
            ("trustdesk_disk_free_bytes", "Free space where the desk keeps its data", float(figures.disk_free)),
            ("trustdesk_listener_up", "Whether the mail listener greets", float(listener_answers())),
        )
        for name, text, value in single:
            yield GaugeMetricFamily(name, text, value=value)


def _seconds(span: object, missing: float = 0) -> float:
    return span.total_seconds() if hasattr(span, "total_seconds") else missing
