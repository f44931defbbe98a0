"""The reporter's API: what it takes, what it refuses and how, and who may ask what became of a report."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from trustdesk import clock, evidence
from trustdesk.core.types import Actor
from trustdesk.flow import people, submit
from trustdesk.models import Case, IdempotencyKey, Joining, Report
from trustdesk.web.api import access, reports

pytestmark = [pytest.mark.django_db, pytest.mark.urls("trustdesk.web.api.urls")]

V4: dict[str, Any] = {
    "xarf_version": "4.2.0",
    "report_id": "7f1c2a52-5a0e-4d0c-9f5e-0a4f2a4f9b11",
    "timestamp": "2026-11-17T10:59:45Z",
    "reporter": {"org": "Example Bank", "contact": "soc@bank.example", "domain": "bank.example"},
    "sender": {"org": "Example Bank", "contact": "soc@bank.example", "domain": "bank.example"},
    "source_identifier": "192.0.2.10",
    "category": "content",
    "type": "phishing",
    "url": "http://login.shop-1.example/bank",
}
V3: dict[str, Any] = {
    "Version": "3",
    "ReporterInfo": {
        "ReporterOrg": "Example",
        "ReporterOrgDomain": "feed.example",
        "ReporterOrgEmail": "feed@feed.example",
    },
    "Disclosure": True,
    "Report": {
        "ReportClass": "Activity",
        "ReportType": "PortScan",
        "Date": "2026-11-17T10:00:00Z",
        "SourceIp": "192.0.2.44",
    },
}


def token(account: str, *scopes: str, expires: timedelta | None = None) -> str:
    now = clock.now()
    secret = f"td_{account}_{'_'.join(scopes)}_{expires}"
    people.issue_token(
        secret,
        name="test",
        account=account,
        scopes=scopes or ("reports:write", "reports:read"),
        expires_at=now + expires if expires else None,
        actor=Actor("system"),
        now=now,
    )
    return secret


@pytest.fixture
def client() -> Client:
    reports.WRITES._left.clear()
    reports.READS._left.clear()
    return Client(headers={"Authorization": f"Bearer {token('acme')}"})


def post(client: Client, body: Any, **headers: str) -> Any:
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post("/v1/abuse", raw, content_type="application/json", headers=headers)


@pytest.mark.parametrize("body", [V4, V3], ids=["v4", "v3"])
def test_a_report_is_taken_in_as_it_came(client: Client, body: dict[str, Any]) -> None:
    raw = json.dumps(body, indent=3).encode()
    answer = post(client, raw)
    assert answer.status_code == 202, answer.content
    report = Report.objects.get()
    assert answer.json() == {
        "id": report.code, "reportId": report.code, "status": "QUEUED", "duplicate": False, "test": False,
    }  # fmt: skip
    assert answer["Location"] == f"/v1/abuse/{report.code}"
    assert evidence.get(report.evidence_id) == raw
    assert (report.channel, report.account) == ("api", "acme")


def test_the_wrapped_shape_keeps_the_report_s_own_bytes(client: Client) -> None:
    inner = json.dumps(V4 | {"description": 'a "quoted" {brace} é'}, indent=1, ensure_ascii=False)
    answer = post(client, '{"clientToken": "t-1", "report": {"note": {"xarf": 1}, "xarf" : ' + inner + "}}")
    assert answer.status_code == 202, answer.content
    assert evidence.get(Report.objects.get().evidence_id) == inner.encode()
    assert IdempotencyKey.objects.get().key == "t-1"


def test_the_same_report_again_is_the_same_report(client: Client) -> None:
    first, second = post(client, V4).json(), post(client, V4).json()
    assert first["id"] == second["id"]
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert Report.objects.count() == 1


def test_an_idempotency_key_is_honoured_for_a_day(client: Client) -> None:
    other = V4 | {"report_id": "7f1c2a52-5a0e-4d0c-9f5e-0a4f2a4f9b12"}
    first = post(client, V4, **{"Idempotency-Key": "k1"})
    assert post(client, V4, **{"Idempotency-Key": "k1"}).json()["id"] == first.json()["id"]
    conflict = post(client, other, **{"Idempotency-Key": "k1"})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency.conflict")
    assert post(client, other, **{"Idempotency-Key": "k2"}).json()["id"] != first.json()["id"]
    assert Report.objects.count() == 2
    IdempotencyKey.objects.filter(key="k1").update(created_at=clock.now() - submit.HONOURED - timedelta(seconds=1))
    third = V4 | {"report_id": "7f1c2a52-5a0e-4d0c-9f5e-0a4f2a4f9b13"}
    assert post(client, third, **{"Idempotency-Key": "k1"}).status_code == 202


def test_two_accounts_do_not_share_keys(client: Client) -> None:
    other = Client(headers={"Authorization": f"Bearer {token('rival')}"})
    post(client, V4, **{"Idempotency-Key": "k"})
    assert post(other, V3, **{"Idempotency-Key": "k"}).status_code == 202


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    body = copy.deepcopy(body)
    at = body
    *parents, last = path.split(".")
    for name in parents:
        at = at[name]
    del at[last]
    return body


@pytest.mark.parametrize(
    "body, field",
    [
        (without(V4, "url"), "url"),
        (without(V4, "reporter.org"), "reporter.org"),
        (V4 | {"timestamp": 12}, "timestamp"),
        (V4 | {"category": "nonsense"}, "category"),
        (V4 | {"xarf_version": "5.0.0"}, "xarf_version"),
        (without(V3, "ReporterInfo"), "ReporterInfo"),
        (without(V3, "Report.SourceIp"), "Report.SourceIp"),
        (without(V3, "Report.ReportType"), "Report.ReportType"),
        ({"report": {"xarf": without(V4, "url")}}, "report.xarf.url"),
        ({"report": {}}, "report.xarf"),
        ({"report": {"xarf": V4}, "clientToken": 7}, "report.xarf.clientToken"),
        ({}, "xarf_version"),
        ([], ""),
        ("null", ""),
    ],
)
def test_a_report_that_is_not_valid_is_refused_with_the_field(client: Client, body: Any, field: str) -> None:
    answer = post(client, body)
    assert answer.status_code == 422, answer.content
    assert answer.json()["code"] == "xarf.invalid"
    assert field in [f["field"] for f in answer.json()["fields"]]
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b" ",
        b"{",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b'{"a": "\xe9"}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=["blank", "cut", "nan", "twice", "utf-16", "latin-1", "deep", "long-number"],
)
def test_what_is_no_json_is_refused(client: Client, raw: bytes) -> None:
    answer = post(client, raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "body.malformed")
    assert not Report.objects.exists()


@pytest.mark.parametrize("key", ["x" * 129, "a\tb", "é"])
def test_an_unusable_key_is_refused(client: Client, key: str) -> None:
    assert post(client, V4, **{"Idempotency-Key": key}).status_code == 400
    assert not Report.objects.exists()


def test_other_refusals(client: Client, settings: Any) -> None:
    wrong = client.post("/v1/abuse", json.dumps(V4), content_type="text/plain")
    assert (wrong.status_code, wrong.json()["code"]) == (415, "body.media_type")
    assert client.post("/v1/abuse", b"", content_type="application/json").status_code in (400, 415)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    large = post(client, V4 | {"description": "x" * 900})
    assert (large.status_code, large.json()["code"]) == (413, "body.too_large")


def test_a_full_disk_is_a_503_and_nothing_is_accepted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(batch: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence, "put_many", full)
    answer = post(client, V4)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert not Report.objects.exists() and not IdempotencyKey.objects.exists()


def test_who_may_call() -> None:
    reader, writer = token("acme", "reports:read"), token("acme", "reports:write")
    old = token("acme", "reports:write", "reports:read", expires=timedelta(seconds=1))
    for secret, code in (("", 401), ("nonsense", 401), (reader, 403), (writer, 202)):
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        answer = post(client, V4)
        assert answer.status_code == code
        assert ("WWW-Authenticate" in answer) == (code in (401, 403))
    assert Client(headers={"Authorization": f"Bearer {writer}"}).get("/v1/abuse/R-0000-00").status_code == 403
    from trustdesk.models import ApiToken

    late = ApiToken.objects.get(expires_at__isnull=False)
    ApiToken.objects.filter(pk=late.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    assert post(Client(headers={"Authorization": f"Bearer {old}"}), V4).status_code == 401
    people.revoke_token(
        ApiToken.objects.get(digest=people.digest_of(writer)).pk, actor=Actor("system"), now=clock.now()
    )
    assert post(Client(headers={"Authorization": f"Bearer {writer}"}), V4).status_code == 401


def test_too_many_calls_are_told_when_to_come_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.time, "monotonic", lambda: 1000.0)
    reports.WRITES._left.clear()
    codes = [post(client, V4).status_code for _ in range(101)]
    assert codes == [202] * 100 + [429]
    answer = post(client, V4)
    assert (answer.json()["code"], answer["Retry-After"]) == ("rate.exceeded", "1")
    other = Client(headers={"Authorization": f"Bearer {token('rival')}"})
    assert post(other, V3).status_code == 202, "one account must not slow down another"
    monkeypatch.setattr(access.time, "monotonic", lambda: 1000.5)
    assert [post(client, V4).status_code for _ in range(6)] == [202] * 5 + [429]


def closed_case(report: Report, outcome: str, state: str = "closed", key: str = "k") -> Case:
    now = clock.now()
    case = Case.objects.create(
        category="phishing",
        form="notice",
        queue="fast",
        merge_key=key,
        opened_at=now,
        last_report_at=now,
        state=state,
        outcome=outcome,
        closed_at=now if state == "closed" else None,
    )
    Joining.objects.create(report=report, case=case, at=now)
    Report.objects.filter(pk=report.pk).update(state="joined", case=case)
    return case


@pytest.mark.parametrize(
    "outcome, reason",
    [
        ("measures", "ACTIONED"),
        ("forwarded", "FORWARDED"),
        ("insufficient", "NEED_MORE_INFORMATION"),
        ("no_violation", "REVIEWED_NO_ACTION"),
        ("duplicate", "DUPLICATE"),
        ("not_ours", "NOT_RESOLVABLE_TO_US"),
    ],
)
def test_what_became_of_it(client: Client, outcome: str, reason: str) -> None:
    code = post(client, V4).json()["id"]
    assert client.get(f"/v1/abuse/{code}").json()["status"] == "QUEUED"
    report = Report.objects.get()
    case = closed_case(report, "", state="open")
    answer = client.get(f"/v1/abuse/{code}").json()
    assert (answer["status"], answer["reasonCode"]) == ("PROCESSING", None)
    Case.objects.filter(pk=case.pk).update(state="closed", outcome=outcome, closed_at=clock.now())
    answer = client.get(f"/v1/abuse/{code}").json()
    assert (answer["status"], answer["reasonCode"], answer["reportId"]) == ("COMPLETED", reason, code)


def test_a_report_with_two_cases_is_complete_when_both_are(client: Client) -> None:
    code = post(client, V4).json()["id"]
    report = Report.objects.get()
    closed_case(report, "not_ours")
    second = closed_case(report, "", state="open", key="k2")
    assert client.get(f"/v1/abuse/{code}").json()["status"] == "PROCESSING"
    Case.objects.filter(pk=second.pk).update(state="closed", outcome="measures", closed_at=clock.now())
    assert client.get(f"/v1/abuse/{code}").json()["reasonCode"] == "ACTIONED"


def test_an_automatic_reply_is_complete_and_no_report(client: Client) -> None:
    code = post(client, V4).json()["id"]
    Report.objects.update(state="set_aside")
    assert client.get(f"/v1/abuse/{code}").json()["reasonCode"] == "NOT_A_REPORT"


def test_another_account_s_report_looks_like_none(client: Client) -> None:
    code = post(client, V4).json()["id"]
    other = Client(headers={"Authorization": f"Bearer {token('rival')}"})
    foreign, none = other.get(f"/v1/abuse/{code}"), other.get("/v1/abuse/R-ZZZZ-ZZ")
    assert (foreign.status_code, none.status_code) == (404, 404)
    assert foreign.content == none.content


def test_identical_bytes_from_another_account_are_its_own_to_ask_for(client: Client) -> None:
    other = Client(headers={"Authorization": f"Bearer {token('rival')}"})
    assert post(client, V4).json()["id"] == (code := post(other, V4).json()["id"])
    assert other.get(f"/v1/abuse/{code}").status_code == 200


def test_a_test_report_is_checked_and_not_kept(client: Client) -> None:
    answer = post(client, V4 | {"tags": ["lifecycle:test"]})
    assert (answer.status_code, answer.json()["test"]) == (202, True)
    assert not Report.objects.exists()
    code = answer.json()["id"]
    assert client.get(f"/v1/abuse/{code}").json()["reasonCode"] == "TEST"
    forged = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert client.get(f"/v1/abuse/{forged}").status_code == 404
    bad = without(V4, "url") | {"tags": ["lifecycle:test"]}
    assert post(client, bad).status_code == 422
