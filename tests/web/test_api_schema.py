"""The API keeps what its own description promises, tried by schemathesis with generated requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.web.test_api import token
from trustdesk.web.api import bulk, reports

#: The description is of the API; what a database may do to it shows in the first requests or in none.
EXAMPLES = 60 if connection.vendor == "sqlite" else 20
pytestmark = [pytest.mark.django_db, pytest.mark.urls("trustdesk.web.api.urls")]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests run inside the test's transaction and must not close its connection (Django's test client does this)."""
    for sent in (signals.request_started, signals.request_finished):
        sent.disconnect(close_old_connections)
    yield
    for sent in (signals.request_started, signals.request_finished):
        sent.connect(close_old_connections)


@pytest.mark.parametrize(
    "method, path", [("POST", "/v1/abuse"), ("POST", "/v1/abuse/bulk"), ("GET", "/v1/abuse/{report_id}")]
)
def test_the_description_holds(method: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for buckets in (reports.WRITES, reports.READS, bulk.CALLS):
        monkeypatch.setattr(buckets, "take", lambda account, *, at: None)
    # The in-process client of schemathesis says that it takes compressed answers, and then does not unpack them.
    headers = {"Authorization": f"Bearer {token('schemathesis')}", "Accept-Encoding": "identity"}
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", get_wsgi_application())

    @given(case=schema[path][method].as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def holds(case: schemathesis.Case) -> None:
        # XARF asks for more than an outline in a description can say: a body that fits it may still be refused (422).
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    holds()


def test_the_description_says_what_it_must(client: object) -> None:
    from django.test import Client

    document = Client().get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    answers = document["paths"]["/v1/abuse"]["post"]["responses"]
    assert set(answers) >= {"202", "400", "401", "403", "409", "413", "415", "422", "429", "503"}
    assert set(document["paths"]["/v1/abuse/{report_id}"]["get"]["responses"]) >= {"200", "401", "403", "404", "429"}
