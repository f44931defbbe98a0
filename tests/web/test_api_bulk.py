"""A hundred reports in one request: each is taken or refused for itself, and kept as it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.web.test_api import V3, V4, token
from trustdesk import evidence
from trustdesk.models import Report
from trustdesk.web.api import access, bulk

pytestmark = [pytest.mark.django_db, pytest.mark.urls("trustdesk.web.api.urls")]


@pytest.fixture
def client() -> Client:
    return Client(headers={"Authorization": f"Bearer {token('bulk')}"})


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk.CALLS, "take", lambda *_, **__: None)


def post(client: Client, body: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/abuse/bulk", data, content_type="application/json")


def v4(number: int) -> dict[str, Any]:
    return V4 | {"url": f"http://login.shop-{number}.example/bank"}


def test_each_report_is_answered_for_itself(client: Client) -> None:
    body = [v4(1), V4 | {"url": None, "source_identifier": 7}, V3, v4(1), "no report", {"report": {"xarf": v4(2)}}]
    answer = post(client, body)
    assert answer.status_code == 200
    said = answer.json()
    assert said["accepted"] == 4
    assert [(i["index"], i["status"]) for i in said["items"]] == [
        (0, 202), (1, 422), (2, 202), (3, 202), (4, 422), (5, 202),
    ]  # fmt: skip
    assert [i["duplicate"] for i in said["items"]] == [False, False, False, True, False, False]
    assert said["items"][3]["id"] == said["items"][0]["id"]
    assert "source_identifier" in {f["field"] for f in said["items"][1]["fields"]}
    assert Report.objects.count() == 3
    for item in said["items"]:
        if item["status"] == 202:
            assert client.get(f"/v1/abuse/{item['id']}").status_code == 200


def test_the_bytes_are_those_of_the_report(client: Client) -> None:
    first = json.dumps(v4(1), indent=3).encode()
    second = json.dumps(v4(2), ensure_ascii=False, separators=(",", ":")).replace("Example Bank", "Banco ñ, ]").encode()
    assert post(client, b"\xef\xbb\xbf [\n" + first + b" ,\r\n" + second + b"\t]\n").json()["accepted"] == 2
    kept = [evidence.get(d) for d in Report.objects.order_by("id").values_list("evidence_id", flat=True)]
    assert kept == [first, second]


def test_a_request_may_be_repeated_as_a_whole(client: Client) -> None:
    body = [{"clientToken": f"t-{n}", "report": {"xarf": v4(n)}} for n in range(100)]
    first, again = post(client, body).json(), post(client, body).json()
    assert first["accepted"] == again["accepted"] == 100
    assert [i["id"] for i in first["items"]] == [i["id"] for i in again["items"]]
    assert Report.objects.count() == 100
    body[3]["report"] = {"xarf": v4(777)}
    assert post(client, body).json()["items"][3]["status"] == 409


def test_a_test_report_is_not_kept(client: Client) -> None:
    (item,) = post(client, [v4(1) | {"tags": ["lifecycle:test"]}]).json()["items"]
    assert (item["status"], item["test"]) == (202, True)
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[", 400), (b"\xff", 400), (b"[" * 100_000, 400), (b"[1,]", 400),
        ({}, 422), (None, 422), ([], 422), ([V3] * 101, 422), ("[]", 422),
    ],
)  # fmt: skip
def test_what_is_no_list_of_reports_is_refused(client: Client, body: Any, status: int) -> None:
    assert post(client, body).status_code == status
    assert not Report.objects.exists()


def test_a_full_disk_in_the_middle(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = evidence.put_many, iter(range(9))

    def full(batch: list[bytes]) -> list[str]:
        if next(count) == 1:
            raise OSError(28, "no space")
        return real(batch)

    monkeypatch.setattr(evidence, "put_many", full)
    said = post(client, [v4(1), v4(2), v4(3)]).json()
    assert [i["status"] for i in said["items"]] == [202, 503, 202]


def test_who_may_call_and_how_often(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(Client(), [V3]).status_code == 401
    reader = Client(headers={"Authorization": f"Bearer {token('reader', 'reports:read')}"})
    assert post(reader, [V3]).status_code == 403
    monkeypatch.setattr(bulk.CALLS, "take", access.Buckets(rate=0.01, burst=1).take)
    assert [post(client, [V3]).status_code for _ in range(2)] == [200, 429]


def test_one_report_is_still_asked_for_by_its_name(client: Client) -> None:
    assert client.get("/v1/abuse/bulk").status_code in (404, 405)
    assert client.get("/v1/abuse/R-0000-00").status_code == 404
