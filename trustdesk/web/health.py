"""/healthz for whoever watches the desk, /metrics for Prometheus."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trustdesk import clock
from trustdesk.queries import api, health
from trustdesk.web import limits


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database, the tasks and the mail door are well, else 503; says which is not. No personal data."""
    found = health.check(now=clock.now())
    body = {
        "status": "ok" if found.well else "failing",
        "database": found.database,
        "oldest_due_task_seconds": round(found.oldest_due_task, 1),
        "listener": found.listener,
    }
    return JsonResponse(body, status=200 if found.well else 503)


class _Desk(Collector):
    def collect(self) -> Iterator[Metric]:
        for name, text, labels, samples in health.metrics(now=clock.now()):
            family = GaugeMetricFamily(name, text, labels=labels)
            for values, number in samples:
                family.add_metric(list(values), number)
            yield family


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts by state, open to this machine and to holders of a token with the scope `metrics:read`."""
    if limits.client(request) not in ("127.0.0.1", "::/64"):
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        digest = hashlib.sha256(secret.strip().encode("utf-8", "replace")).hexdigest()
        token = api.token(digest, now=clock.now()) if scheme.lower() == "bearer" else None
        if token is None or "metrics:read" not in token.scopes:
            return HttpResponse(
                "a token with the scope metrics:read is needed\n", status=401, content_type="text/plain"
            )
    registry = CollectorRegistry()
    registry.register(_Desk())
    return HttpResponse(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")
